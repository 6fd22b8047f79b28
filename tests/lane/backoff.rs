//! Failures, waits, and the end of patience.

use std::time::Duration;

use tieback::policy::lane::{Start, Turn, Verdict};
use tieback::policy::retry::RetryPolicy;
use tieback::types::Why;

use crate::rig::{HOUR, Rig, YEAR, id, secs};

#[test]
fn waits_double_from_a_second_to_an_hour_and_stay_there() {
    let policy = RetryPolicy::default();
    let waits: Vec<u64> = (0..15).map(|step| policy.backoff(step).as_secs()).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600]);
    assert_eq!(policy.backoff(31), HOUR);
    assert_eq!(policy.backoff(32), HOUR, "no shift overflows");
    assert_eq!(policy.backoff(u32::MAX), HOUR);
    let small = RetryPolicy { backoff_min: Duration::from_millis(7), backoff_max: secs(1), ..RetryPolicy::default() };
    assert_eq!(small.backoff(7), Duration::from_millis(896));
    assert_eq!(small.backoff(8), secs(1));
}

#[test]
fn first_failure_pauses_for_a_second_and_that_delivery_becomes_the_probe() {
    let mut rig = Rig::new();
    let attempt = rig.start(7);
    let before = rig.lane.state().epoch;
    assert_eq!(rig.fails(attempt), Turn::Paused);
    assert_eq!(rig.may_start(), Start::NotBefore(secs(1)));
    assert_eq!((rig.pause().step, rig.pause().streak, rig.pause().probe), (0, Duration::ZERO, Some(id(7))));
    assert_eq!(rig.lane.state().epoch, before + 1);
    rig.pass(secs(1) - Duration::from_nanos(1));
    assert!(matches!(rig.may_start(), Start::NotBefore(_)));
    rig.pass(Duration::from_nanos(1));
    assert_eq!(rig.may_start(), Start::Probe(Some(id(7))));
}

#[test]
fn instant_failures_make_24_attempts_with_the_last_exactly_at_the_end_of_12_h() {
    let mut rig = Rig::paused(1);
    let mut waits = Vec::new();
    loop {
        waits.push(rig.rest().as_secs());
        let probe = rig.probe();
        match rig.fails(probe) {
            Turn::Changed => assert!(waits.len() < 100, "it never gives up"),
            Turn::Flush => break,
            other => panic!("a failed probe gives {other:?}"),
        }
    }
    assert_eq!(
        waits,
        [
            1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600, 3600, 3600, 3600, 3600, 3600, 3600,
            3600, 3105
        ]
    );
    assert_eq!(rig.attempts, 24);
    assert_eq!(rig.now.monotonic, 12 * HOUR);
}

#[test]
fn attempts_that_take_their_whole_time_count_with_it() {
    let mut rig = Rig::paused(1);
    loop {
        let probe = rig.probe();
        rig.pass(secs(10));
        let turn = rig.fails(probe);
        assert!(rig.attempts < 100, "it never gives up");
        if turn == Turn::Flush {
            break;
        }
        assert_eq!(rig.pause().streak, rig.now.monotonic);
    }
    assert_eq!(rig.attempts, 24);
    // The last wait ends with the 12 h; its probe takes 10 s more.
    assert_eq!(rig.now.monotonic, 12 * HOUR + secs(10));
}

#[test]
fn streak_grows_by_no_more_than_the_wait_and_one_attempt() {
    let mut rig = Rig::paused(1);
    // The worker was busy, or an operator had paused the lane: the probe goes out a day late.
    rig.pass(24 * HOUR);
    let probe = rig.probe();
    rig.pass(secs(3));
    assert_eq!(rig.fails(probe), Turn::Changed);
    assert_eq!(rig.pause().streak, secs(1) + secs(10));
}

#[test]
fn wall_clock_jumps_do_not_touch_a_running_lane() {
    for (ahead, span) in
        [(true, HOUR), (false, HOUR), (true, 24 * HOUR), (false, 24 * HOUR), (true, YEAR), (false, YEAR)]
    {
        let mut rig = Rig::paused(1);
        let jumped = if ahead { rig.now.wall.plus(span) } else { rig.now.wall.minus(span) };
        rig.now.wall = jumped;
        assert_eq!(rig.may_start(), Start::NotBefore(secs(1)));
        let probe = rig.probe();
        assert_eq!(rig.fails(probe), Turn::Changed);
        assert_eq!((rig.pause().streak, rig.pause().wait), (secs(1), secs(2)), "ahead: {ahead}, by {span:?}");
    }
}

#[test]
fn clock_alone_never_flushes() {
    let mut rig = Rig::paused(1);
    rig.pass(YEAR);
    assert_eq!(rig.may_start(), Start::Probe(Some(id(1))));
    let probe = rig.probe();
    assert_eq!(rig.succeeds(probe), Turn::Resumed);
}

#[test]
fn probe_that_succeeds_at_the_end_of_the_12_h_saves_the_queue() {
    let mut rig = Rig::paused(1);
    for _ in 0..22 {
        let probe = rig.probe();
        assert_eq!(rig.fails(probe), Turn::Changed);
    }
    let probe = rig.probe();
    assert_eq!(rig.now.monotonic, 12 * HOUR);
    assert_eq!(rig.succeeds(probe), Turn::Resumed);
    assert!(rig.lane.state().pause.is_none(), "the streak is over");
    let attempt = rig.start(2);
    assert_eq!(rig.fails(attempt), Turn::Paused);
    assert_eq!((rig.pause().step, rig.pause().streak), (0, Duration::ZERO));
}

