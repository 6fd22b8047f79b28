//! Leases, by the clocks of those who hold them and of those who look at them.

use std::time::Duration;

use tieback::policy::lease::{LEASE, Lease, Watch};
use tieback::policy::queue::Colleague;
use tieback::time::{Moment, Timestamp};
use tieback::types::WorkerId;

const DAY: Duration = Duration::from_secs(86_400);

const NOBODY: [i64; 0] = [];

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn wall() -> Timestamp {
    Timestamp::parse("2025-02-06T23:34:12Z").unwrap()
}

/// This long after the tests' first moment, by both clocks.
fn after(span: Duration) -> Moment {
    Moment { wall: wall().plus(span), monotonic: secs(1000) + span }
}

/// A worker that has renewed its lease then.
fn colleague(worker: i64, renewed_at: Timestamp) -> Colleague {
    Colleague { worker: WorkerId(worker), lease_until: renewed_at.plus(LEASE), is_dead: false }
}

fn over(watch: &mut Watch, others: &[Colleague], now: Moment) -> Vec<i64> {
    watch.look(others.to_vec(), now).iter().map(|other| other.worker.0).collect()
}

#[test]
fn lease_is_renewed_after_a_third_and_starts_nothing_after_two() {
    let lease = Lease::from(secs(7));
    assert_eq!(lease.renew_at(), secs(7) + LEASE / 3);
    assert_eq!(lease.starts_until(), secs(7) + LEASE * 2 / 3);
    assert!(LEASE - LEASE * 2 / 3 >= secs(10), "an attempt of 5 s and 5 s can end and be kept in the last third");
}

#[test]
fn dead_worker_is_over_at_the_first_look() {
    let mut watch = Watch::default();
    let dead = Colleague { is_dead: true, ..colleague(1, wall()) };
    assert_eq!(over(&mut watch, &[dead, colleague(2, wall())], after(secs(0))), [1]);
}

#[test]
fn worker_that_renews_is_never_over() {
    let mut watch = Watch::default();
    for round in 0..20 {
        let now = after(secs(round * 10));
        assert_eq!(over(&mut watch, &[colleague(1, now.wall)], now), NOBODY);
    }
}

#[test]
fn worker_that_stops_renewing_is_over_when_its_lease_is() {
    let mut watch = Watch::default();
    let stalled = [colleague(1, wall())];
    for passed in [secs(0), secs(15), LEASE - Duration::from_micros(1)] {
        assert_eq!(over(&mut watch, &stalled, after(passed)), NOBODY, "after {passed:?}");
    }
    assert_eq!(over(&mut watch, &stalled, after(LEASE)), [1]);
}

#[test]
fn newcomer_need_not_wait_for_a_lease_that_is_over_by_the_wall_clock() {
    let mut watch = Watch::default();
    assert_eq!(over(&mut watch, &[colleague(1, wall())], after(LEASE)), [1]);
}

#[test]
fn wall_clock_that_is_set_back_does_not_prolong_a_lease() {
    let mut watch = Watch::default();
    let stalled = [colleague(1, wall())];
    let set_back = |passed| Moment { wall: wall().minus(DAY), ..after(passed) };
    assert_eq!(over(&mut watch, &stalled, set_back(secs(0))), NOBODY);
    assert_eq!(over(&mut watch, &stalled, set_back(LEASE - secs(1))), NOBODY);
    assert_eq!(over(&mut watch, &stalled, set_back(LEASE)), [1]);
}

#[test]
fn renewal_under_a_clock_that_was_set_back_counts() {
    let mut watch = Watch::default();
    assert_eq!(over(&mut watch, &[colleague(1, wall())], after(secs(0))), NOBODY);
    let set_back = |passed| Moment { wall: wall().minus(DAY).plus(passed), ..after(passed) };
    let renewed = [colleague(1, set_back(secs(20)).wall)];
    assert_eq!(over(&mut watch, &renewed, set_back(secs(20))), NOBODY);
    assert_eq!(over(&mut watch, &renewed, set_back(secs(20) + LEASE - secs(1))), NOBODY);
    assert_eq!(over(&mut watch, &renewed, set_back(secs(20) + LEASE)), [1]);
}

#[test]
fn worker_that_went_is_watched_no_longer_and_begins_anew_when_it_comes_back() {
    let mut watch = Watch::default();
    let far_ahead = [colleague(1, wall().plus(DAY))];
    assert_eq!(over(&mut watch, &far_ahead, after(secs(0))), NOBODY);
    assert!(!watch.is_empty());
    assert_eq!(over(&mut watch, &[], after(secs(1))), NOBODY);
    assert!(watch.is_empty());
    assert_eq!(over(&mut watch, &far_ahead, after(LEASE)), NOBODY, "a whole lease from its new beginning");
    assert_eq!(over(&mut watch, &far_ahead, after(LEASE * 2)), [1]);
}
