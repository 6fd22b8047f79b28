"""What keeps a store in good order over a long life: restoring a backup, and what a look for damage finds."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass

from . import _tieback
from ._answer import Answer, moment
from ._input import flag, plain_text


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a store that is not as it must be."""

    check: str
    """Which rule it breaks: `file`, `references`, `lanes`, `counts`, `outcomes`, `ids` or `content`."""
    message: str
    """What, and where; no content of any row."""


@dataclass(frozen=True, slots=True)
class IntegrityReport:
    """What a look into a store found."""

    sound: bool
    """Nothing was found."""
    findings: tuple[Finding, ...]
    """At most 100."""
    more: bool
    """Whether there are more findings than these."""


@dataclass(frozen=True, slots=True)
class RestoredLane:
    """What a hook's lane sends perhaps once more."""

    hook_id: str
    queued: int
    """How many of its deliveries were queued in the backup."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A store that was made from a backup."""

    backed_up_at: datetime.datetime | None
    """When the backup was taken; `None` for the file of a closed store, which does not say it."""
    queued: int
    """How many deliveries were queued in it. They are sent, and may have been sent before."""
    lanes: tuple[RestoredLane, ...]
    """The same for each hook that has any."""
    replaced: str | None
    """Where the store is now that was there before."""


def restore(backup: str | os.PathLike[str], path: str | os.PathLike[str], *, replace: bool = False) -> Restored:
    """Makes the store of an engine at `path` from a backup, or from the file of a closed store. No engine may have
    either open. A store that is there already is a `ConflictError`, or with `replace` is moved aside
    (`hooks.db-replaced`).

    What was queued in the backup is sent, and may have been sent before, after the backup was taken: the answer says
    how much that is, the engine tells it as a notice when it opens, and each such delivery is marked as `restored`.
    Ids that the lost store gave out after the backup was taken are not given out again.

    `StorageError` when the backup is no store, is of a newer tieback, or is damaged: then what was there is as it was.
    """
    from_where, where = plain_text("backup", os.fspath(backup)), plain_text("path", os.fspath(path))
    return restored_from_answer(_tieback.restore(from_where, where, flag("replace", replace)))


def restored_from_answer(answer: Answer) -> Restored:
    """What became of a restore, as the native half answers it."""
    lanes = (RestoredLane(hook_id=lane["hook_id"], queued=lane["queued"]) for lane in answer["lanes"])
    return Restored(
        backed_up_at=moment(answer.get("backed_up_at")),
        queued=answer["queued"],
        lanes=tuple(lanes),
        replaced=answer.get("replaced"),
    )


def integrity_report_from_answer(answer: Answer) -> IntegrityReport:
    """A report as the native half answers it."""
    findings = (Finding(check=found["check"], message=found["message"]) for found in answer["findings"])
    return IntegrityReport(sound=answer["sound"], findings=tuple(findings), more=answer["more"])
