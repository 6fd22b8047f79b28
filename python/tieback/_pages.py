"""Lists that are fetched page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, NoReturn, SupportsIndex, TypeVar

from ._answer import Answer
from ._input import given

Item = TypeVar("Item")


class Pages(Iterator[Item], Generic[Item]):
    """Gives item after item, and fetches the next page when this one is used up.

    The first page is fetched at once, so that a wrong argument is an error where it was given.
    """

    __slots__ = ("_fetch", "_items", "_next", "_limit", "_make")

    def __init__(self, fetch: Callable[[Answer], Answer], make: Callable[[Answer], Item], limit: int | None) -> None:
        self._fetch = fetch
        self._make = make
        self._limit = limit
        self._load(None)

    def __next__(self) -> Item:
        while True:
            item: Any = next(self._items, None)
            if item is not None:
                return self._make(item)
            if self._next is None:
                raise StopIteration
            self._load(self._next)

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("an iterator over pages cannot be copied or pickled: make a list of it, and copy that")

    def _load(self, after: str | None) -> None:
        page = self._fetch(given(limit=self._limit, after=after))
        self._items = iter(page["items"])
        self._next = page["next"]
