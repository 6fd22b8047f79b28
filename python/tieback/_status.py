"""What an engine tells of itself: notices, figures, how a wait ended."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from ._answer import Answer, moment, required_moment


@dataclass(frozen=True, slots=True)
class Notice:
    """Something happened to a hook's lane, or to the store under all of them."""

    hook_id: str | None
    """The hook; `None` when it concerns all."""
    at: datetime.datetime
    kind: str
    """`paused`, `resumed`, `flushed`; `store_failed` while the store cannot keep what was delivered (such as on a full
    disk): then nothing starts, and it is tried again every second; `out_of_descriptors` while this process may open no
    more files: then attempts wait, and no endpoint is taken to have failed; or `restored` when the engine opened a
    store that was restored from a backup and still has what was queued in it, which may have been sent before."""
    reason: str | None
    """What the endpoint did, when it is paused (`503`, `connection refused`, ...), what the store's error says, or what
    to do about file descriptors."""
    discarded: int | None
    """How many deliveries were discarded, when it was flushed."""
    queued: int | None
    """How many deliveries were queued in the backup and are still, when the store was restored."""


@dataclass(frozen=True, slots=True)
class Stats:
    """How much an engine has to do, what it keeps, and what that takes on the disk."""

    queued: int
    """Deliveries without an outcome, including those in flight."""
    in_flight: int
    """Attempts that are on the wire now."""
    paused_lanes: int
    """Lanes that wait after a failure, and lanes that you paused."""
    oldest_queued_age: float
    """How many seconds the oldest queued delivery has waited; 0 when none is queued."""
    hooks: int
    """Hooks that are not deleted."""
    delivered: int
    """Deliveries in the log that were delivered."""
    discarded: int
    """Deliveries in the log that were given up, for whatever reason."""
    oldest_kept_at: datetime.datetime | None
    """When the oldest delivery of the log got its outcome; `None` when none has one."""
    database_bytes: int
    """How long the database file is."""
    reusable_bytes: int
    """How much of that is free, and used again before the file grows."""
    wal_bytes: int
    """How long the write-ahead log beside it is. It is moved into the file every 16 MiB or so; one that grows far
    beyond that tells of a reader that holds it back, or of a disk that fails."""


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


def notice_listener(on_notice: Callable[[Notice], object] | None) -> Callable[[Answer], object] | None:
    """What the native half calls with each notice, for a function that a caller gave."""
    if on_notice is None:
        return None
    if not callable(on_notice):
        raise TypeError(f"on_notice is of type {type(on_notice).__name__}: give a function that takes a tieback.Notice")
    return lambda answer: on_notice(notice_from_answer(answer))


def notice_from_answer(answer: Answer) -> Notice:
    """A notice as the native half answers it."""
    return Notice(
        hook_id=answer.get("hook_id"),
        at=required_moment(answer["at"]),
        kind=answer["kind"],
        reason=answer.get("reason"),
        discarded=answer.get("discarded"),
        queued=answer.get("queued"),
    )


def stats_from_answer(answer: Answer) -> Stats:
    """Figures as the native half answers them."""
    return Stats(
        queued=answer["queued"],
        in_flight=answer["in_flight"],
        paused_lanes=answer["paused_lanes"],
        oldest_queued_age=answer["oldest_queued_age_ms"] / 1000,
        hooks=answer["hooks"],
        delivered=answer["delivered"],
        discarded=answer["discarded"],
        oldest_kept_at=moment(answer.get("oldest_kept_at")),
        database_bytes=answer["database_bytes"],
        reusable_bytes=answer["reusable_bytes"],
        wal_bytes=answer["wal_bytes"],
    )


def purged_from_answer(answer: Answer) -> Purged:
    """Figures as the native half answers them."""
    return Purged(deliveries=answer["deliveries"], events=answer["events"], hooks=answer["hooks"])


def idle_report_from_answer(answer: Answer) -> IdleReport:
    """A report as the native half answers it."""
    return IdleReport(idle=answer["idle"], paused_lanes=answer["paused_lanes"], attempts=answer["attempts"])
