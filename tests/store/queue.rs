//! Claims about loading, committing, and what operators do to a lane.

use std::time::Duration;

use tieback::error::ErrorKind::{Conflict, InvalidArgument, NotFound};
use tieback::policy::lane::{Control, LaneState, Pause, Verdict};
use tieback::store::{Commit, LaneOrder, LaneWrite, LoadRequest, Settled, Store, resource_key};
use tieback::types::{Attempt, DeliveryId, HookId, HookUpdate, Id, Metadata, PayloadVersion, Stats, Why};

use crate::given::*;

pub fn a_queue_is_loaded_in_order_in_parts(store: &dyn Store) {
    let (hook, other) = (rfi_hook(store, "acme"), rfi_hook(store, "other"));
    let all = queue(store, hook, 1..=5);
    assert!(all.is_sorted());
    let part = |after, limit| {
        let loaded = store.load(&[LoadRequest { hook, after, limit, bytes: 1 << 20 }]).unwrap().remove(0);
        (loaded.deliveries.into_iter().map(|queued| queued.delivery).collect::<Vec<_>>(), loaded.more)
    };
    assert_eq!(part(DeliveryId(0), 2), (all[..2].to_vec(), true));
    assert_eq!(part(all[1], 2), (all[2..4].to_vec(), true));
    assert_eq!(part(all[3], 2), (all[4..].to_vec(), false));
    assert_eq!(part(DeliveryId(0), 5), (all.clone(), false));
    assert_eq!(part(all[4], 2), (Vec::new(), false));

    let request = |hook| LoadRequest { hook, after: DeliveryId(0), limit: 1, bytes: 1 << 20 };
    let both = store.load(&[request(other), request(hook)]).unwrap();
    assert_eq!(both.iter().map(|loaded| loaded.hook).collect::<Vec<_>>(), [other, hook]);
}

pub fn a_load_of_nothing_says_whether_there_is_something(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let peek = |after| {
        let loaded = store.load(&[LoadRequest { hook, after, limit: 0, bytes: 0 }]).unwrap().remove(0);
        assert_eq!(loaded.deliveries, []);
        loaded.more
    };
    assert!(!peek(DeliveryId(0)));
    let queued = queue(store, hook, [1, 2]);
    assert!(peek(DeliveryId(0)) && peek(queued[0]));
    assert!(!peek(queued[1]));
}

pub fn a_load_keeps_to_its_bytes_and_gives_one_delivery_at_least(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    for number in 1..=5 {
        let mut large = event(number).event;
        let metadata = Metadata { source_operation_id: Some("x".repeat(100_000)), ..Metadata::default() };
        large.metadata = Some(metadata);
        publish(store, ready(large));
    }
    let size = load(store, hook).deliveries[0].payload.len();
    let part = |after, bytes| {
        let loaded = store.load(&[LoadRequest { hook, after, limit: 100, bytes }]).unwrap().remove(0);
        (loaded.deliveries, loaded.more)
    };
    for (bytes, given) in [(0, 1), (size, 1), (2 * size - 1, 1), (2 * size, 2), (4 * size + 1, 4)] {
        let (deliveries, more) = part(DeliveryId(0), bytes);
        assert_eq!((deliveries.len(), more), (given, true), "{bytes} bytes");
    }
    let (deliveries, more) = part(DeliveryId(0), 5 * size);
    assert_eq!((deliveries.len(), more), (5, false));
    assert_eq!(part(deliveries[3].delivery, 0).0, deliveries[4..]);
}

pub fn a_hook_that_was_never_there_is_left_out_of_a_load(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let request = |hook| LoadRequest { hook, after: DeliveryId(0), limit: 1, bytes: 1 << 20 };
    let loaded = store.load(&[request(HookId(hook.0 + 1)), request(hook)]).unwrap();
    assert_eq!(loaded.iter().map(|loaded| loaded.hook).collect::<Vec<_>>(), [hook]);
    assert_eq!(store.load(&[]).unwrap().len(), 0);
}

