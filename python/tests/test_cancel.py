"""Cancel tokens: what they end, and what they leave alone."""

from __future__ import annotations

import pathlib
import signal
import threading
import time
from collections.abc import Callable

import pytest

import tieback
from endpoint import DEADLINE, Endpoint

Call = Callable[[tieback.Engine, tieback.Cancel], object]

CALLS: dict[str, Call] = {
    "run_until_idle": lambda engine, cancel: engine.run_until_idle(timeout=DEADLINE, cancel=cancel),
    "pump": lambda engine, cancel: engine.pump(budget=DEADLINE, cancel=cancel),
    "purge": lambda engine, cancel: engine.purge(cancel=cancel),
    "backup": lambda engine, cancel: engine.backup("backup.db", cancel=cancel),
    "check_integrity": lambda engine, cancel: engine.check_integrity(cancel=cancel),
    "compact": lambda engine, cancel: engine.compact(cancel=cancel),
}


@pytest.mark.parametrize("name", CALLS)
def test_requested_token_ends_every_call_that_carries_it(
    name: str, engine: tieback.Engine, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cancel = tieback.Cancel()
    assert repr(cancel) == "<tieback.Cancel>" and not cancel.requested
    CALLS[name](engine, cancel)
    backup = tmp_path / "backup.db"
    assert backup.exists() == (name == "backup")
    backup.unlink(missing_ok=True)
    cancel.request()
    cancel.request()
    assert repr(cancel) == "<tieback.Cancel requested>" and cancel.requested
    with pytest.raises(tieback.CancelledError, match="use a new one") as caught:
        CALLS[name](engine, cancel)
    assert (caught.value.kind, caught.value.operation) == ("cancelled", name)
    assert not backup.exists()
    CALLS[name](engine, tieback.Cancel())


@pytest.mark.parametrize(
    ("name", "started"), [("run_until_idle", False), ("run_until_idle", True), ("pump", False)]
)
def test_token_ends_another_threads_wait(
    name: str, started: bool, engine: tieback.Engine, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event
) -> None:
    endpoint.open.clear()
    engine.publish(event)
    if started:
        engine.start()
    cancel = tieback.Cancel()
    ended: list[tuple[BaseException, float]] = []

    def wait() -> None:
        try:
            CALLS[name](engine, cancel)
        except tieback.CancelledError as error:
            ended.append((error, time.monotonic()))

    waiter = threading.Thread(target=wait)
    waiter.start()
    endpoint.wait_for_requests(1)
    requested = time.monotonic()
    cancel.request()
    waiter.join(DEADLINE)
    ((_, when),) = ended
    # At once; the rest is for a machine that is busy with other tests.
    assert when - requested < 1.0
    # The engine is as before.
    endpoint.open.set()
    assert engine.run_until_idle(timeout=DEADLINE).idle
    assert engine.stats().delivered == 1


def test_signal_handler_may_request_it(
    engine: tieback.Engine, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event
) -> None:
    endpoint.open.clear()
    engine.publish(event)
    cancel = tieback.Cancel()

    def signal_when_asked() -> None:
        endpoint.wait_for_requests(1)
        signal.raise_signal(signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, lambda number, frame: cancel.request())
    try:
        killer = threading.Thread(target=signal_when_asked)
        killer.start()
        with pytest.raises(tieback.CancelledError):
            engine.run_until_idle(timeout=DEADLINE, cancel=cancel)
        killer.join(DEADLINE)
    finally:
        signal.signal(signal.SIGUSR1, before)
    endpoint.open.set()


def test_what_is_no_token_is_refused(engine: tieback.Engine) -> None:
    with pytest.raises(TypeError, match="cancel is of type Event: give a tieback.Cancel"):
        engine.run_until_idle(timeout=1, cancel=threading.Event())  # type: ignore[arg-type]
