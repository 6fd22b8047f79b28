//! Claims about publishing.

use tieback::error::ErrorKind::{Conflict, InvalidArgument};
use tieback::store::{Publishing, Store};
use tieback::types::{Event, HookUpdate, Id, NoDelivery, PayloadVersion, Published, Scope};

use crate::given::*;

pub fn an_event_makes_one_delivery_for_each_hook_with_a_trigger(store: &dyn Store) {
    let (one, two) = (rfi_hook(store, "one"), rfi_hook(store, "two"));
    triggers(store, &company(), one, &[trigger("Bids", "update")]);
    let without = hook_id(&store.insert_hook(&company(), &hook("without"), at(0)).unwrap().id);
    let elsewhere = rfi_hook_in(store, &other_company(), &hook("one"));

    let published = publish(store, event(1));
    assert_eq!((published.deliveries, published.duplicate, published.no_delivery), (2, false, None));
    assert_eq!(published.hooks, [one, two]);
    assert_eq!(published.ulid, ulid(1));
    assert_eq!((queued(store, one).len(), queued(store, two).len()), (1, 1));
    assert_eq!((queued(store, without).len(), queued(store, elsewhere).len()), (0, 0));

    let both = [event(2), event_in(&company(), "Bids", 3.into(), "update", 3)];
    let answers: Vec<Published> = store.publish(&both, at(0)).unwrap().into_iter().map(|one| one.unwrap()).collect();
    assert_eq!(answers.iter().map(|one| one.hooks.clone()).collect::<Vec<_>>(), [vec![one, two], vec![one]]);
    assert_eq!((queued(store, one).len(), queued(store, two).len()), (3, 2));
}

pub fn triggers_match_without_case(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    triggers(store, &company(), hook, &[trigger("Löhne", "create")]);
    let of = |name: &str, happening: &str, number| event_in(&company(), name, 1.into(), happening, number);
    assert_eq!(publish(store, of("rfis", "UPDATE", 1)).hooks, [hook]);
    assert_eq!(publish(store, of("LÖHNE", "Create", 2)).hooks, [hook]);
    assert_eq!(publish(store, of("RFI", "update", 3)).no_delivery, Some(NoDelivery::NoTrigger));
    assert_eq!(publish(store, of("RFIs", "create", 4)).no_delivery, Some(NoDelivery::NoTrigger));
}

pub fn company_and_project_events_keep_to_their_own_hooks(store: &dyn Store) {
    let of_company = rfi_hook(store, "acme");
    let of_project = rfi_hook_in(store, &project(), &hook("acme"));
    let unsaid = rfi_hook_in(store, &Scope::project(9_876_543, None).unwrap(), &hook("unsaid"));
    let other_project = rfi_hook_in(store, &Scope::project(9_876_544, Some(5_358_233)).unwrap(), &hook("acme"));

    assert_eq!(publish(store, event(1)).hooks, [of_company]);
    let in_project = event_in(&project(), "RFIs", 1.into(), "update", 2);
    assert_eq!(publish(store, in_project).hooks, [of_project, unsaid]);
    assert_eq!(queued(store, other_project), []);

    let of_another_company = Scope::project(9_876_543, Some(1)).unwrap();
    let published = publish(store, event_in(&of_another_company, "RFIs", 1.into(), "update", 3));
    assert_eq!(published.hooks, [unsaid], "where both sides know the company, they agree");
}

pub fn the_same_event_again_makes_nothing_and_says_so(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let by_ulid = event(1);
    let by_id = || {
        let mut event = event(2);
        event.event.ulid = None;
        event.event.id = Some(Id::from(77));
        let mut again = ready(event.event);
        again.event.ulid = Some(ulid(2));
        again
    };
    let first = publish(store, by_ulid.clone());
    let second = publish(store, by_id());
    rfi_hook(store, "later");

    let again = publish_at(store, by_ulid, at(100));
    assert_eq!(again, Published { duplicate: true, hooks: Vec::new(), ..first });
    let mut other_ulid = by_id();
    other_ulid.event.ulid = Some(ulid(3));
    let again = publish_at(store, other_ulid, at(100));
    assert_eq!(again, Published { duplicate: true, hooks: Vec::new(), ..second });
    assert_eq!(queued(store, hook).len(), 2);

    let silent = event_in(&company(), "Bids", 1.into(), "update", 4);
    assert_eq!(publish(store, silent.clone()).no_delivery, Some(NoDelivery::NoTrigger));
    let again = publish(store, silent);
    assert_eq!((again.duplicate, again.deliveries), (true, 0));
    assert_eq!(again.no_delivery, Some(NoDelivery::NoTrigger), "it still says why there was none");
}

