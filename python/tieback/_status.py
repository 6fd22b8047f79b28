"""What an engine tells of itself: notices, figures, how a wait ended."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from ._answer import Answer, required_moment


@dataclass(frozen=True, slots=True)
class Notice:
    """Something happened to a hook's lane, or to the store under all of them."""

    hook_id: str | None
    """The hook; `None` when it concerns all."""
    at: datetime.datetime
    kind: str
    """`paused`, `resumed`, `flushed`, `store_failed` while the store cannot keep what was delivered (such as on a full
    disk): then nothing starts, and it is tried again every second; or `out_of_descriptors` while this process may open
    no more files: then attempts wait, and no endpoint is taken to have failed."""
    reason: str | None
    """What the endpoint did, when it is paused (`503`, `connection refused`, ...), what the store's error says, or what
    to do about file descriptors."""
    discarded: int | None
    """How many deliveries were discarded, when it was flushed."""


@dataclass(frozen=True, slots=True)
class Stats:
    """How much an engine has to do."""

    queued: int
    """Deliveries without an outcome, including those in flight."""
    in_flight: int
    """Attempts that are on the wire now."""
    paused_lanes: int
    """Lanes that wait after a failure, and lanes that you paused."""
    oldest_queued_age: float
    """How many seconds the oldest queued delivery has waited; 0 when none is queued."""


@dataclass(frozen=True, slots=True)
class IdleReport:
    """How a wait for idleness ended."""

    idle: bool
    """Nothing is in flight or due. False means that the time ran out first."""
    paused_lanes: int
    """How many lanes wait for the end of their back-off."""
    attempts: int
    """How many attempts ended while waiting."""


@dataclass(frozen=True, slots=True)
class Purged:
    """What was removed because it had been kept long enough."""

    deliveries: int
    """Deliveries with an outcome, each with its attempts."""
    events: int
    """Events that no delivery needed any more."""
    hooks: int
    """Deleted hooks that nothing in the log belonged to any more."""


def notice_from_answer(answer: Answer) -> Notice:
    """A notice as the native half answers it."""
    return Notice(
        hook_id=answer.get("hook_id"),
        at=required_moment(answer["at"]),
        kind=answer["kind"],
        reason=answer.get("reason"),
        discarded=answer.get("discarded"),
    )


def stats_from_answer(answer: Answer) -> Stats:
    """Figures as the native half answers them."""
    return Stats(
        queued=answer["queued"],
        in_flight=answer["in_flight"],
        paused_lanes=answer["paused_lanes"],
        oldest_queued_age=answer["oldest_queued_age_ms"] / 1000,
    )


def purged_from_answer(answer: Answer) -> Purged:
    """Figures as the native half answers them."""
    return Purged(deliveries=answer["deliveries"], events=answer["events"], hooks=answer["hooks"])


def idle_report_from_answer(answer: Answer) -> IdleReport:
    """A report as the native half answers it."""
    return IdleReport(idle=answer["idle"], paused_lanes=answer["paused_lanes"], attempts=answer["attempts"])
