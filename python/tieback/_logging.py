"""What engines log: `logging.getLogger("tieback.engine")`, and `"tieback.hook"` for what concerns one hook."""

from __future__ import annotations

import logging

_PACKAGE = logging.getLogger("tieback")
_ENGINE = logging.getLogger("tieback.engine")
_HOOK = logging.getLogger("tieback.hook")

# As libraries do: a program that has not set logging up is not written to.
_PACKAGE.addHandler(logging.NullHandler())

# The native half's levels, the most talkative first.
_LEVELS = {4: logging.DEBUG, 3: logging.INFO, 2: logging.WARNING, 1: logging.ERROR}


def wanted() -> int:
    """The most talkative level that anybody wants, 1 to 4, or 0. The native half calls it, at most once a second."""
    for number, level in _LEVELS.items():
        if _ENGINE.isEnabledFor(level) or _HOOK.isEnabledFor(level):
            return number
    return 0


def log(number: int, hook_id: str | None, message: str) -> None:
    """Logs one line. The native half calls it, on whichever thread something happens."""
    if hook_id is None:
        _ENGINE.log(_LEVELS[number], "engine: %s", message, extra={"hook_id": None})
    else:
        _HOOK.log(_LEVELS[number], "hook %s: %s", hook_id, message, extra={"hook_id": hook_id})
