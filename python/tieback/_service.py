"""What the webhooks API can do, noun by noun: `engine.hooks`, `.triggers`, `.resources`, `.deliveries`."""

from __future__ import annotations

import builtins
import datetime
from collections.abc import Iterable, Iterator, Mapping

from . import _tieback
from ._delivery import Delivery, delivery_from_answer
from ._errors import Error, error_from_answer
from ._hook import Hook, RateLimit, hook_from_answer, rate_limit_to_input
from ._input import day_or_moment_text, flag, given, headers, id_like, id_text, optional_texts
from ._live import Live
from ._pages import Pages
from ._scope import Scope, scope_to_input
from ._trigger import Resource, Trigger, resource_from_answer, trigger_from_answer


class Hooks(Live):
    """Hooks: `engine.hooks`. Every call names the scope, and sees nothing outside it."""

    __slots__ = ("_engine", "_native")

    def __init__(self, engine: Live, native: _tieback.Engine) -> None:
        """For `tieback.Engine` alone."""
        # Kept, so that the engine lives as long as this does.
        self._engine = engine
        self._native = native

    def create(
        self,
        scope: Scope,
        *,
        namespace: str,
        payload_version: str,
        destination_url: str,
        destination_headers: Mapping[str, str] | None = None,
        signing_secrets: Iterable[str] | None = None,
        rate_limit: RateLimit | None = None,
    ) -> Hook:
        """Creates a hook. `ConflictError` when the scope already has one of this namespace.

        With `signing_secrets` (each `whsec_` and 24 to 64 bytes in base64) every delivery is signed, as Standard
        Webhooks has it, once with each.
        """
        hook = given(
            namespace=namespace,
            payload_version=payload_version,
            destination_url=destination_url,
            destination_headers=headers(destination_headers),
            signing_secrets=optional_texts("signing_secrets", signing_secrets),
            rate_limit=rate_limit_to_input(rate_limit),
        )
        return hook_from_answer(self._native.hook_create(scope_to_input(scope), hook))

    def list(
        self,
        scope: Scope,
        *,
        namespace: str | None = None,
        payload_version: str | None = None,
        include_trigger_count: bool = False,
        limit: int | None = None,
    ) -> Iterator[Hook]:
        """Lists hooks, oldest first. `limit` is the size of the pages that are fetched, not of the list."""
        ids = scope_to_input(scope)
        query = given(
            namespace=namespace, payload_version=payload_version, include_trigger_count=include_trigger_count
        )
        return Pages(lambda page: self._native.hook_list(ids, query, page), hook_from_answer, limit)

    def show(self, scope: Scope, hook_id: str | int) -> Hook:
        """Shows one hook, with its trigger count."""
        return hook_from_answer(self._native.hook_show(scope_to_input(scope), id_text("hook_id", hook_id)))

    def update(
        self,
        scope: Scope,
        hook_id: str | int,
        *,
        namespace: str | None = None,
        payload_version: str | None = None,
        destination_url: str | None = None,
        destination_headers: Mapping[str, str] | None = None,
        signing_secrets: Iterable[str] | None = None,
        rate_limit: RateLimit | None = None,
        clear_rate_limit: bool = False,
        status: str | None = None,
        danger_keep_headers: bool = False,
    ) -> Hook:
        """Changes what is given and leaves the rest. New headers take the place of all present ones, and so do new
        secrets; an empty dict or list takes them away. A masked value out of an answer is refused. `status` is `active`
        or `disabled`.

        A URL with another scheme, host or port needs `destination_headers` for it: the present ones stay with the
        receiver that they were given for. `danger_keep_headers` sends them to the new one."""
        change = given(
            namespace=namespace,
            payload_version=payload_version,
            destination_url=destination_url,
            destination_headers=headers(destination_headers),
            signing_secrets=optional_texts("signing_secrets", signing_secrets),
            rate_limit=rate_limit_to_input(rate_limit),
            clear_rate_limit=flag("clear_rate_limit", clear_rate_limit) or None,
            status=status,
            danger_keep_headers=flag("danger_keep_headers", danger_keep_headers),
        )
        return hook_from_answer(self._native.hook_update(scope_to_input(scope), id_text("hook_id", hook_id), change))

    def delete(self, scope: Scope, hook_id: str | int) -> None:
        """Deletes a hook and its triggers; what is queued for it is discarded."""
        self._native.hook_delete(scope_to_input(scope), id_text("hook_id", hook_id))


