"""What callers give, made into what the native half takes. The types are checked here, the values there."""

from __future__ import annotations

import datetime
import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

from ._errors import InvalidArgumentError


def id_like(what: str, value: object) -> str | int:
    """What can be an id: a text or a whole number."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise TypeError(f"{what} is of type {type(value).__name__}: give a str or an int")
    return value


def id_text(what: str, value: object) -> str:
    """An id, as text."""
    value = id_like(what, value)
    if isinstance(value, int) and value.bit_length() > 64:
        raise InvalidArgumentError(f"{what} of {value.bit_length()} bits is out of range: numeric ids are 0 to 2^63-1")
    text = str(value)
    if not text.isascii():
        raise InvalidArgumentError(f"{what} {text!a} is not an id: give 1 to 128 visible ASCII characters")
    return text


def optional_id_text(what: str, value: object) -> str | None:
    """An id, or none."""
    return None if value is None else id_text(what, value)


def plain_text(what: str, value: object) -> str:
    """A text."""
    if not isinstance(value, str):
        raise TypeError(f"{what} is of type {type(value).__name__}: give a str")
    return value


def optional_plain_text(what: str, value: object) -> str | None:
    """A text, or none."""
    return None if value is None else plain_text(what, value)


def texts(what: str, values: object) -> list[str]:
    """Several texts. A single one is refused: it would be read letter by letter."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{what} is of type {type(values).__name__}: give a list of str")
    return [plain_text(f"{what}[{index}]", value) for index, value in enumerate(values)]


def path_text(what: str, value: object) -> str:
    """A path."""
    if not isinstance(value, os.PathLike):
        raise TypeError(f"{what} is of type {type(value).__name__}: give a str or a path object")
    return plain_text(what, os.fspath(value))


def flag(what: str, value: object) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{what} is of type {type(value).__name__}: give True or False")
    return value


def moment_text(what: str, value: object) -> str:
    """A moment, as RFC 3339 in UTC."""
    if not isinstance(value, datetime.datetime):
        raise TypeError(f"{what} is of type {type(value).__name__}: give a datetime")
    if value.utcoffset() is None:
        raise InvalidArgumentError(f"{what} {value} has no timezone: give it one, such as datetime.timezone.utc")
    try:
        return value.astimezone(datetime.timezone.utc).isoformat()
    except OverflowError:
        raise InvalidArgumentError(f"{what} {value} is out of range in UTC: give a later or an earlier one") from None


def day_or_moment_text(what: str, value: object) -> str | None:
    """A day (`2025-02-06`) or a moment, or none."""
    if value is None:
        return None
    if not isinstance(value, datetime.date):
        raise TypeError(f"{what} is of type {type(value).__name__}: give a date or a datetime")
    # Every datetime is a date too.
    return moment_text(what, value) if isinstance(value, datetime.datetime) else value.isoformat()


def seconds(what: str, value: object) -> float:
    """A span in seconds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{what} is of type {type(value).__name__}: give a number of seconds")
    # The comparison comes first: no float holds an int of a thousand digits. The largest span is 292 years.
    if not 0 <= value < 2**63 / 1e9:
        shown = value if isinstance(value, float) or value.bit_length() <= 64 else "that large"
        raise InvalidArgumentError(f"{what} of {shown} seconds is out of range: give a number of seconds from 0 on")
    return float(value)


def milliseconds(what: str, value: object) -> int | None:
    """A span in seconds as whole milliseconds, or none. What is not zero does not become zero."""
    return None if value is None else math.ceil(round(seconds(what, value) * 1000, 3))


def plain_number(what: str, value: object) -> int:
    """A whole number; its range is for the native half to check."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} is of type {type(value).__name__}: give an int")
    if not 0 <= value < 2**32:
        raise InvalidArgumentError(f"{what} is out of range: give 1 to 1000000")
    return value


def optional_texts(what: str, values: object) -> list[str] | None:
    """Several texts, or none given."""
    return None if values is None else texts(what, values)


def bound(what: str, value: object) -> int | None:
    """A number from 1 on, or None for no bound."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} must be an int, not {type(value).__name__}")
    if not 1 <= value < 2**32:
        raise InvalidArgumentError(f"{what} is out of range: give 1 to 4294967295, or leave it out for no bound")
    return value


def headers(value: object) -> dict[str, str] | None:
    """Header names and values, or none."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise TypeError(f"destination_headers is of type {type(value).__name__}: give a dict of names and values")
    return {
        plain_text("a name in destination_headers", name): plain_text(f"destination_headers[{name!r}]", text)
        for name, text in value.items()
    }


def given(**members: Any) -> dict[str, Any]:
    """The members that are not None."""
    return {name: value for name, value in members.items() if value is not None}
