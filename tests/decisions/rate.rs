//! Rate limits: which are taken, and what the bucket lets through.

use std::time::Duration;

use proptest::prelude::*;
use tieback::policy::rate::Bucket;
use tieback::types::RateLimit;

use crate::{invalid, says};

const SECOND: Duration = Duration::from_secs(1);

/// Starts whenever the bucket allows, from `from` on until `until`; gives the moments.
fn greedy(bucket: &mut Bucket, limit: &RateLimit, from: Duration, until: Duration) -> Vec<Duration> {
    let mut starts = Vec::new();
    let mut now = from;
    loop {
        now = bucket.not_before(limit).max(now);
        if now > until {
            return starts;
        }
        bucket.take(limit, now);
        starts.push(now);
    }
}

/// The most of these moments in any half-open window of this length.
fn most_within(starts: &[Duration], window: Duration) -> usize {
    (0..starts.len())
        .map(|first| starts[first..].iter().take_while(|at| **at < starts[first] + window).count())
        .max()
        .unwrap_or(0)
}

#[test]
fn numbers_out_of_range_are_refused() {
    says(&invalid(RateLimit::new(0, SECOND)), &["0 attempts", "1 to 1000000"]);
    says(&invalid(RateLimit::new(1_000_001, SECOND)), &["1000001 attempts"]);
    says(&invalid(RateLimit::new(1, Duration::ZERO)), &["per 0ns", "1ms to 86400s"]);
    says(&invalid(RateLimit::new(1, Duration::from_secs(86_401))), &["per 86401s"]);
    says(&invalid(RateLimit::with_burst(5, SECOND, 0)), &["burst of 0", "1 to 5"]);
    says(&invalid(RateLimit::with_burst(5, SECOND, 6)), &["burst of 6", "1 to 5"]);
}

#[test]
fn attempts_are_spaced_evenly_and_the_full_rate_is_reached() {
    let limit = RateLimit::new(1, 10 * SECOND).unwrap();
    let starts = greedy(&mut Bucket::default(), &limit, SECOND, 41 * SECOND);
    assert_eq!(starts, [1, 11, 21, 31, 41].map(Duration::from_secs));
    let limit = RateLimit::new(4, SECOND).unwrap();
    let starts = greedy(&mut Bucket::default(), &limit, SECOND, 2 * SECOND);
    assert_eq!(starts, [1000, 1250, 1500, 1750, 2000].map(Duration::from_millis));
}

#[test]
fn what_was_not_used_is_saved_up_to_the_burst() {
    let limit = RateLimit::with_burst(4, SECOND, 3).unwrap();
    let mut bucket = Bucket::default();
    let quiet = 100 * SECOND;
    let starts = greedy(&mut bucket, &limit, quiet, quiet + Duration::from_millis(500));
    assert_eq!(starts, [0, 0, 0, 250, 500].map(|millis| quiet + Duration::from_millis(millis)));
}

#[test]
fn another_limit_is_in_force_at_once() {
    let (slow, fast) = (RateLimit::new(1, 3600 * SECOND).unwrap(), RateLimit::new(10, SECOND).unwrap());
    let mut bucket = Bucket::default();
    bucket.take(&slow, SECOND);
    bucket.fit(&fast, 2 * SECOND);
    assert_eq!(bucket.not_before(&fast), 2 * SECOND + Duration::from_millis(100), "not after an hour");

    let mut bucket = Bucket::default();
    bucket.take(&fast, SECOND);
    bucket.fit(&slow, SECOND);
    assert!(bucket.not_before(&slow) <= SECOND + Duration::from_millis(100));
    bucket.take(&slow, 2 * SECOND);
    assert_eq!(bucket.not_before(&slow), 3602 * SECOND, "the slow one counts from its first attempt");
}

#[test]
fn fitting_the_same_limit_again_changes_nothing() {
    let limit = RateLimit::with_burst(3, SECOND, 2).unwrap();
    let mut bucket = Bucket::default();
    for millis in [0, 100, 400, 700, 5000] {
        let now = SECOND + Duration::from_millis(millis);
        let before = bucket;
        bucket.fit(&limit, now);
        assert_eq!(bucket, before);
        if bucket.not_before(&limit) <= now {
            bucket.take(&limit, now);
        }
    }
}

proptest! {
    /// Whenever somebody tries to start, and for whatever limit.
    #[test]
    fn no_window_has_more_than_the_burst_and_what_its_length_allows(
        attempts in 1..50_u32,
        per_ms in 1..5000_u64,
        burst in 1..50_u32,
        tries in proptest::collection::vec(0..2000_u64, 1..200),
    ) {
        let per = Duration::from_millis(per_ms);
        let limit = RateLimit::with_burst(attempts, per, burst.min(attempts)).unwrap();
        let (mut bucket, mut now, mut starts) = (Bucket::default(), Duration::ZERO, Vec::new());
        for wait in tries {
            now += Duration::from_millis(wait) / 7;
            let ahead = bucket.starts_until(&limit, now, now + per);
            let expected = greedy(&mut bucket.clone(), &limit, now, now + per).len();
            prop_assert_eq!(ahead as usize, expected);
            if bucket.not_before(&limit) <= now {
                bucket.take(&limit, now);
                starts.push(now);
            }
        }
        for windows in [1, 2, 5] {
            let allowed = limit.burst() - 1 + windows * attempts;
            prop_assert!(most_within(&starts, windows * per) <= allowed as usize);
        }
    }

    #[test]
    fn the_full_rate_is_reached_to_the_attempt(attempts in 1..50_u32, per_ms in 50..5000_u64) {
        let per = Duration::from_millis(per_ms);
        let limit = RateLimit::new(attempts, per).unwrap();
        // An interval is whole nanoseconds, rounded up: that much a window may be short of.
        let rounding = Duration::from_nanos(20 * u64::from(attempts));
        let starts = greedy(&mut Bucket::default(), &limit, Duration::ZERO, 20 * per + rounding);
        prop_assert_eq!(starts.len(), 20 * attempts as usize + 1);
        prop_assert_eq!(most_within(&starts, per), attempts as usize);
    }
}
