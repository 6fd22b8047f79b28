"""How engines end: handles that are dropped, programs that do not close, children that leave."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import os
import pathlib
import pickle
import subprocess
import sys
import textwrap
import weakref
from collections.abc import Callable

import pytest

import tieback
from delivering import deliver
from endpoint import DEADLINE, Endpoint, eventually


def live(engine: tieback.Engine, scope: tieback.Scope) -> list[object]:
    return [
        *(engine, engine.hooks, engine.triggers, engine.resources, engine.deliveries, tieback.Cancel()),
        *(engine.hooks.list(scope), engine.resources.list(scope)),
    ]


def test_handles_refuse_to_be_pickled_or_copied(engine: tieback.Engine, scope: tieback.Scope) -> None:
    for handle in live(engine, scope):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="cannot be copied or pickled: make"):
                pickle.dumps(handle, protocol)
        for attempt in (copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="cannot be copied or pickled: make"):
                attempt(handle)


def test_handle_given_to_another_process_is_refused_where_it_is_given(engine: tieback.Engine) -> None:
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=deliver, args=(engine, None, None))
    with pytest.raises(TypeError, match="tieback.Engine cannot be copied or pickled"):
        child.start()


def test_handles_can_be_referred_to_weakly(engine: tieback.Engine) -> None:
    assert weakref.ref(engine)() is engine
    cancel = tieback.Cancel()
    assert weakref.ref(cancel)() is cancel


PARTS: dict[str, Callable[[tieback.Engine], object]] = {
    "hooks": lambda engine: engine.hooks,
    "triggers": lambda engine: engine.triggers,
    "resources": lambda engine: engine.resources,
    "deliveries": lambda engine: engine.deliveries,
    "pages": lambda engine: engine.resources.list(tieback.Scope.company(1), limit=1),
}


@pytest.mark.parametrize("name", PARTS)
def test_part_of_an_engine_keeps_it_open(name: str, path: pathlib.Path) -> None:
    engine = tieback.open(path)
    part = PARTS[name](engine)
    referred = weakref.ref(engine)
    del engine
    gc.collect()
    again = referred()
    assert again is not None and not again.closed
    again.close()
    del part


def test_parts_of_a_closed_engine_say_so(path: pathlib.Path, scope: tieback.Scope) -> None:
    with tieback.open(path) as engine:
        hooks, resources = engine.hooks, engine.resources.list(scope, limit=1)
        assert list(hooks.list(scope)) == []
    with pytest.raises(tieback.ClosedError):
        hooks.list(scope)
    with pytest.raises(tieback.ClosedError):
        list(resources)


def test_engine_that_is_dropped_open_is_warned_of_and_closed(path: pathlib.Path) -> None:
    engine = tieback.open(path)
    engine.start()
    with pytest.warns(ResourceWarning, match=f"engine on '{path}' was never closed: use it in a with block"):
        del engine
        gc.collect()
    eventually(lambda: list(path.parent.iterdir()) == [path])


def test_engine_that_was_closed_is_not_warned_of(path: pathlib.Path) -> None:
    # Every warning is an error here.
    engine = tieback.open(path)
    engine.close()
    del engine
    gc.collect()


ENDINGS = {
    "open": "",
    "started": "engine.start()",
    "in flight": "engine.start(); engine.publish(event); asked()",
    "in a function": "keep = [engine]; keep.append(keep)",
    "logging": "logging.basicConfig(level=logging.DEBUG, filename=os.devnull); engine.start(); engine.publish(event)",
    "told by the engine": "engine.start(); engine.publish(event); asked(); logging.getLogger().addHandler(Slow())",
    "exit": "engine.start(); sys.exit(0)",
    "child": "engine.start(); os.fork() or sys.exit(0); os.wait()",
    "stopped by Ctrl-C": "threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start(); wait()",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_program_that_does_not_close_ends_without_a_word(ending: str, path: pathlib.Path, endpoint: Endpoint) -> None:
    if ending == "child" and not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    program = """
        import logging, os, signal, sys, threading, time, urllib.request
        import tieback

        path, url, ending = sys.argv[1:]

        class Slow(logging.Handler):
            def emit(self, record):
                time.sleep(0.01)

        def asked():
            while engine.stats().in_flight == 0:
                time.sleep(0.005)

        def wait():
            try:
                engine.publish(event)
                engine.run_until_idle(timeout=60)
            except KeyboardInterrupt:
                pass

        engine = tieback.open(
            path, danger_allow_http=True, danger_allow_private_addresses=True, backoff_min=0.001, backoff_max=0.001,
            on_notice=lambda notice: time.sleep(0.001),
        )
        scope = tieback.Scope.company(1)
        hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=url)
        engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
        event = tieback.Event(scope=scope, resource_name="Company Users", resource_id=1, event_type="update")
        exec(ending)
    """
    if ending in ("in flight", "stopped by Ctrl-C"):
        endpoint.open.clear()
    else:
        endpoint.refuse(10_000)
    run = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-W", "ignore:.*multi-threaded.*:DeprecationWarning"]
        + ["-c", textwrap.dedent(program), str(path), endpoint.url, ENDINGS[ending]],
        capture_output=True, text=True, timeout=DEADLINE, check=False,
    )
    assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)
    # Closed, not only left behind.
    assert list(path.parent.iterdir()) == [path]
    with tieback.open(path) as engine:
        assert engine.check_integrity().sound
