//! Claims about hooks and triggers.

use tieback::error::ErrorKind::{Conflict, InvalidArgument, NotFound};
use tieback::policy::lane::Gate;
use tieback::store::{LaneOrder, Store};
use tieback::types::{
    DeliveryId, DeliveryQuery, DestinationHeaders, HookId, HookQuery, HookStatus, HookUpdate, Id, Namespace,
    PayloadVersion, Scope, TriggerId,
};

use crate::given::*;

pub fn a_new_hook_is_shown_as_given_with_its_headers_masked(store: &dyn Store) {
    let made = store.insert_hook(&project(), &hook("acme-invoice-sync"), at(3)).unwrap();
    assert_eq!(made.company_id, Some(Id::from(5_358_233)));
    assert_eq!(made.project_id, Some(Id::from(9_876_543)));
    assert_eq!(made.namespace, "acme-invoice-sync");
    assert_eq!(made.payload_version, "v2.0");
    assert_eq!(made.destination_url, "https://erp.example.com/events?token=t0ken");
    assert_eq!(made.status, HookStatus::Active);
    assert_eq!(made.trigger_count, Some(0));
    assert_eq!((made.created_at, made.updated_at), (Some(at(3)), Some(at(3))));
    let masked = [("Authorization", "*****token"), ("X-Tenant", "*****")];
    assert_eq!(made.destination_headers, masked.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(store.hook(&project(), hook_id(&made.id)).unwrap(), made);
}

pub fn a_scope_has_one_hook_of_a_namespace(store: &dyn Store) {
    let first = store.insert_hook(&company(), &hook("acme"), at(0)).unwrap();
    refused(store.insert_hook(&company(), &hook("acme"), at(1)), Conflict);
    store.insert_hook(&company(), &hook("acme-2"), at(1)).unwrap();
    store.insert_hook(&other_company(), &hook("acme"), at(1)).unwrap();
    store.insert_hook(&project(), &hook("acme"), at(1)).unwrap();
    refused(store.insert_hook(&project(), &hook("acme"), at(1)), Conflict);

    store.delete_hook(&company(), hook_id(&first.id), at(2)).unwrap();
    store.insert_hook(&company(), &hook("acme"), at(3)).unwrap();
}

pub fn a_project_is_known_by_its_own_id_and_both_sides_agree_on_its_company(store: &dyn Store) {
    let alone = Scope::project(1, None).unwrap();
    let (of_7, of_8) = (Scope::project(1, Some(7)).unwrap(), Scope::project(1, Some(8)).unwrap());
    let without = hook_id(&store.insert_hook(&alone, &hook("without"), at(0)).unwrap().id);
    let with = hook_id(&store.insert_hook(&of_7, &hook("with"), at(0)).unwrap().id);

    refused(store.insert_hook(&of_8, &hook("without"), at(0)), Conflict);
    refused(store.insert_hook(&of_8, &hook("with"), at(0)), Conflict);
    for scope in [alone, of_7] {
        store.hook(&scope, without).unwrap();
        store.hook(&scope, with).unwrap();
        assert_eq!(store.hooks(&scope, &HookQuery::default(), &page(0, None)).unwrap().items.len(), 2);
    }
    store.hook(&of_8, without).unwrap();
    refused(store.hook(&of_8, with), NotFound);
    let listed = store.hooks(&of_8, &HookQuery::default(), &page(0, None)).unwrap().items;
    assert_eq!(listed.iter().map(|hook| hook.namespace.as_str()).collect::<Vec<_>>(), ["without"]);
}

pub fn hooks_are_listed_oldest_first_and_narrowed(store: &dyn Store) {
    let first = rfi_hook_in(store, &company(), &hook("c"));
    rfi_hook_in(store, &company(), &hook_of("a", PayloadVersion::V4));
    rfi_hook_in(store, &company(), &hook_of("b", PayloadVersion::V4));
    store.insert_hook(&project(), &hook("d"), at(0)).unwrap();
    let names = |query: &HookQuery| -> Vec<String> {
        let listed = store.hooks(&company(), query, &page(0, None)).unwrap();
        assert_eq!(listed.next, None);
        listed.items.into_iter().map(|hook| hook.namespace).collect()
    };

    assert_eq!(names(&HookQuery::default()), ["c", "a", "b"]);
    let v4 = HookQuery { payload_version: Some(PayloadVersion::V4), ..HookQuery::default() };
    assert_eq!(names(&v4), ["a", "b"]);
    let named = HookQuery { namespace: Some(Namespace::parse("b").unwrap()), ..HookQuery::default() };
    assert_eq!(names(&named), ["b"]);
    let both = HookQuery { namespace: Some(Namespace::parse("c").unwrap()), ..v4 };
    assert_eq!(names(&both), [""; 0]);

    let counted = HookQuery { include_trigger_count: true, ..HookQuery::default() };
    let counts = |query: &HookQuery| store.hooks(&company(), query, &page(1, None)).unwrap().items[0].trigger_count;
    assert_eq!(counts(&counted), Some(1));
    assert_eq!(counts(&HookQuery::default()), None);
    triggers(store, &company(), first, &[trigger("Bids", "update")]);
    assert_eq!(counts(&counted), Some(2));
    assert_eq!(store.hook(&company(), first).unwrap().trigger_count, Some(2));
}

pub fn pages_of_hooks_stay_the_same_while_hooks_come_and_go(store: &dyn Store) {
    let made: Vec<HookId> = (0..5).map(|n| rfi_hook(store, &format!("n-{n}"))).collect();
    let first = store.hooks(&company(), &HookQuery::default(), &page(2, None)).unwrap();
    assert_eq!(first.items.iter().map(|hook| hook_id(&hook.id)).collect::<Vec<_>>(), made[..2]);

    store.delete_hook(&company(), made[0], at(1)).unwrap();
    store.delete_hook(&company(), made[1], at(1)).unwrap();
    let added = rfi_hook(store, "added");
    let second = store.hooks(&company(), &HookQuery::default(), &page(3, first.next)).unwrap();
    assert_eq!(second.items.iter().map(|hook| hook_id(&hook.id)).collect::<Vec<_>>(), made[2..]);
    let third = store.hooks(&company(), &HookQuery::default(), &page(3, second.next)).unwrap();
    assert_eq!(third.items.iter().map(|hook| hook_id(&hook.id)).collect::<Vec<_>>(), [added]);
    assert_eq!(third.next, None);
}

pub fn a_cursor_that_no_page_gave_is_an_invalid_argument(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let wrong = page(2, Some(Id::new("abc")));
    refused(store.hooks(&company(), &HookQuery::default(), &wrong), InvalidArgument);
    refused(store.triggers(&company(), hook, &wrong), InvalidArgument);
    refused(store.deliveries(&company(), hook, &DeliveryQuery::default(), &wrong), InvalidArgument);
}

pub fn another_scope_finds_nothing(store: &dyn Store) {
    let mine = rfi_hook(store, "acme");
    let mine_trigger = trigger_id(&store.triggers(&company(), mine, &page(0, None)).unwrap().items[0]);
    let delivery = queue(store, mine, [1])[0];
    let before = store.hook(&company(), mine).unwrap();
    let all = page(0, None);

    for (scope, hook) in [(other_company(), mine), (project(), mine), (company(), HookId(mine.0 + 1000))] {
        refused(store.hook(&scope, hook), NotFound);
        refused(store.update_hook(&scope, hook, &HookUpdate::default(), at(1)), NotFound);
        refused(store.delete_hook(&scope, hook, at(1)), NotFound);
        refused(store.insert_triggers(&scope, hook, &[trigger("Bids", "update")], at(1)), NotFound);
        refused(store.triggers(&scope, hook, &all), NotFound);
        refused(store.delete_triggers(&scope, hook, &[mine_trigger]), NotFound);
        refused(store.order(&scope, hook, LaneOrder::Pause), NotFound);
        refused(store.skip(&scope, hook, delivery, at(1)), NotFound);
        refused(store.redeliver(&scope, hook, delivery, at(1)), NotFound);
        refused(store.deliveries(&scope, hook, &DeliveryQuery::default(), &all), NotFound);
        assert!(store.hooks(&scope, &HookQuery::default(), &all).unwrap().items.iter().all(|h| h.id != hook.into()));
    }
    assert_eq!(store.hook(&company(), mine).unwrap(), before);
    assert_eq!(queued(store, mine), [delivery]);
    assert!(!load(store, mine).control.suspended);
}

pub fn an_update_changes_what_it_names_and_nothing_else(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let before = store.hook(&company(), hook).unwrap();
    assert_eq!(store.update_hook(&company(), hook, &HookUpdate::default(), at(5)).unwrap(), before);

    let change = HookUpdate { payload_version: Some(PayloadVersion::V4), ..HookUpdate::default() };
    let mut expected = before.clone();
    expected.payload_version = "v4.0".to_owned();
    expected.updated_at = Some(at(6));
    assert_eq!(store.update_hook(&company(), hook, &change, at(6)).unwrap(), expected);

    let change = HookUpdate {
        namespace: Some(Namespace::parse("acme-2").unwrap()),
        destination_url: Some(url("https://other.example.com/")),
        destination_headers: Some(headers("Bearer 0123456789")),
        ..HookUpdate::default()
    };
    expected.namespace = "acme-2".to_owned();
    expected.destination_url = "https://other.example.com/".to_owned();
    expected.destination_headers[0].1 = "*****56789".to_owned();
    expected.updated_at = Some(at(7));
    assert_eq!(store.update_hook(&company(), hook, &change, at(7)).unwrap(), expected);
    assert_eq!(store.hook(&company(), hook).unwrap(), expected);
}

pub fn a_hook_cannot_take_a_namespace_that_another_has(store: &dyn Store) {
    let hook = rfi_hook(store, "mine");
    rfi_hook(store, "taken");
    let to = |name: &str| HookUpdate { namespace: Some(Namespace::parse(name).unwrap()), ..HookUpdate::default() };
    refused(store.update_hook(&company(), hook, &to("taken"), at(1)), Conflict);
    assert_eq!(store.hook(&company(), hook).unwrap().namespace, "mine");
    store.update_hook(&company(), hook, &to("mine"), at(1)).unwrap();
    store.update_hook(&company(), hook, &to("free"), at(1)).unwrap();
    rfi_hook(store, "mine");
}

pub fn disabling_closes_the_gate_and_enabling_opens_it_and_counts_a_reset(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let waiting = queue(store, hook, [1]);
    assert_eq!(load(store, hook).control.gate, Gate::Open);

    let off = HookUpdate { active: Some(false), ..HookUpdate::default() };
    assert_eq!(store.update_hook(&company(), hook, &off, at(1)).unwrap().status, HookStatus::Disabled);
    let held = load(store, hook).control;
    assert_eq!((held.gate, held.resets), (Gate::Held, 0));
    assert_eq!(queued(store, hook), waiting, "what is queued stays");

    let on = HookUpdate { active: Some(true), ..HookUpdate::default() };
    assert_eq!(store.update_hook(&company(), hook, &on, at(2)).unwrap().status, HookStatus::Active);
    let open = load(store, hook).control;
    assert_eq!((open.gate, open.resets, open.nudges), (Gate::Open, 1, 0));
}

pub fn setting_the_status_that_it_has_changes_nothing(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    for active in [true, false] {
        let change = HookUpdate { active: Some(active), ..HookUpdate::default() };
        let once = store.update_hook(&company(), hook, &change, at(1)).unwrap();
        let control = load(store, hook).control;
        assert_eq!(store.update_hook(&company(), hook, &change, at(2)).unwrap(), once);
        assert_eq!(load(store, hook).control, control);
    }
}

pub fn another_url_or_other_headers_count_a_nudge(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let create = crate::given::hook("acme");
    let nudges = |change: HookUpdate| {
        store.update_hook(&company(), hook, &change, at(1)).unwrap();
        load(store, hook).control.nudges
    };
    let same = HookUpdate {
        destination_url: Some(create.destination_url),
        destination_headers: Some(create.destination_headers),
        payload_version: Some(PayloadVersion::V3),
        ..HookUpdate::default()
    };
    assert_eq!(nudges(same), 0);
    let (there, key) = (Some(url("https://erp.example.com/other")), Some(headers("Bearer other")));
    assert_eq!(nudges(HookUpdate { destination_url: there, ..HookUpdate::default() }), 1);
    assert_eq!(nudges(HookUpdate { destination_headers: key, ..HookUpdate::default() }), 2);
}

pub fn headers_stay_with_the_receiver_that_they_were_given_for(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let to = |to: &str| HookUpdate { destination_url: Some(url(to)), ..HookUpdate::default() };
    let update = |change: &HookUpdate| store.update_hook(&company(), hook, change, at(1));
    let before = store.hook(&company(), hook).unwrap();
    for elsewhere in [
        "https://other.example.com/events",
        "https://erp.example.com:8443/events",
        "http://erp.example.com/events",
        "https://erp.example.com.evil.example/events",
    ] {
        let told = message_of(update(&to(elsewhere)), InvalidArgument);
        for words in ["https://erp.example.com to http", "destination_headers", "danger_keep_headers"] {
            assert!(told.contains(words), "{told}");
        }
        assert!(!told.contains("t0ken"), "{told}");
    }
    assert_eq!(store.hook(&company(), hook).unwrap(), before, "a refused change changes nothing");

    // The same receiver; headers that are given; a caller who says so; nothing that could be kept.
    update(&to("https://ERP.example.com:443/another?token=t0ken")).unwrap();
    let given = HookUpdate { destination_headers: Some(headers("Bearer another")), ..to("https://two.example.com/") };
    update(&given).unwrap();
    update(&HookUpdate { danger_keep_headers: true, ..to("http://three.example.com/") }).unwrap();
    let there = load(store, hook).destination.unwrap();
    assert_eq!((there.url.as_str(), &there.headers), ("http://three.example.com/", &headers("Bearer another")));
    update(&to("https://three.example.com/")).expect("the same host, encrypted from now on");
    update(&HookUpdate { destination_headers: Some(DestinationHeaders::default()), ..HookUpdate::default() }).unwrap();
    update(&to("https://four.example.com/")).expect("there is nothing to keep");
}

pub fn a_deleted_hook_takes_its_triggers_and_its_queue_with_it(store: &dyn Store) {
    let (hook, other) = (rfi_hook(store, "acme"), rfi_hook(store, "other"));
    let gone = queue(store, hook, [1, 2]);
    let stays = queued(store, other);
    let trigger = trigger_id(&store.triggers(&company(), hook, &page(0, None)).unwrap().items[0]);
    store.delete_hook(&company(), hook, at(1)).unwrap();

    refused(store.hook(&company(), hook), NotFound);
    refused(store.delete_hook(&company(), hook, at(1)), NotFound);
    refused(store.update_hook(&company(), hook, &HookUpdate::default(), at(1)), NotFound);
    refused(store.triggers(&company(), hook, &page(0, None)), NotFound);
    refused(store.deliveries(&company(), hook, &DeliveryQuery::default(), &page(0, None)), NotFound);
    refused(store.order(&company(), hook, LaneOrder::Resume), NotFound);
    refused(store.skip(&company(), hook, gone[0], at(1)), NotFound);
    refused(store.redeliver(&company(), hook, gone[0], at(1)), NotFound);

    let lane = load(store, hook);
    assert_eq!(lane.control.gate, Gate::Gone);
    assert_eq!(lane.destination, None);
    assert_eq!(lane.deliveries, []);
    assert_eq!(work(store), [other]);
    assert_eq!(queued(store, other), stays);

    assert_eq!(publish(store, event(3)).hooks, [other], "its triggers match no more");
    let again = rfi_hook(store, "acme");
    refused(store.delete_triggers(&company(), again, &[trigger]).unwrap().remove(0), NotFound);
}

pub fn ids_of_hooks_and_triggers_are_never_reused(store: &dyn Store) {
    let first = rfi_hook(store, "acme");
    let old = trigger_id(&store.triggers(&company(), first, &page(0, None)).unwrap().items[0]);
    store.delete_triggers(&company(), first, &[old]).unwrap().remove(0).unwrap();
    let new = trigger_id(&triggers(store, &company(), first, &[trigger("RFIs", "update")])[0]);
    assert!(new > old);
    store.delete_hook(&company(), first, at(1)).unwrap();
    assert!(rfi_hook(store, "acme") > first);
}

pub fn each_trigger_gets_its_own_answer(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let wanted = [
        trigger("Bids", "update"),
        trigger("rfis", "UPDATE"),
        trigger("RFIs", "create"),
        trigger("BIDS", "Update"),
        trigger("Löhne", "update"),
        trigger("LÖHNE", "update"),
    ];
    let answers = store.insert_triggers(&company(), hook, &wanted, at(0)).unwrap();
    assert_eq!(answers.len(), wanted.len());
    for (number, answer) in answers.into_iter().enumerate() {
        match number {
            1 | 3 | 5 => refused(answer, Conflict),
            _ => {
                let made = answer.unwrap();
                assert_eq!(made.hook_id, hook.into());
                assert_eq!(made.resource_name, wanted[number].resource_name);
                assert_eq!(made.event_type, wanted[number].event_type);
            }
        }
    }
    let names = store.triggers(&company(), hook, &page(0, None)).unwrap().items;
    let names: Vec<_> = names.iter().map(|made| (made.resource_name.as_str(), made.event_type.as_str())).collect();
    assert_eq!(names, [("RFIs", "update"), ("Bids", "update"), ("RFIs", "create"), ("Löhne", "update")]);
}

pub fn triggers_of_different_hooks_do_not_meet(store: &dyn Store) {
    let (one, two) = (rfi_hook(store, "one"), rfi_hook(store, "two"));
    triggers(store, &company(), one, &[trigger("Bids", "update")]);
    triggers(store, &company(), two, &[trigger("Bids", "update")]);
    for hook in [one, two] {
        let listed = store.triggers(&company(), hook, &page(0, None)).unwrap().items;
        assert_eq!(listed.len(), 2);
        assert!(listed.iter().all(|made| made.hook_id == hook.into()));
    }
}

pub fn pages_of_triggers_are_oldest_first_and_stay_the_same_while_triggers_come(store: &dyn Store) {
    let hook = hook_id(&store.insert_hook(&company(), &hook("acme"), at(0)).unwrap().id);
    let wanted: Vec<_> = ["E", "B", "C", "A", "D"].map(|name| trigger(name, "update")).into();
    triggers(store, &company(), hook, &wanted);
    let names = |page: &tieback::types::Page<tieback::types::Trigger>| -> Vec<String> {
        page.items.iter().map(|made| made.resource_name.clone()).collect()
    };
    let first = store.triggers(&company(), hook, &page(2, None)).unwrap();
    assert_eq!(names(&first), ["E", "B"]);
    store.delete_triggers(&company(), hook, &[trigger_id(&first.items[0])]).unwrap().remove(0).unwrap();
    triggers(store, &company(), hook, &[trigger("0", "update")]);
    let second = store.triggers(&company(), hook, &page(3, first.next)).unwrap();
    assert_eq!(names(&second), ["C", "A", "D"]);
    let third = store.triggers(&company(), hook, &page(3, second.next)).unwrap();
    assert_eq!((names(&third), third.next), (vec!["0".to_owned()], None));
}

pub fn each_removal_of_a_trigger_gets_its_own_answer(store: &dyn Store) {
    let (one, two) = (rfi_hook(store, "one"), rfi_hook(store, "two"));
    let mine = trigger_id(&store.triggers(&company(), one, &page(0, None)).unwrap().items[0]);
    let others = trigger_id(&store.triggers(&company(), two, &page(0, None)).unwrap().items[0]);
    let answers = store.delete_triggers(&company(), one, &[others, mine, mine, TriggerId(0)]).unwrap();
    let [not_mine, removed, again, never] = <[_; 4]>::try_from(answers).unwrap();
    refused(not_mine, NotFound);
    removed.unwrap();
    refused(again, NotFound);
    refused(never, NotFound);
    assert_eq!(store.triggers(&company(), one, &page(0, None)).unwrap().items, []);
    assert_eq!(store.triggers(&company(), two, &page(0, None)).unwrap().items.len(), 1);
    assert_eq!(publish(store, event(1)).hooks, [two]);
    refused(store.skip(&company(), one, DeliveryId(1), at(0)), NotFound);
}