pub fn a_load_gives_the_present_destination_with_its_secrets(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let before = load(store, hook).destination.unwrap();
    assert_eq!(
        (&before.url, &before.headers),
        (&crate::given::hook("acme").destination_url, &headers("Bearer secret-token"))
    );
    let change = HookUpdate {
        destination_url: Some(url("https://other.example.com/")),
        destination_headers: Some(headers("Bearer \"quoted\\ and new")),
        ..HookUpdate::default()
    };
    store.update_hook(&company(), hook, &change, at(1)).unwrap();
    let after = load(store, hook).destination.unwrap();
    assert_eq!(
        (&after.url, &after.headers),
        (&url("https://other.example.com/"), &headers("Bearer \"quoted\\ and new"))
    );
}

pub fn a_delivery_carries_its_resource_and_its_payload(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    publish(store, event_in(&company(), "rfiS", 42.into(), "update", 1));
    let lane = load(store, hook);
    let queued = &lane.deliveries[0];
    assert_eq!(&*queued.resource, "\u{1f}rfis\u{1f}42");
    assert_eq!(&*queued.resource, resource_key(&event_in(&company(), "RFIS", 42.into(), "update", 2).event));
    assert_eq!(queued.attempts, 0);
    assert_eq!(shown(store, hook, queued.delivery).payload, queued.payload);

    let of_project = rfi_hook_in(store, &project(), &crate::given::hook("acme"));
    publish(store, event_in(&project(), "RFIs", Id::from(42), "update", 3));
    assert_eq!(&*load(store, of_project).deliveries[0].resource, "9876543\u{1f}rfis\u{1f}42");
}

pub fn a_verdict_takes_its_delivery_out_of_the_queue_or_leaves_it_there(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=3);
    let tenure = tenure(store, hook);
    let settled = |delivery, verdict, status| Settled { hook, tenure, delivery, verdict, attempt: attempt(status) };
    let commit = Commit {
        settled: vec![
            settled(all[0], Verdict::Queued, 500),
            settled(all[1], Verdict::Discarded(Why::MaxAttempts), 500),
            settled(all[2], Verdict::Delivered, 204),
            settled(all[0], Verdict::Queued, 502),
        ],
        lanes: Vec::new(),
    };
    assert_eq!(store.commit(&commit).unwrap(), Default::default());
    let lane = load(store, hook);
    assert_eq!(lane.deliveries.iter().map(|one| (one.delivery, one.attempts)).collect::<Vec<_>>(), [(all[0], 2)]);
    assert_eq!(standing(store, hook, all[0]), ("retrying".to_owned(), None));
    assert_eq!(standing(store, hook, all[1]), ("failed".to_owned(), Some("max_attempts")));
    assert_eq!(standing(store, hook, all[2]), ("delivered".to_owned(), None));
    let tries = shown(store, hook, all[0]).attempts;
    assert_eq!(tries.iter().map(|one| one.response_status).collect::<Vec<_>>(), [Some(500), Some(502)]);
}

pub fn an_attempt_is_kept_as_it_was(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let delivery = queue(store, hook, [1])[0];
    let answered = Attempt {
        started_at: at(10),
        completed_at: at(12),
        response_status: Some(503),
        response_headers: vec![
            ("Retry-After".to_owned(), "7".to_owned()),
            ("X-\"Odd\"".to_owned(), "é\\".to_owned()),
            ("Retry-After".to_owned(), "8".to_owned()),
        ],
        response_body: vec![0, 255, b'x', b'\n'],
        response_body_truncated: true,
        response_error: None,
    };
    let silent = Attempt {
        started_at: at(20),
        completed_at: at(25),
        response_error: Some("no response within 5 s".to_owned()),
        ..Attempt::default()
    };
    for attempt in [&answered, &silent] {
        let settled =
            Settled { hook, tenure: tenure(store, hook), delivery, verdict: Verdict::Queued, attempt: attempt.clone() };
        store.commit(&Commit { settled: vec![settled], lanes: Vec::new() }).unwrap();
    }
    assert_eq!(shown(store, hook, delivery).attempts, [answered, silent]);
}

