//! What operators and the service do to a lane: pause, skip, retry, redeliver, disable, delete, change.

use std::time::Duration;

use serde_json::Value;
use tieback::error::ErrorKind;
use tieback::service::Service;
use tieback::types::{DestinationHeaders, DestinationUrl, Event, HookUpdate, Id, NoDelivery, PayloadVersion, Why};

use crate::stage::{EVENT, Gate, RESOURCE, Stage, eventually};
use crate::support::rig::{SOON, event};
use crate::support::sink::{Answer, Sink};

/// The endpoint fails this many times and works from then on.
fn failing(times: usize) -> Sink {
    Sink::start(move |_, n| Answer::Status(if n < times { 500 } else { 204 }))
}

fn update(stage: &Stage, change: HookUpdate) {
    stage.rig.service.hook_update(&stage.scope, &stage.hook.id, &change).unwrap();
}

fn set_active(stage: &Stage, active: bool) {
    update(stage, HookUpdate { active: Some(active), ..HookUpdate::default() });
}

fn delivery(stage: &Stage, nth: usize) -> Id {
    stage.log()[nth].id.clone()
}

#[test]
fn retry_now_probes_at_once_and_the_time_that_failed_still_counts() {
    let stage = Stage::new(failing(2));
    stage.publish(1);
    stage.rig.run();
    stage.rig.engine.retry_now(&stage.scope, &stage.hook.id).unwrap();
    assert_eq!(stage.rig.run().attempts, 1);
    assert_eq!(stage.statuses(), ["retrying"]);
    assert_eq!(stage.run_after(Duration::from_millis(1999)), 0, "the second wait is two seconds");
    assert_eq!(stage.run_after(Duration::from_millis(1)), 1);
    assert_eq!(stage.statuses(), ["delivered"]);
}

#[test]
fn retry_now_on_an_open_lane_changes_nothing() {
    let stage = Stage::new(Sink::always(204));
    stage.rig.engine.retry_now(&stage.scope, &stage.hook.id).unwrap();
    stage.publish(1);
    stage.rig.run();
    assert_eq!(stage.arrived(), [1]);
    assert_eq!(stage.notices(), [""; 0]);
}

#[test]
fn a_skipped_probe_is_discarded_and_the_next_in_order_is_tried_at_once() {
    let stage = Stage::new(failing(1));
    for id in 1..=3 {
        stage.publish(id);
    }
    stage.rig.run();
    stage.rig.engine.skip(&stage.scope, &stage.hook.id, &delivery(&stage, 0)).unwrap();
    stage.rig.run();
    assert_eq!(stage.arrived(), [1, 2, 3], "without any wait");
    assert_eq!(stage.statuses(), ["discarded", "delivered", "delivered"]);
    let log = stage.log();
    assert_eq!((log[0].why, log[0].attempts.len()), (Some(Why::Operator), 1));
}

#[test]
fn a_skipped_delivery_that_waits_is_never_sent() {
    let stage = Stage::new(failing(1));
    for id in 1..=3 {
        stage.publish(id);
    }
    stage.rig.run();
    stage.rig.engine.skip(&stage.scope, &stage.hook.id, &delivery(&stage, 1)).unwrap();
    assert_eq!(stage.rig.run().attempts, 0, "the probe is another one: its wait goes on");
    stage.run_after(Duration::from_secs(1));
    assert_eq!(stage.arrived(), [1, 1, 3]);
    assert_eq!(stage.statuses(), ["delivered", "discarded", "delivered"]);
}

#[test]
fn what_has_an_outcome_or_is_not_there_cannot_be_skipped() {
    let stage = Stage::new(Sink::always(204));
    stage.publish(1);
    stage.rig.run();
    let skip = |id: &Id| stage.rig.engine.skip(&stage.scope, &stage.hook.id, id).unwrap_err().kind();
    assert_eq!(skip(&delivery(&stage, 0)), ErrorKind::Conflict);
    assert_eq!(skip(&Id::from(999)), ErrorKind::NotFound);
    assert_eq!(skip(&Id::new("seven")), ErrorKind::NotFound);
}

#[test]
fn a_delivery_that_is_skipped_in_flight_keeps_its_attempt_and_stays_discarded() {
    let gate = Gate::default();
    let sink = Sink::start({
        let gate = gate.clone();
        move |_, _| {
            gate.pass();
            Answer::Status(204)
        }
    });
    let stage = Stage::new(sink);
    stage.rig.engine.start().unwrap();
    stage.publish(1);
    stage.sink.wait_for(1, SOON);
    stage.rig.engine.skip(&stage.scope, &stage.hook.id, &delivery(&stage, 0)).unwrap();
    gate.open();
    stage.publish(2);
    stage.rig.run();
    assert_eq!(stage.statuses(), ["discarded", "delivered"]);
    assert_eq!(stage.log()[0].attempts.len(), 1, "attempts are facts");
}

