//! Attempts from before the latest pause.

use tieback::policy::lane::{Start, Turn, Verdict};
use tieback::policy::retry::RetryPolicy;
use tieback::types::Why;

use crate::rig::{Flying, Rig, id, secs};

/// A lane with attempts at 1 to 5 in flight, paused by the failure of 3. Gives the attempts at 1, 2, 4 and 5.
fn paused_by_the_third() -> (Rig, [Flying; 4]) {
    let mut rig = Rig::new();
    let [one, two, three, four, five] = [1, 2, 3, 4, 5].map(|delivery| rig.start(delivery));
    assert_eq!(rig.fails(three), Turn::Paused);
    (rig, [one, two, four, five])
}

#[test]
fn late_success_neither_resumes_nor_shortens() {
    let (mut rig, [one, _, four, _]) = paused_by_the_third();
    let before = rig.lane.state().clone();
    rig.pass(secs(1) / 2);
    assert_eq!(rig.succeeds(one), Turn::None);
    assert_eq!(rig.succeeds(four), Turn::None);
    assert_eq!(*rig.lane.state(), before);
    assert_eq!(rig.may_start(), Start::NotBefore(secs(1)));
}

#[test]
fn late_failure_lengthens_nothing() {
    let (mut rig, [_, _, four, five]) = paused_by_the_third();
    let before = rig.lane.state().clone();
    assert_eq!(rig.fails(four), Turn::None);
    assert_eq!(rig.fails(five), Turn::None);
    assert_eq!(*rig.lane.state(), before);
}

#[test]
fn late_failure_that_is_earlier_in_order_becomes_the_probe() {
    let (mut rig, [one, two, ..]) = paused_by_the_third();
    assert_eq!(rig.fails(two), Turn::Changed);
    assert_eq!(rig.pause().probe, Some(id(2)));
    assert_eq!(rig.fails(one), Turn::Changed);
    assert_eq!((rig.pause().probe, rig.pause().step, rig.rest()), (Some(id(1)), 0, secs(1)));
    rig.pass(secs(1));
    assert_eq!(rig.may_start(), Start::Probe(Some(id(1))));
}

#[test]
fn late_failure_during_the_probe_is_probed_next_if_this_one_fails() {
    let (mut rig, [one, ..]) = paused_by_the_third();
    let probe = rig.probe();
    assert_eq!(rig.fails(one), Turn::Changed);
    assert_eq!(rig.may_start(), Start::None);
    assert_eq!(rig.fails(probe), Turn::Changed);
    assert_eq!((rig.pause().probe, rig.pause().step), (Some(id(1)), 1));
}

#[test]
fn late_failure_that_was_given_up_is_no_probe() {
    let (mut rig, [one, ..]) = paused_by_the_third();
    rig.policy = RetryPolicy { max_attempts: Some(1), ..rig.policy };
    assert_eq!(rig.end(one, false, None, 0.0), (Verdict::Discarded(Why::MaxAttempts), Turn::None));
    assert_eq!(rig.pause().probe, Some(id(3)));
}

#[test]
fn late_attempts_stay_late_after_the_lane_has_resumed() {
    let (mut rig, [one, _, four, _]) = paused_by_the_third();
    let probe = rig.probe();
    assert_eq!(rig.succeeds(probe), Turn::Resumed);
    assert_eq!(rig.fails(four), Turn::None);
    assert_eq!(rig.succeeds(one), Turn::None);
    assert_eq!(rig.may_start(), Start::Any(1), "a late success widens nothing");
}

#[test]
fn late_attempts_stay_late_after_a_flush() {
    let (mut rig, [one, two, ..]) = paused_by_the_third();
    while let probe = rig.probe()
        && rig.fails(probe) != Turn::Flush
    {
        assert!(rig.attempts < 100, "it never gives up");
    }
    assert_eq!(rig.fails(one), Turn::None);
    rig.lane.flushed(id(9));
    assert_eq!(rig.fails(two), Turn::None);
    assert_eq!(rig.may_start(), Start::Any(1));
}
