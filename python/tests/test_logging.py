"""What engines log and tell: which lines, at which level, on which thread, and what listeners may do meanwhile."""

from __future__ import annotations

import logging
import pathlib
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator

import pytest

import tieback
from tieback import _logging
from conftest import SECRET
from endpoint import DEADLINE, Answer, Endpoint, eventually


class Collector(logging.Handler):
    """Keeps what it is given, and calls `also` with it."""

    def __init__(self, also: Callable[[logging.LogRecord], object] = lambda record: None) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.also = also

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self.also(record)

    def lines(self) -> list[tuple[str, str, str]]:
        return [(record.name, record.levelname, record.getMessage()) for record in self.records]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Collects every line of the package."""
    logger, collector = logging.getLogger("tieback"), Collector()
    logger.addHandler(collector)
    logger.setLevel(logging.DEBUG)
    yield collector
    logger.removeHandler(collector)
    logger.setLevel(logging.NOTSET)


@pytest.fixture
def told() -> list[tieback.Notice]:
    """What `on_notice` was told."""
    return []


@pytest.fixture
def engine(path: pathlib.Path, collector: Collector, told: list[tieback.Notice]) -> Iterator[tieback.Engine]:
    """An engine that tells."""
    with tieback.open(
        path,
        backoff_min=0.02,
        danger_allow_http=True,
        danger_allow_private_addresses=True,
        on_notice=told.append,
    ) as engine:
        yield engine


def test_lines_tell_what_happens_level_by_level_and_no_secret(
    engine: tieback.Engine, collector: Collector, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event
) -> None:
    endpoint.script.append(Answer(503, {"X-Echo": SECRET}, SECRET.encode()))
    engine.publish(event)
    engine.run_until_idle(timeout=DEADLINE, wait_paused=True)
    engine.close()
    said = collector.lines()
    assert ("tieback.engine", "INFO", f"engine: has opened `{engine._path}`") in said
    assert ("tieback.engine", "INFO", "engine: is closed") == said[-1]
    of_hook = [(level, message) for name, level, message in said if name == "tieback.hook"]
    assert all(message.startswith(f"hook {hook.id}: ") for _, message in of_hook)
    assert {level for level, _ in of_hook} == {"INFO", "DEBUG", "WARNING"}
    assert [message for level, message in of_hook if level == "WARNING"] == [
        f"hook {hook.id}: an attempt failed (503): the lane waits and tries again"
    ]
    assert {record.__dict__["hook_id"] for record in collector.records} == {None, hook.id}
    everything = " ".join(message for _, _, message in said)
    assert SECRET not in everything and SECRET.removeprefix("Bearer ") not in everything


def test_notices_are_told_as_they_happen_and_are_still_kept(
    engine: tieback.Engine, told: list[tieback.Notice], endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event
) -> None:
    endpoint.refuse(1)
    engine.publish(event)
    engine.start()
    eventually(lambda: [notice.kind for notice in told] == ["paused", "resumed"])
    assert (told[0].hook_id, told[0].reason) == (hook.id, "503")
    assert engine.notices() == told


def test_nothing_is_made_for_levels_that_nobody_wants(
    engine: tieback.Engine, collector: Collector, hook: tieback.Hook, event: tieback.Event
) -> None:
    logger = logging.getLogger("tieback")
    logger.setLevel(logging.WARNING)

    def lines_of_a_publish() -> int:
        before = len(collector.records)
        engine.publish(event)
        return len(collector.records) - before

    # A change of level is seen within a second.
    eventually(lambda: lines_of_a_publish() == 0)
    collector.records.clear()
    engine.publish(event)
    assert collector.records == []
    logger.setLevel(logging.DEBUG)
    eventually(lambda: lines_of_a_publish() == 1)
    logging.disable(logging.CRITICAL)
    try:
        eventually(lambda: lines_of_a_publish() == 0)
    finally:
        logging.disable(logging.NOTSET)


def test_most_talkative_level_of_both_loggers_is_wanted() -> None:
    engine, hook = logging.getLogger("tieback.engine"), logging.getLogger("tieback.hook")
    try:
        for first, second, wanted in [
            (logging.DEBUG, logging.ERROR, 4),
            (logging.ERROR, logging.INFO, 3),
            (logging.WARNING, logging.CRITICAL, 2),
            (logging.ERROR, logging.ERROR, 1),
            (logging.CRITICAL, logging.CRITICAL, 0),
        ]:
            engine.setLevel(first)
            hook.setLevel(second)
            assert _logging.wanted() == wanted
    finally:
        engine.setLevel(logging.NOTSET)
        hook.setLevel(logging.NOTSET)


def test_unwanted_levels_do_not_reach_python(
    path: pathlib.Path, event: tieback.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    lines: list[str] = []
    really = _logging.wanted

    def ask() -> int:
        asked.append(1)
        return really()

    monkeypatch.setattr(_logging, "wanted", ask)
    monkeypatch.setattr(_logging, "log", lambda number, hook_id, message: lines.append(message))
    begun = time.monotonic()
    with tieback.open(path) as engine:
        for _ in range(20):
            engine.publish(event)
    assert lines == []
    assert 1 <= len(asked) <= 1 + (time.monotonic() - begun)


def test_package_that_nobody_listens_to_writes_nothing(path: pathlib.Path, endpoint: Endpoint) -> None:
    program = """
        import sys, tieback
        path, url = sys.argv[1:]
        assert "logging" not in sys.modules
        with tieback.open(path, danger_allow_http=True, danger_allow_private_addresses=True) as engine:
            scope = tieback.Scope.company(1)
            hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=url)
            engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
            engine.publish(
                tieback.Event(scope=scope, resource_name="Company Users", resource_id=1, event_type="update")
            )
            engine.run_until_idle(timeout=10)
            assert engine.notices()[0].kind == "paused"
    """
    endpoint.refuse(1)
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), path, endpoint.url],
        capture_output=True, text=True, timeout=DEADLINE, check=False,
    )
    assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)


@pytest.mark.parametrize("started", [False, True])
def test_listener_may_use_the_engine_but_not_run_it(
    engine: tieback.Engine,
    collector: Collector,
    told: list[tieback.Notice],
    endpoint: Endpoint,
    hook: tieback.Hook,
    event: tieback.Event,
    scope: tieback.Scope,
    started: bool,
) -> None:
    done: list[str] = []

    def use(record: logging.LogRecord) -> None:
        if "an attempt failed" not in record.getMessage():
            return
        # Each of these may log in its turn; nobody is told of that, or it would never end.
        engine.stats()
        engine.publish(event)
        engine.retry_now(scope, hook.id)
        engine.check_integrity()
        list(engine.deliveries.list(scope, hook.id))
        for run in (
            engine.start,
            engine.stop,
            lambda: engine.pump(budget=1),
            lambda: engine.run_until_idle(timeout=1),
        ):
            with pytest.raises(tieback.ConflictError, match="inside"):
                run()
        done.append(threading.current_thread().name)

    collector.also = use
    endpoint.refuse(1)
    if started:
        engine.start()
    engine.publish(event)
    assert engine.run_until_idle(timeout=DEADLINE, wait_paused=True).idle
    eventually(lambda: len(done) == 1)
    assert (done[0] == "MainThread") == (not started)
    assert engine.stats().delivered == 2


def test_what_a_listener_does_is_not_told_to_it(
    engine: tieback.Engine, collector: Collector, hook: tieback.Hook, event: tieback.Event
) -> None:
    # It would never end.
    collector.also = lambda record: engine.publish(event) if "published" in record.getMessage() else None
    engine.publish(event)
    assert engine.stats().queued == 2


@pytest.mark.parametrize("started", [False, True])
def test_listener_may_close_the_engine(
    engine: tieback.Engine,
    collector: Collector,
    path: pathlib.Path,
    endpoint: Endpoint,
    hook: tieback.Hook,
    event: tieback.Event,
    started: bool,
) -> None:
    collector.also = lambda record: engine.close() if "an attempt failed" in record.getMessage() else None
    endpoint.refuse(1)
    if started:
        engine.start()
    engine.publish(event)
    try:
        engine.run_until_idle(timeout=DEADLINE)
    except tieback.ClosedError:
        pass
    eventually(lambda: engine.closed and list(path.parent.iterdir()) == [path])


def test_handler_that_waits_for_a_lock_holds_up_its_thread_alone(
    engine: tieback.Engine, collector: Collector, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event
) -> None:
    lock, waiting = threading.Lock(), threading.Event()

    def wait(record: logging.LogRecord) -> None:
        if record.levelno == logging.WARNING:
            waiting.set()
            with lock:
                pass

    collector.also = wait
    collector.setLevel(logging.WARNING)
    endpoint.refuse(1)
    engine.start()
    with lock:
        engine.publish(event)
        assert waiting.wait(DEADLINE)
        # The engine's thread waits for this one, which has the lock that it wants and calls the engine meanwhile.
        for _ in range(3):
            engine.publish(event)
        assert engine.stats().queued == 4
    assert engine.run_until_idle(timeout=DEADLINE, wait_paused=True).idle
    assert engine.stats().delivered == 4


def test_listener_that_raises_harms_nobody(
    path: pathlib.Path, endpoint: Endpoint, event: tieback.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: raised.append(unraisable.exc_value))

    def fail(notice: tieback.Notice) -> None:
        raise LookupError(notice.kind)

    with tieback.open(
        path, backoff_min=0.02, danger_allow_http=True, danger_allow_private_addresses=True, on_notice=fail
    ) as engine:
        hook = engine.hooks.create(event.scope, namespace="n", payload_version="v4.0", destination_url=endpoint.url)
        engine.triggers.create(event.scope, hook.id, resource_name="Company Users", event_type="update")
        endpoint.refuse(1)
        engine.publish(event)
        engine.run_until_idle(timeout=DEADLINE, wait_paused=True)
        assert engine.stats().delivered == 1
        assert [notice.kind for notice in engine.notices()] == ["paused", "resumed"]
    assert [repr(one) for one in raised] == ["LookupError('paused')", "LookupError('resumed')"]


def test_ctrl_c_inside_of_a_listener_reaches_the_caller(
    engine: tieback.Engine, collector: Collector, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event
) -> None:
    def interrupt(record: logging.LogRecord) -> None:
        if "published" in record.getMessage():
            raise KeyboardInterrupt

    collector.also = interrupt
    with pytest.raises(KeyboardInterrupt):
        engine.publish(event)
        # Where the interpreter looks for signals only once more.
        time.sleep(0.1)
    collector.also = lambda record: None
    assert engine.stats().queued == 1


def test_what_is_no_function_is_refused(path: pathlib.Path) -> None:
    with pytest.raises(TypeError, match="on_notice is of type list: give a function"):
        tieback.open(path, on_notice=[])  # type: ignore[arg-type]
    assert not path.exists()