pub fn a_late_verdict_changes_nothing_but_its_attempt_is_kept(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=3);
    store.skip(&company(), hook, all[0], at(1)).unwrap();
    settle(store, hook, all[1], Verdict::Delivered);
    flush(store, hook);

    for (delivery, expected) in [
        (all[0], ("discarded", Some("operator"))),
        (all[1], ("delivered", None)),
        (all[2], ("discarded", Some("flushed"))),
    ] {
        let before = shown(store, hook, delivery).attempts.len();
        for verdict in [Verdict::Delivered, Verdict::Queued, Verdict::Discarded(Why::MaxAttempts)] {
            assert_eq!(settle(store, hook, delivery, verdict).gone, [delivery]);
        }
        let (status, why) = standing(store, hook, delivery);
        assert_eq!((status.as_str(), why), expected);
        assert_eq!(shown(store, hook, delivery).attempts.len(), before + 3);
    }
    assert_eq!(queued(store, hook), []);
    while store.sweep_flushed(10, at(3)).unwrap() {}
    assert_eq!(standing(store, hook, all[2]), ("discarded".to_owned(), Some("flushed")));
}

pub fn a_lane_state_is_kept_as_it_was(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let delivery = queue(store, hook, [1])[0];
    assert_eq!(load(store, hook).state, LaneState::default());
    let pause = Pause {
        step: 11,
        streak: Duration::new(43_199, 999_999_999),
        wait: Duration::new(3600, 1),
        resume_at: at(77),
        probe: Some(delivery),
    };
    let mut state = LaneState { epoch: 9, pause: Some(pause), resets_seen: 2, nudges_seen: 3, ..LaneState::default() };
    write_lane(store, hook, state.clone());
    assert_eq!(load(store, hook).state, state);
    state.pause.as_mut().unwrap().probe = None;
    write_lane(store, hook, state.clone());
    assert_eq!(load(store, hook).state, state);
    state.pause = None;
    write_lane(store, hook, state.clone());
    assert_eq!(load(store, hook).state, state);
    assert_eq!(queued(store, hook), [delivery]);
    write_lane(store, HookId(hook.0 + 1), state);
}

pub fn a_flush_discards_what_is_queued_and_nothing_after_it(store: &dyn Store) {
    let (hook, other) = (rfi_hook(store, "acme"), rfi_hook(store, "other"));
    let all = queue(store, hook, 1..=4);
    settle(store, hook, all[1], Verdict::Delivered);
    settle(store, hook, all[2], Verdict::Queued);
    let committed = flush(store, hook);
    assert_eq!(committed.flushed, [(hook, all[3], 3)]);
    assert_eq!(load(store, hook).state.discard_through, all[3]);
    assert_eq!(queued(store, hook), []);
    assert_eq!(queued(store, other).len(), 4, "another lane is not touched");
    for delivery in [all[0], all[2], all[3]] {
        assert_eq!(standing(store, hook, delivery), ("discarded".to_owned(), Some("flushed")));
    }
    assert_eq!(standing(store, hook, all[1]), ("delivered".to_owned(), None));

    publish(store, event(5));
    let new = queued(store, hook);
    assert_eq!(new.len(), 1);
    assert_eq!(flush(store, hook).flushed, [(hook, new[0], 1)], "what was discarded is not counted again");
    assert_eq!(flush(store, hook).flushed, [(hook, new[0], 0)]);
}

pub fn a_flush_comes_after_the_verdicts_of_its_commit(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=3);
    let tenure = tenure(store, hook);
    let state = LaneState { epoch: 5, ..LaneState::default() };
    let commit = Commit {
        settled: vec![
            Settled { hook, tenure, delivery: all[0], verdict: Verdict::Delivered, attempt: attempt(204) },
            Settled { hook, tenure, delivery: all[1], verdict: Verdict::Queued, attempt: attempt(503) },
        ],
        lanes: vec![LaneWrite { hook, tenure, state, flush: true }],
    };
    let committed = store.commit(&commit).unwrap();
    assert_eq!(committed.gone, []);
    assert_eq!(committed.flushed, [(hook, all[2], 2)]);
    assert_eq!(standing(store, hook, all[0]).0, "delivered");
    assert_eq!(standing(store, hook, all[1]).0, "discarded");
    let state = load(store, hook).state;
    assert_eq!((state.epoch, state.discard_through), (5, all[2]));
}

