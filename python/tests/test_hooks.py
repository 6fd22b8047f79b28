"""Hooks: create, list, show, update, delete."""

from __future__ import annotations

import datetime

import pytest

import tieback
from conftest import SECRET
from endpoint import Endpoint

OTHER = tieback.Scope.company(77)


def make(engine: tieback.Engine, scope: tieback.Scope, namespace: str, version: str = "v4.0") -> tieback.Hook:
    return engine.hooks.create(
        scope, namespace=namespace, payload_version=version, destination_url="https://webhooks.example.com/events"
    )


def test_created_hook_has_what_was_given_and_masked_headers(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook, endpoint: Endpoint
) -> None:
    assert (hook.company_id, hook.project_id) == ("5358233", None)
    assert (hook.namespace, hook.payload_version, hook.status) == ("acme-invoice-sync", "v2.0", "active")
    assert hook.destination_url == endpoint.url
    assert hook.destination_headers == {"Authorization": "*****12345"}
    assert hook.created_at is not None and hook.created_at.utcoffset() == datetime.timedelta(0)
    assert abs(datetime.datetime.now(datetime.timezone.utc) - hook.created_at) < datetime.timedelta(minutes=1)
    shown = engine.hooks.show(scope, hook.id)
    assert shown.trigger_count == 1
    assert shown == engine.hooks.show(scope, int(hook.id))


def test_second_hook_of_a_namespace_is_a_conflict(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook
) -> None:
    with pytest.raises(tieback.ConflictError, match="acme-invoice-sync"):
        make(engine, scope, hook.namespace)
    make(engine, OTHER, hook.namespace)


def test_hook_of_another_scope_is_not_found(engine: tieback.Engine, hook: tieback.Hook) -> None:
    with pytest.raises(tieback.NotFoundError) as caught:
        engine.hooks.show(OTHER, hook.id)
    assert caught.value.kind == "not_found"
    assert caught.value.operation == "hook_show"
    assert caught.value.retry == "never"


def test_lists_fetch_their_pages_and_can_be_narrowed(engine: tieback.Engine, scope: tieback.Scope) -> None:
    made = [make(engine, scope, f"space-{number}", "v3.0" if number % 2 else "v4.0") for number in range(5)]
    assert [hook.id for hook in engine.hooks.list(scope, limit=2)] == [hook.id for hook in made]
    assert [hook.id for hook in engine.hooks.list(scope)] == [hook.id for hook in made]
    assert [hook.namespace for hook in engine.hooks.list(scope, payload_version="v3.0")] == ["space-1", "space-3"]
    assert [hook.id for hook in engine.hooks.list(scope, namespace="space-4")] == [made[4].id]
    assert [hook.trigger_count for hook in engine.hooks.list(scope, include_trigger_count=True)] == [0] * 5
    assert list(engine.hooks.list(OTHER)) == []


def test_pages_are_fetched_when_they_are_needed(engine: tieback.Engine, scope: tieback.Scope) -> None:
    for number in range(3):
        make(engine, scope, f"space-{number}")
    hooks = engine.hooks.list(scope, limit=2)
    assert next(hooks).namespace == "space-0"
    make(engine, scope, "space-3")
    assert [hook.namespace for hook in hooks] == ["space-1", "space-2", "space-3"]
    assert list(hooks) == []


def test_update_changes_what_is_given_alone(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook
) -> None:
    changed = engine.hooks.update(scope, hook.id, namespace="renamed", payload_version="v4.0", status="disabled")
    assert (changed.namespace, changed.payload_version, changed.status) == ("renamed", "v4.0", "disabled")
    assert changed.destination_url == hook.destination_url
    assert changed.destination_headers == hook.destination_headers
    moved = engine.hooks.update(
        scope, hook.id, destination_url="https://example.com/new", destination_headers={"X-Key": "0123456789"}
    )
    assert moved.destination_url == "https://example.com/new"
    assert moved.destination_headers == {"X-Key": "*****56789"}
    assert engine.hooks.update(scope, hook.id, destination_headers={}).destination_headers == {}


def test_masked_header_value_is_refused(engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook) -> None:
    with pytest.raises(tieback.InvalidArgumentError, match="mask"):
        engine.hooks.update(scope, hook.id, destination_headers=hook.destination_headers)


def test_headers_stay_with_the_receiver_that_they_were_given_for(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook
) -> None:
    url = "https://elsewhere.example.com/events"
    with pytest.raises(tieback.InvalidArgumentError, match="danger_keep_headers"):
        engine.hooks.update(scope, hook.id, destination_url=url)
    with pytest.raises(TypeError, match="danger_keep_headers"):
        engine.hooks.update(scope, hook.id, destination_url=url, danger_keep_headers=1)  # type: ignore[arg-type]
    moved = engine.hooks.update(scope, hook.id, destination_url=url, danger_keep_headers=True)
    assert (moved.destination_url, moved.destination_headers) == (url, hook.destination_headers)


def test_deleted_hook_is_gone(engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook) -> None:
    engine.hooks.delete(scope, hook.id)
    with pytest.raises(tieback.NotFoundError):
        engine.hooks.show(scope, hook.id)
    with pytest.raises(tieback.NotFoundError):
        engine.hooks.delete(scope, hook.id)


def test_project_hooks_are_apart_from_their_companys(engine: tieback.Engine, scope: tieback.Scope) -> None:
    project = tieback.Scope.project(9876543, company_id=5358233)
    hook = make(engine, project, "on-the-project")
    assert hook.project_id == "9876543"
    assert list(engine.hooks.list(scope)) == []
    assert [found.id for found in engine.hooks.list(tieback.Scope(project_id=9876543))] == [hook.id]


def test_no_secret_is_shown(engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook) -> None:
    with_query = engine.hooks.update(
        scope,
        hook.id,
        destination_url="https://example.com/in?token=hidden-in-the-query",
        danger_keep_headers=True,
    )
    assert with_query.destination_url.endswith("hidden-in-the-query")
    shown = [repr(hook), repr(with_query), repr(engine), repr(engine.hooks)]
    with pytest.raises(tieback.ConflictError) as caught:
        engine.hooks.create(
            scope,
            namespace=hook.namespace,
            payload_version="v2.0",
            destination_url="https://example.com/in?token=hidden-in-the-query",
            destination_headers={"Authorization": SECRET},
        )
    shown += [str(caught.value), repr(caught.value)]
    for text in shown:
        assert "never-shown" not in text and "hidden-in-the-query" not in text
    assert "https://example.com/in?..." in repr(with_query)
