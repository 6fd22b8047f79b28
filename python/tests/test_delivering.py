"""Delivering and operating: run_until_idle, pump, start and stop, redeliver, skip, pause, retry_now, notices, stats."""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
import threading

import pytest

import tieback
from conftest import SECRET
from endpoint import DEADLINE, Answer, Endpoint, eventually


def deliveries(engine: tieback.Engine, hook: tieback.Hook) -> list[tieback.Delivery]:
    return list(engine.deliveries.list(tieback.Scope.company(5358233), hook.id))


def run(engine: tieback.Engine) -> tieback.IdleReport:
    return engine.run_until_idle(timeout=DEADLINE, wait_paused=True)


def test_refused_delivery_is_tried_again_and_logged(
    engine: tieback.Engine, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event
) -> None:
    endpoint.script.extend([Answer(503, {"Retry-After": "0"}, b"later, \xff"), Answer(204)])
    engine.publish(event)
    assert run(engine) == tieback.IdleReport(idle=True, paused_lanes=0, attempts=2)

    (delivery,) = deliveries(engine, hook)
    assert delivery.status == "delivered"
    first, second = delivery.attempts
    assert (first.response_status, first.success, first.response_body) == (503, False, b"later, \xff")
    headers = {name.lower(): value for name, value in first.response_headers.items()}
    assert headers["retry-after"] == "0"
    assert (first.response_body_truncated, first.response_error) == (False, None)
    assert (second.response_status, second.success, second.response_body) == (204, True, b"")
    assert first.started_at <= first.completed_at <= second.started_at <= second.completed_at

    assert len(endpoint.requests) == 2
    for request in endpoint.requests:
        assert request.path == "/events"
        assert request.body == delivery.payload
        sent = {name.lower(): value for name, value in request.headers.items()}
        assert sent["authorization"] == SECRET
        assert sent["content-type"] == "application/json"
        assert sent["user-agent"].startswith("tieback/")

    notices = engine.notices()
    assert [(notice.kind, notice.reason, notice.hook_id) for notice in notices] == [
        ("paused", "503", hook.id),
        ("resumed", None, hook.id),
    ]
    assert notices[0].at <= notices[1].at
    assert engine.notices() == []


def test_idle_report_tells_of_paused_lanes_and_of_time_run_out(
    path: pathlib.Path, scope: tieback.Scope, event: tieback.Event
) -> None:
    with Endpoint() as gone:
        url = gone.url
    with tieback.open(path, danger_allow_http=True, danger_allow_private_addresses=True) as engine:
        hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=url)
        engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
        engine.publish(event)
        assert engine.run_until_idle(timeout=DEADLINE) == tieback.IdleReport(idle=True, paused_lanes=1, attempts=1)
        assert engine.stats().paused_lanes == 1
        assert engine.run_until_idle(timeout=0.0, wait_paused=True).paused_lanes == 1
        (delivery,) = engine.deliveries.list(scope, hook.id)
        assert delivery.status == "retrying"
        assert delivery.attempts[0].response_status is None
        assert "refused" in (delivery.attempts[0].response_error or "")


def test_pump_delivers_bit_by_bit(
    engine: tieback.Engine, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event
) -> None:
    endpoint.open.clear()
    engine.publish(event)

    def sent() -> bool:
        report = engine.pump(budget=0.02)
        assert (report.idle, report.attempts) == (False, 0)
        return len(endpoint.requests) == 1

    eventually(sent)
    assert engine.stats().in_flight == 1
    endpoint.open.set()
    report = engine.pump(budget=DEADLINE)
    assert (report.idle, report.attempts) == (True, 1)


def test_started_engine_delivers_by_itself_until_stopped(
    engine: tieback.Engine, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event
) -> None:
    engine.start()
    engine.start()
    with pytest.raises(tieback.ConflictError, match="started"):
        engine.pump(budget=0.01)
    engine.publish(event)
    endpoint.wait_for_requests(1)
    assert engine.run_until_idle(timeout=DEADLINE).idle
    assert deliveries(engine, hook)[0].status == "delivered"
    engine.stop(grace=DEADLINE)
    engine.stop()
    engine.publish(event)
    assert deliveries(engine, hook)[0].status == "enqueued"
    assert len(endpoint.requests) == 1


def test_stop_gives_attempts_in_flight_their_time(
    engine: tieback.Engine, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event
) -> None:
    endpoint.open.clear()
    engine.start()
    engine.publish(event)
    endpoint.wait_for_requests(1)
    threading.Timer(0.3, endpoint.open.set).start()
    engine.stop(grace=DEADLINE)
    (delivery,) = deliveries(engine, hook)
    assert (delivery.status, len(delivery.attempts)) == ("delivered", 1)


def test_stop_without_grace_queues_again_what_is_in_flight(
    engine: tieback.Engine, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event
) -> None:
    endpoint.open.clear()
    engine.start()
    engine.publish(event)
    endpoint.wait_for_requests(1)
    engine.stop(grace=0)
    assert deliveries(engine, hook)[0].status == "enqueued"
    endpoint.open.set()
    run(engine)
    assert deliveries(engine, hook)[0].status == "delivered"


