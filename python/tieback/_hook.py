"""Hooks: an endpoint, in a scope, under a namespace."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from ._answer import Answer, moment
from ._input import milliseconds, plain_number


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `attempts` in `per` seconds, spaced evenly, for one hook: first attempts and repeated ones alike.
    `RateLimit(attempts=1, per=10)` is one each ten seconds."""

    attempts: int
    """The most attempts in `per`, from 1 on."""
    per: float
    """The span in seconds: 0.001 to 86,400 (a day)."""
    burst: int = 1
    """How many may go at once after a quiet time."""


def rate_limit_to_input(value: object) -> dict[str, int | None] | None:
    """A rate limit as the native half takes it, or none."""
    if value is None:
        return None
    if not isinstance(value, RateLimit):
        raise TypeError(f"rate_limit is of type {type(value).__name__}: give a tieback.RateLimit")
    return {
        "attempts": plain_number("rate_limit.attempts", value.attempts),
        "per_ms": milliseconds("rate_limit.per", value.per),
        "burst": plain_number("rate_limit.burst", value.burst),
    }


def rate_limit_from_answer(answer: Answer | None) -> RateLimit | None:
    """A rate limit as the native half answers it."""
    if answer is None:
        return None
    return RateLimit(attempts=answer["attempts"], per=answer["per_ms"] / 1000, burst=answer["burst"])


@dataclass(frozen=True, slots=True, repr=False)
class Hook:
    """A hook. The values of its headers and its secrets are masked: five asterisks and the last five characters."""

    id: str
    company_id: str | None
    """The company that owns it."""
    project_id: str | None
    """The project that owns it, on a project hook."""
    namespace: str
    payload_version: str
    """`v2.0`, `v3.0` or `v4.0`."""
    destination_url: str
    destination_headers: Mapping[str, str] = field(hash=False)
    """Header names and masked values."""
    signing_secrets: tuple[str, ...]
    """Masks of the secrets with which its deliveries are signed; none when they are not."""
    rate_limit: RateLimit | None
    """How fast its deliveries may go out, where that is limited."""
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
        signing_secrets=tuple(answer.get("signing_secrets", ())),
        rate_limit=rate_limit_from_answer(answer.get("rate_limit")),
        status=answer["status"],
        trigger_count=answer.get("trigger_count"),
        created_at=moment(answer.get("created_at")),
        updated_at=moment(answer.get("updated_at")),
    )
