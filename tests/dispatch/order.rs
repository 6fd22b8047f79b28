//! What starts, and in which order.

use std::time::Duration;

use tieback::policy::dispatch::{Dispatch, Input, Limits};
use tieback::policy::retry::RetryPolicy;
use tieback::store::{Queue, Workers};

use crate::bench::{Bench, Operation};

#[test]
fn open_lane_starts_in_publish_order_as_wide_as_it_may() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let all: Vec<_> = (0..30).map(|number| bench.queue(hook, &format!("r{number}"))).collect();
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    let mut widths = Vec::new();
    let mut started = bench.in_flight();
    while let Some(first) = bench.in_flight().first().copied() {
        widths.push(bench.flying.len());
        let before = bench.in_flight();
        bench.answer(first, 200);
        started.extend(bench.in_flight().into_iter().filter(|id| !before.contains(id)));
        bench.settle();
    }
    assert_eq!(started, all);
    // One, then twice as many after each success, up to eight.
    assert_eq!(widths[..5], [1, 2, 4, 8, 8]);
}

#[test]
fn next_of_a_resource_starts_only_when_the_outcome_before_is_durable() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    Bench::wide(hook, &mut bench);
    let first = bench.queue(hook, "same");
    let second = bench.queue(hook, "same");
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    assert_eq!(bench.in_flight(), [first]);
    bench.answer(first, 200);
    assert!(bench.flying.is_empty(), "the outcome of the first is not durable yet");
    let kept = bench.operate();
    assert!(bench.flying.is_empty());
    bench.on(kept);
    assert_eq!(bench.in_flight(), [second]);
}

#[test]
fn slot_for_another_resource_frees_at_the_response() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let first = bench.queue(hook, "one");
    let second = bench.queue(hook, "two");
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    assert_eq!(bench.in_flight(), [first]);
    bench.answer(first, 200);
    assert_eq!(bench.in_flight(), [second]);
    assert!(matches!(bench.operations.front(), Some(Operation::Commit(_))), "the first is not durable yet");
}

#[test]
fn resources_do_not_hold_up_one_another() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    Bench::wide(hook, &mut bench);
    let [a, _, b, _, c] = ["a", "a", "b", "a", "c"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    assert_eq!(bench.in_flight(), [a, b, c]);
}

#[test]
fn failed_attempt_pauses_the_whole_lane_and_its_delivery_is_probed_alone() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    Bench::wide(hook, &mut bench);
    let [first, second, _, _] = ["a", "b", "c", "d"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    for delivery in bench.in_flight().into_iter().skip(2) {
        bench.answer(delivery, 200);
    }
    let more = bench.publish(hook, "e");
    bench.settle();
    bench.answer(second, 500);
    bench.settle();
    assert_eq!(bench.in_flight(), [first, more], "what is in flight runs on");
    bench.answer(more, 200);
    bench.answer(first, 200);
    bench.settle();
    assert!(bench.flying.is_empty());
    assert_eq!(bench.dispatch.paused_lanes(), 1);
    assert_eq!(bench.alarm, Some(bench.now.monotonic + Duration::from_secs(1)));
    bench.publish(hook, "f");
    bench.settle();
    assert!(bench.flying.is_empty());
    bench.pass(Duration::from_secs(1));
    bench.settle();
    assert_eq!(bench.in_flight(), [second]);
    bench.pass(Duration::from_secs(3));
    bench.settle();
    assert_eq!(bench.in_flight(), [second], "one probe, and nothing beside it");
    bench.answer(second, 200);
    bench.settle();
    assert_eq!(bench.flying.len(), 1);
    bench.drain();
    assert!(bench.dispatch.is_idle());
}

#[test]
fn failed_one_goes_before_later_ones_of_its_resource() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let first = bench.queue(hook, "same");
    let second = bench.queue(hook, "same");
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    for _ in 0..3 {
        assert_eq!(bench.in_flight(), [first]);
        bench.answer(first, 503);
        bench.settle();
        bench.pass(Duration::from_secs(10));
        bench.settle();
    }
    bench.answer(first, 200);
    bench.settle();
    assert_eq!(bench.in_flight(), [second]);
}