def test_paused_lane_starts_nothing_until_resumed(
    engine: tieback.Engine, endpoint: Endpoint, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event
) -> None:
    engine.pause(scope, hook.id)
    assert engine.publish(event).deliveries == 1
    engine.run_until_idle(timeout=DEADLINE)
    stats = engine.stats()
    assert (stats.queued, stats.in_flight, stats.paused_lanes) == (1, 0, 1)
    assert 0 < stats.oldest_queued_age < DEADLINE
    assert endpoint.requests == []
    engine.resume(scope, hook.id)
    run(engine)
    assert deliveries(engine, hook)[0].status == "delivered"
    stats = engine.stats()
    assert (stats.queued, stats.in_flight, stats.paused_lanes, stats.oldest_queued_age) == (0, 0, 0, 0.0)


def test_retry_now_ends_a_back_off(
    path: pathlib.Path, endpoint: Endpoint, scope: tieback.Scope, event: tieback.Event
) -> None:
    with tieback.open(
        path, backoff_min=3600, danger_allow_http=True, danger_allow_private_addresses=True
    ) as engine:
        hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=endpoint.url)
        engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
        endpoint.refuse(1)
        engine.publish(event)
        assert engine.run_until_idle(timeout=DEADLINE).paused_lanes == 1
        engine.retry_now(scope, hook.id)
        assert run(engine) == tieback.IdleReport(idle=True, paused_lanes=0, attempts=1)
        assert deliveries(engine, hook)[0].status == "delivered"


def test_skipped_delivery_is_given_up_and_redelivered(
    engine: tieback.Engine, endpoint: Endpoint, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event
) -> None:
    engine.publish(event)
    (delivery,) = deliveries(engine, hook)
    with pytest.raises(tieback.ConflictError):
        engine.redeliver(scope, hook.id, delivery.id)
    engine.skip(scope, hook.id, delivery.id)
    (skipped,) = deliveries(engine, hook)
    assert (skipped.status, skipped.why) == ("discarded", "operator")
    with pytest.raises(tieback.ConflictError):
        engine.skip(scope, hook.id, delivery.id)
    with pytest.raises(tieback.NotFoundError):
        engine.skip(scope, hook.id, 424242)

    again = engine.redeliver(scope, hook.id, skipped.id)
    run(engine)
    newest, oldest = deliveries(engine, hook)
    assert (newest.id, newest.status, newest.event) == (again, "delivered", skipped.event)
    assert oldest == skipped


def test_delivery_that_fails_for_ever_is_flushed(
    path: pathlib.Path, endpoint: Endpoint, scope: tieback.Scope, event: tieback.Event
) -> None:
    endpoint.refuse(1000)
    with tieback.open(
        path, backoff_min=0.01, give_up_after=0.1, danger_allow_http=True, danger_allow_private_addresses=True
    ) as engine:
        hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=endpoint.url)
        engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
        engine.publish_many([event, event])
        run(engine)
        assert [(one.status, one.why) for one in deliveries(engine, hook)] == [("discarded", "flushed")] * 2
        flushed = [notice for notice in engine.notices() if notice.kind == "flushed"]
        assert [notice.discarded for notice in flushed] == [2]


def test_max_attempts_end_in_failed(
    path: pathlib.Path, endpoint: Endpoint, scope: tieback.Scope, event: tieback.Event
) -> None:
    endpoint.refuse(1000, status=500)
    with tieback.open(
        path, backoff_min=0.01, max_attempts=3, danger_allow_http=True, danger_allow_private_addresses=True
    ) as engine:
        hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=endpoint.url)
        engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
        engine.publish(event)
        run(engine)
        (delivery,) = deliveries(engine, hook)
        assert (delivery.status, delivery.why) == ("failed", "max_attempts")
        assert [attempt.response_status for attempt in delivery.attempts] == [500, 500, 500]


def test_response_timeout_is_seconds(
    path: pathlib.Path, endpoint: Endpoint, scope: tieback.Scope, event: tieback.Event
) -> None:
    endpoint.open.clear()
    with tieback.open(
        path, response_timeout=0.1, danger_allow_http=True, danger_allow_private_addresses=True
    ) as engine:
        hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=endpoint.url)
        engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
        engine.publish(event)
        assert engine.run_until_idle(timeout=DEADLINE).attempts == 1
        (attempt,) = deliveries(engine, hook)[0].attempts
        assert attempt.response_status is None and attempt.response_error is not None
        took = (attempt.completed_at - attempt.started_at).total_seconds()
        assert 0.09 < took < 5


