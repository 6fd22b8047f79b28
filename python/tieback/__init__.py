"""tieback manages, sends and receives Procore webhooks: hooks, triggers, events, deliveries.

>>> engine = tieback.open(path)
>>> scope = tieback.Scope.company(5358233)
>>> hook = engine.hooks.create(scope, namespace="acme-invoice-sync", payload_version="v4.0",
...                            destination_url="https://webhooks.example.com/events",
...                            destination_headers={"Authorization": "Bearer a-long-secret"})
>>> trigger = engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
>>> event = tieback.Event(scope=scope, resource_name="Company Users", resource_id=42, event_type="update")
>>> engine.publish(event).deliveries
1
>>> engine.close()

`Engine.publish` returns when the event is on disk; `Engine.start`, `Engine.run_until_idle` or `Engine.pump` deliver it.
Every delivery is made at least once.
"""

from ._build import build_info
from ._cancel import Cancel
from ._delivery import Attempt, Delivery
from ._engine import Engine, open
from ._errors import (
    CancelledError,
    ClosedError,
    ConflictError,
    Error,
    ForbiddenError,
    InternalError,
    InvalidArgumentError,
    NetworkError,
    NotFoundError,
    ProtocolError,
    RateLimitedError,
    StorageError,
    TimeoutError,
    TlsError,
    UnauthorizedError,
    UnavailableError,
)
from ._event import Event, Metadata, Published, RelatedResource
from ._hook import Hook, RateLimit
from ._scope import Scope
from ._service import Deliveries, Hooks, Resources, Triggers
from ._status import IdleReport, Notice, Purged, Stats
from ._tieback import __version__
from ._trigger import Resource, Trigger
from ._upkeep import Finding, IntegrityReport, Restored, RestoredLane, restore

__all__ = [
    "Attempt",
    "Cancel",
    "CancelledError",
    "ClosedError",
    "ConflictError",
    "Deliveries",
    "Delivery",
    "Engine",
    "Error",
    "Event",
    "Finding",
    "ForbiddenError",
    "Hook",
    "Hooks",
    "IdleReport",
    "IntegrityReport",
    "InternalError",
    "InvalidArgumentError",
    "Metadata",
    "NetworkError",
    "NotFoundError",
    "Notice",
    "ProtocolError",
    "Published",
    "Purged",
    "RateLimit",
    "RateLimitedError",
    "RelatedResource",
    "Resource",
    "Resources",
    "Restored",
    "RestoredLane",
    "Scope",
    "Stats",
    "StorageError",
    "TimeoutError",
    "TlsError",
    "Trigger",
    "Triggers",
    "UnauthorizedError",
    "UnavailableError",
    "__version__",
    "build_info",
    "open",
    "restore",
]

# In tracebacks, reprs and pickles everything is `tieback.X`: which file defines it is nobody's business.
for _name in __all__:
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = "tieback"
del _name
