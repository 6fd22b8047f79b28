//! Claims about the list of deliveries.

use tieback::policy::lane::Verdict;
use tieback::store::Store;
use tieback::types::{Delivery, DeliveryId, DeliveryQuery, HookId, Id, StatusFilter, Why};

use crate::given::*;

pub fn deliveries_are_listed_newest_first_with_payload_event_and_attempts(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let mut event = event(1).event;
    event.user_id = Some(Id::from(7));
    let id = publish_at(store, ready(event), at(10)).id;
    let first = queued(store, hook)[0];
    settle(store, hook, first, Verdict::Queued);
    let second = queue(store, hook, [2])[0];

    let list = listed(store, hook);
    assert_eq!(list.iter().map(|one| one.id.clone()).collect::<Vec<_>>(), [second.into(), first.into()]);
    let oldest = &list[1];
    assert_eq!((&oldest.hook_id, oldest.created_at, oldest.why), (&hook.into(), Some(at(10)), None));
    assert_eq!((&oldest.event.id, &oldest.event.ulid), (&Some(id), &Some(ulid(1))));
    assert_eq!((&oldest.event.user_id, oldest.event.resource_name.as_str()), (&Some(Id::from(7)), "RFIs"));
    assert_eq!(oldest.payload, load(store, hook).deliveries[0].payload);
    assert_eq!(oldest.attempts, [attempt(503)]);
}

/// A delivery in each state that there is; gives their statuses by id.
fn one_of_each(store: &dyn Store, hook: HookId) -> [(DeliveryId, &'static str, Option<&'static str>); 6] {
    let all = queue(store, hook, 1..=4);
    settle(store, hook, all[0], Verdict::Delivered);
    settle(store, hook, all[1], Verdict::Discarded(Why::MaxAttempts));
    store.skip(&company(), hook, all[2], at(1)).unwrap();
    flush(store, hook);
    let after = queue(store, hook, 5..=6);
    settle(store, hook, after[1], Verdict::Queued);
    [
        (all[0], "delivered", None),
        (all[1], "failed", Some("max_attempts")),
        (all[2], "discarded", Some("operator")),
        (all[3], "discarded", Some("flushed")),
        (after[0], "enqueued", None),
        (after[1], "retrying", None),
    ]
}

pub fn every_state_has_its_word_of_the_wire(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    for (delivery, status, why) in one_of_each(store, hook) {
        assert_eq!(standing(store, hook, delivery), (status.to_owned(), why));
    }
}

pub fn statuses_narrow_the_list_in_both_generations_words(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = one_of_each(store, hook);
    // Fact sheet, section 2 and C2, C3: which of the states above each word means, newest first.
    let words: [(&str, &[usize]); 10] = [
        ("any", &[5, 4, 3, 2, 1, 0]),
        ("successful", &[0]),
        ("failing", &[5, 1]),
        ("discarded", &[3, 2]),
        ("succeeded", &[0]),
        ("delivered", &[0]),
        ("failed", &[1]),
        ("enqueued", &[4]),
        ("retrying", &[5]),
        ("discarded", &[3, 2]),
    ];
    for swept in [false, true] {
        for (word, expected) in words {
            let query = DeliveryQuery { status: StatusFilter::parse(word).unwrap(), ..DeliveryQuery::default() };
            let found: Vec<Id> = listed_by(store, hook, &query).into_iter().map(|one| one.id).collect();
            let expected: Vec<Id> = expected.iter().map(|number| all[*number].0.into()).collect();
            assert_eq!(found, expected, "{word}, swept: {swept}");
        }
        assert!(!store.sweep_flushed(100, at(3)).unwrap());
    }
}

pub fn resource_and_event_narrow_the_list_without_case(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    triggers(store, &company(), hook, &[trigger("RFIs", "create"), trigger("Löhne", "create")]);
    publish(store, event_in(&company(), "RFIs", 1.into(), "update", 1));
    publish(store, event_in(&company(), "rfis", 2.into(), "Create", 2));
    publish(store, event_in(&company(), "Löhne", 3.into(), "create", 3));
    let found = |resource: Option<&str>, happening: Option<&str>| -> Vec<Id> {
        let query = DeliveryQuery {
            resource_name: resource.map(str::to_owned),
            event_type: happening.map(str::to_owned),
            ..DeliveryQuery::default()
        };
        listed_by(store, hook, &query).into_iter().map(|one| one.event.resource_id).collect()
    };
    assert_eq!(found(Some("RFIS"), None), [Id::from(2), Id::from(1)]);
    assert_eq!(found(None, Some("CREATE")), [Id::from(3), Id::from(2)]);
    assert_eq!(found(Some("LÖHNE"), Some("create")), [Id::from(3)]);
    assert_eq!(found(Some("RFI"), None), []);
}

pub fn a_range_includes_its_start_and_not_its_end(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    for number in 1..=4 {
        publish_at(store, event(number), at(number * 10));
    }
    let found = |start: Option<i64>, end: Option<i64>| -> Vec<Id> {
        let query = DeliveryQuery { start: start.map(at), end: end.map(at), ..DeliveryQuery::default() };
        listed_by(store, hook, &query).into_iter().map(|one| one.event.resource_id).collect()
    };
    assert_eq!(found(Some(20), Some(40)), [Id::from(3), Id::from(2)]);
    assert_eq!(found(Some(21), None), [Id::from(4), Id::from(3)]);
    assert_eq!(found(None, Some(20)), [Id::from(1)]);
}

pub fn pages_of_deliveries_stay_the_same_while_deliveries_come(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=5);
    let part = |after| store.deliveries(&company(), hook, &DeliveryQuery::default(), &page(2, after)).unwrap();
    let ids = |items: &[Delivery]| items.iter().map(|one| DeliveryId::from_id(&one.id).unwrap()).collect::<Vec<_>>();
    let first = part(None);
    assert_eq!(ids(&first.items), [all[4], all[3]]);
    queue(store, hook, 6..=8);
    let second = part(first.next);
    assert_eq!(ids(&second.items), [all[2], all[1]]);
    let third = part(second.next);
    assert_eq!(ids(&third.items), [all[0]]);
    assert_eq!(third.next, None);
}

pub fn a_list_is_of_one_hook_alone(store: &dyn Store) {
    let (one, two) = (rfi_hook(store, "one"), rfi_hook(store, "two"));
    let of_one = queue(store, one, [1]);
    assert_eq!(listed(store, one).len(), 1);
    assert_eq!(listed(store, one)[0].id, of_one[0].into());
    assert_eq!(listed(store, two).len(), 1);
    assert_ne!(listed(store, two)[0].id, of_one[0].into());
}