pub fn a_mark_is_never_lowered(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=3);
    let through = |id| LaneState { discard_through: id, ..LaneState::default() };
    write_lane(store, hook, through(all[1]));
    assert_eq!(queued(store, hook), all[2..]);
    write_lane(store, hook, through(all[0]));
    assert_eq!(load(store, hook).state.discard_through, all[1]);
    assert_eq!(queued(store, hook), all[2..]);
}

pub fn sweeping_turns_marks_into_rows_a_few_at_a_time(store: &dyn Store) {
    let (hook, other) = (rfi_hook(store, "acme"), rfi_hook(store, "other"));
    queue(store, hook, 1..=5);
    assert!(!store.sweep_flushed(10, at(3)).unwrap(), "nothing is marked");
    flush(store, hook);
    let before = listed(store, hook);
    assert!(store.sweep_flushed(2, at(3)).unwrap());
    assert!(store.sweep_flushed(2, at(3)).unwrap());
    assert_eq!(listed(store, hook), before);
    assert!(!store.sweep_flushed(2, at(3)).unwrap());
    assert!(!store.sweep_flushed(2, at(3)).unwrap());
    assert_eq!(listed(store, hook), before, "a list shows the same before the sweep and after");
    assert_eq!(queued(store, other).len(), 5);
}

pub fn operators_pause_resume_and_nudge_a_lane(store: &dyn Store) {
    let (hook, other) = (rfi_hook(store, "acme"), rfi_hook(store, "other"));
    let order = |order| {
        store.order(&company(), hook, order).unwrap();
        load(store, hook).control
    };
    assert_eq!(order(LaneOrder::Pause), Control { suspended: true, ..Control::default() });
    assert_eq!(order(LaneOrder::Pause), Control { suspended: true, ..Control::default() });
    assert_eq!(order(LaneOrder::RetryNow), Control { suspended: true, nudges: 1, ..Control::default() });
    assert_eq!(order(LaneOrder::Resume), Control { nudges: 1, ..Control::default() });
    assert_eq!(load(store, other).control, Control::default());
    queue(store, hook, [1]);
    order(LaneOrder::Pause);
    assert_eq!(publish(store, event(2)).hooks, [hook, other], "new events still queue");
}

pub fn an_operators_word_and_the_workers_state_do_not_overwrite_one_another(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let state = LaneState { epoch: 4, nudges_seen: 0, ..LaneState::default() };
    store.order(&company(), hook, LaneOrder::RetryNow).unwrap();
    write_lane(store, hook, state.clone());
    store.order(&company(), hook, LaneOrder::Pause).unwrap();
    let lane = load(store, hook);
    assert_eq!(lane.control, Control { suspended: true, nudges: 1, ..Control::default() });
    assert_eq!(lane.state, state);
}

pub fn a_skip_discards_one_queued_delivery(store: &dyn Store) {
    let (hook, other) = (rfi_hook(store, "acme"), rfi_hook(store, "other"));
    let all = queue(store, hook, 1..=3);
    store.skip(&company(), hook, all[1], at(1)).unwrap();
    assert_eq!(queued(store, hook), [all[0], all[2]]);
    assert_eq!(standing(store, hook, all[1]), ("discarded".to_owned(), Some("operator")));

    refused(store.skip(&company(), hook, all[1], at(1)), Conflict);
    settle(store, hook, all[0], Verdict::Delivered);
    refused(store.skip(&company(), hook, all[0], at(1)), Conflict);
    flush(store, hook);
    refused(store.skip(&company(), hook, all[2], at(1)), Conflict);
    refused(store.skip(&company(), other, all[1], at(1)), NotFound);
    refused(store.skip(&company(), hook, DeliveryId(1_000_000), at(1)), NotFound);
    assert_eq!(queued(store, other).len(), 3);
}

