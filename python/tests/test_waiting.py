"""Waits: Ctrl-C ends them, other threads go on meanwhile."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator

import pytest

import tieback
from endpoint import DEADLINE, Endpoint

WAITER = """
    import os, sys, threading, time
    import tieback

    path, url, how = sys.argv[1:]
    engine = tieback.open(path, danger_allow_http=True, danger_allow_private_addresses=True, response_timeout=60)
    scope = tieback.Scope.company(1)
    hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=url)
    engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
    engine.publish(tieback.Event(scope=scope, resource_name="Company Users", resource_id=1, event_type="update"))
    if how.startswith("started"):
        engine.start()
    if how == "started stop":
        engine.run_until_idle(timeout=0.3)
    try:
        # Said by another thread when this one has begun to wait.
        threading.Timer(0.3, print, ["waiting"], {"flush": True}).start()
        if how.endswith("run"):
            engine.run_until_idle(timeout=600)
        elif how == "pump":
            engine.pump(budget=600)
        else:
            engine.stop(grace=600)
    except KeyboardInterrupt:
        print("interrupted", time.time(), engine.stats().queued, flush=True)
        # The stop that nobody waits for any more goes on for its ten minutes.
        os._exit(0)
    print("not interrupted")
"""


@pytest.mark.parametrize("how", ["run", "pump", "started run", "started stop"])
def test_ctrl_c_ends_a_wait_at_once(how: str, path: pathlib.Path, endpoint: Endpoint) -> None:
    endpoint.open.clear()
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WAITER), path, endpoint.url, how], stdout=subprocess.PIPE, text=True
    ) as waiter:
        assert waiter.stdout is not None
        try:
            assert waiter.stdout.readline() == "waiting\n"
            endpoint.wait_for_requests(1)
            sent = time.time()
            waiter.send_signal(signal.SIGINT)
            line = waiter.stdout.readline().split()
            assert waiter.wait(DEADLINE) == 0
        finally:
            waiter.kill()
    assert line[0] == "interrupted"
    # Promised are 100 ms; the rest is for a machine that is busy with other tests.
    assert float(line[1]) - sent < 1.0
    assert line[2] == "1"


@pytest.mark.parametrize("started", [False, True])
def test_other_threads_go_on_during_a_wait(
    engine: tieback.Engine, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event, started: bool
) -> None:
    endpoint.open.clear()
    engine.publish(event)
    if started:
        engine.start()
    reports: list[tieback.IdleReport] = []
    waiter = threading.Thread(target=lambda: reports.append(engine.run_until_idle(timeout=DEADLINE)))
    waiter.start()
    endpoint.wait_for_requests(1)
    # The endpoint is Python too: it and this thread run only because the wait holds no lock of the interpreter.
    turns, end = 0, time.monotonic() + 0.3
    while time.monotonic() < end:
        turns += 1
    assert waiter.is_alive()
    assert turns > 10_000
    endpoint.open.set()
    waiter.join(DEADLINE)
    assert reports[0].idle


def test_eight_threads_publish_at_once(
    engine: tieback.Engine, endpoint: Endpoint, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event
) -> None:
    engine.start()
    errors: list[BaseException] = []

    def publish(thread: int) -> None:
        try:
            for number in range(25):
                engine.publish(dataclasses.replace(event, resource_id=str(1 + thread * 25 + number)))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=publish, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert errors == []
    assert engine.run_until_idle(timeout=DEADLINE, wait_paused=True).idle
    sent = {delivery.event.resource_id for delivery in engine.deliveries.list(scope, hook.id, status="delivered")}
    assert sent == {str(number) for number in range(1, 201)}
    assert len({delivery.event.ulid for delivery in engine.deliveries.list(scope, hook.id)}) == 200


def test_two_threads_are_in_a_publish_at_once(path: pathlib.Path, event: tieback.Event) -> None:
    """While one waits for the disk, the other comes to wait too: neither holds the lock of the interpreter."""
    with tieback.open(path) as engine, another_writer(path) as writer:
        threads = [threading.Thread(target=engine.publish, args=(event,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        # Both wait, and this thread runs.
        time.sleep(0.2)
        assert all(thread.is_alive() for thread in threads)
        writer.go()
        for thread in threads:
            thread.join(DEADLINE)
        assert not any(thread.is_alive() for thread in threads)


class Writer:
    """Another process that is writing to the store."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def go(self) -> None:
        """Has it commit."""
        assert self._process.stdin is not None
        self._process.stdin.close()


@contextlib.contextmanager
def another_writer(path: pathlib.Path) -> Iterator[Writer]:
    program = """
        import sqlite3, sys
        store = sqlite3.connect(sys.argv[1], isolation_level=None)
        store.execute("BEGIN IMMEDIATE")
        print("writing", flush=True)
        sys.stdin.read()
        store.execute("COMMIT")
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), path],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "writing\n"
            yield Writer(process)
        finally:
            process.kill()


WRITER = """
    import sys, threading, time
    import tieback

    path, what = sys.argv[1:]
    engine = tieback.open(path)
    event = tieback.Event(
        scope=tieback.Scope.company(1), resource_name="Company Users", resource_id=1, event_type="update", id=77
    )
    sys.stdin.readline()
    try:
        threading.Timer(0.3, print, ["waiting"], {"flush": True}).start()
        if what == "publish":
            engine.publish(event)
        elif what == "compact":
            engine.compact()
        else:
            engine.purge()
    except KeyboardInterrupt:
        print("interrupted", time.time(), flush=True)
    sys.stdin.readline()
    # The same event again: was it kept?
    print(engine.publish(event).duplicate, flush=True)
    engine.close()
"""


@contextlib.contextmanager
def waiting_for_the_writer(path: pathlib.Path, what: str) -> Iterator[tuple[subprocess.Popen[str], Writer]]:
    """A program that is in a call which waits for another process to commit."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), path, what],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as program:
        try:
            assert program.stdin is not None and program.stdout is not None
            while not path.exists():
                time.sleep(0.01)
            tieback.open(path).close()
            with another_writer(path) as writer:
                program.stdin.write("go\n")
                program.stdin.flush()
                assert program.stdout.readline() == "waiting\n"
                yield program, writer
        finally:
            program.kill()


def test_publish_waits_for_its_commit_and_then_raises(path: pathlib.Path) -> None:
    with waiting_for_the_writer(path, "publish") as (program, writer):
        assert program.stdin is not None and program.stdout is not None
        program.send_signal(signal.SIGINT)
        # It is still waiting, since what it was asked to keep is neither kept nor refused.
        time.sleep(0.3)
        committed = time.time()
        writer.go()
        line = program.stdout.readline().split()
        assert line[0] == "interrupted" and float(line[1]) > committed
        program.stdin.write("go\n")
        program.stdin.flush()
        assert program.stdout.readline() == "True\n"
        assert program.wait(DEADLINE) == 0


@pytest.mark.parametrize("what", ["compact", "purge"])
def test_ctrl_c_ends_upkeep_that_waits_for_another_process(what: str, path: pathlib.Path) -> None:
    with waiting_for_the_writer(path, what) as (program, writer):
        assert program.stdin is not None and program.stdout is not None
        sent = time.time()
        program.send_signal(signal.SIGINT)
        line = program.stdout.readline().split()
        assert line[0] == "interrupted" and float(line[1]) - sent < 1.0
        writer.go()
        program.stdin.write("go\n")
        program.stdin.flush()
        # The engine is as before.
        assert program.stdout.readline() == "False\n"
        assert program.wait(DEADLINE) == 0
