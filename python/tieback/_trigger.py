"""Triggers: which resource, which event; and the resources that there are."""

from __future__ import annotations

from dataclasses import dataclass

from ._answer import Answer


@dataclass(frozen=True, slots=True)
class Trigger:
    """On which event of which resource a hook delivers."""

    id: str
    hook_id: str
    resource_name: str
    event_type: str
    """`create`, `update` or `delete`; services differ in case, so compare without."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the catalogue: what can be triggered on."""

    name: str
    event_types: tuple[str, ...]
    deprecated_event_types: tuple[str, ...]
    """Those of them that no longer fire and cannot be triggered on any more."""
    note: str
    """What the catalogue says about it, often empty."""


def trigger_from_answer(answer: Answer) -> Trigger:
    """A trigger as the native half answers it."""
    return Trigger(
        id=answer["id"],
        hook_id=answer["hook_id"],
        resource_name=answer["resource_name"],
        event_type=answer["event_type"],
    )


def resource_from_answer(answer: Answer) -> Resource:
    """A resource as the native half answers it."""
    return Resource(
        name=answer["name"],
        event_types=tuple(answer["event_types"]),
        deprecated_event_types=tuple(answer["deprecated_event_types"]),
        note=answer["note"],
    )
