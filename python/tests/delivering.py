"""What a child of multiprocessing runs: in a module of its own, so that a child that was not forked finds it too."""

from __future__ import annotations

import multiprocessing
import multiprocessing.synchronize

import tieback
from endpoint import DEADLINE


def deliver(path: str, told: multiprocessing.Queue[str], stop: multiprocessing.synchronize.Event) -> None:
    """A worker, until it is told to stop."""
    with tieback.open(path, danger_allow_http=True, danger_allow_private_addresses=True) as engine:
        engine.start()
        told.put("started")
        stop.wait(DEADLINE)
        engine.stop()
    told.put("stopped")


def seen(models: list[object]) -> tuple[list[object], list[str]]:
    """The models as they came, and what they look like there."""
    return models, [repr(one) for one in models]
