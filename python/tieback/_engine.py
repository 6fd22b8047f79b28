"""The embedded engine: publishes events, and delivers them to hooks."""

from __future__ import annotations

import atexit
import os
import warnings
import weakref
from collections.abc import Callable, Iterable
from types import TracebackType

from . import _tieback
from ._cancel import Cancel, cancel_to_input
from ._errors import Error, error_from_answer
from ._event import Event, Published, event_to_input, published_from_answer
from ._input import (
    bound,
    flag,
    given,
    id_text,
    milliseconds,
    optional_plain_text,
    path_text,
    plain_text,
    seconds,
    texts,
)
from ._live import Live
from ._scope import Scope, scope_to_input
from ._service import Deliveries, Hooks, Resources, Triggers
from ._status import (
    IdleReport,
    Notice,
    Purged,
    Stats,
    idle_report_from_answer,
    notice_from_answer,
    notice_listener,
    purged_from_answer,
    stats_from_answer,
)
from ._upkeep import IntegrityReport, integrity_report_from_answer


def open(
    path: str | os.PathLike[str],
    *,
    connect_timeout: float | None = None,
    response_timeout: float | None = None,
    backoff_min: float | None = None,
    backoff_max: float | None = None,
    give_up_after: float | None = None,
    max_attempts: int | None = None,
    max_in_flight: int | None = None,
    jitter: float | None = None,
    honor_retry_after: bool = False,
    retention: float | None = None,
    max_queued_per_hook: int | None = None,
    max_queued: int | None = None,
    max_attempts_in_flight: int | None = None,
    max_idle_connections: int | None = None,
    catalogue: str | None = None,
    allow_networks: Iterable[str] = (),
    extra_ca: str | os.PathLike[str] | None = None,
    client_certificate: str | None = None,
    client_key: str | None = None,
    proxy: str | None = None,
    no_proxy: str | None = None,
    proxy_from_environment: bool = False,
    danger_proxy_resolves: bool = False,
    store_key: str | None = None,
    store_key_old: Iterable[str] = (),
    danger_allow_http: bool = False,
    danger_allow_private_addresses: bool = False,
    on_notice: Callable[[Notice], object] | None = None,
) -> Engine:
    """Opens an engine on its SQLite file, which is created when it is not there. Starts no thread.

    Spans are in seconds. What is left out is Procore's number: `connect_timeout` 5, `response_timeout` 5, `backoff_min`
    1, `backoff_max` 3600, `give_up_after` 43200 (12 hours), no `max_attempts`; `max_in_flight` is 8 attempts per hook,
    and 1 keeps a hook's deliveries strictly in order. `jitter` lengthens every wait by up to this fraction.

    `retention` is how long deliveries, their attempts and their events are kept after the outcome: 28 days (2419200) as
    with Procore. What is queued is kept however old it is.

    `max_queued_per_hook` and `max_queued` bound the queues: an event that would make one longer is an
    `UnavailableError` and nothing of it is kept. Left out, they hold as much as the disk.

    `max_attempts_in_flight` (256) and `max_idle_connections` (256) bound the connections of the engine: those in use,
    and those that are kept open for the next delivery to the same host.

    `catalogue` is None for the built-in one, a table as CSV text, or `"any"`. Plain http and private addresses are
    refused unless the danger switches say otherwise; `allow_networks` allows single networks, such as `"10.20.0.0/16"`.

    `extra_ca` is trusted beside the machine's roots: PEM text, or a path object that names a PEM file.
    `client_certificate` and `client_key` are PEM texts, shown to servers that ask.

    `proxy` is the URL of a forward proxy, with user and password where it asks for them; `no_proxy` lists hosts and
    networks that are reached without it, separated by commas; `proxy_from_environment` takes both from the environment.
    A proxy resolves names unseen by the rule for addresses, and is used only with `danger_proxy_resolves`.

    `store_key` seals the secrets in the file: 32 random bytes as base64 or hex, such as `secrets.token_hex(32)` makes.
    A store in clear text is sealed by opening it, for good. To change the key, give the new one as `store_key` and the
    one before in `store_key_old`, once. A store that is sealed with another key is an `InvalidArgumentError`, which
    names that key's id.

    `on_notice` is called with each notice as it happens, on whichever thread that is; `Engine.notices` tells it too.
    Inside of it, as inside of a handler of `logging`, the engine may be used but not run: `start`, `stop`, `pump` and
    `run_until_idle` are a `ConflictError` there. What it raises goes to `sys.unraisablehook`.

    Any number of engines may have one file open, in this process and in others. `UnavailableError` when the file is of
    an earlier version, or to be sealed, and another engine has it open; `StorageError` when it is no store.
    """
    retry = given(
        connect_timeout_ms=milliseconds("connect_timeout", connect_timeout),
        response_timeout_ms=milliseconds("response_timeout", response_timeout),
        backoff_min_ms=milliseconds("backoff_min", backoff_min),
        backoff_max_ms=milliseconds("backoff_max", backoff_max),
        give_up_after_ms=milliseconds("give_up_after", give_up_after),
        max_attempts=max_attempts,
        max_in_flight=max_in_flight,
        jitter=jitter,
        honor_retry_after=honor_retry_after,
    )
    extra_ca_is_text = extra_ca is None or isinstance(extra_ca, str)
    options = given(
        retry=retry,
        retention_ms=milliseconds("retention", retention),
        max_queued_per_hook=bound("max_queued_per_hook", max_queued_per_hook),
        max_queued=bound("max_queued", max_queued),
        max_attempts_in_flight=bound("max_attempts_in_flight", max_attempts_in_flight),
        max_idle_connections=bound("max_idle_connections", max_idle_connections),
        catalogue_csv=None if catalogue == "any" else optional_plain_text("catalogue", catalogue),
        catalogue_accept_any=catalogue == "any",
        allow_networks=texts("allow_networks", allow_networks),
        extra_ca_pem=extra_ca if extra_ca_is_text else None,
        extra_ca_file=None if extra_ca_is_text else path_text("extra_ca", extra_ca),
        client_certificate_pem=optional_plain_text("client_certificate", client_certificate),
        client_key_pem=optional_plain_text("client_key", client_key),
        proxy_url=optional_plain_text("proxy", proxy),
        no_proxy=optional_plain_text("no_proxy", no_proxy),
        proxy_from_environment=flag("proxy_from_environment", proxy_from_environment),
        danger_proxy_resolves=flag("danger_proxy_resolves", danger_proxy_resolves),
        store_key=optional_plain_text("store_key", store_key),
        store_key_old=texts("store_key_old", store_key_old),
        danger_allow_http=flag("danger_allow_http", danger_allow_http),
        danger_allow_private_addresses=flag("danger_allow_private_addresses", danger_allow_private_addresses),
    )
    # Only now: a program that imports tieback and opens nothing does without the time that `logging` takes to import.
    from . import _logging

    where = plain_text("path", os.fspath(path))
    native = _tieback.Engine(where, options, _logging.wanted, _logging.log, notice_listener(on_notice))
    return Engine(native, where)


