"""What belongs to an open engine, and so to the process that opened it."""

from __future__ import annotations

from typing import NoReturn, SupportsIndex


class Live:
    """Cannot be copied or pickled: what is behind it, such as a file, is there once and in this process."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(
            f"a tieback.{type(self).__name__} cannot be copied or pickled: make one in the process that is to use it"
        )
