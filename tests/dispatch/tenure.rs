//! By what right a worker acts: its lease, the lanes that it holds and lets go, and what becomes of them when another
//! has taken it for dead.

use std::time::Duration;

use tieback::policy::dispatch::{Effect, Input};
use tieback::policy::lane::LaneState;
use tieback::policy::lease::LEASE;
use tieback::policy::queue::{Commit, LaneWrite, LoadRequest, Look, Tenure};
use tieback::store::{LaneOrder, Queue, Workers};
use tieback::types::{DeliveryStatus, HookId, WorkerId};

use crate::bench::{Bench, Operation};

const SECOND: Duration = Duration::from_secs(1);

/// A bench with a delivery in flight.
fn sending() -> (Bench, HookId) {
    let mut bench = Bench::new();
    let hook = bench.hook();
    bench.publish(hook, "a");
    bench.settle();
    assert_eq!(bench.flying.len(), 1);
    (bench, hook)
}

/// Who holds the lane in the store.
fn holder(bench: &Bench, hook: HookId) -> Option<Tenure> {
    let request = LoadRequest { hook, after: Default::default(), limit: 0, bytes: 0 };
    bench.store.load(&[request]).unwrap()[0].tenure
}

/// Another worker has taken this one for dead; it does not know yet.
fn bury(bench: &Bench) -> WorkerId {
    bench.store.bury(&bench.store.look(None, 0).unwrap().others).unwrap();
    bench.store.enlist(bench.now.wall).unwrap()
}

fn claim_for(bench: &Bench, worker: WorkerId, hook: HookId) -> Option<Tenure> {
    let request = LoadRequest { hook, after: Default::default(), limit: 0, bytes: 0 };
    bench.store.claim(worker, &[request]).unwrap()[0].tenure
}

fn look(bench: &mut Bench) {
    let look = bench.store.look(bench.dispatch.worker(), bench.dispatch.seen()).unwrap();
    bench.on(Input::Looked(look));
}

/// Time passes second by second, and what is asked of the store is done.
fn pass(bench: &mut Bench, seconds: u64) {
    for _ in 0..seconds {
        bench.pass(SECOND);
        bench.settle();
    }
}

#[test]
fn lane_with_nothing_more_to_do_is_let_go_after_a_while_and_the_worker_with_it() {
    let (mut bench, hook) = sending();
    bench.drain();
    bench.pass(SECOND);
    assert!(bench.operations.is_empty() && holder(&bench, hook).is_some(), "the next delivery may come soon");
    bench.pass(SECOND);
    assert!(matches!(bench.operations.make_contiguous(), [Operation::Retire(_)]));
    bench.settle();
    assert_eq!((holder(&bench, hook), bench.store.look(None, 0).unwrap().others), (None, Vec::new()));
    assert_eq!(bench.dispatch.worker(), None);
    let alarm = bench.alarm;
    bench.pass(LEASE);
    assert!(bench.operations.is_empty() && (alarm.is_none() || bench.alarm.is_none()), "nothing is left to wake for");
}

#[test]
fn delivery_that_comes_soon_needs_no_claim() {
    let (mut bench, hook) = sending();
    bench.drain();
    bench.pass(SECOND);
    bench.publish(hook, "b");
    assert!(matches!(bench.operations.make_contiguous(), [Operation::Load(_)]));
    bench.drain();
    bench.pass(SECOND);
    assert!(bench.operations.is_empty(), "it was at work since the last look");
    pass(&mut bench, 2);
    assert_eq!(holder(&bench, hook), None);
}

#[test]
fn lane_at_rest_goes_while_another_one_works() {
    let (mut bench, hook) = sending();
    bench.drain();
    let busy = bench.hook();
    bench.publish(busy, "x");
    bench.settle();
    pass(&mut bench, 3);
    assert_eq!((holder(&bench, hook), holder(&bench, busy).is_some()), (None, true));
    assert_eq!(bench.flying.len(), 1);
    assert!(bench.dispatch.worker().is_some());
}

#[test]
fn lane_in_back_off_is_held_and_wakes_nobody_before_it_is_time() {
    let (mut bench, hook) = sending();
    let mut wakes = 0;
    let mut until_it_probes = |bench: &mut Bench| {
        let began = bench.now.monotonic;
        let delivery = bench.in_flight()[0];
        bench.answer(delivery, 503);
        bench.settle();
        wakes = 0;
        while bench.flying.is_empty() {
            bench.pass(bench.alarm.unwrap().saturating_sub(bench.now.monotonic));
            bench.settle();
            wakes += 1;
        }
        bench.now.monotonic - began
    };
    for waits in [1, 2, 4, 8, 16, 32] {
        assert_eq!(until_it_probes(&mut bench), Duration::from_secs(waits));
    }
    assert!(wakes <= 6, "for renewals, one look for rest and the probe, not {wakes} times");
    assert!(holder(&bench, hook).is_some());
}

