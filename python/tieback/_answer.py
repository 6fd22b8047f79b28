"""What the native half answers: dicts in tieback's own JSON, read leniently."""

from __future__ import annotations

import datetime
from typing import Any

Answer = dict[str, Any]


def moment(text: str | None) -> datetime.datetime | None:
    """A moment of an answer, in UTC."""
    return None if text is None else required_moment(text)


def required_moment(text: str) -> datetime.datetime:
    """A moment that every answer of its kind has."""
    # Python 3.10 does not read the Z.
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
