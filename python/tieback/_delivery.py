"""Deliveries: the sending of one event to one hook, with its attempts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from ._answer import Answer, moment, required_moment
from ._event import Event, event_from_answer


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a delivery: what was answered, or why nothing was."""

    started_at: datetime.datetime
    completed_at: datetime.datetime
    success: bool
    """Whether it was answered with 2xx."""
    response_status: int | None
    """The HTTP status, when the endpoint answered."""
    response_headers: Mapping[str, str] = field(hash=False)
    """The answer's headers; the values of a repeated name are joined by commas."""
    response_body: bytes = field(repr=False)
    """The answer's body, up to 64 KiB."""
    response_body_truncated: bool
    """Whether the body was longer than what is kept, or ended early."""
    response_error: str | None
    """What went wrong, when there was no answer."""

    @property
    def reason(self) -> str:
        """What went wrong in a few words: the error, or else the status."""
        return self.response_error or ("no answer" if self.response_status is None else str(self.response_status))

    @property
    def retry_after(self) -> float | None:
        """The wait that the answer's `Retry-After` asks for, in seconds, when it is a number."""
        asked = next((value for name, value in self.response_headers.items() if name.lower() == "retry-after"), "")
        return float(asked) if asked.strip().isdecimal() else None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one hook."""

    id: str
    hook_id: str
    status: str
    """`enqueued`, `retrying`, `delivered`, `discarded` or `failed`."""
    why: str | None
    """Why it was given up: `flushed`, `operator`, `hook_deleted` or `max_attempts`."""
    event: Event
    """The event, as the payload says it."""
    payload: bytes = field(repr=False)
    """The payload as sent, byte for byte."""
    created_at: datetime.datetime | None
    restored: bool
    """Whether it was queued in a backup that was restored: it may have been sent before, by attempts that are not in
    the log."""
    attempts: tuple[Attempt, ...]
    """Oldest first."""


def delivery_from_answer(answer: Answer) -> Delivery:
    """A delivery as the native half answers it."""
    return Delivery(
        id=answer["id"],
        hook_id=answer["hook_id"],
        status=answer["status"],
        why=answer.get("why"),
        event=event_from_answer(answer["event"]),
        payload=answer["payload"],
        created_at=moment(answer.get("created_at")),
        restored=answer.get("restored", False),
        attempts=tuple(attempt_from_answer(attempt) for attempt in answer["attempts"]),
    )


def attempt_from_answer(answer: Answer) -> Attempt:
    """An attempt as the native half answers it."""
    return Attempt(
        started_at=required_moment(answer["started_at"]),
        completed_at=required_moment(answer["completed_at"]),
        success=answer["success"],
        response_status=answer.get("response_status"),
        response_headers=answer["response_headers"],
        response_body=answer["response_body"],
        response_body_truncated=answer["response_body_truncated"],
        response_error=answer.get("response_error"),
    )
