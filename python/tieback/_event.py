"""Events: one change of one resource."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import _tieback
from ._answer import Answer, moment
from ._input import (
    given,
    id_text,
    moment_text,
    optional_id_text,
    optional_plain_text,
    plain_text,
)
from ._scope import Scope, scope_from_answer, scope_to_input


@dataclass(frozen=True, slots=True, init=False)
class Metadata:
    """What caused an event (payload v2.0 and v3.0). Use it to recognise your own writes."""

    source_user_id: str | None
    source_project_id: str | None
    source_operation_id: str | None
    """A token that the caller of the API gave for the operation, such as a UUID."""
    source_company_id: str | None
    source_application_id: str | None
    """The OAuth client id of the application."""

    def __init__(
        self,
        *,
        source_user_id: str | int | None = None,
        source_project_id: str | int | None = None,
        source_operation_id: str | None = None,
        source_company_id: str | int | None = None,
        source_application_id: str | None = None,
    ) -> None:
        put = object.__setattr__
        put(self, "source_user_id", optional_id_text("source_user_id", source_user_id))
        put(self, "source_project_id", optional_id_text("source_project_id", source_project_id))
        put(self, "source_operation_id", optional_plain_text("source_operation_id", source_operation_id))
        put(self, "source_company_id", optional_id_text("source_company_id", source_company_id))
        put(self, "source_application_id", optional_plain_text("source_application_id", source_application_id))


@dataclass(frozen=True, slots=True, init=False)
class RelatedResource:
    """The parent of a line item (payload v3.0)."""

    id: str
    name: str
    """Its resource name."""

    def __init__(self, *, id: str | int, name: str) -> None:
        object.__setattr__(self, "id", id_text("id", id))
        object.__setattr__(self, "name", plain_text("name", name))


@dataclass(frozen=True, slots=True, init=False)
class Event:
    """One change of one resource: what is published, and what a payload says. What a payload version lacks is None.

    >>> event = tieback.Event(scope=tieback.Scope.company(5358233), resource_name="Company Users",
    ...                       resource_id=42, event_type="update", user_id=7)
    >>> event.resource_id
    '42'
    """

    scope: Scope
    """Whose event it is. A project's event needs the company too, and reaches the project's hooks alone."""
    resource_name: str
    """The resource, as the catalogue spells it, such as `RFIs` (`resource_type` in payload v4.0)."""
    resource_id: str
    """A number, or since payload v4.0 any word."""
    event_type: str
    """`create`, `update`, `delete`, or since payload v4.0 any word (`reason`)."""
    user_id: str | None
    """Who did it."""
    id: str | None
    """A number in payloads v2.0 and v3.0, a ULID in v4.0. Left out when publishing, one is made."""
    ulid: str | None
    """Give your own, and publishing the same event twice is publishing it once. Absent in payload v4.0."""
    timestamp: datetime.datetime | None
    """When it happened, with a timezone. Left out when publishing, it is now."""
    metadata: Metadata | None
    related_resources: tuple[RelatedResource, ...]
    data: Any = field(hash=False)
    """Further facts as JSON (payload v4.0)."""
    api_version: str | None
    """The payload's own `api_version`. Not for publishing."""
    unknown: Mapping[str, Any] = field(hash=False)
    """Members of a payload that tieback does not know. Not for publishing."""

    def __init__(
        self,
        *,
        scope: Scope,
        resource_name: str,
        resource_id: str | int,
        event_type: str,
        user_id: str | int | None = None,
        id: str | int | None = None,
        ulid: str | None = None,
        timestamp: datetime.datetime | None = None,
        metadata: Metadata | None = None,
        related_resources: Iterable[RelatedResource] = (),
        data: Any = None,
        api_version: str | None = None,
        unknown: Mapping[str, Any] | None = None,
    ) -> None:
        scope_to_input(scope)
        if timestamp is not None:
            moment_text("timestamp", timestamp)
        if metadata is not None and not isinstance(metadata, Metadata):
            raise TypeError(f"metadata is of type {type(metadata).__name__}: give a tieback.Metadata")
        related = tuple(related_resources)
        for one in related:
            if not isinstance(one, RelatedResource):
                raise TypeError(
                    f"an item of related_resources is of type {type(one).__name__}: give a tieback.RelatedResource"
                )
        self._set(
            scope=scope,
            resource_name=plain_text("resource_name", resource_name),
            resource_id=id_text("resource_id", resource_id),
            event_type=plain_text("event_type", event_type),
            user_id=optional_id_text("user_id", user_id),
            id=optional_id_text("id", id),
            ulid=optional_plain_text("ulid", ulid),
            timestamp=timestamp,
            metadata=metadata,
            related_resources=related,
            data=data,
            api_version=optional_plain_text("api_version", api_version),
            unknown={} if unknown is None else unknown,
        )

    @staticmethod
    def parse(payload: bytes) -> Event:
        """The event in a payload of any version, as an endpoint receives it. What that lacks is None; a resource's name
        or id, or an event's type, that is missing is empty. `ProtocolError` when it is no JSON object."""
        return event_from_answer(_tieback.event_parse(bytes(payload)))

    def _set(self, **fields: Any) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, value)


