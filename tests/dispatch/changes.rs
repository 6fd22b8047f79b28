//! What operators and the service do while the machine is at work.

use std::time::Duration;

use tieback::policy::dispatch::Input;
use tieback::store::{LaneOrder, Queue, Registry};
use tieback::types::{DestinationUrl, HookId, HookUpdate};

use crate::bench::Bench;

fn to_url(url: &str) -> HookUpdate {
    HookUpdate { destination_url: Some(DestinationUrl::parse(url).unwrap()), ..HookUpdate::default() }
}

fn active(active: bool) -> HookUpdate {
    HookUpdate { active: Some(active), ..HookUpdate::default() }
}

fn order(bench: &mut Bench, hook: HookId, order: LaneOrder) {
    bench.store.order(&bench.scope, hook, order).unwrap();
    bench.on(Input::Changed(vec![hook]));
}

#[test]
fn changed_url_is_used_at_the_next_start_and_not_for_what_is_in_flight() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let [first, second] = ["a", "b"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    bench.update(hook, to_url("https://example.com/two"));
    bench.on(Input::Changed(vec![hook]));
    bench.answer(first, 200);
    assert!(bench.flying.is_empty(), "nothing starts before the change is read");
    bench.settle();
    assert_eq!(bench.in_flight(), [second]);
    assert_eq!(bench.flying[0].destination.url.as_str(), "https://example.com/two");
}

#[test]
fn change_during_a_load_makes_what_it_brings_worthless() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let [first, second] = ["a", "b"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    let answer = bench.operate();
    bench.store.skip(&bench.scope, hook, first, bench.now.wall).unwrap();
    bench.on(Input::Changed(vec![hook]));
    bench.on(answer);
    assert!(bench.flying.is_empty());
    bench.settle();
    assert_eq!(bench.in_flight(), [second]);
}

#[test]
fn skipped_delivery_never_starts_once_the_machine_knows() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let all = ["a", "b", "c"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    bench.store.skip(&bench.scope, hook, all[1], bench.now.wall).unwrap();
    bench.on(Input::Changed(vec![hook]));
    assert_eq!(bench.drain(), [all[0], all[2]]);
    assert!(bench.dispatch.is_idle());
}

#[test]
fn skipped_delivery_in_flight_keeps_its_attempt_and_its_outcome() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let [first, second] = ["same", "same"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    bench.store.skip(&bench.scope, hook, first, bench.now.wall).unwrap();
    bench.on(Input::Changed(vec![hook]));
    bench.settle();
    assert_eq!(bench.in_flight(), [first], "the next one of its resource waits until it is off the wire");
    bench.answer(first, 200);
    bench.settle();
    assert_eq!(bench.in_flight(), [second]);
    bench.drain();
    assert_eq!(bench.status(hook, first).as_str(), "discarded");
    assert_eq!(bench.attempts(hook), 2);
}