#[test]
fn rest_keeps_what_is_in_flight_and_gives_back_everything_else_at_once() {
    let (mut bench, busy) = sending();
    let waiting = bench.hook();
    let delivery = bench.publish(waiting, "w");
    bench.settle();
    bench.answer(delivery, 503);
    bench.settle();
    bench.on(Input::Rest);
    bench.settle();
    assert_eq!((holder(&bench, busy).is_some(), holder(&bench, waiting)), (true, None));
    bench.drain();
    bench.on(Input::Rest);
    assert!(matches!(bench.operations.make_contiguous(), [Operation::Retire(_)]));
    bench.settle();
    // It wakes by itself for what it has given back, and begins where it was.
    bench.pass(SECOND);
    bench.settle();
    assert_eq!(bench.in_flight(), [delivery]);
}

#[test]
fn lease_is_renewed_after_a_third_and_starts_nothing_after_two() {
    let (mut bench, hook) = sending();
    let began = bench.now.monotonic;
    bench.pass(LEASE / 3);
    assert!(matches!(bench.operations.make_contiguous(), [Operation::Renew(_)]));
    bench.operations.clear();
    bench.publish(hook, "b");
    bench.settle();
    bench.now.monotonic = began + LEASE * 2 / 3 - Duration::from_micros(1);
    let first = bench.in_flight()[0];
    bench.answer(first, 204);
    bench.settle();
    assert_eq!(bench.flying.len(), 1, "a third is still left");
    bench.now.monotonic = began + LEASE * 2 / 3;
    bench.publish(hook, "c");
    let second = bench.in_flight()[0];
    bench.answer(second, 204);
    bench.settle();
    assert!(bench.flying.is_empty(), "the last third is for what is in flight");
    assert_eq!(bench.status(hook, second), DeliveryStatus::Delivered, "and that is kept");
    bench.on(Input::Renewed(Some(true)));
    bench.settle();
    assert_eq!(bench.flying.len(), 1, "it counts from when it was asked for, a third of a lease ago");
}

#[test]
fn renewal_that_fails_is_tried_again_after_a_second() {
    let (mut bench, _) = sending();
    bench.pass(LEASE / 3);
    bench.operations.clear();
    bench.on(Input::Renewed(None));
    assert!(bench.operations.is_empty());
    bench.pass(SECOND);
    assert!(matches!(bench.operations.make_contiguous(), [Operation::Renew(_)]));
}

#[test]
fn enlisting_that_fails_is_tried_again_after_a_second() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    bench.queue(hook, "a");
    let asks = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Enlist));
    assert!(asks(&bench.dispatch.on(Input::Work(vec![hook]), bench.now)));
    let effects = bench.dispatch.on(Input::Enlisted(None), bench.now);
    assert!(!asks(&effects), "not in a circle");
    let wakes_at = effects.iter().find_map(|effect| match effect {
        Effect::WakeAt(at) => Some(*at),
        _ => None,
    });
    assert_eq!(wakes_at, Some(SECOND));
    bench.alarm = wakes_at;
    bench.pass(SECOND);
    bench.settle();
    assert_eq!(bench.flying.len(), 1);
}

#[test]
fn ousted_worker_keeps_its_attempts_as_facts_and_begins_anew() {
    let (mut bench, hook) = sending();
    let delivery = bench.in_flight()[0];
    let other = bury(&bench);
    let of_other = claim_for(&bench, other, hook);
    bench.pass(LEASE / 3);
    bench.settle();
    assert_eq!(bench.dispatch.worker(), None, "the renewal tells");
    bench.answer(delivery, 204);
    bench.settle();
    assert_eq!(bench.attempts(hook), 1);
    assert_eq!(bench.status(hook, delivery), DeliveryStatus::Retrying, "what it means is for the other to say");
    assert_eq!(holder(&bench, hook), of_other);
    bench.store.retire(other).unwrap();
    look(&mut bench);
    bench.settle();
    assert_eq!(bench.in_flight(), [delivery]);
    bench.drain();
    assert_eq!(bench.status(hook, delivery), DeliveryStatus::Delivered);
}

#[test]
fn stray_answer_does_not_pass_for_that_of_a_later_tenure() {
    let (mut bench, hook) = sending();
    let delivery = bench.in_flight()[0];
    let stray = bench.answer_of(delivery, 503);
    let other = bury(&bench);
    claim_for(&bench, other, hook);
    bench.pass(LEASE / 3);
    bench.settle();
    bench.store.retire(other).unwrap();
    look(&mut bench);
    bench.settle();
    assert_eq!((bench.in_flight(), bench.dispatch.in_flight()), (vec![delivery], 2));
    bench.on(Input::Ended(vec![stray]));
    bench.settle();
    assert!(bench.notices.is_empty() && bench.in_flight() == [delivery], "it pauses nothing");
    bench.answer(delivery, 204);
    bench.settle();
    assert_eq!((bench.status(hook, delivery), bench.attempts(hook)), (DeliveryStatus::Delivered, 2));
    assert!(bench.dispatch.is_idle());
}

