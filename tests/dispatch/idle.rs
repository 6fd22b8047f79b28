//! When there is nothing to do, stopping, and how much one input costs.

use std::time::Duration;

use tieback::policy::dispatch::Input;
use tieback::types::HookId;

use crate::bench::{Bench, Operation};

#[test]
fn idle_is_who_has_nothing_in_flight_due_or_to_keep() {
    let mut bench = Bench::new();
    assert!(bench.dispatch.is_idle());
    let hook = bench.hook();
    let first = bench.publish(hook, "a");
    assert!(!bench.dispatch.is_idle(), "a load is under way");
    bench.settle();
    assert!(!bench.dispatch.is_idle(), "an attempt is in flight");
    bench.answer(first, 500);
    assert!(!bench.dispatch.is_idle(), "an outcome is to be kept");
    bench.settle();
    assert!(bench.dispatch.is_idle(), "back-off does not count");
    assert_eq!(bench.dispatch.paused_lanes(), 1);
    bench.pass(Duration::from_secs(1));
    assert!(!bench.dispatch.is_idle(), "the probe is due");
    bench.drain();
    assert!(bench.dispatch.is_idle());
    assert_eq!(bench.dispatch.paused_lanes(), 0);
}

#[test]
fn stopping_starts_nothing_more_and_keeps_what_ends() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let [first, second] = ["a", "b"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    bench.on(Input::Stop);
    assert!(!bench.dispatch.is_idle());
    bench.publish(hook, "c");
    bench.answer(first, 200);
    assert!(bench.flying.is_empty());
    assert!(!bench.dispatch.is_idle(), "the outcome is not kept yet");
    bench.settle();
    assert!(bench.dispatch.is_idle());
    assert_eq!(bench.status(hook, first).as_str(), "delivered");
    assert_eq!(bench.status(hook, second).as_str(), "enqueued");
}

#[test]
fn stopping_waits_for_a_commit_that_failed() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let first = bench.publish(hook, "a");
    bench.settle();
    bench.on(Input::Stop);
    bench.answer(first, 200);
    let Some(Operation::Commit(commit)) = bench.operations.pop_front() else { panic!("a commit is due") };
    bench.on(Input::CommitFailed(commit));
    assert!(!bench.dispatch.is_idle());
    bench.pass(Duration::from_secs(1));
    bench.settle();
    assert!(bench.dispatch.is_idle());
    assert_eq!(bench.status(hook, first).as_str(), "delivered");
}

/// Many lanes in back-off and many that have nothing to do, and one hook beside them.
fn crowd() -> (Bench, HookId) {
    let mut bench = Bench::new();
    for number in 0..120 {
        let hook = bench.hook();
        bench.publish(hook, "a");
        bench.settle();
        let delivery = bench.in_flight()[0];
        let status = if number % 2 == 0 { 200 } else { 500 };
        bench.answer(delivery, status);
        bench.settle();
        bench.pass(Duration::from_micros(10));
    }
    let hook = bench.hook();
    (bench, hook)
}

#[test]
fn input_costs_effects_for_its_own_lane_only() {
    let (mut bench, hook) = crowd();
    assert_eq!(bench.dispatch.paused_lanes(), 60);
    bench.loads.clear();
    let delivery = bench.publish(hook, "a");
    assert_eq!(bench.effects, 1);
    bench.step();
    assert_eq!(bench.effects, 1);
    assert_eq!(bench.in_flight(), [delivery]);
    bench.answer(delivery, 200);
    assert_eq!(bench.effects, 1);
    bench.step();
    assert_eq!(bench.effects, 0);
    assert!(bench.loads.iter().all(|load| load.hook == hook));
    bench.on(Input::Woke);
    assert!(bench.effects <= 1, "at most the next alarm");
}

#[test]
fn lanes_whose_waits_end_together_are_loaded_together() {
    let (mut bench, _) = crowd();
    bench.loads.clear();
    bench.pass(Duration::from_secs(2));
    assert_eq!(bench.operations.len(), 1);
    assert_eq!(bench.loads.len(), 60);
    assert_eq!(bench.drain().len(), 60);
    assert!(bench.dispatch.is_idle());
}

#[test]
fn alarm_is_set_for_the_earliest_wait_and_again_after_it_rang() {
    let mut bench = Bench::new();
    for _ in 0..2 {
        let hook = bench.hook();
        let delivery = bench.publish(hook, "a");
        bench.settle();
        bench.answer(delivery, 500);
        bench.settle();
        bench.pass(Duration::from_millis(300));
    }
    assert_eq!(bench.alarm, Some(Duration::from_millis(1000)));
    bench.pass(Duration::from_millis(400));
    assert_eq!(bench.alarm, Some(Duration::from_millis(1300)));
    bench.settle();
    assert_eq!(bench.flying.len(), 1);
    bench.pass(Duration::from_millis(300));
    bench.settle();
    assert_eq!(bench.flying.len(), 2);
}