#[test]
fn probe_that_succeeds_opens_with_one_and_every_success_doubles_up_to_the_most() {
    let mut rig = Rig::paused(1);
    let probe = rig.probe();
    assert_eq!(rig.succeeds(probe), Turn::Resumed);
    let mut widths = Vec::new();
    for delivery in 2..8 {
        let Start::Any(width) = rig.may_start() else { panic!("the lane is open") };
        widths.push(width);
        let attempt = rig.start(delivery);
        assert_eq!(rig.succeeds(attempt), Turn::None);
    }
    assert_eq!(widths, [1, 2, 4, 8, 8, 8]);
}

#[test]
fn most_in_flight_of_one_keeps_strict_order_and_a_most_that_is_no_power_of_two_is_reached() {
    for (most, widths) in [(1, [1, 1, 1, 1]), (6, [1, 2, 4, 6])] {
        let mut rig = Rig::with(RetryPolicy { max_in_flight: most, ..RetryPolicy::default() });
        for width in widths {
            assert_eq!(rig.may_start(), Start::Any(width));
            let attempt = rig.start(1);
            rig.succeeds(attempt);
        }
    }
}

/// Up to the failed probe that ends the 12 h.
fn at_the_flush() -> Rig {
    let mut rig = Rig::paused(1);
    while let probe = rig.probe()
        && rig.fails(probe) != Turn::Flush
    {
        assert!(rig.attempts < 100, "it never gives up");
    }
    rig
}

#[test]
fn after_a_flush_nothing_starts_until_it_is_durable_and_then_the_lane_is_as_new() {
    let mut rig = at_the_flush();
    let epoch = rig.lane.state().epoch;
    assert_eq!(rig.may_start(), Start::None);
    rig.lane.flushed(id(90));
    assert_eq!(rig.lane.state().discard_through, id(90));
    assert_eq!(rig.lane.state().epoch, epoch);
    assert_eq!(rig.may_start(), Start::Any(1));
    let attempt = rig.start(91);
    assert_eq!(rig.fails(attempt), Turn::Paused);
    assert_eq!((rig.pause().step, rig.pause().streak, rig.rest()), (0, Duration::ZERO, secs(1)));
}

#[test]
fn flush_that_was_not_kept_is_probed_for_again() {
    let mut rig = Rig::paused(1);
    for _ in 0..22 {
        let probe = rig.probe();
        rig.fails(probe);
    }
    let kept = rig.lane.state().clone();
    let probe = rig.probe();
    assert_eq!(rig.fails(probe), Turn::Flush);
    rig.lane = tieback::policy::lane::Lane::take_over(kept, rig.control.clone(), rig.now);
    assert_eq!(rig.may_start(), Start::Probe(Some(id(1))));
    let probe = rig.probe();
    assert_eq!(rig.fails(probe), Turn::Flush);
}

#[test]
fn jitter_lengthens_a_wait_by_up_to_its_fraction_and_never_past_the_12_h() {
    for (dice, first) in [(0.0, 1.0), (0.5, 1.125), (1.0, 1.25)] {
        let mut rig = Rig::with(RetryPolicy { jitter: 0.25, ..RetryPolicy::default() });
        let attempt = rig.start(1);
        rig.end(attempt, false, None, dice);
        assert_eq!(rig.rest(), Duration::from_secs_f64(first));
        let mut turn = Turn::Changed;
        while turn == Turn::Changed {
            let probe = rig.probe();
            assert!(rig.now.monotonic <= 12 * HOUR);
            turn = rig.end(probe, false, None, dice).1;
        }
        assert_eq!(turn, Turn::Flush);
    }
}

#[test]
fn retry_after_is_ignored_unless_the_policy_honours_it() {
    let mut rig = Rig::new();
    let attempt = rig.start(1);
    rig.end(attempt, false, Some(secs(90)), 0.0);
    assert_eq!(rig.rest(), secs(1));
}

#[test]
fn retry_after_lengthens_a_wait_up_to_the_longest_one_and_to_the_end_of_the_12_h() {
    let policy = RetryPolicy { honor_retry_after: true, ..RetryPolicy::default() };
    for (asked, wait) in [(secs(0), secs(1)), (secs(90), secs(90)), (YEAR, HOUR)] {
        let mut rig = Rig::with(policy.clone());
        let attempt = rig.start(1);
        rig.end(attempt, false, Some(asked), 0.0);
        assert_eq!(rig.rest(), wait, "asked for {asked:?}");
    }
    let mut rig = Rig::with(policy);
    let attempt = rig.start(1);
    rig.end(attempt, false, Some(secs(3599)), 0.0);
    for _ in 0..12 {
        let probe = rig.probe();
        rig.end(probe, false, Some(secs(3599)), 0.0);
    }
    assert_eq!(rig.rest(), secs(12), "12 h less twelve waits of 3599 s");
}

#[test]
fn most_attempts_give_up_the_delivery_and_the_next_in_line_is_probed() {
    let mut rig = Rig::with(RetryPolicy { max_attempts: Some(2), ..RetryPolicy::default() });
    let attempt = rig.start(1);
    assert_eq!(rig.end(attempt, false, None, 0.0), (Verdict::Queued, Turn::Paused));
    let probe = rig.probe();
    assert_eq!(rig.end(probe, false, None, 0.0), (Verdict::Discarded(Why::MaxAttempts), Turn::Changed));
    assert_eq!(rig.pause().probe, None);
    assert_eq!(rig.rest(), secs(2), "the endpoint fails on, whoever is tried");
    rig.attempts = 1;
    let probe = rig.probe();
    assert_eq!(rig.end(probe, true, None, 0.0), (Verdict::Delivered, Turn::Resumed));
}
