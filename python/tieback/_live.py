"""What belongs to an open engine, and so to the process that opened it."""

from __future__ import annotations

from typing import NoReturn, SupportsIndex


class Live:
    """Cannot be copied or pickled: there is one file, and one set of connections, behind it."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(
            f"a tieback.{type(self).__name__} cannot be copied or pickled: open an engine where it is to be used"
        )