def test_deliveries_can_be_narrowed_and_paged(
    engine: tieback.Engine, endpoint: Endpoint, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event
) -> None:
    engine.triggers.create(scope, hook.id, resource_name="Company Vendors", event_type="create")
    engine.publish_many([dataclasses.replace(event, resource_id=str(number)) for number in (1, 2, 3)])
    run(engine)
    engine.publish(dataclasses.replace(event, resource_name="Company Vendors", event_type="create"))

    def ids(**narrowed: object) -> list[str]:
        found = engine.deliveries.list(scope, hook.id, **narrowed)  # type: ignore[arg-type]
        return [delivery.id for delivery in found]

    everything = ids()
    assert len(everything) == 4 and everything == sorted(everything, key=int, reverse=True)
    assert ids(limit=1) == ids(limit=3) == ids(status="any") == everything
    for word in ("delivered", "succeeded", "successful"):
        assert ids(status=word) == everything[1:]
    assert ids(status="enqueued") == everything[:1]
    assert ids(resource_name="company vendors") == ids(event_type="CREATE") == everything[:1]
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    assert ids(start=now - day, end=now + day) == ids(start=now.date() - day, end=now.date()) == everything
    assert ids(start=now + day) == ids(end=now.date() - day) == []
    with pytest.raises(tieback.InvalidArgumentError, match="lost"):
        ids(status="lost")


@pytest.mark.parametrize("how", ["stop", "close"])
def test_stop_and_close_end_a_run_on_another_thread(
    engine: tieback.Engine, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event, how: str
) -> None:
    endpoint.open.clear()
    engine.publish(event)
    reports: list[tieback.IdleReport] = []
    runner = threading.Thread(target=lambda: reports.append(engine.run_until_idle(timeout=3600)))
    runner.start()
    endpoint.wait_for_requests(1)
    engine.stop(grace=0) if how == "stop" else engine.close()
    runner.join(DEADLINE)
    assert not runner.is_alive()
    assert [report.idle for report in reports] == [False]
    if how == "stop":
        assert deliveries(engine, hook)[0].status == "enqueued"


def test_closed_engine_refuses_everything(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook, event: tieback.Event
) -> None:
    assert not engine.closed and "open" in repr(engine)
    engine.close()
    engine.close()
    assert engine.closed and "closed" in repr(engine)
    for call in (
        lambda: engine.publish(event),
        lambda: engine.hooks.list(scope),
        lambda: engine.deliveries.list(scope, hook.id),
        lambda: engine.run_until_idle(timeout=1),
        engine.start,
        engine.stop,
        engine.stats,
        engine.notices,
    ):
        with pytest.raises(tieback.ClosedError):
            call()


def test_eventual_delivery_needs_nobody_after_start(
    engine: tieback.Engine, endpoint: Endpoint, hook: tieback.Hook, event: tieback.Event
) -> None:
    endpoint.refuse(2)
    engine.start()
    engine.publish(event)
    eventually(lambda: deliveries(engine, hook)[0].status == "delivered")
    assert [attempt.response_status for attempt in deliveries(engine, hook)[0].attempts] == [503, 503, 204]


def test_an_allowed_network_is_delivered_to_without_the_danger_switch(
    path: pathlib.Path, scope: tieback.Scope, endpoint: Endpoint, event: tieback.Event
) -> None:
    with tieback.open(path, danger_allow_http=True, allow_networks=["127.0.0.1/32"]) as engine:
        hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=endpoint.url)
        engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
        engine.publish(event)
        engine.run_until_idle(timeout=DEADLINE)
    assert len(endpoint.requests) == 1


def test_http_goes_through_the_proxy(path: pathlib.Path, scope: tieback.Scope, event: tieback.Event) -> None:
    with Endpoint() as proxy:
        at = proxy.url.removeprefix("http://").split("/")[0]
        with tieback.open(
            path, danger_allow_http=True, proxy=f"http://user:sesame@{at}", danger_proxy_resolves=True
        ) as engine:
            url = "http://hooks.example.com/events"
            hook = engine.hooks.create(scope, namespace="n", payload_version="v4.0", destination_url=url)
            engine.triggers.create(scope, hook.id, resource_name="Company Users", event_type="update")
            engine.publish(event)
            engine.run_until_idle(timeout=DEADLINE)
            assert "sesame" not in repr(engine)
        (request,) = proxy.requests
        assert request.path == "http://hooks.example.com/events"
        assert request.headers["Proxy-Authorization"] == "Basic dXNlcjpzZXNhbWU="


def test_attempts_say_why_they_failed_and_when_to_come_back(
    engine: tieback.Engine, scope: tieback.Scope, hook: tieback.Hook, endpoint: Endpoint, event: tieback.Event
) -> None:
    endpoint.script.append(Answer(503, {"Retry-After": "7"}))
    engine.publish(event)
    engine.run_until_idle(timeout=30, wait_paused=True)
    (delivery,) = engine.deliveries.list(scope, hook.id)
    refused, taken = delivery.attempts
    assert (refused.reason, refused.retry_after) == ("503", 7.0)
    assert (taken.reason, taken.retry_after) == ("204", None)


def test_attempt_limit_is_that_of_the_options(tmp_path: pathlib.Path) -> None:
    with tieback.open(tmp_path / "limits.db", connect_timeout=1.5, response_timeout=2) as engine:
        assert engine.attempt_limit == 3.5
