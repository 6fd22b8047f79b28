//! Bounds: attempts in flight, deliveries and bytes in memory; and that nobody starves within them.

use std::collections::BTreeMap;
use std::time::Duration;

use tieback::policy::dispatch::{Dispatch, Input, Limits};
use tieback::policy::retry::RetryPolicy;
use tieback::types::HookId;

use crate::bench::{Bench, Operation};

fn limits(in_flight: usize, window: u32, buffered_bytes: usize) -> Limits {
    Limits { in_flight, window, buffered_bytes }
}

#[test]
fn attempts_in_flight_stay_within_the_limit_over_all_lanes() {
    let mut bench = Bench::with(RetryPolicy::default(), limits(5, 64, 1 << 20));
    let hooks: Vec<_> = (0..12).map(|_| bench.hook()).collect();
    for hook in &hooks {
        for number in 0..10 {
            bench.queue(*hook, &format!("r{number}"));
        }
    }
    bench.on(Input::Work(hooks));
    let mut most = 0;
    let mut delivered = 0;
    loop {
        bench.settle();
        most = most.max(bench.flying.len());
        assert!(bench.flying.len() <= 5);
        assert_eq!(bench.dispatch.in_flight(), bench.flying.len());
        let Some(first) = bench.in_flight().first().copied() else { break };
        bench.answer(first, 200);
        delivered += 1;
    }
    assert_eq!((most, delivered), (5, 120));
}

#[test]
fn lane_with_thousands_does_not_hold_up_lanes_with_one() {
    let mut bench = Bench::with(RetryPolicy::default(), limits(4, 64, 1 << 20));
    let busy = bench.hook();
    for number in 0..300 {
        bench.queue(busy, &format!("r{number}"));
    }
    bench.on(Input::Work(vec![busy]));
    bench.settle();
    for _ in 0..8 {
        let first = bench.in_flight()[0];
        bench.answer(first, 200);
        bench.settle();
    }
    assert_eq!(bench.flying.len(), 4, "the busy lane has every slot");
    let others: Vec<_> = (0..10).map(|_| bench.hook()).collect();
    for hook in &others {
        bench.queue(*hook, "one");
    }
    bench.on(Input::Work(others.clone()));
    let mut answered = 0;
    let mut served: Vec<HookId> = Vec::new();
    while served.len() < others.len() {
        bench.settle();
        let sending = bench.flying[0].clone();
        if sending.hook != busy {
            served.push(sending.hook);
        }
        bench.answer(sending.delivery, 200);
        answered += 1;
        assert!(answered < 40, "{} of the others were served after {answered} answers", served.len());
    }
}

#[test]
fn window_bounds_what_one_lane_holds() {
    let mut bench = Bench::with(RetryPolicy::default(), limits(256, 6, 1 << 20));
    let hook = bench.hook();
    for number in 0..40 {
        bench.queue(hook, &format!("r{}", number % 7));
    }
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    assert!(bench.loads.iter().all(|load| load.limit <= 6));
    let through = bench.loads.len();
    bench.settle();
    assert_eq!(bench.loads.len(), through, "a full window asks for no more");
    assert_eq!(bench.drain().len(), 40);
}

#[test]
fn smallest_window_and_smallest_buffer_still_deliver_everything() {
    for (window, bytes) in [(1, 1 << 20), (2, 1), (1, 1)] {
        let mut bench = Bench::with(RetryPolicy::default(), limits(256, window, bytes));
        let hooks: Vec<_> = (0..4).map(|_| bench.hook()).collect();
        for hook in &hooks {
            for number in 0..5 {
                bench.queue(*hook, &format!("r{}", number % 2));
            }
        }
        bench.on(Input::Work(hooks));
        assert_eq!(bench.drain().len(), 20, "window {window}, {bytes} bytes");
        assert!(bench.dispatch.is_idle());
    }
}

const LARGE: usize = 10_000;

/// Lanes with large payloads, far more than there is room for.
fn crowded(lanes: usize, each: usize, buffered_bytes: usize) -> (Bench, Vec<HookId>) {
    let mut bench = Bench::with(RetryPolicy::default(), limits(256, 64, buffered_bytes));
    let hooks: Vec<_> = (0..lanes).map(|_| bench.hook()).collect();
    for hook in &hooks {
        bench.use_v2(*hook);
        for number in 0..each {
            bench.queue_bytes(*hook, &number.to_string(), LARGE);
        }
    }
    (bench, hooks)
}

