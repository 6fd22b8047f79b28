"""What an engine keeps, and for how long."""

from __future__ import annotations

import dataclasses
import pathlib
import sqlite3
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


def test_backup_is_taken_while_open_and_restored_with_what_may_be_sent_again(
    path: pathlib.Path, tmp_path: pathlib.Path, endpoint: Endpoint, scope: tieback.Scope, event: tieback.Event
) -> None:
    backup = tmp_path / "backup.db"
    with tieback.open(path, danger_allow_http=True, danger_allow_private_addresses=True) as engine:
        hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=endpoint.url)
        engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
        engine.publish(event)
        engine.backup(backup)
        with pytest.raises(tieback.ConflictError, match="backup.db"):
            engine.backup(backup)
        engine.backup(str(backup), replace=True)
        engine.run_until_idle(timeout=30)
        last = engine.publish(event)
        with pytest.raises(tieback.UnavailableError):
            tieback.restore(backup, path, replace=True)
    with pytest.raises(tieback.ConflictError, match="replace"):
        tieback.restore(backup, path)
    restored = tieback.restore(backup, path, replace=True)
    assert restored.backed_up_at is not None
    assert (restored.queued, restored.lanes) == (1, (tieback.RestoredLane(hook_id=hook.id, queued=1),))
    assert restored.replaced == f"{path}-replaced"
    with tieback.open(path, danger_allow_http=True, danger_allow_private_addresses=True) as engine:
        assert [(notice.kind, notice.queued) for notice in engine.notices()] == [("restored", 1)]
        engine.run_until_idle(timeout=30)
        assert engine.check_integrity() == tieback.IntegrityReport(sound=True, findings=(), more=False)
        assert [delivery.restored for delivery in engine.deliveries.list(scope, hook.id)] == [True]
        assert int(engine.publish(event).id) > int(last.id)


def test_damage_is_found(path: pathlib.Path, scope: tieback.Scope) -> None:
    tieback.open(path).close()
    with sqlite3.connect(path) as store:
        store.execute(
            "INSERT INTO hook (company_id, namespace, payload_version, status, destination_url, destination_headers,"
            " created_at, updated_at) VALUES (1, 'n', 'v4.0', 'active', 'https://erp.example.com/', '[]', 1, 1)"
        )
    store.close()
    with tieback.open(path) as engine:
        for quick in (True, False):
            report = engine.check_integrity(quick=quick)
            assert not report.sound
            assert report.findings == (tieback.Finding(check="lanes", message="hook 1 has no lane"),)


def test_stats_say_what_the_disk_holds_and_compacting_gives_it_back(
    path: pathlib.Path, endpoint: Endpoint, scope: tieback.Scope, event: tieback.Event
) -> None:
    with tieback.open(
        path, retention=0.001, danger_allow_http=True, danger_allow_private_addresses=True
    ) as engine:
        hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=endpoint.url)
        engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
        engine.publish_many([event] * 200)
        engine.run_until_idle(timeout=60)
        before = engine.stats()
        assert before.hooks == 1
        assert before.delivered + before.discarded <= 200
        time.sleep(0.002)
        engine.purge()
        purged = engine.stats()
        assert (purged.delivered, purged.oldest_kept_at) == (0, None)
        assert purged.reusable_bytes > 0
        assert purged.wal_bytes > 0
        engine.compact()
        after = engine.stats()
        assert after.reusable_bytes == 0
        assert after.database_bytes < purged.database_bytes