#[test]
fn late_failure_waits_for_its_turn_when_the_lane_is_open_again() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    Bench::wide(hook, &mut bench);
    let [first, late, probe] = ["a", "b", "c"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    bench.answer(first, 200);
    bench.answer(probe, 500);
    bench.settle();
    bench.pass(Duration::from_secs(1));
    bench.settle();
    bench.answer(probe, 200);
    let after = bench.publish(hook, "b");
    bench.settle();
    assert_eq!(bench.in_flight(), [late], "the late one takes the slot; its resource is busy");
    bench.answer(late, 500);
    bench.settle();
    assert_eq!(bench.in_flight(), [late], "it is tried again before the later one");
    bench.answer(late, 200);
    bench.settle();
    assert_eq!(bench.in_flight(), [after]);
}

#[test]
fn most_in_flight_of_one_is_strict_order_over_all_resources() {
    let policy = RetryPolicy { max_in_flight: 1, ..RetryPolicy::default() };
    let mut bench = Bench::with(policy, Limits::default());
    let hook = bench.hook();
    let all: Vec<_> = (0..20).map(|number| bench.queue(hook, &format!("r{number}"))).collect();
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    for delivery in all {
        assert_eq!(bench.in_flight(), [delivery]);
        bench.answer(delivery, 200);
        bench.settle();
    }
}

#[test]
fn most_attempts_give_up_one_and_probe_the_next() {
    let policy = RetryPolicy { max_attempts: Some(2), ..RetryPolicy::default() };
    let mut bench = Bench::with(policy, Limits::default());
    let hook = bench.hook();
    let [poison, next] = ["same", "same"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    for _ in 0..2 {
        assert_eq!(bench.in_flight(), [poison]);
        bench.answer(poison, 400);
        bench.settle();
        bench.pass(Duration::from_secs(5));
        bench.settle();
    }
    assert_eq!(bench.status(hook, poison).as_str(), "failed");
    assert_eq!(bench.in_flight(), [next]);
    bench.drain();
}

#[test]
fn flush_discards_everything_up_to_it_and_nothing_after() {
    let policy = RetryPolicy { give_up_after: Duration::from_secs(2), ..RetryPolicy::default() };
    let mut bench = Bench::with(policy, Limits::default());
    let hook = bench.hook();
    let all: Vec<_> = (0..8).map(|number| bench.queue(hook, &format!("r{number}"))).collect();
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    for _ in 0..2 {
        bench.answer(all[0], 500);
        bench.settle();
        bench.pass(Duration::from_secs(1));
        bench.settle();
    }
    bench.answer(all[0], 500);
    assert!(bench.flying.is_empty(), "nothing starts before the flush is durable");
    let committed = bench.operate();
    let after = bench.publish(hook, "after");
    assert!(bench.flying.is_empty());
    bench.on(committed);
    bench.settle();
    assert_eq!(bench.in_flight(), [after]);
    for delivery in all {
        assert_eq!(bench.status(hook, delivery).as_str(), "discarded");
    }
    let kinds: Vec<_> = bench.notices.iter().map(|notice| notice.kind.as_str()).collect();
    assert_eq!(kinds, ["paused", "flushed"]);
    let swept = bench.operations.iter().any(|operation| matches!(operation, Operation::Sweep));
    assert!(
        !swept && bench.store.sweep_flushed(100, bench.now.wall).is_ok_and(|more| !more),
        "the sweep went on to its end"
    );
    bench.drain();
    assert!(bench.dispatch.is_idle());
}

#[test]
fn flush_discards_what_a_takeover_had_loaded_behind_the_probe() {
    let policy = RetryPolicy { give_up_after: Duration::from_secs(2), max_attempts: Some(1), ..RetryPolicy::default() };
    let mut bench = Bench::with(policy.clone(), Limits::default());
    let hook = bench.hook();
    let all = ["a", "b", "c", "d"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    bench.answer(all[0], 500);
    bench.settle();
    // Another process takes over after the wait: whoever is first is the probe, since the one that failed is given up.
    bench.store.kill(bench.dispatch.worker().unwrap());
    bench.dispatch = Dispatch::new(policy, Limits::default());
    bench.alarm = None;
    bench.pass(Duration::from_secs(60));
    bench.on(Input::Looked(bench.store.look(None, 0).unwrap()));
    bench.settle();
    assert_eq!(bench.in_flight(), [all[1]]);
    bench.answer(all[1], 500);
    bench.settle();
    assert!(bench.flying.is_empty() && bench.dispatch.is_idle());
    assert_eq!(
        all.map(|one| bench.status(hook, one).as_str().to_owned()),
        ["failed", "failed", "discarded", "discarded"]
    );
}