pub fn a_duplicate_within_one_call_counts_as_the_same_event(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let answers = store.publish(&[event(1), event(1), event(2)], at(0)).unwrap();
    let duplicates: Vec<bool> = answers.into_iter().map(|answer| answer.unwrap().duplicate).collect();
    assert_eq!(duplicates, [false, true, false]);
    assert_eq!(queued(store, hook).len(), 2);
}

pub fn other_content_under_a_known_ulid_or_id_is_a_conflict_of_that_event_alone(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let with_id = |number: i64, id: i64, user: i64| {
        let mut event = event(number).event;
        event.id = Some(Id::from(id));
        event.user_id = Some(Id::from(user));
        event.timestamp = None;
        ready(event)
    };
    publish(store, with_id(1, 50, 7));
    let made = publish(store, event(2)).id;

    let call = [with_id(1, 51, 7), with_id(3, 50, 7), with_id(1, 50, 8), with_id(4, 52, 7)];
    let [same_ulid, same_id, same_both, new] = <[_; 4]>::try_from(store.publish(&call, at(0)).unwrap()).unwrap();
    assert!(message_of(same_ulid, Conflict).contains("with ulid `"));
    assert!(message_of(same_id, Conflict).contains("with id 50 "), "the ulid may be one that its caller never gave");
    refused(same_both, Conflict);
    assert_eq!(new.unwrap().hooks, [hook]);
    let of_made = with_id(5, made.number().unwrap(), 7);
    refused(store.publish(&[of_made], at(0)).unwrap().remove(0), Conflict);
    assert_eq!(queued(store, hook).len(), 3);
}

pub fn a_given_id_is_kept_and_a_made_one_is_a_number_below_2_to_the_53(store: &dyn Store) {
    let mut given = event(1).event;
    given.id = Some(Id::from(5_982_324_300_946_918_154));
    assert_eq!(publish(store, ready(given)).id.as_str(), "5982324300946918154");
    let made = publish_at(store, event(2), at(5)).id.number().unwrap();
    assert_eq!(made, at(5).as_micros());
    assert!(made < 1 << 53);
}

pub fn made_ids_grow_whatever_the_clock_does_and_pass_over_those_that_callers_took(store: &dyn Store) {
    let mut taken = event(1).event;
    taken.id = Some(Id::from(at(10).as_micros() + 1));
    publish(store, ready(taken));
    let mut last = 0;
    for (number, now) in [(2, at(10)), (3, at(10)), (4, at(10)), (5, at(3)), (6, at(-1_000_000)), (7, at(11))] {
        let id = publish_at(store, event(number), now).id.number().unwrap();
        assert!(id > last, "{id} comes after {last}");
        assert_ne!(id, at(10).as_micros() + 1);
        last = id;
    }
    assert_eq!(last, at(11).as_micros());
}

pub fn an_event_without_a_delivery_says_why(store: &dyn Store) {
    let why = |publishing: Publishing| {
        let published = publish(store, publishing);
        assert_eq!((published.deliveries, published.hooks.len()), (0, 0));
        published.no_delivery.unwrap()
    };
    assert_eq!(why(event(1)), NoDelivery::NoHookInScope);
    let hook = rfi_hook(store, "acme");
    let in_project = event_in(&project(), "RFIs", 1.into(), "update", 2);
    assert_eq!(why(in_project), NoDelivery::NoHookInScope, "a project's event does not reach its company's hooks");
    assert_eq!(why(event_in(&company(), "Bids", 1.into(), "update", 3)), NoDelivery::NoTrigger);
    let word = Id::new("01JMYXMZRBVKK0PC6XS8SA4QRE");
    assert_eq!(why(event_in(&company(), "RFIs", word, "update", 4)), NoDelivery::VersionCannotCarryId);
    assert_eq!(why(Publishing { deprecated: true, ..event(5) }), NoDelivery::EventDeprecated);
    let off = HookUpdate { active: Some(false), ..HookUpdate::default() };
    store.update_hook(&company(), hook, &off, at(1)).unwrap();
    assert_eq!(why(event(6)), NoDelivery::HookDisabled);
    assert_eq!(queued(store, hook), []);
    store.delete_hook(&company(), hook, at(2)).unwrap();
    assert_eq!(why(event(7)), NoDelivery::NoHookInScope);
}

