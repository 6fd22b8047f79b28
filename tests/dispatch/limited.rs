//! Rate limits in simulated time: never more than the limit, the full rate reached, and no work while a lane waits.

use std::time::Duration;

use tieback::policy::dispatch::Limits;
use tieback::types::{HookId, RateLimit};

use crate::town::{Endpoint, Town};

const SECOND: Duration = Duration::from_secs(1);

fn per_second(attempts: u32) -> RateLimit {
    RateLimit::new(attempts, SECOND).unwrap()
}

fn each(seconds: u64) -> RateLimit {
    RateLimit::new(1, Duration::from_secs(seconds)).unwrap()
}

/// The most starts in any half-open window of this length.
fn most_within(starts: &[Duration], window: Duration) -> usize {
    (0..starts.len())
        .map(|first| starts[first..].iter().take_while(|at| **at < starts[first] + window).count())
        .max()
        .unwrap_or(0)
}

fn one(endpoint: Endpoint, limit: RateLimit, queued: usize) -> (Town, HookId) {
    let mut town = Town::new();
    let hook = town.limited(endpoint, limit);
    town.publish(&[hook], queued);
    (town, hook)
}

#[test]
fn no_window_has_more_than_the_limit_and_the_full_rate_is_reached() {
    for (limit, minutes, expected) in
        [(per_second(10), 1, 600), (per_second(1), 5, 300), (each(10), 30, 180), (per_second(200), 1, 12_000)]
    {
        for takes in [1, 90, 700] {
            let (mut town, hook) = one(Endpoint::good(takes), limit, 20_000);
            // A lane begins with one at a time.
            town.run(10 * SECOND);
            let first = town.starts_of(hook).len();
            town.run(minutes * 60 * SECOND);
            let starts = town.starts_of(hook);
            assert!(most_within(&starts, limit.per()) <= limit.attempts() as usize, "{limit:?}");
            // An endpoint that takes longer than eight times the interval cannot be reached that often.
            if takes * u64::from(limit.attempts()) <= 7 * limit.per().as_millis() as u64 {
                let reached = (starts.len() - first) as f64 / f64::from(expected);
                assert!(reached > 0.99, "{reached} of {limit:?} with answers after {takes} ms");
            }
        }
    }
}

#[test]
fn a_burst_goes_at_once_and_the_rest_evenly() {
    let limit = RateLimit::with_burst(10, 5 * SECOND, 4).unwrap();
    let (mut town, hook) = one(Endpoint::good(1), limit, 8);
    let took = town.run_until_idle();
    let starts = town.starts_of(hook);
    assert!(starts[3] < SECOND / 10, "four at once: {starts:?}");
    assert_eq!(starts.len(), 8);
    assert!(took >= 2 * SECOND && took < 21 * SECOND / 10, "four more, one each half second: {took:?}");
}

#[test]
fn repeated_attempts_count_too() {
    let (mut town, hook) = one(Endpoint::dead(), each(10), 5);
    town.run(100 * SECOND);
    let starts = town.starts_of(hook);
    assert_eq!(most_within(&starts, 10 * SECOND), 1);
    // The waits of 1, 2, 4 and 8 s are shorter than the limit's; that of 16 s is not.
    let seconds: Vec<u64> = starts.iter().map(Duration::as_secs).collect();
    assert_eq!(seconds, [0, 10, 20, 30, 40, 56, 88]);
}

#[test]
fn a_restart_does_not_burst_above_one_bucket() {
    let limit = RateLimit::with_burst(10, 10 * SECOND, 3).unwrap();
    let (mut town, hook) = one(Endpoint::good(1), limit, 1000);
    town.run(20 * SECOND);
    let before = town.starts_of(hook).len();
    town.restart(Duration::ZERO);
    town.run(SECOND / 2);
    assert!(town.starts_of(hook).len() <= before + 3);
    town.run(60 * SECOND);
    let after = town.starts_of(hook).split_off(before);
    assert!(most_within(&after, 10 * SECOND) <= 3 + 9);
}

#[test]
fn a_changed_limit_is_in_force_at_once() {
    let (mut town, hook) = one(Endpoint::good(1), each(3600), 1000);
    town.run(10 * SECOND);
    assert_eq!(town.starts_of(hook).len(), 1);
    town.set_limit(hook, Some(per_second(10)));
    town.run(10 * SECOND);
    assert!((99..=101).contains(&(town.starts_of(hook).len() - 1)), "{}", town.starts_of(hook).len());
    let before = town.starts_of(hook).len();
    town.set_limit(hook, Some(each(10)));
    town.run(95 * SECOND);
    assert!((9..=11).contains(&(town.starts_of(hook).len() - before)), "{}", town.starts_of(hook).len() - before);
    town.set_limit(hook, None);
    town.run(10 * SECOND);
    assert_eq!(town.queued(hook), 0);
}

/// What it waits for is due: whoever waits until all is delivered waits for it too. Back-off is not waited for.
#[test]
fn a_limited_lane_is_not_idle_until_everything_is_sent() {
    let (mut town, hook) = one(Endpoint::good(1), each(10), 4);
    assert!(!town.dispatch.is_idle());
    let took = town.run_until_idle();
    assert_eq!((town.queued(hook), town.starts_of(hook).len()), (0, 4));
    assert!(took >= 30 * SECOND && took < 31 * SECOND, "{took:?}");
}

#[test]
fn a_limited_lane_costs_nothing_while_it_waits() {
    let mut town = Town::new();
    let hooks: Vec<HookId> = (0..100).map(|_| town.limited(Endpoint::good(1), each(3600))).collect();
    town.publish(&hooks, 50);
    town.run(10 * SECOND);
    assert_eq!(town.starts.len(), 100);
    let before = town.inputs;
    town.run(3000 * SECOND);
    assert_eq!(town.starts.len(), 100);
    // What holds the lanes is renewed every ten seconds, all of it together: an alarm, and the store's answer.
    let inputs = town.inputs - before;
    assert!(inputs <= 2 * 301, "{inputs}");
    town.run(600 * SECOND);
    assert_eq!(town.starts.len(), 200);
}

#[test]
fn lanes_that_wait_for_their_limit_do_not_take_the_room_of_others() {
    // Room for few payloads: those of a hundred limited lanes would fill it for hours.
    let mut town = Town::with(Limits { buffered_bytes: 64, ..Limits::default() });
    let limited: Vec<HookId> = (0..100).map(|_| town.limited(Endpoint::good(1), each(3600))).collect();
    town.publish(&limited, 50);
    let other = town.house(Endpoint::good(1));
    town.publish(&[other], 500);
    town.run(30 * SECOND);
    assert_eq!((town.queued(other), town.starts.len()), (0, 600));
}

#[test]
fn a_limited_lane_holds_up_no_other() {
    let (mut town, hook) = one(Endpoint::good(1), per_second(5), 10_000);
    let other = town.house(Endpoint::good(1));
    town.publish(&[other], 2000);
    town.run(10 * SECOND);
    assert_eq!(town.queued(other), 0);
    assert!((49..=51).contains(&town.starts_of(hook).len()));
}
