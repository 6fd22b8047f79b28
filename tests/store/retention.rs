//! Claims about what is removed once it has been kept long enough.

use tieback::policy::lane::Verdict;
use tieback::store::Store;
use tieback::types::{DeliveryId, HookId, NoDelivery, PayloadVersion, Purged, Why};

use crate::given::*;

/// Everything that ended before, in one step.
fn purge(store: &dyn Store, ended_before: i64) -> Purged {
    let (purged, more) = store.purge(at(ended_before), 1000).unwrap();
    assert!(!more);
    purged
}

fn purged(deliveries: u64, events: u64, hooks: u64) -> Purged {
    Purged { deliveries, events, hooks }
}

fn ids(store: &dyn Store, hook: HookId) -> Vec<DeliveryId> {
    listed(store, hook).iter().rev().map(|delivery| DeliveryId::from_id(&delivery.id).unwrap()).collect()
}

/// `attempt` ends at 2 s.
pub fn a_delivery_goes_once_its_outcome_is_old_enough(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=3);
    settle(store, hook, all[0], Verdict::Delivered);
    settle(store, hook, all[1], Verdict::Discarded(Why::MaxAttempts));
    assert_eq!(purge(store, 2), purged(0, 0, 0), "the moment itself is not before");
    assert_eq!(purge(store, 3), purged(2, 2, 0));
    assert_eq!(ids(store, hook), all[2..]);
    assert_eq!(purge(store, 3), purged(0, 0, 0));
}

pub fn what_is_queued_stays_however_old_it_is(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=2);
    settle(store, hook, all[1], Verdict::Queued);
    let before = listed(store, hook);
    assert_eq!(purge(store, 1_000_000_000), purged(0, 0, 0));
    assert_eq!(listed(store, hook), before, "with its attempts");
    assert_eq!(queued(store, hook), all);
}

/// However a delivery gets its outcome, the time of that counts, not the time of its publishing.
pub fn every_outcome_has_its_time(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let skipped = queue(store, hook, [1])[0];
    store.skip(&company(), hook, skipped, at(10)).unwrap();
    assert_eq!(purge(store, 10), purged(0, 0, 0));
    assert_eq!(purge(store, 11), purged(1, 1, 0), "skipped");

    queue(store, hook, [2]);
    flush(store, hook);
    assert_eq!(purge(store, 1_000_000), purged(0, 0, 0), "marked, but no row yet");
    while store.sweep_flushed(10, at(20)).unwrap() {}
    assert_eq!(purge(store, 20), purged(0, 0, 0));
    assert_eq!(purge(store, 21), purged(1, 1, 0), "flushed");

    queue(store, hook, [3]);
    store.delete_hook(&company(), hook, at(30)).unwrap();
    assert_eq!(purge(store, 30), purged(0, 0, 0));
    assert_eq!(purge(store, 31), purged(1, 1, 1), "deleted with its hook");
}

pub fn an_event_stays_while_a_delivery_needs_it(store: &dyn Store) {
    let (hook, other) = (rfi_hook(store, "acme"), rfi_hook(store, "other"));
    queue(store, hook, [1]);
    settle(store, hook, queued(store, hook)[0], Verdict::Delivered);
    assert_eq!(purge(store, 3), purged(1, 0, 0));
    assert_eq!(load(store, other).deliveries.len(), 1);
    assert_eq!(listed(store, other)[0].event.ulid, Some(ulid(1)));
    assert!(publish(store, event(1)).duplicate, "it is known still");

    settle(store, other, queued(store, other)[0], Verdict::Delivered);
    assert_eq!(purge(store, 3), purged(1, 1, 0));
    let again = publish(store, event(1));
    assert_eq!((again.duplicate, again.deliveries), (false, 2), "the memory of its ulid went with it");
}

/// The body in a version that no delivery has any more goes; a redelivery makes it again.
pub fn a_redelivery_finds_its_event_after_the_body_of_another_version_is_gone(store: &dyn Store) {
    let two = rfi_hook(store, "acme");
    let four = rfi_hook_in(store, &company(), &hook_of("other", PayloadVersion::V4));
    publish(store, event(1));
    let body = listed(store, four)[0].payload.clone();
    settle(store, two, queued(store, two)[0], Verdict::Delivered);
    purge(store, 3);
    let queued_four = queued(store, four)[0];
    assert_eq!(listed(store, four)[0].payload, body);
    settle(store, four, queued_four, Verdict::Delivered);

    let to_two = tieback::types::HookUpdate { payload_version: Some(PayloadVersion::V2), ..Default::default() };
    store.update_hook(&company(), four, &to_two, at(4)).unwrap();
    let made = store.redeliver(&company(), four, queued_four, at(5)).unwrap();
    assert_eq!(purge(store, 5), purged(1, 0, 0));
    assert_eq!(ids(store, four), [made]);
    assert_eq!(load(store, four).deliveries[0].delivery, made);
}

pub fn an_event_without_deliveries_goes_after_the_same_time(store: &dyn Store) {
    rfi_hook(store, "acme");
    let quiet = || event_in(&company(), "Submittals", 1.into(), "update", 1);
    assert_eq!(publish_at(store, quiet(), at(10)).no_delivery, Some(NoDelivery::NoTrigger));
    assert_eq!(purge(store, 10), purged(0, 0, 0));
    assert!(publish_at(store, quiet(), at(11)).duplicate);
    assert_eq!(purge(store, 11), purged(0, 1, 0));
    assert!(!publish_at(store, quiet(), at(11)).duplicate);
}

pub fn a_deleted_hook_goes_after_its_last_delivery(store: &dyn Store) {
    let (hook, empty) = (rfi_hook(store, "acme"), rfi_hook(store, "empty"));
    queue(store, hook, [1]);
    settle(store, empty, queued(store, empty)[0], Verdict::Delivered);
    assert_eq!(purge(store, 3), purged(1, 0, 0), "a hook that is not deleted stays");
    store.delete_hook(&company(), empty, at(5)).unwrap();
    store.delete_hook(&company(), hook, at(8)).unwrap();
    assert_eq!(purge(store, 5), purged(0, 0, 0));
    assert_eq!(purge(store, 6), purged(0, 0, 1));
    assert_eq!(purge(store, 9), purged(1, 1, 1));

    // What a worker still knew of it: nothing is there, and nothing breaks.
    let late = settle(store, hook, DeliveryId(1), Verdict::Delivered);
    assert_eq!(late.lost.len(), 1);
    assert!(rfi_hook(store, "acme") > hook.max(empty), "ids are not used again");
}

pub fn a_step_removes_no_more_than_it_was_told(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=5);
    for delivery in &all {
        settle(store, hook, *delivery, Verdict::Delivered);
    }
    assert_eq!(store.purge(at(3), 2).unwrap(), (purged(2, 2, 0), true));
    assert_eq!(store.purge(at(3), 2).unwrap(), (purged(2, 2, 0), true));
    assert_eq!(ids(store, hook).len(), 1);
    assert_eq!(store.purge(at(3), 2).unwrap(), (purged(1, 1, 0), false));
}

pub fn ids_of_deliveries_are_not_used_again_after_a_purge(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=2);
    for delivery in &all {
        settle(store, hook, *delivery, Verdict::Delivered);
    }
    purge(store, 3);
    assert!(queue(store, hook, [3])[0] > all[1]);
}