pub fn an_event_for_one_hook_alone_ignores_triggers(store: &dyn Store) {
    let one = rfi_hook(store, "one");
    let silent = hook_id(&store.insert_hook(&company(), &hook("silent"), at(0)).unwrap().id);
    let elsewhere = rfi_hook_in(store, &other_company(), &hook("one"));
    let only = |hook, number| Publishing { only: Some(hook), ..event(number) };

    assert_eq!(publish(store, only(silent, 1)).hooks, [silent]);
    assert_eq!(publish(store, only(one, 2)).hooks, [one]);
    assert_eq!(publish(store, only(elsewhere, 3)).no_delivery, Some(NoDelivery::NoHookInScope));
    assert_eq!((queued(store, one).len(), queued(store, silent).len(), queued(store, elsewhere).len()), (1, 1, 0));
    let off = HookUpdate { active: Some(false), ..HookUpdate::default() };
    store.update_hook(&company(), silent, &off, at(1)).unwrap();
    assert_eq!(publish(store, only(silent, 4)).no_delivery, Some(NoDelivery::HookDisabled));
}

pub fn an_event_that_cannot_be_rendered_is_refused_alone_and_leaves_nothing(store: &dyn Store) {
    let hook = rfi_hook_in(store, &company(), &hook_of("acme", PayloadVersion::V4));
    let large = |bytes: usize| {
        let mut event = event(1).event;
        event.timestamp = None;
        event.data = Some(serde_json::Value::String("x".repeat(bytes)));
        ready(event)
    };
    let call = [event(2), large(Event::MAX_PAYLOAD_BYTES), event(3)];
    let [before, refusal, after] = <[_; 3]>::try_from(store.publish(&call, at(0)).unwrap()).unwrap();
    refused(refusal, InvalidArgument);
    assert_eq!((before.unwrap().hooks, after.unwrap().hooks), (vec![hook], vec![hook]));
    assert_eq!(queued(store, hook).len(), 2);
    let smaller = publish(store, large(10));
    assert_eq!((smaller.duplicate, smaller.deliveries), (false, 1), "its ulid was not used up");
}

pub fn a_payload_has_the_version_that_its_hook_had_when_it_was_queued(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    queue(store, hook, [1]);
    let change = HookUpdate { payload_version: Some(PayloadVersion::V4), ..HookUpdate::default() };
    store.update_hook(&company(), hook, &change, at(1)).unwrap();
    queue(store, hook, [2]);
    let payloads: Vec<serde_json::Value> = load(store, hook)
        .deliveries
        .iter()
        .map(|queued| serde_json::from_slice(&queued.payload).expect("a payload is JSON"))
        .collect();
    assert_eq!((&payloads[0]["api_version"], &payloads[0]["resource_name"]), (&"v2.0".into(), &"RFIs".into()));
    assert_eq!((&payloads[1]["resource_type"], &payloads[1]["id"]), (&"RFIs".into(), &ulid(2).into()));
}

pub fn only_a_version_that_can_carry_the_id_gets_the_event(store: &dyn Store) {
    let old = rfi_hook(store, "old");
    let new = rfi_hook_in(store, &company(), &hook_of("new", PayloadVersion::V4));
    let word = event_in(&company(), "RFIs", Id::new("01JMYXMZRBVKK0PC6XS8SA4QRE"), "update", 1);
    let published = publish(store, word);
    assert_eq!((published.hooks, published.deliveries, published.no_delivery), (vec![new], 1, None));
    assert_eq!(queued(store, old), []);
}
