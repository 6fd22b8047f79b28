"""Hooks: an endpoint, in a scope, under a namespace."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, fields

from ._answer import Answer, moment


@dataclass(frozen=True, slots=True, repr=False)
class Hook:
    """A hook. The values of its headers are masked: five asterisks and the last five characters."""

    id: str
    company_id: str | None
    """The company that owns it."""
    project_id: str | None
    """The project that owns it, on a project hook."""
    namespace: str
    payload_version: str
    """`v2.0`, `v3.0` or `v4.0`."""
    destination_url: str
    destination_headers: Mapping[str, str]
    """Header names and masked values."""
    status: str
    """`active`, `disabled`, or `unreadable` when its stored secrets cannot be opened."""
    trigger_count: int | None
    """How many triggers it has, where asked for."""
    created_at: datetime.datetime | None
    updated_at: datetime.datetime | None

    def __repr__(self) -> str:
        shown = {one.name: repr(getattr(self, one.name)) for one in fields(self)}
        # A query can hold a token.
        address, query, _ = self.destination_url.partition("?")
        shown["destination_url"] = repr(address + "?..." if query else address)
        return f"Hook({', '.join(f'{name}={value}' for name, value in shown.items())})"


def hook_from_answer(answer: Answer) -> Hook:
    """A hook as the native half answers it."""
    return Hook(
        id=answer["id"],
        company_id=answer.get("company_id"),
        project_id=answer.get("project_id"),
        namespace=answer["namespace"],
        payload_version=answer["payload_version"],
        destination_url=answer["destination_url"],
        destination_headers=answer["destination_headers"],
        status=answer["status"],
        trigger_count=answer.get("trigger_count"),
        created_at=moment(answer.get("created_at")),
        updated_at=moment(answer.get("updated_at")),
    )
