//! What the service and operators do to a lane.

use std::time::Duration;

use tieback::policy::lane::{Gate, Start, Turn};

use crate::rig::{Rig, id, secs};

#[test]
fn disabled_lane_starts_nothing_whatever_state_it_is_in() {
    for mut rig in [Rig::new(), Rig::paused(1)] {
        for gate in [Gate::Held, Gate::Gone] {
            rig.set(|control| control.gate = gate);
            rig.pass(secs(10));
            assert_eq!(rig.may_start(), Start::None);
            rig.nudge();
            assert_eq!(rig.may_start(), Start::None);
        }
    }
}

#[test]
fn enabling_again_opens_with_one_and_ends_the_streak() {
    let mut rig = Rig::paused(1);
    let probe = rig.probe();
    rig.fails(probe);
    rig.set(|control| control.gate = Gate::Held);
    rig.enable();
    assert_eq!(rig.may_start(), Start::Any(1));
    let attempt = rig.start(1);
    assert_eq!(rig.fails(attempt), Turn::Paused);
    assert_eq!((rig.pause().step, rig.pause().streak), (0, Duration::ZERO));
}

#[test]
fn attempts_from_before_the_enabling_are_late() {
    let mut rig = Rig::paused(1);
    let probe = rig.probe();
    rig.set(|control| control.gate = Gate::Held);
    rig.enable();
    let fresh = rig.start(2);
    assert_eq!(rig.fails(probe), Turn::None);
    assert_eq!(rig.may_start(), Start::Any(1));
    assert_eq!(rig.succeeds(fresh), Turn::None);
    assert_eq!(rig.may_start(), Start::Any(2));
}

#[test]
fn paused_by_an_operator_starts_nothing_and_resumes_with_one() {
    let mut rig = Rig::new();
    for delivery in 1..4 {
        let attempt = rig.start(delivery);
        rig.succeeds(attempt);
    }
    assert_eq!(rig.may_start(), Start::Any(8));
    rig.set(|control| control.suspended = true);
    assert_eq!(rig.may_start(), Start::None);
    assert!(rig.lane.is_paused() && !rig.lane.waits_for_backoff());
    rig.set(|control| control.suspended = false);
    assert_eq!(rig.may_start(), Start::Any(1));
}

#[test]
fn operators_pause_leaves_the_backoff_as_it_is() {
    let mut rig = Rig::paused(1);
    rig.set(|control| control.suspended = true);
    rig.pass(secs(5));
    assert_eq!(rig.may_start(), Start::None);
    rig.set(|control| control.suspended = false);
    assert_eq!(rig.may_start(), Start::Probe(Some(id(1))));
}

/// A lane at its third wait of 4 s.
fn waiting() -> Rig {
    let mut rig = Rig::paused(1);
    for _ in 0..2 {
        let probe = rig.probe();
        rig.fails(probe);
    }
    assert_eq!(rig.rest(), secs(4));
    rig
}

#[test]
fn retry_now_probes_at_once_and_once() {
    let mut rig = waiting();
    rig.pass(secs(1));
    rig.nudge();
    let streak = rig.pause().streak;
    assert_eq!(rig.may_start(), Start::Probe(Some(id(1))));
    let probe = rig.probe();
    assert_eq!(rig.fails(probe), Turn::Changed);
    assert_eq!(rig.rest(), secs(8));
    assert_eq!(rig.pause().streak, streak + secs(1), "it grew by the time that passed, not by the wait that was cut");
}

#[test]
fn nudge_during_the_probe_asks_for_another_one() {
    let mut rig = waiting();
    let probe = rig.probe();
    rig.nudge();
    assert_eq!(rig.may_start(), Start::None, "one probe at a time");
    assert_eq!(rig.fails(probe), Turn::Changed);
    assert_eq!(rig.may_start(), Start::Probe(Some(id(1))));
    let probe = rig.probe();
    assert_eq!(rig.fails(probe), Turn::Changed);
    assert_eq!(rig.rest(), secs(16));
}

#[test]
fn nudge_of_an_open_lane_is_not_saved_up_for_a_later_pause() {
    let mut rig = Rig::new();
    rig.nudge();
    let attempt = rig.start(1);
    rig.nudge();
    rig.fails(attempt);
    assert_eq!(rig.may_start(), Start::NotBefore(secs(1)));
}

#[test]
fn nudge_outlives_the_worker_that_did_not_probe_and_not_the_one_that_did() {
    let mut rig = waiting();
    rig.nudge();
    rig.restart();
    assert_eq!(rig.may_start(), Start::Probe(Some(id(1))));
    let probe = rig.probe();
    rig.fails(probe);
    rig.restart();
    assert_eq!(rig.rest(), secs(8));
}

#[test]
fn whoever_is_first_is_probed_when_the_probe_is_queued_no_longer() {
    let mut rig = waiting();
    rig.lane.forget(id(2));
    assert_eq!(rig.pause().probe, Some(id(1)));
    rig.lane.forget(id(1));
    assert_eq!(rig.rest(), secs(4));
    rig.nudge();
    assert_eq!(rig.may_start(), Start::Probe(None));
    let probe = rig.start(6);
    assert_eq!(rig.fails(probe), Turn::Changed);
    assert_eq!(rig.pause().probe, Some(id(6)));
}