#[test]
fn commit_that_finds_its_tenure_lost_ends_all_work_on_the_lane() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let first = bench.queue(hook, "same");
    bench.queue(hook, "same");
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    let other = bury(&bench);
    let of_other = claim_for(&bench, other, hook);
    bench.answer(first, 204);
    bench.settle();
    assert!(bench.flying.is_empty() && bench.operations.is_empty(), "the second is the other's");
    assert_eq!((bench.status(hook, first), holder(&bench, hook)), (DeliveryStatus::Retrying, of_other));
}

#[test]
fn claim_that_is_refused_leaves_the_lane_to_its_holder() {
    let mut bench = Bench::new();
    let (hook, mine) = (bench.hook(), bench.hook());
    let other = bench.store.enlist(bench.now.wall).unwrap();
    let of_other = claim_for(&bench, other, hook);
    bench.publish(hook, "a");
    bench.publish(mine, "x");
    bench.settle();
    assert_eq!(bench.flying.iter().map(|sending| sending.hook).collect::<Vec<_>>(), [mine]);
    assert_eq!(holder(&bench, hook), of_other);
    pass(&mut bench, 5);
    assert_eq!(bench.loads.iter().filter(|request| request.hook == hook).count(), 1, "it does not ask again and again");
    bench.store.retire(other).unwrap();
    look(&mut bench);
    bench.settle();
    assert_eq!(bench.flying.len(), 2, "it is told when the lane is free");
}

#[test]
fn worker_that_was_buried_finds_out_by_a_refused_claim_and_loses_no_work() {
    let (mut bench, hook) = sending();
    bench.drain();
    let others = bench.store.look(None, 0).unwrap().others;
    bench.store.bury(&others).unwrap();
    let fresh = bench.hook();
    bench.publish(fresh, "x");
    bench.settle();
    assert_eq!(bench.flying.len(), 1, "it enlists anew, and claims again");
    assert!(bench.dispatch.worker().is_some_and(|worker| holder(&bench, fresh).unwrap().worker == worker));
    assert_eq!(holder(&bench, hook), None);
}

#[test]
fn lanes_of_workers_that_are_gone_are_freed_and_taken() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    bench.queue(hook, "a");
    let other = bench.store.enlist(bench.now.wall).unwrap();
    claim_for(&bench, other, hook);
    look(&mut bench);
    assert!(bench.operations.is_empty() && bench.dispatch.watches_others(), "it lives");
    bench.store.kill(other);
    look(&mut bench);
    assert!(matches!(bench.operations.make_contiguous(), [Operation::Bury(_)]));
    bench.settle();
    assert_eq!(bench.flying.len(), 1);
    look(&mut bench);
    assert!(!bench.dispatch.watches_others(), "nobody is left to watch");
}

#[test]
fn look_wakes_only_for_what_it_tells() {
    let (mut bench, _) = sending();
    let before = bench.operations.len();
    bench.on(Input::Looked(Look { seen: 3, ..Look::default() }));
    assert_eq!((bench.operations.len(), bench.dispatch.seen()), (before, 3));
}

#[test]
fn change_that_a_look_tells_of_is_read_before_anything_starts() {
    let (mut bench, hook) = sending();
    let (first, second) = (bench.in_flight()[0], bench.publish(hook, "b"));
    bench.settle();
    bench.store.order(&bench.scope, hook, LaneOrder::Pause).unwrap();
    look(&mut bench);
    bench.answer(first, 204);
    assert!(bench.flying.is_empty(), "not before it is known what was changed");
    bench.settle();
    assert!(bench.flying.is_empty(), "somebody else has paused the lane");
    bench.store.order(&bench.scope, hook, LaneOrder::Resume).unwrap();
    look(&mut bench);
    bench.settle();
    assert_eq!(bench.in_flight(), [second]);
}

#[test]
fn lane_that_another_held_in_between_is_as_that_one_left_it() {
    let (mut bench, hook) = sending();
    let delivery = bench.in_flight()[0];
    bench.answer(delivery, 503);
    bench.settle();
    bench.on(Input::Rest);
    bench.settle();
    let other = bench.store.enlist(bench.now.wall).unwrap();
    let tenure = claim_for(&bench, other, hook).unwrap();
    let resumed = LaneWrite { hook, tenure, state: LaneState { epoch: 9, ..LaneState::default() }, flush: false };
    bench.store.commit(&Commit { settled: Vec::new(), lanes: vec![resumed] }).unwrap();
    bench.store.retire(other).unwrap();
    look(&mut bench);
    bench.settle();
    assert_eq!(bench.in_flight(), [delivery], "it waits no longer");
    assert_eq!(bench.flying[0].epoch, 9);
}
