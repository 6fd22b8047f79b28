"""Triggers, single and in bulk, and the catalogue."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

import tieback


def test_triggers_are_made_listed_and_deleted(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook
) -> None:
    made = engine.triggers.create(scope, hook.id, resource_name="Company Vendors", event_type="create")
    assert (made.hook_id, made.resource_name, made.event_type.lower()) == (hook.id, "Company Vendors", "create")
    listed = list(engine.triggers.list(scope, hook.id, limit=1))
    assert [trigger.resource_name for trigger in listed] == ["Company Users", "Company Vendors"]
    assert listed[1] == made
    engine.triggers.delete(scope, hook.id, made.id)
    assert list(engine.triggers.list(scope, hook.id)) == listed[:1]
    with pytest.raises(tieback.NotFoundError):
        engine.triggers.delete(scope, hook.id, made.id)


def test_the_same_trigger_twice_is_a_conflict_whatever_its_case(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook
) -> None:
    with pytest.raises(tieback.ConflictError):
        engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="UPDATE")


def test_bulk_answers_item_by_item(engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook) -> None:
    answers = engine.triggers.create_many(
        scope,
        hook.id,
        [
            ("Company Vendors", "create"),
            ("Company Users", "update"),
            ("Nonsense", "create"),
            ("Company Users", "create"),
        ],
    )
    assert isinstance(answers[0], tieback.Trigger) and isinstance(answers[3], tieback.Trigger)
    assert isinstance(answers[1], tieback.ConflictError)
    assert isinstance(answers[2], tieback.InvalidArgumentError)
    assert len(list(engine.triggers.list(scope, hook.id))) == 3

    deleted = engine.triggers.delete_many(scope, hook.id, [answers[0].id, 424242, answers[3].id])
    assert deleted[0] is None and deleted[2] is None
    assert isinstance(deleted[1], tieback.NotFoundError)
    assert len(list(engine.triggers.list(scope, hook.id))) == 1


def test_item_of_any_wrong_value_is_its_own_error(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook
) -> None:
    vendors = "Company Vendors"
    wrong: list[Any] = [("", "create"), (vendors, "\ud800"), (vendors, None), (5, "create"), ("x" * 201, "create")]
    answers = engine.triggers.create_many(scope, hook.id, [*wrong, (vendors, "create")])
    for answer in answers[:-1]:
        assert isinstance(answer, tieback.InvalidArgumentError) and answer.operation == "trigger_create_many"
    made = answers[-1]
    assert isinstance(made, tieback.Trigger)

    ids: list[str | int] = ["", "a b", -1, 2**63, 2**64, 10**5000, "\u00e9", "\ud800"]
    deleted = engine.triggers.delete_many(scope, hook.id, [*ids, "word", made.id, made.id])
    for gone in deleted[: len(ids)]:
        assert isinstance(gone, tieback.InvalidArgumentError) and gone.operation == "trigger_delete_many"
    assert [type(one) for one in deleted[len(ids) :]] == [tieback.NotFoundError, type(None), tieback.NotFoundError]
    assert len(list(engine.triggers.list(scope, hook.id))) == 1


def test_more_than_500_triggers_change_nothing(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook
) -> None:
    with pytest.raises(tieback.InvalidArgumentError, match="501"):
        engine.triggers.create_many(scope, hook.id, [("Company Vendors", "create")] * 501)
    with pytest.raises(tieback.InvalidArgumentError, match="501"):
        engine.triggers.delete_many(scope, hook.id, [1] * 501)
    assert len(list(engine.triggers.list(scope, hook.id))) == 1


def test_unknown_names_are_refused_with_the_nearest(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook
) -> None:
    def create(resource_name: str, event_type: str) -> None:
        engine.triggers.create(scope, hook.id, resource_name=resource_name, event_type=event_type)

    with pytest.raises(tieback.InvalidArgumentError, match="did you mean `Company Users`"):
        create("Company User", "update")
    with pytest.raises(tieback.InvalidArgumentError, match="project-level"):
        create("RFIs", "update")
    with pytest.raises(tieback.InvalidArgumentError, match="has no event `explode`: it has create"):
        create("Company Users", "explode")


def test_deprecated_event_is_refused(engine: tieback.Engine) -> None:
    project = tieback.Scope.project(9876543, company_id=5358233)
    hook = engine.hooks.create(
        project, namespace="space", payload_version="v4.0", destination_url="https://example.com/events"
    )
    with pytest.raises(tieback.InvalidArgumentError, match="no longer fires `update`"):
        engine.triggers.create(project, hook.id, resource_name="Project Users", event_type="update")


def test_resources_are_listed_by_level(engine: tieback.Engine, scope: tieback.Scope) -> None:
    company = list(engine.resources.list(scope, limit=3))
    project = {one.name: one for one in engine.resources.list(tieback.Scope(project_id=1), payload_version="v4.0")}
    assert "Company Users" in [one.name for one in company]
    assert len({one.name for one in company}) == len(company) > 3
    assert project["RFIs"].event_types == ("create", "update", "delete")
    assert project["Project Users"].deprecated_event_types == ("update",)
    assert "Company Users" not in project


def test_catalogue_can_be_replaced_or_left_out(path: pathlib.Path, scope: tieback.Scope) -> None:
    table = "level,resource_name,create,update,delete,deprecated_events,note\ncompany,Widgets,true,true,false,,\n"
    for catalogue, listed in [(table, ["Widgets"]), ("any", [])]:
        with tieback.open(path, catalogue=catalogue) as engine:
            assert [one.name for one in engine.resources.list(scope)] == listed
            event = tieback.Event(scope=scope, resource_name="Widgets", resource_id=1, event_type="create")
            assert engine.publish(event).no_delivery == "no_hook_in_scope"
    with pytest.raises(tieback.InvalidArgumentError):
        tieback.open(path, catalogue="widgets.csv")
