//! Fairness: what endpoints that hang, are dead, or have long queues cost the others.

use std::time::Duration;

use tieback::policy::dispatch::Limits;
use tieback::types::HookId;

use crate::town::{Endpoint, Town};

const SECOND: Duration = Duration::from_secs(1);

/// The longest that any of these lanes had something queued and started nothing, when each had one delivery at `each`.
fn longest_waits(town: &Town, hooks: &[HookId], published_at: &[Duration]) -> Duration {
    let mut longest = Duration::ZERO;
    for hook in hooks {
        let starts = town.starts_of(*hook);
        assert_eq!(starts.len(), published_at.len(), "hook {hook} started each of its deliveries once");
        let waits = starts.iter().zip(published_at).map(|(start, published)| *start - *published);
        longest = longest.max(waits.max().unwrap_or_default());
    }
    longest
}

/// One delivery for each hook every 100 ms, for a while. Gives when.
fn trickle(town: &mut Town, hooks: &[HookId], times: u32) -> Vec<Duration> {
    let mut published_at = Vec::new();
    for _ in 0..times {
        published_at.push(town.now.monotonic);
        town.publish(hooks, 1);
        town.run(SECOND / 10);
    }
    published_at
}

fn houses(town: &mut Town, count: usize, endpoint: Endpoint) -> Vec<HookId> {
    (0..count).map(|_| town.house(endpoint)).collect()
}

#[test]
fn a_hanging_and_a_dead_endpoint_do_not_slow_the_others() {
    let mut town = Town::new();
    let good = houses(&mut town, 10, Endpoint::good(20));
    let (hanging, dead) = (town.house(Endpoint::hanging()), town.house(Endpoint::dead()));
    town.publish(&[hanging, dead], 1000);
    let published = trickle(&mut town, &good, 600);
    let longest = longest_waits(&town, &good, &published);
    assert!(longest <= Duration::from_millis(10), "a load and what the store was doing, not {longest:?}");
    // The first attempt, and probes 1, 2, 4, 8 and 16 s after each failure.
    let seconds = |hook| town.starts_of(hook).iter().map(Duration::as_secs).collect::<Vec<_>>();
    assert_eq!((seconds(dead), seconds(hanging)), (vec![0, 1, 3, 7, 15, 31], vec![0, 6, 13, 22, 35, 56]));
}

/// Where slots are short a lane that has something to start waits for one start of each other lane at the most, however
/// long their queues.
#[test]
fn a_queue_of_100_000_is_passed_by_a_ready_lane_after_one_start_of_it() {
    let mut town = Town::with(Limits { in_flight: 4, ..Limits::default() });
    let long = town.house(Endpoint::good(5));
    let good = houses(&mut town, 3, Endpoint::good(5));
    town.publish(&[long], 100_000);
    town.publish(&good, 5);
    town.run(SECOND);
    // As many as a lane has in memory, so that none of them waits for the store in between.
    let from = town.starts.len();
    town.publish(&good, 60);
    town.run(SECOND);
    assert!(town.queued(long) > 90_000, "it is long all the time");
    let starts: Vec<HookId> = town.starts[from..].iter().map(|(_, hook)| *hook).collect();
    for hook in good {
        let turns: Vec<usize> = (0..starts.len()).filter(|at| starts[*at] == hook).collect();
        assert_eq!(turns.len(), 60);
        let between = turns.windows(2).map(|pair| {
            let between = &starts[pair[0]..pair[1]];
            between.iter().filter(|other| **other == long).count()
        });
        assert_eq!(between.max(), Some(1), "starts of the long queue between two of hook {hook}");
    }
}

/// Endpoints that have shown that they hang cost the others nothing, however many they are.
#[test]
fn three_hundred_hanging_hooks_leave_slots_to_those_that_answer() {
    let mut town = Town::new();
    let good = houses(&mut town, 10, Endpoint::good(20));
    let bad = houses(&mut town, 300, Endpoint::hanging());
    let mut published = trickle(&mut town, &good, 10);
    town.publish(&bad, 10);
    published.extend(trickle(&mut town, &good, 600));
    assert!(bad.iter().all(|hook| town.starts_of(*hook).len() >= 3), "every one was tried again");
    let longest = longest_waits(&town, &good, &published);
    assert!(longest <= Duration::from_millis(10), "a load and what the store was doing, not {longest:?}");
}

/// When nothing is known of anybody yet, one time limit is the most that it takes to find out.
#[test]
fn lanes_that_begin_together_with_three_hundred_hanging_ones_wait_for_one_time_limit_at_the_most() {
    let mut town = Town::new();
    let bad = houses(&mut town, 300, Endpoint::hanging());
    let good = houses(&mut town, 10, Endpoint::good(20));
    town.publish(&bad, 10);
    town.publish(&good, 1);
    town.run(10 * SECOND);
    let from = town.now.monotonic;
    let first: Vec<Duration> = good.iter().map(|hook| town.starts_of(*hook)[0]).collect();
    assert!(first.iter().all(|at| *at < 6 * SECOND), "{first:?}");
    let published = trickle(&mut town, &good, 600);
    for hook in good {
        let starts: Vec<_> = town.starts_of(hook).into_iter().filter(|at| *at >= from).collect();
        let waits = starts.iter().zip(&published).map(|(start, published)| *start - *published);
        assert_eq!(starts.len(), published.len());
        assert!(waits.max().unwrap() <= Duration::from_millis(10));
    }
}

/// Another worker takes over lanes that are in back-off: it need not find out again.
#[test]
fn a_worker_that_takes_over_knows_which_lanes_were_failing() {
    let mut town = Town::new();
    let bad = houses(&mut town, 300, Endpoint::hanging());
    let good = houses(&mut town, 10, Endpoint::good(20));
    town.publish(&bad, 10);
    town.run(100 * SECOND);
    let before = town.starts.len();
    // Every wait has ended meanwhile: all three hundred are due.
    town.restart(3600 * SECOND);
    town.run(SECOND);
    assert_eq!(town.starts.len() - before, 128, "half of the slots are taken by probes");
    let at = town.now.monotonic;
    town.publish(&good, 1);
    town.run(SECOND);
    for hook in good {
        let first = town.starts_of(hook)[0];
        assert!(first - at < Duration::from_millis(10), "{:?}", first - at);
    }
}

#[test]
fn slow_endpoints_that_take_everything_leave_slots_to_the_prompt_ones_and_use_their_share() {
    let mut town = Town::new();
    let slow = houses(&mut town, 100, Endpoint::good(4000));
    let good = houses(&mut town, 10, Endpoint::good(20));
    let mut published = trickle(&mut town, &good, 10);
    town.publish(&slow, 1000);
    published.extend(trickle(&mut town, &good, 600));
    let longest = longest_waits(&town, &good, &published);
    assert!(longest <= Duration::from_millis(10), "{longest:?}");
    // Half of 256 slots, each free again after 4 s: 32 starts a second.
    let starts: usize = slow.iter().map(|hook| town.starts_of(*hook).len()).sum();
    assert!((1800..=2000).contains(&starts), "{starts} in a minute");
    assert!(slow.iter().all(|hook| town.starts_of(*hook).len() >= 15), "in turn");
}