pub fn a_skip_counts_a_nudge_only_for_the_probe(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=3);
    let pause =
        Pause { step: 0, streak: Duration::ZERO, wait: Duration::from_secs(1), resume_at: at(1), probe: Some(all[1]) };
    write_lane(store, hook, LaneState { pause: Some(pause), ..LaneState::default() });
    store.skip(&company(), hook, all[0], at(1)).unwrap();
    assert_eq!(load(store, hook).control.nudges, 0);
    store.skip(&company(), hook, all[1], at(1)).unwrap();
    assert_eq!(load(store, hook).control.nudges, 1);
}

pub fn a_redelivery_is_a_new_delivery_of_the_same_event(store: &dyn Store) {
    let (hook, other) = (rfi_hook(store, "acme"), rfi_hook(store, "other"));
    let all = queue(store, hook, 1..=3);
    settle(store, hook, all[0], Verdict::Delivered);
    store.skip(&company(), hook, all[1], at(1)).unwrap();
    flush(store, hook);

    for old in &all {
        let before = shown(store, hook, *old);
        let new = store.redeliver(&company(), hook, *old, at(9)).unwrap();
        assert!(new > all[2], "it comes last in order");
        let made = shown(store, hook, new);
        assert_eq!((&made.event, &made.payload), (&before.event, &before.payload));
        assert_eq!((made.status.as_str(), made.created_at, made.attempts.len()), ("enqueued", Some(at(9)), 0));
        assert_eq!(queued(store, hook).last(), Some(&new));
        assert_eq!(shown(store, hook, *old), before, "the old one stays as it was");
    }
    refused(store.redeliver(&company(), other, all[0], at(9)), NotFound);
    refused(store.redeliver(&company(), hook, DeliveryId(1_000_000), at(9)), NotFound);
}

pub fn a_redelivery_has_the_hooks_present_version(store: &dyn Store) {
    let hook = rfi_hook_in(store, &company(), &hook_of("acme", PayloadVersion::V4));
    publish(store, event(1));
    publish(store, event_in(&company(), "RFIs", Id::new("word"), "update", 2));
    let all = queued(store, hook);
    for delivery in &all {
        settle(store, hook, *delivery, Verdict::Delivered);
    }
    let change = HookUpdate { payload_version: Some(PayloadVersion::V3), ..HookUpdate::default() };
    store.update_hook(&company(), hook, &change, at(1)).unwrap();

    let new = store.redeliver(&company(), hook, all[0], at(2)).unwrap();
    let made = shown(store, hook, new);
    assert_eq!((made.event.api_version.as_deref(), made.event.ulid), (Some("v3.0"), Some(ulid(1))));
    assert_eq!(made.event.resource_id, Id::from(1));
    refused(store.redeliver(&company(), hook, all[1], at(2)), InvalidArgument);
    assert_eq!(queued(store, hook), [new]);
}

pub fn a_queued_delivery_cannot_be_redelivered(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=2);
    settle(store, hook, all[1], Verdict::Queued);
    refused(store.redeliver(&company(), hook, all[0], at(1)), Conflict);
    refused(store.redeliver(&company(), hook, all[1], at(1)), Conflict);
    assert_eq!(queued(store, hook), all);
}

pub fn work_is_of_hooks_with_something_queued(store: &dyn Store) {
    let (one, two) = (rfi_hook(store, "one"), rfi_hook(store, "two"));
    assert_eq!(work(store), []);
    let of_one = queue(store, one, [1]);
    assert_eq!(work(store), [one, two]);
    settle(store, one, of_one[0], Verdict::Delivered);
    assert_eq!(work(store), [two]);
    flush(store, two);
    assert_eq!(work(store), []);
    store.redeliver(&company(), one, of_one[0], at(1)).unwrap();
    assert_eq!(work(store), [one]);
}