/// A lane that waits after its first delivery, of three, has failed.
fn waiting() -> (Bench, HookId, [tieback::types::DeliveryId; 3]) {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let all = ["same", "same", "other"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    bench.answer(all[0], 500);
    bench.settle();
    assert!(bench.flying.is_empty());
    (bench, hook, all)
}

#[test]
fn skipped_probe_lets_the_next_one_be_probed_at_once() {
    let (mut bench, hook, all) = waiting();
    bench.store.skip(&bench.scope, hook, all[0], bench.now.wall).unwrap();
    bench.on(Input::Changed(vec![hook]));
    bench.settle();
    assert_eq!(bench.in_flight(), [all[1]]);
}

#[test]
fn probe_skipped_on_the_wire_lets_the_next_one_be_probed_when_it_has_failed() {
    let (mut bench, hook, all) = waiting();
    bench.pass(Duration::from_secs(1));
    bench.settle();
    assert_eq!(bench.in_flight(), [all[0]]);
    bench.store.skip(&bench.scope, hook, all[0], bench.now.wall).unwrap();
    bench.on(Input::Changed(vec![hook]));
    bench.settle();
    assert_eq!(bench.in_flight(), [all[0]], "one probe at a time");
    bench.loads.clear();
    bench.answer(all[0], 500);
    bench.settle();
    assert_eq!(bench.in_flight(), [all[1]]);
    assert_eq!(bench.loads.len(), 1, "nobody looks for the one that is gone");
}

#[test]
fn changed_url_probes_a_waiting_lane_at_once_at_the_new_url() {
    let (mut bench, hook, all) = waiting();
    bench.update(hook, to_url("https://example.com/two"));
    bench.on(Input::Changed(vec![hook]));
    bench.settle();
    assert_eq!(bench.in_flight(), [all[0]]);
    assert_eq!(bench.flying[0].destination.url.as_str(), "https://example.com/two");
}

#[test]
fn retry_now_probes_at_once() {
    let (mut bench, hook, all) = waiting();
    order(&mut bench, hook, LaneOrder::RetryNow);
    bench.settle();
    assert_eq!(bench.in_flight(), [all[0]]);
}

#[test]
fn paused_by_an_operator_starts_nothing_and_resumed_begins_at_the_start_of_the_queue() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let all = ["a", "b", "c", "d"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    order(&mut bench, hook, LaneOrder::Pause);
    bench.answer(all[0], 200);
    bench.settle();
    bench.publish(hook, "e");
    bench.settle();
    assert!(bench.flying.is_empty() && bench.dispatch.is_idle());
    assert_eq!(bench.dispatch.paused_lanes(), 0, "no back-off will end this by itself");
    order(&mut bench, hook, LaneOrder::Resume);
    bench.settle();
    assert_eq!(bench.in_flight(), [all[1]]);
    assert_eq!(bench.drain().len(), 4);
}

#[test]
fn disabled_hook_keeps_its_queue_and_enabled_again_delivers_it() {
    let (mut bench, hook, all) = waiting();
    bench.update(hook, active(false));
    bench.on(Input::Changed(vec![hook]));
    bench.settle();
    bench.pass(Duration::from_secs(3600));
    bench.settle();
    assert!(bench.flying.is_empty() && bench.dispatch.is_idle());
    bench.update(hook, active(true));
    bench.on(Input::Changed(vec![hook]));
    assert_eq!(bench.drain(), [all[0], all[2], all[1]], "the slot for the other resource frees first");
}

#[test]
fn state_that_an_enabling_changed_is_kept() {
    let (mut bench, hook, _) = waiting();
    for status in [false, true] {
        bench.update(hook, active(status));
        bench.on(Input::Changed(vec![hook]));
        bench.settle();
    }
    assert_eq!(bench.store.stats(bench.now.wall).unwrap().paused_lanes, 0);
}

#[test]
fn hook_deleted_while_in_flight_starts_nothing_more_and_leaves_nothing_behind() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let all = ["a", "b", "c"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    bench.store.delete_hook(&bench.scope, hook, bench.now.wall).unwrap();
    bench.on(Input::Changed(vec![hook]));
    bench.settle();
    assert_eq!(bench.in_flight(), [all[0]]);
    bench.answer(all[0], 500);
    bench.settle();
    for _ in 0..3 {
        bench.pass(Duration::from_secs(5));
        bench.settle();
    }
    assert!(bench.flying.is_empty() && bench.dispatch.is_idle());
    assert_eq!(bench.dispatch.paused_lanes(), 0);
    let left = format!("{:?}", bench.dispatch);
    assert!(!left.contains(&format!("{hook:?}")), "{left}");
}

#[test]
fn delivery_that_a_closed_lane_put_out_of_memory_is_loaded_again() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    Bench::wide(hook, &mut bench);
    let [late, probe] = ["a", "b"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    bench.answer(probe, 500);
    bench.settle();
    bench.pass(Duration::from_secs(1));
    bench.settle();
    bench.answer(probe, 200);
    bench.settle();
    // The machine learns of the operator's pause, and of its end, by loads alone.
    bench.store.order(&bench.scope, hook, LaneOrder::Pause).unwrap();
    let other = bench.publish(hook, "c");
    bench.settle();
    bench.answer(late, 500);
    bench.settle();
    assert!(bench.flying.is_empty());
    bench.store.order(&bench.scope, hook, LaneOrder::Resume).unwrap();
    bench.on(Input::Changed(vec![hook]));
    assert_eq!(bench.drain(), [late, other]);
}

#[test]
fn hook_that_never_was_is_no_trouble() {
    let mut bench = Bench::new();
    bench.on(Input::Work(vec![HookId(404)]));
    bench.on(Input::Changed(vec![HookId(405)]));
    bench.settle();
    assert!(bench.dispatch.is_idle() && bench.flying.is_empty());
}

#[test]
fn changes_one_after_the_other_are_each_read() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    bench.publish(hook, "a");
    bench.drain();
    bench.update(hook, to_url("https://example.com/two"));
    bench.on(Input::Changed(vec![hook]));
    let answer = bench.operate();
    bench.update(hook, to_url("https://example.com/three"));
    bench.on(Input::Changed(vec![hook]));
    bench.publish(hook, "b");
    bench.on(answer);
    assert!(bench.flying.is_empty());
    bench.settle();
    assert_eq!(bench.flying[0].destination.url.as_str(), "https://example.com/three");
}
