"""What an engine keeps, and for how long."""

from __future__ import annotations

import dataclasses
import pathlib
import time

import pytest

import tieback
from endpoint import Endpoint


def test_purge_removes_what_was_kept_long_enough_and_nothing_that_is_queued(
    path: pathlib.Path, endpoint: Endpoint, scope: tieback.Scope, event: tieback.Event
) -> None:
    with tieback.open(path, danger_allow_http=True, danger_allow_private_addresses=True) as engine:
        hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=endpoint.url)
        engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
        engine.publish(event)
        engine.run_until_idle(timeout=30)
        engine.publish(event)
        assert engine.purge() == tieback.Purged(deliveries=0, events=0, hooks=0)
    time.sleep(0.002)
    with tieback.open(path, retention=0.001) as engine:
        assert engine.purge() == tieback.Purged(deliveries=1, events=1, hooks=0)
        assert [delivery.status for delivery in engine.deliveries.list(scope, hook.id)] == ["enqueued"]


@pytest.mark.parametrize("bound", [{"max_queued_per_hook": 1}, {"max_queued": 1}])
def test_full_queue_is_unavailable_and_says_what_to_do(
    path: pathlib.Path, endpoint: Endpoint, scope: tieback.Scope, event: tieback.Event, bound: dict[str, int]
) -> None:
    with tieback.open(
        path, max_queued_per_hook=bound.get("max_queued_per_hook"), max_queued=bound.get("max_queued"),
        danger_allow_http=True, danger_allow_private_addresses=True,
    ) as engine:
        hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=endpoint.url)
        engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
        one, two = engine.publish_many([event, dataclasses.replace(event, resource_id="43")])
        assert isinstance(one, tieback.Published)
        assert isinstance(two, tieback.UnavailableError)
        assert next(iter(bound)) in str(two)
        engine.run_until_idle(timeout=30)
        assert engine.publish(event).deliveries == 1
