"""What an engine keeps, and for how long."""

from __future__ import annotations

import pathlib
import time

import tieback
from endpoint import Endpoint


def test_purge_removes_what_was_kept_long_enough_and_nothing_that_is_queued(
    path: pathlib.Path, endpoint: Endpoint, scope: tieback.Scope, event: tieback.Event
) -> None:
    with tieback.open(path, danger_allow_http=True, danger_allow_private_addresses=True) as engine:
        hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=endpoint.url)
        engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
        engine.publish(event)
        engine.run_until_idle(timeout=30)
        engine.publish(event)
        assert engine.purge() == tieback.Purged(deliveries=0, events=0, hooks=0)
    time.sleep(0.002)
    with tieback.open(path, retention=0.001) as engine:
        assert engine.purge() == tieback.Purged(deliveries=1, events=1, hooks=0)
        assert [delivery.status for delivery in engine.deliveries.list(scope, hook.id)] == ["enqueued"]
