"""Waits: Ctrl-C ends them, other threads go on meanwhile."""

from __future__ import annotations

import dataclasses
import pathlib
import signal
import subprocess
import sys
import textwrap
import threading
import time

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
