"""Publishing: what is on disk when it returns, and what it says."""

from __future__ import annotations

import dataclasses
import math
import datetime

import pytest

import tieback
from endpoint import Endpoint

WHEN = datetime.datetime(2025, 2, 6, 23, 34, 12, 246562, tzinfo=datetime.timezone.utc)


def queued(engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook) -> list[tieback.Delivery]:
    return list(engine.deliveries.list(scope, hook.id))


def test_published_event_is_queued_and_keeps_what_was_given(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event
) -> None:
    full = dataclasses.replace(event, id="321", ulid="01JMYXMZRBVKK0PC6XS8SA4QRE", timestamp=WHEN)
    published = engine.publish(full)
    assert published == tieback.Published(
        id="321",
        ulid="01JMYXMZRBVKK0PC6XS8SA4QRE",
        deliveries=1,
        duplicate=False,
        hook_ids=(hook.id,),
        no_delivery=None,
    )
    (delivery,) = queued(engine, scope, hook)
    assert (delivery.status, delivery.why, delivery.attempts) == ("enqueued", None, ())
    said = delivery.event
    assert (said.id, said.ulid, said.timestamp) == (published.id, published.ulid, WHEN)
    assert (said.scope, said.resource_name, said.resource_id) == (scope, "Company Users", "42")
    assert (said.event_type, said.user_id) == ("update", "7")


def test_other_time_zones_are_the_same_moment(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event
) -> None:
    there = WHEN.astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=53, seconds=28)))
    engine.publish(dataclasses.replace(event, timestamp=there))
    assert queued(engine, scope, hook)[0].event.timestamp == WHEN


def test_same_ulid_twice_is_one_event_and_a_conflict_with_other_content(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event
) -> None:
    mine = dataclasses.replace(event, ulid="mine-1", timestamp=WHEN)
    first, again = engine.publish(mine), engine.publish(mine)
    assert again == dataclasses.replace(first, duplicate=True, hook_ids=())
    with pytest.raises(tieback.ConflictError):
        engine.publish(dataclasses.replace(mine, resource_id="43"))
    assert len(queued(engine, scope, hook)) == 1


def test_it_says_why_there_was_no_delivery(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event
) -> None:
    def why(changed: tieback.Event) -> str | None:
        return engine.publish(changed).no_delivery

    assert why(dataclasses.replace(event, scope=tieback.Scope.company(77))) == "no_hook_in_scope"
    assert why(dataclasses.replace(event, resource_name="Company Vendors")) == "no_trigger"
    assert why(dataclasses.replace(event, resource_id="01JMYXMZRBVKK0PC6XS8SA4QRE")) == "version_cannot_carry_id"
    engine.hooks.update(scope, hook.id, status="disabled")
    assert why(event) == "hook_disabled"
    assert queued(engine, scope, hook) == []


def test_many_are_answered_one_by_one(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event
) -> None:
    no_json = dataclasses.replace(event, data=math.nan)
    wrong_name = dataclasses.replace(event, resource_name="Company User")
    good, bad, unfit, last = engine.publish_many(iter([event, wrong_name, no_json, dataclasses.replace(event, id="5")]))
    assert isinstance(good, tieback.Published) and good.deliveries == 1
    assert isinstance(bad, tieback.InvalidArgumentError) and "Company Users" in bad.message
    assert isinstance(unfit, tieback.InvalidArgumentError) and "finite" in unfit.message
    assert bad.operation == unfit.operation == "publish_many"
    assert isinstance(last, tieback.Published) and last.id == "5"
    assert len(queued(engine, scope, hook)) == 2
    assert engine.publish_many([]) == []
    with pytest.raises(tieback.InvalidArgumentError, match="1001"):
        engine.publish_many([event] * 1001)


def test_data_reaches_v4_endpoints_unchanged(
    engine: tieback.Engine, endpoint: Endpoint, scope: tieback.Scope, event: tieback.Event
) -> None:
    hook = engine.hooks.create(scope, namespace="v4", payload_version="v4.0", destination_url=endpoint.url)
    engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
    data = {"n": 2**63 - 1, "big": 2**64 - 1, "low": -(2**63), "x": 0.5, "s": "é\u2028\U0001f600", "l": [True, None]}
    engine.publish(dataclasses.replace(event, data=data))
    (delivery,) = engine.deliveries.list(scope, hook.id)
    assert delivery.event.data == data
    assert type(delivery.event.data["x"]) is float and type(delivery.event.data["n"]) is int


def test_test_event_reaches_the_endpoint(
    engine: tieback.Engine, endpoint: Endpoint, scope: tieback.Scope, hook: tieback.Hook
) -> None:
    published = engine.send_test(scope, hook.id)
    assert published.deliveries == 1
    engine.run_until_idle(timeout=30, wait_paused=True)
    (delivery,) = engine.deliveries.list(scope, hook.id)
    assert delivery.status == "delivered"
    assert delivery.event.metadata == tieback.Metadata(source_operation_id="tieback-test")
    assert b"tieback-test" in endpoint.requests[0].body


def test_answer_names_the_hooks_that_have_new_deliveries(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event
) -> None:
    assert engine.publish(event).hook_ids == (hook.id,)


def test_payload_is_read_as_the_event_it_was(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event
) -> None:
    engine.publish(event)
    (delivery,) = engine.deliveries.list(scope, hook.id)
    assert tieback.Event.parse(delivery.payload) == delivery.event
    with pytest.raises(tieback.ProtocolError, match="no JSON object"):
        tieback.Event.parse(b"[1]")