#[test]
fn payloads_in_memory_stay_within_the_limit_and_one_more_and_no_lane_starves() {
    let limit = 20 * LARGE;
    let (mut bench, hooks) = crowded(12, 20, limit);
    let mut held: BTreeMap<_, usize> = BTreeMap::new();
    let mut most = 0;
    let mut last_turns: BTreeMap<HookId, usize> = BTreeMap::new();
    bench.on(Input::Work(hooks.clone()));
    let mut answered = 0;
    loop {
        while let Some(operation) = bench.operations.front().cloned() {
            let input = bench.operate();
            if let Input::Loaded(parts) = &input {
                for queued in parts.iter().flat_map(|part| &part.deliveries) {
                    held.insert(queued.delivery, queued.payload.len());
                }
            }
            // As they are when the most is held: the load is in, the outcomes not yet out.
            most = most.max(held.values().sum::<usize>());
            if let Operation::Commit(commit) = operation {
                for settled in commit.settled {
                    held.remove(&settled.delivery);
                }
            }
            bench.on(input);
        }
        let Some(sending) = bench.flying.first().cloned() else { break };
        bench.answer(sending.delivery, 200);
        answered += 1;
        last_turns.insert(sending.hook, answered);
        if answered == 120 {
            assert_eq!(last_turns.len(), hooks.len(), "half is delivered, and some lane had no turn");
        }
    }
    assert_eq!(answered, 240);
    assert!(most <= limit + LARGE + 1000, "{most} bytes were held");
    assert!(most > limit / 2, "the limit was never tried");
}

#[test]
fn full_buffers_do_not_stop_the_lanes_that_filled_them() {
    // Each lane has begun to load its second part when there is no more room.
    let (mut bench, hooks) = crowded(3, 60, 40 * LARGE);
    bench.on(Input::Work(hooks));
    assert_eq!(bench.drain().len(), 180);
    assert!(bench.dispatch.is_idle());
}

#[test]
fn waiting_lane_holds_no_payloads_and_loads_its_probe_alone() {
    for (max_attempts, other_lane) in [(None, true), (Some(1), true), (None, false), (Some(1), false)] {
        // Less than one load may bring, so that what is held shows in what may be loaded.
        let limit = 25 * LARGE;
        let (mut bench, hooks) = crowded(2, 20, limit);
        let policy = RetryPolicy { max_attempts, ..RetryPolicy::default() };
        bench.dispatch = Dispatch::new(policy, limits(256, 64, limit));
        bench.on(Input::Work(vec![hooks[0]]));
        bench.settle();
        let first = bench.in_flight()[0];
        bench.answer(first, 500);
        bench.settle();
        bench.loads.clear();
        if other_lane {
            bench.on(Input::Work(vec![hooks[1]]));
            assert_eq!((bench.loads[0].hook, bench.loads[0].bytes), (hooks[1], limit));
        } else {
            bench.pass(Duration::from_secs(1));
            assert_eq!((bench.loads[0].hook, bench.loads[0].bytes, bench.loads[0].limit), (hooks[0], limit, 1));
        }
    }
}

#[test]
fn lane_that_is_found_paused_or_closed_takes_no_room() {
    for close in ["pause", "disable"] {
        let limit = 20 * LARGE;
        let (mut bench, hooks) = crowded(2, 20, limit);
        bench.on(Input::Work(vec![hooks[0]]));
        let (scope, now) = (bench.scope, bench.now.wall);
        match close {
            "pause" => tieback::store::Queue::order(&bench.store, &scope, hooks[0], tieback::store::LaneOrder::Pause),
            _ => {
                let change = tieback::types::HookUpdate { active: Some(false), ..Default::default() };
                tieback::store::Registry::update_hook(&bench.store, &scope, hooks[0], &change, now).map(|_| ())
            }
        }
        .unwrap();
        // The load finds it closed before anybody has said so.
        bench.settle();
        assert!(bench.flying.is_empty());
        bench.loads.clear();
        bench.on(Input::Work(vec![hooks[1]]));
        assert_eq!(bench.loads[0].bytes, limit, "{close}");
    }
}

#[test]
fn control_is_read_even_when_there_is_no_room() {
    let (mut bench, hooks) = crowded(2, 20, LARGE);
    let known = bench.hook();
    bench.publish(known, "a");
    bench.drain();
    bench.on(Input::Work(hooks));
    bench.settle();
    bench.loads.clear();
    bench.publish(known, "b");
    assert_eq!(bench.loads, [], "there is no room for it");
    bench.on(Input::Changed(vec![known]));
    assert_eq!(bench.loads.iter().map(|load| (load.hook, load.limit)).collect::<Vec<_>>(), [(known, 0)]);
    assert_eq!(bench.drain().len(), 41);
}
