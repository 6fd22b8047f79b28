//! Claims about how long queues may become.

use tieback::error::ErrorKind::Unavailable;
use tieback::policy::lane::Verdict;
use tieback::store::{Publishing, QueueBounds, Store};
use tieback::types::Why;

use crate::given::*;

fn per_hook(most: u64, number: i64) -> Publishing {
    Publishing { bounds: QueueBounds { per_hook: Some(most), total: None }, ..event(number) }
}

fn total(most: u64, number: i64) -> Publishing {
    Publishing { bounds: QueueBounds { per_hook: None, total: Some(most) }, ..event(number) }
}

#[track_caller]
fn is_refused(store: &dyn Store, publishing: Publishing, words: &[&str]) {
    let error = store.publish(&[publishing], at(0)).unwrap().remove(0).unwrap_err();
    assert_eq!(error.kind(), Unavailable, "{error}");
    for word in words {
        assert!(error.message().contains(word), "`{}` does not say `{word}`", error.message());
    }
}

pub fn a_full_queue_refuses_the_event_and_says_which_and_how_much(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = [1, 2].map(|number| publish(store, per_hook(2, number)));
    assert_eq!(all.map(|published| published.deliveries), [1, 1]);
    is_refused(
        store,
        per_hook(2, 3),
        &[&format!("hook {hook} has 2"), "max_queued_per_hook", "publish the event again"],
    );
    assert_eq!(queued(store, hook).len(), 2);
    assert!(!publish(store, per_hook(3, 3)).duplicate, "nothing of it was kept");
}

pub fn an_event_is_refused_whole_when_one_of_its_queues_is_full(store: &dyn Store) {
    let full = rfi_hook(store, "full");
    queue(store, full, [1]);
    let free = rfi_hook(store, "free");
    is_refused(store, per_hook(1, 2), &[&format!("hook {full} ")]);
    assert_eq!((queued(store, full).len(), queued(store, free).len()), (1, 0));
}

pub fn each_event_of_a_call_has_its_own_answer_about_room(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let answers = store.publish(&[1, 2, 3].map(|number| per_hook(2, number)), at(0)).unwrap();
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(queued(store, hook).len(), 2);
}

pub fn all_queues_together_have_a_bound_too(store: &dyn Store) {
    let (one, two) = (rfi_hook(store, "one"), rfi_hook(store, "two"));
    assert_eq!(publish(store, total(3, 1)).deliveries, 2);
    is_refused(store, total(3, 2), &["2 deliveries", "the 2 of this event", "the 3 that max_queued"]);
    assert_eq!(publish(store, total(4, 2)).deliveries, 2);
    assert_eq!((queued(store, one).len(), queued(store, two).len()), (2, 2));
}

pub fn what_makes_no_delivery_or_was_published_before_needs_no_room(store: &dyn Store) {
    rfi_hook(store, "acme");
    publish(store, event(1));
    assert!(publish(store, per_hook(1, 1)).duplicate);
    let mut quiet = event_in(&company(), "Submittals", 1.into(), "update", 2);
    quiet.bounds = QueueBounds { per_hook: Some(1), total: Some(1) };
    assert_eq!(publish(store, quiet).deliveries, 0);
}

/// Whatever takes a delivery out of the queue makes room for exactly one.
pub fn every_outcome_makes_room(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let mut next = 0;
    let mut fill = |most| {
        while store.publish(&[per_hook(most, next)], at(0)).unwrap().remove(0).is_ok() {
            next += 1;
        }
        assert_eq!(queued(store, hook).len() as u64, most);
        queued(store, hook)
    };
    let lane = fill(3);
    settle(store, hook, lane[0], Verdict::Queued);
    assert_eq!(fill(3), lane, "a failed attempt makes none");
    settle(store, hook, lane[0], Verdict::Delivered);
    settle(store, hook, lane[0], Verdict::Delivered);
    assert_eq!(fill(3)[..2], lane[1..], "a late attempt makes none again");
    settle(store, hook, lane[1], Verdict::Discarded(Why::MaxAttempts));
    store.skip(&company(), hook, lane[2], at(1)).unwrap();
    let lane = fill(3);
    flush(store, hook);
    let after = fill(2);
    assert!(after[0] > lane[2]);
    while store.sweep_flushed(1, at(2)).unwrap() {}
    assert_eq!(fill(2), after, "sweeping makes none again");
    settle(store, hook, after[0], Verdict::Delivered);
    store.purge(at(10), 100).unwrap();
    assert_eq!(fill(2)[0], after[1], "purging makes none again");
    store.redeliver(&company(), hook, after[1], at(3)).unwrap_err();

    let before = queued(store, hook).len();
    flush(store, hook);
    queue(store, hook, [1_000_001]);
    store.delete_hook(&company(), hook, at(4)).unwrap();
    let other = rfi_hook(store, "other");
    assert_eq!((before, publish(store, total(1, 1_000_002)).hooks), (2, vec![other]), "a deleted hook takes none");
    is_refused(store, total(1, 1_000_003), &["1 deliveries are queued"]);
}

/// Redelivering is what operators do, one by one: it is counted, and not refused.
pub fn a_redelivery_takes_room(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let first = queue(store, hook, [1])[0];
    settle(store, hook, first, Verdict::Delivered);
    store.redeliver(&company(), hook, first, at(3)).unwrap();
    is_refused(store, per_hook(1, 2), &["has 1"]);
}