pub fn stats_count_what_is_queued_and_which_lanes_wait(store: &dyn Store) {
    let idle = store.stats(at(0)).unwrap();
    assert_eq!((idle.queued, idle.paused_lanes, idle.oldest_queued_age), (0, 0, Duration::ZERO));
    let (one, two, three) = (rfi_hook(store, "one"), rfi_hook(store, "two"), rfi_hook(store, "three"));
    publish_at(store, event(1), at(10));
    publish_at(store, event(2), at(20));
    let age = |stats: Stats| (stats.queued, stats.oldest_queued_age);
    assert_eq!(age(store.stats(at(25)).unwrap()), (6, Duration::from_secs(15)));
    assert_eq!(age(store.stats(at(5)).unwrap()), (6, Duration::ZERO), "a clock that was set back makes no age");
    for hook in [one, two, three] {
        settle(store, hook, queued(store, hook)[0], Verdict::Delivered);
    }
    assert_eq!(age(store.stats(at(25)).unwrap()), (3, Duration::from_secs(5)));
    flush(store, one);
    assert_eq!(store.stats(at(25)).unwrap().queued, 2, "what a flush has marked is queued no longer");

    let paused = || store.stats(at(25)).unwrap().paused_lanes;
    assert_eq!(paused(), 0);
    let pause = Pause { step: 0, streak: Duration::ZERO, wait: Duration::from_secs(1), resume_at: at(1), probe: None };
    write_lane(store, two, LaneState { pause: Some(pause), ..LaneState::default() });
    store.order(&company(), three, LaneOrder::Pause).unwrap();
    assert_eq!(paused(), 2);
    store.order(&company(), two, LaneOrder::Pause).unwrap();
    assert_eq!(paused(), 2, "a lane counts once");
    store.delete_hook(&company(), three, at(26)).unwrap();
    assert_eq!(paused(), 1, "a deleted hook has no lane that waits");
    let stats = store.stats(at(25)).unwrap();
    assert_eq!((stats.queued, stats.in_flight), (1, 0));
}

/// What a flush has marked is discarded from then on, and counted once, whenever it is swept.
pub fn stats_count_outcomes_hooks_and_the_oldest_that_is_kept(store: &dyn Store) {
    let figures = || {
        let Stats { hooks, queued, delivered, discarded, .. } = store.stats(at(0)).unwrap();
        (hooks, queued, delivered, discarded)
    };
    let oldest = || store.stats(at(0)).unwrap().oldest_kept_at;
    assert_eq!((figures(), oldest()), ((0, 0, 0, 0), None));
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=7);
    assert_eq!((figures(), oldest()), ((1, 7, 0, 0), None));
    store.skip(&company(), hook, all[0], at(1)).unwrap();
    assert_eq!((figures(), oldest()), ((1, 6, 0, 1), Some(at(1))));
    settle(store, hook, all[1], Verdict::Delivered);
    settle(store, hook, all[2], Verdict::Queued);
    settle(store, hook, all[3], Verdict::Discarded(Why::MaxAttempts));
    assert_eq!(figures(), (1, 4, 1, 2));
    settle(store, hook, all[1], Verdict::Delivered);
    assert_eq!(figures(), (1, 4, 1, 2), "a late attempt is no second outcome");

    flush(store, hook);
    assert_eq!(figures(), (1, 0, 1, 6));
    while store.sweep_flushed(3, at(3)).unwrap() {}
    assert_eq!(figures(), (1, 0, 1, 6));
    queue(store, hook, 8..=9);
    store.redeliver(&company(), hook, all[1], at(4)).unwrap();
    assert_eq!(figures(), (1, 3, 1, 6));

    store.purge(at(2), 10).unwrap();
    assert_eq!((figures(), oldest()), ((1, 3, 1, 5), Some(at(2))));
    store.purge(at(3), 10).unwrap();
    assert_eq!((figures(), oldest()), ((1, 3, 0, 4), Some(at(3))));
    store.delete_hook(&company(), hook, at(5)).unwrap();
    assert_eq!(figures(), (0, 0, 0, 7));
    store.purge(at(6), 10).unwrap();
    assert_eq!((figures(), oldest()), ((0, 0, 0, 0), None));
}
