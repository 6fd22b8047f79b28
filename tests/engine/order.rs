//! Order and width: per resource, per lane, over all lanes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tieback::policy::dispatch::Limits;
use tieback::random::{Random, SeededRandom};
use tieback::types::DeliveryStatus;

use crate::stage::{EVENT, Gate, RESOURCE, Stage, eventually, resource_id};
use crate::support::rig::{SOON, event};
use crate::support::sink::{Answer, Request, Sink};

/// Counts how many requests are at the endpoint at the same time.
#[derive(Clone, Default)]
struct Crowd {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Crowd {
    fn during(&self, work: impl FnOnce()) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        work();
        self.now.fetch_sub(1, Ordering::SeqCst);
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

/// An endpoint that takes up to three milliseconds for each request, and a count of its crowd.
fn slow_sink() -> (Sink, Crowd) {
    let (crowd, random) = (Crowd::default(), SeededRandom::new(11));
    let sink = Sink::start({
        let crowd = crowd.clone();
        move |_, _| {
            crowd.during(|| std::thread::sleep(Duration::from_micros(random.next_u64() % 3000)));
            Answer::Status(204)
        }
    });
    (sink, crowd)
}

/// The `user_id`s that came for each resource, in order: the tests number their events by them.
fn numbers_by_resource(requests: &[Request]) -> BTreeMap<i64, Vec<i64>> {
    let mut numbers: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for request in requests {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        numbers.entry(resource_id(request)).or_default().push(body["user_id"].as_i64().unwrap());
    }
    numbers
}

fn publish_numbered(stage: &Stage, resource_id: i64, number: i64) {
    let mut event = event(&stage.scope, RESOURCE, resource_id, EVENT);
    event.user_id = Some(number.into());
    stage.rig.engine.publish(&event).unwrap();
}

#[test]
fn deliveries_of_one_resource_keep_their_order_while_eight_are_in_flight() {
    let (sink, crowd) = slow_sink();
    let stage = Stage::wide(sink);
    stage.rig.engine.start().unwrap();
    for number in 1..=10 {
        for resource in 1..=9 {
            publish_numbered(&stage, resource, number);
        }
    }
    stage.rig.run();
    let numbers = numbers_by_resource(&stage.sink.requests());
    assert_eq!(numbers.len(), 9);
    for (resource, numbers) in numbers {
        assert_eq!(numbers, (1..=10).collect::<Vec<i64>>(), "resource {resource}");
    }
    assert!((2..=8).contains(&crowd.most()), "{} at once", crowd.most());
}

#[test]
fn eight_resources_are_in_flight_at_once_and_no_more() {
    let gate = Gate::default();
    let sink = Sink::start({
        let gate = gate.clone();
        move |_, n| {
            if n >= 3 {
                gate.pass();
            }
            Answer::Status(204)
        }
    });
    let stage = Stage::wide(sink);
    stage.rig.engine.start().unwrap();
    for id in 1..=3 {
        stage.publish(id);
        stage.rig.run();
    }
    for id in 11..=30 {
        stage.publish(id);
    }
    stage.sink.wait_for(3 + 8, SOON);
    eventually("eight are in flight", || stage.rig.engine.stats().unwrap().in_flight == 8);
    gate.open();
    stage.rig.run();
    assert_eq!(stage.statuses(), ["delivered"; 23]);
}

#[test]
fn the_next_of_a_resource_waits_for_the_answer_to_the_one_before() {
    let gate = Gate::default();
    let sink = Sink::start({
        let gate = gate.clone();
        move |request, _| {
            if resource_id(request) == 1 {
                gate.pass();
            }
            Answer::Status(204)
        }
    });
    let stage = Stage::wide(sink);
    stage.rig.engine.start().unwrap();
    // Three successes, so that only the resource holds anything up.
    for id in 101..=103 {
        stage.publish(id);
        stage.rig.run();
    }
    publish_numbered(&stage, 1, 1);
    publish_numbered(&stage, 1, 2);
    publish_numbered(&stage, 2, 3);
    eventually("the other resource is delivered", || stage.statuses()[5] == "delivered");
    assert_eq!(stage.arrived().iter().filter(|id| **id == 1).count(), 1);
    gate.open();
    stage.rig.run();
    assert_eq!(numbers_by_resource(&stage.sink.requests()[3..])[&1], [1, 2]);
}

#[test]
fn with_one_in_flight_a_hooks_deliveries_go_out_strictly_in_order_on_one_connection() {
    let (sink, crowd) = slow_sink();
    let stage = Stage::with(sink, |options| options.policy.max_in_flight = 1);
    let ids: Vec<i64> = (1..=40).collect();
    for id in &ids[..20] {
        stage.publish(*id);
    }
    stage.rig.run();
    for id in &ids[20..] {
        stage.publish(*id);
    }
    stage.rig.run();
    assert_eq!(stage.arrived(), ids);
    assert_eq!(crowd.most(), 1);
    assert_eq!(stage.sink.connections(), 1, "the connection is kept");
}

#[test]
fn a_queue_that_is_longer_than_the_window_goes_out_whole_and_in_order() {
    let stage = Stage::with(Sink::always(204), |options| {
        options.limits = Limits { window: 4, ..Limits::default() };
        options.policy.max_in_flight = 1;
    });
    let ids: Vec<i64> = (1..=50).collect();
    ids.iter().for_each(|id| drop(stage.publish(*id)));
    stage.rig.run();
    assert_eq!(stage.arrived(), ids);
}

#[test]
fn payloads_in_memory_are_bounded_and_every_lane_still_gets_on() {
    let stage = Stage::with(Sink::always(204), |options| {
        options.limits = Limits { buffered_bytes: 1, ..Limits::default() };
    });
    let others: Vec<_> = (0..4)
        .map(|n| {
            let hook = stage.rig.hook_named(&stage.scope, &format!("other-{n}"), &stage.sink.url("/other"));
            stage.rig.trigger(&stage.scope, &hook, RESOURCE, EVENT);
            hook
        })
        .collect();
    (1..=10).for_each(|id| drop(stage.publish(id)));
    stage.rig.run();
    for hook in others.iter().chain([&stage.hook]) {
        let deliveries = stage.rig.deliveries(&stage.scope, hook);
        assert!(deliveries.iter().all(|delivery| delivery.status == DeliveryStatus::Delivered));
        assert_eq!(deliveries.len(), 10);
    }
}

#[test]
fn all_lanes_together_have_no_more_in_flight_than_the_limit() {
    let (sink, crowd) = slow_sink();
    let stage = Stage::with(sink, |options| options.limits = Limits { in_flight: 3, ..Limits::default() });
    for n in 0..5 {
        let hook = stage.rig.hook_named(&stage.scope, &format!("other-{n}"), &stage.sink.url("/other"));
        stage.rig.trigger(&stage.scope, &hook, RESOURCE, EVENT);
    }
    stage.rig.engine.start().unwrap();
    (1..=20).for_each(|id| drop(stage.publish(id)));
    stage.rig.run();
    assert_eq!(stage.sink.requests().len(), 6 * 20);
    assert_eq!(crowd.most(), 3);
}

#[test]
fn an_endpoint_that_hangs_does_not_hold_up_the_others() {
    let gate = Gate::default();
    let hanging = Sink::start({
        let gate = gate.clone();
        move |_, _| {
            gate.pass();
            Answer::Status(204)
        }
    });
    let stage = Stage::new(Sink::always(204));
    let hung = stage.rig.hook_named(&stage.scope, "hung", &hanging.url("/events"));
    stage.rig.trigger(&stage.scope, &hung, RESOURCE, EVENT);
    stage.rig.engine.start().unwrap();
    (1..=20).for_each(|id| drop(stage.publish(id)));
    eventually("the other hook has everything", || stage.statuses() == ["delivered"; 20]);
    assert_eq!(hanging.requests().len(), 1);
    gate.open();
    stage.rig.run();
    assert_eq!(hanging.requests().len(), 20);
}