#[test]
fn redeliver_sends_the_same_event_again_as_a_new_delivery() {
    let stage = Stage::new(Sink::always(204));
    let published = stage.publish(1);
    stage.rig.run();
    let first = delivery(&stage, 0);
    let second = stage.rig.engine.redeliver(&stage.scope, &stage.hook.id, &first).unwrap();
    assert_ne!(first, second);
    stage.rig.run();
    let requests = stage.sink.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].body, requests[1].body);
    let log = stage.log();
    assert_eq!(log[1].id, second);
    assert_eq!(log[1].event.id.as_ref(), Some(&published.id));
    assert_eq!(stage.statuses(), ["delivered", "delivered"]);
}

#[test]
fn redeliver_takes_discarded_ones_and_refuses_queued_ones() {
    let stage = Stage::new(failing(1));
    stage.publish(1);
    stage.rig.run();
    let redeliver = |id: &Id| stage.rig.engine.redeliver(&stage.scope, &stage.hook.id, id);
    let queued = delivery(&stage, 0);
    assert_eq!(redeliver(&queued).unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(redeliver(&Id::from(999)).unwrap_err().kind(), ErrorKind::NotFound);
    stage.rig.engine.skip(&stage.scope, &stage.hook.id, &queued).unwrap();
    redeliver(&queued).unwrap();
    stage.rig.run();
    assert_eq!(stage.statuses(), ["discarded", "delivered"]);
    assert_eq!(stage.arrived(), [1, 1]);
}

#[test]
fn redeliver_on_a_disabled_hook_waits_until_it_is_active() {
    let stage = Stage::new(Sink::always(204));
    stage.publish(1);
    stage.rig.run();
    set_active(&stage, false);
    stage.rig.engine.redeliver(&stage.scope, &stage.hook.id, &delivery(&stage, 0)).unwrap();
    stage.rig.run();
    assert_eq!(stage.statuses(), ["delivered", "enqueued"]);
    set_active(&stage, true);
    stage.rig.run();
    assert_eq!(stage.statuses(), ["delivered", "delivered"]);
}

#[test]
fn redeliver_refuses_what_the_present_payload_version_cannot_carry() {
    let stage = Stage::new(Sink::always(204));
    update(&stage, HookUpdate { payload_version: Some(PayloadVersion::V4), ..HookUpdate::default() });
    let worded = Event { resource_id: Id::new("a-word"), ..event(&stage.scope, RESOURCE, 1, EVENT) };
    assert_eq!(stage.rig.engine.publish(&worded).unwrap().deliveries, 1);
    stage.rig.run();
    update(&stage, HookUpdate { payload_version: Some(PayloadVersion::V2), ..HookUpdate::default() });
    let refused = stage.rig.engine.redeliver(&stage.scope, &stage.hook.id, &delivery(&stage, 0)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    assert!(refused.message().contains("a-word") && refused.message().contains("v4.0"), "{refused}");
    assert_eq!(stage.statuses(), ["delivered"]);
}

#[test]
fn redeliver_uses_the_present_payload_version() {
    let stage = Stage::new(Sink::always(204));
    stage.publish(1);
    stage.rig.run();
    update(&stage, HookUpdate { payload_version: Some(PayloadVersion::V4), ..HookUpdate::default() });
    stage.rig.engine.redeliver(&stage.scope, &stage.hook.id, &delivery(&stage, 0)).unwrap();
    stage.rig.run();
    let body: Value = serde_json::from_slice(&stage.sink.requests()[1].body).unwrap();
    assert_eq!((&body["reason"], &body["resource_id"]), (&Value::from("update"), &Value::from("1")));
}

#[test]
fn a_paused_lane_sends_nothing_and_queues_everything_until_it_is_resumed() {
    let stage = Stage::new(Sink::always(204));
    stage.rig.engine.pause(&stage.scope, &stage.hook.id).unwrap();
    for id in 1..=3 {
        assert_eq!(stage.publish(id).deliveries, 1);
    }
    let report = stage.rig.run();
    assert_eq!((report.attempts, report.paused_lanes), (0, 0), "it waits for an operator, not for a back-off");
    assert_eq!(stage.rig.engine.stats().unwrap().paused_lanes, 1);
    stage.rig.engine.resume(&stage.scope, &stage.hook.id).unwrap();
    stage.rig.run();
    assert_eq!(stage.arrived(), [1, 2, 3]);
    assert_eq!(stage.rig.engine.stats().unwrap().paused_lanes, 0);
}

#[test]
fn a_pause_outlives_the_engine() {
    let stage = Stage::new(Sink::always(204));
    stage.rig.engine.pause(&stage.scope, &stage.hook.id).unwrap();
    stage.publish(1);
    let stage = stage.reopen();
    assert_eq!(stage.rig.run().attempts, 0);
    stage.rig.engine.resume(&stage.scope, &stage.hook.id).unwrap();
    assert_eq!(stage.rig.run().attempts, 1);
}

#[test]
fn an_operators_pause_does_not_end_a_back_off() {
    let stage = Stage::new(failing(1));
    stage.publish(1);
    stage.rig.run();
    stage.rig.engine.pause(&stage.scope, &stage.hook.id).unwrap();
    assert_eq!(stage.run_after(Duration::from_millis(500)), 0);
    stage.rig.engine.resume(&stage.scope, &stage.hook.id).unwrap();
    assert_eq!(stage.run_after(Duration::from_millis(499)), 0);
    assert_eq!(stage.run_after(Duration::from_millis(1)), 1);
    assert_eq!(stage.statuses(), ["delivered"]);
}

#[test]
fn a_disabled_hook_keeps_its_queue_takes_no_new_events_and_starts_afresh_when_enabled() {
    let stage = Stage::new(failing(3));
    stage.publish(1);
    stage.publish(2);
    stage.rig.run();
    stage.run_after(Duration::from_secs(1));
    set_active(&stage, false);
    assert_eq!(stage.publish(3).no_delivery, Some(NoDelivery::HookDisabled));
    assert_eq!(stage.run_after(Duration::from_secs(3600)), 0);
    assert_eq!(stage.statuses(), ["retrying", "enqueued"]);

    set_active(&stage, true);
    assert_eq!(stage.rig.run().attempts, 1, "at once");
    assert_eq!(stage.run_after(Duration::from_millis(999)), 0);
    stage.run_after(Duration::from_millis(1));
    assert_eq!(stage.arrived(), [1, 1, 1, 1, 2], "and the back-off began anew at one second");
    assert_eq!(stage.statuses(), ["delivered", "delivered"]);
}

#[test]
fn a_hook_that_is_enabled_again_counts_no_longer_as_paused() {
    let stage = Stage::new(failing(1));
    stage.publish(1);
    stage.rig.run();
    assert_eq!(stage.rig.engine.stats().unwrap().paused_lanes, 1);
    set_active(&stage, false);
    set_active(&stage, true);
    stage.rig.run();
    assert_eq!(stage.statuses(), ["delivered"]);
    assert_eq!(stage.rig.engine.stats().unwrap().paused_lanes, 0);
}

#[test]
fn a_deleted_hooks_queue_is_discarded() {
    let stage = Stage::new(failing(1));
    stage.publish(1);
    stage.publish(2);
    stage.rig.run();
    stage.rig.service.hook_delete(&stage.scope, &stage.hook.id).unwrap();
    assert_eq!(stage.run_after(Duration::from_secs(3600)), 0);
    assert_eq!(stage.arrived(), [1]);
    let stats = stage.rig.engine.stats().unwrap();
    assert_eq!((stats.queued, stats.paused_lanes), (0, 0));
    assert_eq!(stage.publish(3).no_delivery, Some(NoDelivery::NoHookInScope));
    let pause = stage.rig.engine.pause(&stage.scope, &stage.hook.id).unwrap_err();
    assert_eq!(pause.kind(), ErrorKind::NotFound);
}

#[test]
fn nothing_more_is_sent_for_a_hook_that_is_deleted_with_an_attempt_in_flight() {
    for status in [204, 500] {
        let gate = Gate::default();
        let sink = Sink::start({
            let gate = gate.clone();
            move |_, _| {
                gate.pass();
                Answer::Status(status)
            }
        });
        let stage = Stage::new(sink);
        (1..=3).for_each(|id| drop(stage.publish(id)));
        stage.rig.engine.start().unwrap();
        stage.sink.wait_for(1, SOON);
        stage.rig.service.hook_delete(&stage.scope, &stage.hook.id).unwrap();
        gate.open();
        stage.rig.run();
        assert_eq!(stage.run_after(Duration::from_secs(3600)), 0);
        assert_eq!(stage.arrived(), [1], "after {status}");
    }
}

#[test]
fn a_changed_url_is_used_at_once() {
    let stage = Stage::new(Sink::always(500));
    let other = Sink::always(204);
    stage.publish(1);
    stage.publish(2);
    stage.rig.run();
    let url = DestinationUrl::parse(&other.url("/elsewhere")).unwrap();
    update(&stage, HookUpdate { destination_url: Some(url), danger_keep_headers: true, ..HookUpdate::default() });
    stage.rig.run();
    assert_eq!(stage.arrived(), [1]);
    let paths: Vec<String> = other.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/elsewhere", "/elsewhere"]);
    assert_eq!(stage.statuses(), ["delivered", "delivered"]);
}

#[test]
fn changed_headers_are_used_at_once() {
    let sink = Sink::start(|request, _| {
        Answer::Status(if request.header("Authorization") == Some("Bearer the-new-one") { 204 } else { 401 })
    });
    let stage = Stage::new(sink);
    stage.publish(1);
    stage.rig.run();
    assert_eq!(stage.statuses(), ["retrying"]);
    let headers = DestinationHeaders::parse([("Authorization", "Bearer the-new-one")]).unwrap();
    update(&stage, HookUpdate { destination_headers: Some(headers), ..HookUpdate::default() });
    stage.rig.run();
    assert_eq!(stage.statuses(), ["delivered"]);
}

#[test]
fn another_change_of_a_hook_does_not_end_its_back_off() {
    let stage = Stage::new(failing(1));
    stage.publish(1);
    stage.rig.run();
    update(&stage, HookUpdate { payload_version: Some(PayloadVersion::V3), ..HookUpdate::default() });
    assert_eq!(stage.rig.run().attempts, 0);
}

#[test]
fn the_payload_version_is_fixed_when_the_event_is_queued() {
    let stage = Stage::new(Sink::always(204));
    stage.publish(1);
    update(&stage, HookUpdate { payload_version: Some(PayloadVersion::V4), ..HookUpdate::default() });
    stage.publish(2);
    stage.rig.run();
    let bodies: Vec<Value> =
        stage.sink.requests().iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect();
    assert_eq!((&bodies[0]["api_version"], &bodies[0]["resource_id"]), (&Value::from("v2.0"), &Value::from(1)));
    assert_eq!((&bodies[1]["reason"], &bodies[1]["resource_id"]), (&Value::from("update"), &Value::from("2")));
}

#[test]
fn a_test_event_goes_to_one_hook_whatever_its_triggers_say() {
    let (stage, other) = (Stage::new(Sink::always(204)), Sink::always(204));
    let untriggered = stage.rig.hook_named(&stage.scope, "untriggered", &other.url("/events"));
    let published = stage.rig.engine.send_test(&stage.scope, &untriggered.id).unwrap();
    assert_eq!(published.deliveries, 1);
    stage.rig.run();
    assert_eq!((stage.sink.requests().len(), other.requests().len()), (0, 1));

    stage.rig.engine.send_test(&stage.scope, &stage.hook.id).unwrap();
    stage.rig.run();
    assert_eq!((stage.sink.requests().len(), other.requests().len()), (1, 1));
    let body: Value = serde_json::from_slice(&stage.sink.requests()[0].body).unwrap();
    assert_eq!((&body["resource_name"], &body["event_type"]), (&Value::from(RESOURCE), &Value::from(EVENT)));
    assert_eq!(body["metadata"]["source_operation_id"], Value::from("tieback-test"));
}

#[test]
fn a_test_event_shows_why_an_endpoint_does_not_answer() {
    let stage = Stage::new(Sink::always(403));
    stage.rig.engine.send_test(&stage.scope, &stage.hook.id).unwrap();
    stage.rig.run();
    assert_eq!(stage.log()[0].attempts[0].response_status, Some(403));
    let missing = stage.rig.engine.send_test(&stage.scope, &Id::from(999)).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    set_active(&stage, false);
    let published = stage.rig.engine.send_test(&stage.scope, &stage.hook.id).unwrap();
    assert_eq!((published.deliveries, published.no_delivery), (0, Some(NoDelivery::HookDisabled)));
}

#[test]
fn orders_reach_a_started_engine() {
    let stage = Stage::new(failing(1));
    stage.rig.engine.start().unwrap();
    stage.publish(1);
    stage.rig.run();
    assert_eq!(stage.statuses(), ["retrying"]);
    stage.rig.engine.retry_now(&stage.scope, &stage.hook.id).unwrap();
    eventually("the probe is sent", || stage.statuses() == ["delivered"]);
    stage.rig.engine.pause(&stage.scope, &stage.hook.id).unwrap();
    stage.rig.run();
    stage.rig.engine.publish(&event(&stage.scope, RESOURCE, 2, EVENT)).unwrap();
    stage.rig.run();
    assert_eq!(stage.arrived(), [1, 1]);
    stage.rig.engine.resume(&stage.scope, &stage.hook.id).unwrap();
    eventually("the rest is sent", || stage.statuses() == ["delivered", "delivered"]);
}