def event_to_input(event: object) -> dict[str, Any]:
    """An event that a caller gave."""
    if not isinstance(event, Event):
        raise TypeError(f"the event is of type {type(event).__name__}: give a tieback.Event")
    metadata = event.metadata and given(
        source_user_id=event.metadata.source_user_id,
        source_project_id=event.metadata.source_project_id,
        source_operation_id=event.metadata.source_operation_id,
        source_company_id=event.metadata.source_company_id,
        source_application_id=event.metadata.source_application_id,
    )
    return given(
        **scope_to_input(event.scope),
        resource_name=event.resource_name,
        resource_id=event.resource_id,
        event_type=event.event_type,
        user_id=event.user_id,
        id=event.id,
        ulid=event.ulid,
        timestamp=None if event.timestamp is None else moment_text("timestamp", event.timestamp),
        metadata=metadata,
        related_resources=[{"id": one.id, "name": one.name} for one in event.related_resources] or None,
        data=event.data,
        api_version=event.api_version,
        unknown=event.unknown or None,
    )


def event_from_answer(answer: Answer) -> Event:
    """An event of a delivery."""
    metadata = answer.get("metadata")
    event = object.__new__(Event)
    event._set(
        scope=scope_from_answer(answer),
        resource_name=answer["resource_name"],
        resource_id=answer["resource_id"],
        event_type=answer["event_type"],
        user_id=answer.get("user_id"),
        id=answer.get("id"),
        ulid=answer.get("ulid"),
        timestamp=moment(answer.get("timestamp")),
        metadata=None if metadata is None else Metadata(**metadata),
        related_resources=tuple(RelatedResource(**one) for one in answer.get("related_resources", ())),
        data=answer.get("data"),
        api_version=answer.get("api_version"),
        unknown=answer.get("unknown", {}),
    )
    return event


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a published event. It is on disk."""

    id: str
    """The event's numeric id, given or made."""
    ulid: str
    """The event's ULID, given or made."""
    deliveries: int
    """How many deliveries it made: one for each hook in its scope with a trigger for it."""
    duplicate: bool
    """Whether it had been published before; then `deliveries` tells of that time."""
    hook_ids: tuple[str, ...]
    """The hooks that have new deliveries."""
    no_delivery: str | None
    """Why there was none: `no_hook_in_scope`, `no_trigger`, `hook_disabled`, `version_cannot_carry_id` or
    `event_deprecated`."""


def published_from_answer(answer: Answer) -> Published:
    """What publishing answers."""
    return Published(
        id=answer["id"],
        ulid=answer["ulid"],
        deliveries=answer["deliveries"],
        duplicate=answer["duplicate"],
        hook_ids=tuple(answer["hook_ids"]),
        no_delivery=answer.get("no_delivery"),
    )