class Engine(Live):
    """An embedded engine. `tieback.open` makes it; use it from as many threads as you like.

    It delivers in one of two ways: on threads of its own from `start` to `stop`, or inside `run_until_idle` and `pump`,
    on the thread that calls them. A call that takes `cancel` is ended by that token: then it is a `CancelledError`.

    A `with` block closes it. One that is still open when the program ends is closed then; one that is dropped before,
    open, is a `ResourceWarning`.

    In a forked child it is closed: every call is a `ClosedError` there, and the parent's goes on. It can be neither
    copied nor pickled.

    >>> with tieback.open(path) as engine:
    ...     engine.stats().queued
    0
    >>> engine.closed
    True
    """

    __slots__ = ("_native", "_path", "__weakref__")

    def __init__(self, native: _tieback.Engine, path: str) -> None:
        """For `tieback.open` alone."""
        self._native = native
        self._path = path
        _engines.add(self)

    # ---- the webhooks API ----

    @property
    def hooks(self) -> Hooks:
        """Hooks: an endpoint, in a scope, under a namespace."""
        return Hooks(self, self._native)

    @property
    def triggers(self) -> Triggers:
        """Triggers of a hook: on which event of which resource it delivers."""
        return Triggers(self, self._native)

    @property
    def resources(self) -> Resources:
        """The catalogue: what can be triggered on."""
        return Resources(self, self._native)

    @property
    def deliveries(self) -> Deliveries:
        """Deliveries of a hook, with their attempts."""
        return Deliveries(self, self._native)

    # ---- publishing ----

    def publish(self, event: Event) -> Published:
        """Publishes one event. When this returns, the event and its deliveries are on disk."""
        return published_from_answer(self._native.publish(event_to_input(event)))

    def publish_many(self, events: Iterable[Event]) -> list[Published | Error]:
        """Publishes up to 1,000 events in one transaction. The answer has, for each in their order, what became of it,
        or the error that kept it from being published."""
        answers = self._native.publish_many([event_to_input(event) for event in events])
        return [
            error_from_answer(answer["error"]) if "error" in answer else published_from_answer(answer["published"])
            for answer in answers
        ]

    def send_test(self, scope: Scope, hook_id: str | int) -> Published:
        """Sends a made-up event to one hook, whatever its triggers are: to see whether its endpoint answers. It is of
        the hook's first trigger, with resource id 1; in payload v2.0 and v3.0 its `source_operation_id` is
        `tieback-test`. A disabled hook gets none, as the answer says."""
        return published_from_answer(self._native.send_test(scope_to_input(scope), id_text("hook_id", hook_id)))

    # ---- delivering ----

    def start(self) -> None:
        """Starts delivering on threads of the engine's own. Starting a started engine changes nothing."""
        self._native.start()

    def stop(self, *, grace: float = 10.0) -> None:
        """Stops delivering: nothing starts any more, and attempts in flight get `grace` seconds to end and be recorded.
        What has not ended by then is queued again. Stopping a stopped engine changes nothing."""
        self._native.stop(seconds("grace", grace))

    def pump(self, *, budget: float, cancel: Cancel | None = None) -> IdleReport:
        """Delivers on this thread what is due, for about `budget` seconds; returns early when nothing is in flight or
        due. Call it often while `idle` is false: attempts in flight go on at the next call only."""
        return idle_report_from_answer(self._native.pump(seconds("budget", budget), cancel_to_input(cancel)))

    def run_until_idle(
        self, *, timeout: float, wait_paused: bool = False, cancel: Cancel | None = None
    ) -> IdleReport:
        """Delivers until nothing is in flight or due, or `timeout` seconds have passed. Lanes in back-off are waited
        for only with `wait_paused`. On a started engine it waits; else it works on this thread."""
        span, paused = seconds("timeout", timeout), flag("wait_paused", wait_paused)
        answer = self._native.run_until_idle(span, paused, cancel_to_input(cancel))
        return idle_report_from_answer(answer)

    # ---- operating ----

    def redeliver(self, scope: Scope, hook_id: str | int, delivery_id: str | int) -> str:
        """Sends the event of a delivery that has an outcome again, in the hook's present payload version, and gives the
        id of the new delivery. On a disabled hook it is queued until the hook is active. `ConflictError` while the old
        one is still queued; `InvalidArgumentError` when the payload version cannot carry the event's ids."""
        return self._native.redeliver(
            scope_to_input(scope), id_text("hook_id", hook_id), id_text("delivery_id", delivery_id)
        )

    def skip(self, scope: Scope, hook_id: str | int, delivery_id: str | int) -> None:
        """Gives one queued delivery up, so that an event which its endpoint cannot take does not hold up the rest."""
        self._native.skip(scope_to_input(scope), id_text("hook_id", hook_id), id_text("delivery_id", delivery_id))

    def retry_now(self, scope: Scope, hook_id: str | int) -> None:
        """Ends the present wait of a lane in back-off: it probes at once. The time it has failed still counts."""
        self._native.retry_now(scope_to_input(scope), id_text("hook_id", hook_id))

    def pause(self, scope: Scope, hook_id: str | int) -> None:
        """Starts nothing on a hook's lane until `resume`; new events still queue."""
        self._native.pause(scope_to_input(scope), id_text("hook_id", hook_id))

    def resume(self, scope: Scope, hook_id: str | int) -> None:
        """Lets a paused lane go on. A back-off that was under way goes on too."""
        self._native.resume(scope_to_input(scope), id_text("hook_id", hook_id))

    def stats(self) -> Stats:
        """How much there is to do, what is kept, and what that takes on the disk. Cheap, however much there is."""
        return stats_from_answer(self._native.stats())

    def purge(self, *, cancel: Cancel | None = None) -> Purged:
        """Removes at once what has been kept for longer than `retention`, and says what went. A worker does the same
        when it starts and every hour. It works in small transactions; publishing and delivering go on beside it."""
        return purged_from_answer(self._native.purge(cancel_to_input(cancel)))

    def notices(self) -> list[Notice]:
        """What happened since the last call: lanes that paused, resumed or were flushed, a store that failed or was
        restored. The newest 1,024 are kept."""
        return [notice_from_answer(notice) for notice in self._native.notices()]

    # ---- upkeep ----

    def backup(
        self, path: str | os.PathLike[str], *, replace: bool = False, cancel: Cancel | None = None
    ) -> None:
        """Writes a backup: one file with everything as it is at one moment, for this user alone. Publishing and
        delivering go on. The file gets its name when it is whole, checked and on disk; one that is there already is a
        `ConflictError`, or with `replace` is replaced then. `tieback.restore` makes a store of it."""
        where = plain_text("path", os.fspath(path))
        self._native.backup(where, flag("replace", replace), cancel_to_input(cancel))

    def check_integrity(self, *, quick: bool = False, cancel: Cancel | None = None) -> IntegrityReport:
        """Looks for damage in the store, and says what it found: pages and indexes that contradict each other, rows
        that refer to nothing, counts that are wrong, content that cannot be read. It changes nothing; publishing and
        delivering go on. `quick` leaves out what compares every row of the log."""
        answer = self._native.check_integrity(flag("quick", quick), cancel_to_input(cancel))
        return integrity_report_from_answer(answer)

    def compact(self, *, cancel: Cancel | None = None) -> None:
        """Gives the space of what was removed back to the file system; `Stats.reusable_bytes` says how much that is. It
        takes as long as writing what is kept, and room for that twice, in the temporary folder and beside the store;
        publishing waits meanwhile, and so does whatever else writes. Without it the space is used again."""
        self._native.compact(cancel_to_input(cancel))

    # ---- ending ----

    def close(self) -> None:
        """Ends everything. Attempts in flight are abandoned and queued again; use `stop` first to let them end. Every
        later call is a `ClosedError`. Closing twice changes nothing."""
        self._native.close()

    @property
    def attempt_limit(self) -> float:
        """How long an attempt can take at the most, in seconds: the time limits together. As the `grace` of `stop` it
        lets every attempt end."""
        return self._native.attempt_limit

    @property
    def closed(self) -> bool:
        """Whether it was closed, or belongs to a process that this one was forked from."""
        return self._native.closed

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self, warn: Callable[..., None] = warnings.warn) -> None:
        # The native half closes itself when it is dropped, without waiting for it.
        if not self.closed:
            message = f"engine on {self._path!r} was never closed: use it in a with block, or call close()"
            warn(message, ResourceWarning, stacklevel=2, source=self)

    def __repr__(self) -> str:
        return f"<tieback.Engine {self._path!r} {'closed' if self.closed else 'open'}>"


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Before the interpreter ends, since afterwards the engines' own threads could no longer call back into it."""
    for engine in list(_engines):
        engine.close()
