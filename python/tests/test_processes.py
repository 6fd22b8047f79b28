"""Processes: an engine is for the one that opened it; the file is for all of them, and outlives them."""

from __future__ import annotations

import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import threading
import traceback
import weakref
from collections.abc import Callable

import pytest

import tieback
from delivering import deliver
from endpoint import DEADLINE, Endpoint

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
# Python warns of a fork beside threads (the endpoint has some): the very thing that is tested here.
allow_fork = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


def in_a_fork(check: Callable[[], None]) -> int:
    """Runs the check in a forked child and gives how that ended; a child that hangs is killed by its alarm."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(20)
            check()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]


@needs_fork
@allow_fork
@pytest.mark.parametrize("started", [False, True])
def test_forked_child_cannot_use_the_engine_and_the_parent_can(
    engine: tieback.Engine,
    endpoint: Endpoint,
    scope: tieback.Scope,
    hook: tieback.Hook,
    event: tieback.Event,
    started: bool,
) -> None:
    if started:
        engine.start()

    def check() -> None:
        for call in (
            lambda: engine.publish(event),
            lambda: engine.hooks.list(scope),
            lambda: engine.run_until_idle(timeout=1),
            engine.start,
            engine.stop,
            engine.stats,
        ):
            with pytest.raises(tieback.ClosedError, match="fork"):
                call()
        assert engine.closed and repr(engine).endswith("closed>")
        engine.close()

    pages = engine.hooks.list(scope, limit=1)
    assert in_a_fork(check) == 0
    assert not engine.closed
    assert [listed.id for listed in pages] == [hook.id]
    engine.publish(event)
    assert engine.run_until_idle(timeout=DEADLINE, wait_paused=True).idle
    assert [delivery.status for delivery in engine.deliveries.list(scope, hook.id)] == ["delivered"]


def open_files_in(folder: pathlib.Path) -> list[str]:
    """The files in this folder that the process has open, where the system tells (Linux)."""
    opened = []
    for descriptor in pathlib.Path("/proc/self/fd").glob("*"):
        try:
            opened.append(os.readlink(descriptor))
        except FileNotFoundError:
            # The one that the listing itself needed.
            continue
    return sorted(name for name in opened if name.startswith(f"{folder}{os.sep}"))


@needs_fork
@allow_fork
@pytest.mark.parametrize("started", [False, True])
def test_child_that_drops_the_engine_leaves_the_parents_store_alone(
    path: pathlib.Path, endpoint: Endpoint, event: tieback.Event, started: bool
) -> None:
    engine = tieback.open(path, danger_allow_http=True, danger_allow_private_addresses=True)
    hook = engine.hooks.create(event.scope, namespace="n", payload_version="v4.0", destination_url=endpoint.url)
    engine.triggers.create(event.scope, hook.id, resource_name="Company Users", event_type="update")
    engine.publish(event)
    if started:
        engine.start()
    endpoint.wait_for_requests(1 if started else 0)
    files = sorted(path.parent.iterdir())

    def check() -> None:
        nonlocal engine
        dropped, before = weakref.ref(engine), open_files_in(path.parent)
        del engine
        assert dropped() is None
        # SQLite forbids to close in a child what its parent has opened.
        assert open_files_in(path.parent) == before

    assert in_a_fork(check) == 0
    assert sorted(path.parent.iterdir()) == files
    engine.publish(event)
    assert engine.run_until_idle(timeout=DEADLINE).idle
    assert [delivery.status for delivery in engine.deliveries.list(event.scope, hook.id)] == ["delivered"] * 2
    engine.close()
    assert list(path.parent.iterdir()) == [path]


@needs_fork
@allow_fork
def test_child_that_lives_on_keeps_nothing_of_an_engine_that_its_parent_closes(
    path: pathlib.Path, event: tieback.Event
) -> None:
    engine = tieback.open(path)
    engine.start()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        # Until the parent is done; every file of the engine is open here as well.
        os.close(write)
        os.read(read, 1)
        os._exit(0)
    os.close(read)
    engine.close()
    assert list(path.parent.iterdir()) == [path]
    os.close(write)
    assert os.waitpid(child, 0)[1] == 0


@needs_fork
@allow_fork
def test_child_of_a_fork_during_a_run_does_not_hang(
    path: pathlib.Path, endpoint: Endpoint, event: tieback.Event
) -> None:
    engine = tieback.open(path, danger_allow_http=True, danger_allow_private_addresses=True)
    hook = engine.hooks.create(event.scope, namespace="n", payload_version="v4.0", destination_url=endpoint.url)
    engine.triggers.create(event.scope, hook.id, resource_name="Company Users", event_type="update")
    endpoint.open.clear()
    engine.publish(event)
    runner = threading.Thread(target=engine.run_until_idle, kwargs={"timeout": DEADLINE})
    runner.start()
    endpoint.wait_for_requests(1)

    def check() -> None:
        # The engine's lock is held by a thread that the child does not have.
        with pytest.raises(tieback.ClosedError, match="fork"):
            engine.pump(budget=1)
        engine.close()

    ended = in_a_fork(check)
    endpoint.open.set()
    runner.join(DEADLINE)
    assert ended == 0
    assert [delivery.status for delivery in engine.deliveries.list(event.scope, hook.id)] == ["delivered"]
    engine.close()


def open_and_publish(path: str, answers: multiprocessing.Queue[str]) -> None:
    """Runs in a child of multiprocessing."""
    try:
        with tieback.open(path) as engine:
            event = tieback.Event(
                scope=tieback.Scope.company(1), resource_name="Company Users", resource_id=1, event_type="update"
            )
            answers.put(engine.publish(event).no_delivery or "")
    except tieback.Error as error:
        answers.put(error.kind)


@needs_fork
@allow_fork
def test_child_of_multiprocessing_opens_its_own(path: pathlib.Path) -> None:
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[str] = context.Queue()

    def answer() -> str:
        child = context.Process(target=open_and_publish, args=(str(path), answers))
        child.start()
        said = answers.get(timeout=DEADLINE)
        child.join(DEADLINE)
        assert child.exitcode == 0
        return said

    with tieback.open(path):
        assert answer() == "no_hook_in_scope"
    assert answer() == "no_hook_in_scope"


def test_child_of_multiprocessing_delivers_what_the_parent_publishes(
    path: pathlib.Path, endpoint: Endpoint, event: tieback.Event
) -> None:
    context = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[str] = context.Queue()
    stop = context.Event()
    with tieback.open(path, danger_allow_http=True, danger_allow_private_addresses=True) as engine:
        hook = engine.hooks.create(event.scope, namespace="n", payload_version="v4.0", destination_url=endpoint.url)
        engine.triggers.create(event.scope, hook.id, resource_name="Company Users", event_type="update")
        child = context.Process(target=deliver, args=(str(path), told, stop))
        child.start()
        assert told.get(timeout=DEADLINE) == "started"
        for count in range(1, 4):
            assert engine.publish(event).deliveries == 1
            endpoint.wait_for_requests(count)
        engine.pause(event.scope, hook.id)
        stop.set()
        assert told.get(timeout=DEADLINE) == "stopped"
        child.join(DEADLINE)
        assert child.exitcode == 0
        assert [delivery.status for delivery in engine.deliveries.list(event.scope, hook.id)] == ["delivered"] * 3
    assert len(endpoint.requests) == 3
    assert list(path.parent.iterdir()) == [path]


def test_file_that_another_engine_has_open_opens_and_shows_what_it_has_kept(
    path: pathlib.Path, event: tieback.Event
) -> None:
    with tieback.open(path) as first:
        hook = first.hooks.create(
            event.scope, namespace="n", payload_version="v4.0", destination_url="https://erp.example.com/"
        )
        first.triggers.create(event.scope, hook.id, resource_name="Company Users", event_type="update")
        with tieback.open(path) as second:
            assert second.publish(event).deliveries == 1
        assert first.stats().queued == 1
        program = "import sys, tieback; print(tieback.open(sys.argv[1]).stats().queued)"
        third = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, timeout=DEADLINE)
        assert third.stdout == "1\n", third.stderr
    assert list(path.parent.iterdir()) == [path]


def test_what_was_published_outlives_a_killed_process(
    path: pathlib.Path, endpoint: Endpoint, event: tieback.Event
) -> None:
    program = """
        import os, signal, sys, tieback
        engine = tieback.open(sys.argv[1], danger_allow_http=True, danger_allow_private_addresses=True)
        scope = tieback.Scope.company(5358233)
        hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=sys.argv[2])
        engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
        engine.publish(tieback.Event(scope=scope, resource_name="Company Users", resource_id=1, event_type="update"))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), path, endpoint.url], timeout=DEADLINE, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    with tieback.open(path, danger_allow_http=True, danger_allow_private_addresses=True) as engine:
        assert engine.run_until_idle(timeout=DEADLINE).attempts == 1
    assert len(endpoint.requests) == 1


def test_importing_and_opening_start_no_thread(path: pathlib.Path) -> None:
    program = f"""
        import os, tieback
        with tieback.open({str(path)!r}) as engine:
            engine.run_until_idle(timeout=1)
            print(len(os.listdir("/proc/self/task")))
    """
    if not pathlib.Path("/proc/self/task").exists():
        pytest.skip("this system does not list a process's threads")
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=DEADLINE
    )
    assert run.stdout == "1\n", run.stderr
