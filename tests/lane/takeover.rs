//! A lane that another process takes over.

use std::time::Duration;

use tieback::policy::lane::{Start, Turn};

use crate::rig::{DAY, HOUR, Rig, YEAR, id, secs};

/// A lane that has failed four times and now waits 8 s.
fn waiting() -> Rig {
    let mut rig = Rig::paused(1);
    for _ in 0..3 {
        let probe = rig.probe();
        rig.fails(probe);
    }
    assert_eq!((rig.rest(), rig.pause().streak), (secs(8), secs(7)));
    rig
}

#[test]
fn open_lane_is_taken_over_with_one_at_a_time() {
    let mut rig = Rig::new();
    let attempt = rig.start(1);
    rig.succeeds(attempt);
    assert_eq!(rig.may_start(), Start::Any(2));
    rig.restart();
    assert_eq!(rig.may_start(), Start::Any(1));
}

#[test]
fn pause_goes_on_where_it_was() {
    let mut rig = waiting();
    rig.pass(secs(3));
    rig.restart();
    assert_eq!(rig.rest(), secs(5));
    let probe = rig.probe();
    assert_eq!(rig.fails(probe), Turn::Changed);
    assert_eq!((rig.pause().streak, rig.pause().wait), (secs(15), secs(16)));
}

#[test]
fn probe_in_flight_is_sent_again() {
    let mut rig = waiting();
    rig.probe();
    rig.restart();
    assert_eq!(rig.may_start(), Start::Probe(Some(id(1))));
}

#[test]
fn worker_that_restarts_before_every_probe_gives_up_after_12_h_too() {
    let mut rig = Rig::paused(1);
    let began = rig.now.wall;
    while let () = rig.pass(rig.rest())
        && let () = rig.restart()
        && let probe = rig.probe()
        && rig.fails(probe) != Turn::Flush
    {
        assert!(rig.attempts < 100, "it never gives up");
    }
    assert_eq!(rig.attempts, 24);
    assert_eq!(rig.now.wall.since(began), 12 * HOUR);
}

#[test]
fn takeover_long_after_the_12_h_probes_first() {
    let mut rig = Rig::paused(1);
    for _ in 0..22 {
        let probe = rig.probe();
        rig.fails(probe);
    }
    rig.pass(3 * DAY);
    rig.restart();
    assert_eq!(rig.may_start(), Start::Probe(Some(id(1))), "a take-over discards nothing");
    let mut other = Rig { lane: rig.lane.clone(), ..Rig::new() };
    let probe = other.start(1);
    assert_eq!(other.succeeds(probe), Turn::Resumed);
    let probe = rig.probe();
    assert_eq!(rig.fails(probe), Turn::Flush);
}

#[test]
fn days_without_a_worker_count_as_one_wait_and_one_attempt() {
    let mut rig = waiting();
    rig.pass(3 * DAY);
    rig.restart();
    let probe = rig.probe();
    assert_eq!(rig.fails(probe), Turn::Changed);
    assert_eq!(rig.pause().streak, secs(7 + 8 + 10));
}

#[test]
fn clock_set_forward_across_a_takeover_counts_little() {
    for span in [HOUR, DAY, YEAR] {
        let mut rig = waiting();
        rig.now.wall = rig.now.wall.plus(span);
        rig.restart();
        assert_eq!(rig.may_start(), Start::Probe(Some(id(1))));
        let probe = rig.probe();
        assert_eq!(rig.fails(probe), Turn::Changed);
        assert_eq!((rig.pause().streak, rig.pause().step), (secs(7 + 8 + 10), 4), "by {span:?}");
    }
}

#[test]
fn clock_set_back_across_a_takeover_prolongs_no_pause_beyond_its_own_length() {
    for span in [HOUR, DAY, YEAR] {
        let mut rig = waiting();
        rig.now.wall = rig.now.wall.minus(span);
        rig.restart();
        assert_eq!(rig.rest(), secs(8), "by {span:?}");
        let probe = rig.probe();
        assert_eq!(rig.fails(probe), Turn::Changed);
        assert_eq!(rig.pause().streak, secs(7 + 8));
    }
}

#[test]
fn clock_set_back_does_not_begin_the_wait_anew_at_every_takeover() {
    let mut rig = waiting();
    rig.now.wall = rig.now.wall.minus(YEAR);
    for second in 0..8 {
        rig.restart();
        assert_eq!(rig.rest(), secs(8 - second));
        rig.pass(secs(1));
    }
    rig.restart();
    assert_eq!(rig.rest(), Duration::ZERO);
}

#[test]
fn takeover_keeps_what_was_discarded_and_takes_note_of_resets() {
    let mut rig = waiting();
    rig.lane.flushed(id(40));
    rig.control.resets += 1;
    let epoch = rig.lane.state().epoch;
    rig.restart();
    assert_eq!(rig.may_start(), Start::Any(1));
    assert_eq!(rig.lane.state().discard_through, id(40));
    assert!(rig.lane.state().epoch > epoch, "what the old worker had in flight is late");
}