class Triggers(Live):
    """Triggers of a hook: `engine.triggers`."""

    __slots__ = ("_engine", "_native")

    def __init__(self, engine: Live, native: _tieback.Engine) -> None:
        """For `tieback.Engine` alone."""
        # Kept, so that the engine lives as long as this does.
        self._engine = engine
        self._native = native

    def create(self, scope: Scope, hook_id: str | int, *, resource_name: str, event_type: str) -> Trigger:
        """Adds a trigger. A name that the catalogue does not know is refused with the nearest ones."""
        trigger = given(resource_name=resource_name, event_type=event_type)
        answer = self._native.trigger_create(scope_to_input(scope), id_text("hook_id", hook_id), trigger)
        return trigger_from_answer(answer)

    def list(self, scope: Scope, hook_id: str | int, *, limit: int | None = None) -> Iterator[Trigger]:
        """Lists a hook's triggers, oldest first. `limit` is the size of the pages that are fetched."""
        ids, hook = scope_to_input(scope), id_text("hook_id", hook_id)
        return Pages(lambda page: self._native.trigger_list(ids, hook, page), trigger_from_answer, limit)

    def delete(self, scope: Scope, hook_id: str | int, trigger_id: str | int) -> None:
        """Removes a trigger."""
        self._native.trigger_delete(
            scope_to_input(scope), id_text("hook_id", hook_id), id_text("trigger_id", trigger_id)
        )

    def create_many(
        self, scope: Scope, hook_id: str | int, triggers: Iterable[tuple[str, str]]
    ) -> builtins.list[Trigger | Error]:
        """Adds up to 500 triggers, each a resource name and an event type. The answer has, for each in their order,
        the trigger, or the error that kept it from being added."""
        wanted = []
        for pair in triggers:
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise TypeError("a trigger to create is a pair: give (resource_name, event_type)")
            wanted.append({"resource_name": pair[0], "event_type": pair[1]})
        answers = self._native.trigger_create_many(scope_to_input(scope), id_text("hook_id", hook_id), wanted)
        return [
            error_from_answer(answer["error"]) if "error" in answer else trigger_from_answer(answer["trigger"])
            for answer in answers
        ]

    def delete_many(
        self, scope: Scope, hook_id: str | int, trigger_ids: Iterable[str | int]
    ) -> builtins.list[Error | None]:
        """Removes up to 500 triggers. The answer has, for each in their order, None, or the error that kept it from
        being removed."""
        if isinstance(trigger_ids, str):
            raise TypeError("trigger_ids is of type str: give a list of ids")
        ids = [id_like("a trigger id", one) for one in trigger_ids]
        answers = self._native.trigger_delete_many(scope_to_input(scope), id_text("hook_id", hook_id), ids)
        return [error_from_answer(answer["error"]) if "error" in answer else None for answer in answers]


class Resources(Live):
    """The catalogue: `engine.resources`."""

    __slots__ = ("_engine", "_native")

    def __init__(self, engine: Live, native: _tieback.Engine) -> None:
        """For `tieback.Engine` alone."""
        # Kept, so that the engine lives as long as this does.
        self._engine = engine
        self._native = native

    def list(
        self, scope: Scope, *, payload_version: str | None = None, limit: int | None = None
    ) -> Iterator[Resource]:
        """Lists what can be triggered on at the scope's level, by name."""
        ids, query = scope_to_input(scope), given(payload_version=payload_version)
        return Pages(lambda page: self._native.resource_list(ids, query, page), resource_from_answer, limit)


class Deliveries(Live):
    """Deliveries of a hook, with their attempts: `engine.deliveries`."""

    __slots__ = ("_engine", "_native")

    def __init__(self, engine: Live, native: _tieback.Engine) -> None:
        """For `tieback.Engine` alone."""
        # Kept, so that the engine lives as long as this does.
        self._engine = engine
        self._native = native

    def list(
        self,
        scope: Scope,
        hook_id: str | int,
        *,
        status: str | None = None,
        resource_name: str | None = None,
        event_type: str | None = None,
        start: datetime.datetime | datetime.date | None = None,
        end: datetime.datetime | datetime.date | None = None,
        limit: int | None = None,
    ) -> Iterator[Delivery]:
        """Lists a hook's deliveries, newest first.

        `status` takes the words of both REST generations. `start` is included; of `end`, a moment is not included and a
        day is. `limit` is the size of the pages that are fetched.
        """
        ids, hook = scope_to_input(scope), id_text("hook_id", hook_id)
        query = given(
            status=status,
            resource_name=resource_name,
            event_type=event_type,
            start=day_or_moment_text("start", start),
            end=day_or_moment_text("end", end),
        )
        return Pages(lambda page: self._native.delivery_list(ids, hook, query, page), delivery_from_answer, limit)
