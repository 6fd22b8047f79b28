"""Ending a call from another thread."""

from __future__ import annotations

from . import _tieback
from ._live import Live


class Cancel(Live):
    """A token that ends the long calls which carry it, from any thread or a signal handler.

    >>> cancel = tieback.Cancel()
    >>> cancel.request()
    >>> with tieback.open(path) as engine:
    ...     engine.run_until_idle(timeout=60, cancel=cancel)
    Traceback (most recent call last):
    tieback.CancelledError: the call was cancelled; its token stays requested: use a new one for further calls
    """

    __slots__ = ("_native", "__weakref__")

    def __init__(self) -> None:
        self._native = _tieback.Cancel()

    def request(self) -> None:
        """Ends the calls that carry this token: those under way as soon as they can, and every later one at once. It
        does not wait for them. Requesting twice changes nothing."""
        self._native.request()

    @property
    def requested(self) -> bool:
        """Whether it was requested."""
        return self._native.requested

    def __repr__(self) -> str:
        return f"<tieback.Cancel{' requested' if self.requested else ''}>"


def cancel_to_input(cancel: object) -> _tieback.Cancel | None:
    """A token that a caller gave, or none."""
    if cancel is None:
        return None
    if not isinstance(cancel, Cancel):
        raise TypeError(f"cancel is of type {type(cancel).__name__}: give a tieback.Cancel")
    return cancel._native
