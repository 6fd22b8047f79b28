//! Claims about workers: who may hold a lane, until when, and what is left of what they write afterwards.

use std::time::Duration;

use tieback::policy::lane::{LaneState, Verdict};
use tieback::policy::lease::LEASE;
use tieback::store::{Colleague, Commit, LaneOrder, LaneWrite, Look, Settled, Store, Tenure};
use tieback::types::{Attempt, DeliveryId, HookId, HookUpdate, WorkerId};

use crate::given::*;

/// A worker that was enlisted then.
fn worker_at(store: &dyn Store, seconds: i64) -> WorkerId {
    store.enlist(at(seconds)).unwrap()
}

fn look(store: &dyn Store, worker: WorkerId) -> Look {
    store.look(Some(worker), 0).unwrap()
}

/// What a third party sees of the workers.
fn workers(store: &dyn Store) -> Vec<Colleague> {
    store.look(None, 0).unwrap().others
}

fn commit_of(hook: HookId, tenure: Tenure, delivery: DeliveryId, epoch: u64) -> Commit {
    Commit {
        settled: vec![Settled { hook, tenure, delivery, verdict: Verdict::Delivered, attempt: attempt(204) }],
        lanes: vec![LaneWrite { hook, tenure, state: LaneState { epoch, ..LaneState::default() }, flush: false }],
    }
}

pub fn a_worker_has_a_lease_and_others_see_until_when(store: &dyn Store) {
    let (first, second) = (worker_at(store, 1), worker_at(store, 2));
    assert_ne!(first, second);
    let colleague = |worker, seconds| Colleague { worker, lease_until: at(seconds).plus(LEASE), is_dead: false };
    assert_eq!(look(store, first).others, [colleague(second, 2)], "nobody is his own colleague");
    assert_eq!(workers(store), [colleague(first, 1), colleague(second, 2)]);
    assert!(store.renew(first, at(11)).unwrap());
    assert_eq!(look(store, second).others, [colleague(first, 11)]);
}

pub fn a_worker_that_is_no_more_cannot_renew_nor_claim(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let worker = worker_at(store, 0);
    store.retire(worker).unwrap();
    assert!(!store.renew(worker, at(1)).unwrap());
    assert_eq!(workers(store), []);
    let lane = claim(store, worker, hook);
    assert_eq!((lane.tenure, lane.fence), (None, 0));
    store.retire(worker).unwrap();
}

pub fn a_lane_has_one_holder_and_every_claim_a_fence_of_its_own(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=2);
    let (first, second) = (worker_at(store, 0), worker_at(store, 0));
    let claimed = claim(store, first, hook);
    assert_eq!((claimed.tenure, claimed.fence), (Some(Tenure { worker: first, fence: 1 }), 1));
    assert_eq!(claimed.deliveries.iter().map(|queued| queued.delivery).collect::<Vec<_>>(), all);

    let refused = claim(store, second, hook);
    assert_eq!((refused.tenure, refused.fence), (claimed.tenure, 1), "who is refused is told who has it");
    assert_eq!(load(store, hook).tenure, claimed.tenure);

    let again = claim(store, first, hook);
    assert_eq!(again.tenure, Some(Tenure { worker: first, fence: 2 }), "its own lane it may claim again");
    store.release(&[(hook, claimed.tenure.unwrap())]).unwrap();
    assert_eq!(load(store, hook).tenure, again.tenure, "what is over is not released");
    store.release(&[(hook, again.tenure.unwrap())]).unwrap();
    assert_eq!((load(store, hook).tenure, load(store, hook).fence), (None, 2));
    assert_eq!(claim(store, second, hook).tenure, Some(Tenure { worker: second, fence: 3 }));
}

pub fn a_worker_that_retires_lets_go_of_its_own_lanes_alone(store: &dyn Store) {
    let hooks = ["a", "b", "c"].map(|namespace| rfi_hook(store, namespace));
    let (first, second) = (worker_at(store, 0), worker_at(store, 0));
    claim(store, first, hooks[0]);
    claim(store, second, hooks[1]);
    claim(store, first, hooks[2]);
    store.retire(first).unwrap();
    let holders = hooks.map(|hook| load(store, hook).tenure.map(|tenure| tenure.worker));
    assert_eq!(holders, [None, Some(second), None]);
}

pub fn what_is_written_under_a_tenure_that_is_over_changes_no_state(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=2);
    let (first, second) = (worker_at(store, 0), worker_at(store, 0));
    let stale = claim(store, first, hook).tenure.unwrap();
    store.release(&[(hook, stale)]).unwrap();
    for holder in ["nobody", "another", "itself again"] {
        let present = match holder {
            "nobody" => None,
            "another" => claim(store, second, hook).tenure,
            _ => {
                store.retire(second).unwrap();
                claim(store, first, hook).tenure
            }
        };
        let attempts = shown(store, hook, all[0]).attempts.len();
        let mut commit = commit_of(hook, stale, all[0], 7);
        commit.lanes[0].flush = true;
        let committed = store.commit(&commit).unwrap();
        assert_eq!((committed.gone, committed.flushed), (Vec::new(), Vec::new()), "held by {holder}");
        assert_eq!(committed.lost, [(hook, stale)], "held by {holder}: told once");
        let lane = load(store, hook);
        assert_eq!((lane.state, lane.tenure), (LaneState::default(), present), "held by {holder}");
        assert_eq!(queued(store, hook), all, "held by {holder}");
        assert_eq!(shown(store, hook, all[0]).attempts.len(), attempts + 1, "an attempt is a fact");
    }
}

pub fn a_commit_keeps_what_it_may_and_tells_what_it_may_not(store: &dyn Store) {
    let (lost, held) = (rfi_hook(store, "lost"), rfi_hook(store, "held"));
    publish(store, event(1));
    let (first, second) = (worker_at(store, 0), worker_at(store, 0));
    let [stale, own] = [lost, held].map(|hook| claim(store, first, hook).tenure.unwrap());
    store.release(&[(lost, stale)]).unwrap();
    claim(store, second, lost);
    let of = |hook| queued(store, hook)[0];
    let mut commit = commit_of(lost, stale, of(lost), 1);
    let other = commit_of(held, own, of(held), 2);
    commit.settled.extend(other.settled);
    commit.lanes.extend(other.lanes);
    let committed = store.commit(&commit).unwrap();
    assert_eq!(committed.lost, [(lost, stale)]);
    assert_eq!((queued(store, lost).len(), queued(store, held).len()), (1, 0));
    assert_eq!((load(store, lost).state.epoch, load(store, held).state.epoch), (0, 2));
}

pub fn an_attempt_under_a_lost_tenure_is_shown_with_a_delivery_that_has_its_outcome(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=1);
    let (first, second) = (worker_at(store, 0), worker_at(store, 0));
    let stale = claim(store, first, hook).tenure.unwrap();
    store.release(&[(hook, stale)]).unwrap();
    let present = claim(store, second, hook).tenure.unwrap();
    store.commit(&commit_of(hook, present, all[0], 0)).unwrap();
    let late = Attempt { response_status: Some(500), ..attempt(500) };
    let verdict = Verdict::Queued;
    let settled = Settled { hook, tenure: stale, delivery: all[0], verdict, attempt: late };
    let committed = store.commit(&Commit { settled: vec![settled], lanes: Vec::new() }).unwrap();
    assert_eq!((committed.gone, committed.lost), (Vec::new(), vec![(hook, stale)]));
    assert_eq!(standing(store, hook, all[0]).0, "delivered");
    let statuses: Vec<_> = shown(store, hook, all[0]).attempts.iter().map(|attempt| attempt.response_status).collect();
    assert_eq!(statuses, [Some(204), Some(500)]);
}

pub fn a_worker_is_buried_only_as_it_was_seen(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    queue(store, hook, 1..=1);
    let worker = worker_at(store, 0);
    let tenure = claim(store, worker, hook).tenure;
    let seen = workers(store);
    assert!(store.renew(worker, at(1)).unwrap());
    store.bury(&seen).unwrap();
    assert_eq!((load(store, hook).tenure, workers(store).len()), (tenure, 1), "it has renewed its lease since");
    store.bury(&workers(store)).unwrap();
    assert_eq!((load(store, hook).tenure, workers(store)), (None, Vec::new()));
    assert_eq!(store.look(None, 0).unwrap().work, [hook]);
    assert!(!store.renew(worker, at(2)).unwrap(), "it learns of it");
    store.bury(&seen).unwrap();
}

pub fn a_look_offers_lanes_that_may_go_on_and_that_nobody_else_holds(store: &dyn Store) {
    let names = ["free", "mine", "another-s", "empty", "suspended", "disabled", "deleted"];
    let hooks = names.map(|namespace| rfi_hook(store, namespace));
    let [free, mine, anothers, empty, suspended, disabled, deleted] = hooks;
    publish(store, event(1));
    settle(store, empty, queued(store, empty)[0], Verdict::Delivered);
    workers(store).iter().for_each(|worker| store.retire(worker.worker).unwrap());
    let (first, second) = (worker_at(store, 0), worker_at(store, 0));
    claim(store, first, mine);
    claim(store, second, anothers);
    store.order(&company(), suspended, LaneOrder::Pause).unwrap();
    let disable = HookUpdate { active: Some(false), ..HookUpdate::default() };
    store.update_hook(&company(), disabled, &disable, at(1)).unwrap();
    store.delete_hook(&company(), deleted, at(1)).unwrap();
    assert_eq!(look(store, first).work, [free, mine]);
    assert_eq!(look(store, second).work, [free, anothers]);
    assert_eq!(store.look(None, 0).unwrap().work, [free]);
    store.order(&company(), suspended, LaneOrder::Resume).unwrap();
    assert_eq!(look(store, first).work, [free, mine, suspended]);
}

pub fn a_look_tells_of_each_change_of_an_own_lane_once(store: &dyn Store) {
    let (mine, anothers) = (rfi_hook(store, "mine"), rfi_hook(store, "another-s"));
    let all = queue(store, mine, 1..=2);
    let (worker, other) = (worker_at(store, 0), worker_at(store, 0));
    claim(store, worker, mine);
    claim(store, other, anothers);
    let mut seen = look(store, worker).seen;
    let scope = company();
    let update = |change: HookUpdate| {
        let change = HookUpdate { danger_keep_headers: true, ..change };
        store.update_hook(&scope, mine, &change, at(1)).unwrap();
    };
    let changes: [(&str, &dyn Fn()); 7] = [
        ("pause", &|| store.order(&scope, mine, LaneOrder::Pause).unwrap()),
        ("resume", &|| store.order(&scope, mine, LaneOrder::Resume).unwrap()),
        ("retry now", &|| store.order(&scope, mine, LaneOrder::RetryNow).unwrap()),
        ("url", &|| update(HookUpdate { destination_url: Some(url("https://new.example/")), ..HookUpdate::default() })),
        ("headers", &|| update(HookUpdate { destination_headers: Some(headers("new")), ..HookUpdate::default() })),
        ("disable", &|| update(HookUpdate { active: Some(false), ..HookUpdate::default() })),
        ("skip", &|| store.skip(&scope, mine, all[0], at(1)).unwrap()),
    ];
    for (what, change) in changes {
        change();
        let told = store.look(Some(worker), seen).unwrap();
        assert_eq!(told.changed, [mine], "{what}");
        assert!(told.seen > seen, "{what}");
        seen = told.seen;
        assert_eq!(store.look(Some(worker), seen).unwrap().changed, [], "{what} is told once");
    }
    store.delete_hook(&scope, mine, at(2)).unwrap();
    assert_eq!(store.look(Some(worker), seen).unwrap().changed, [mine], "delete");
    assert_eq!(store.look(Some(other), 0).unwrap().changed, [], "of another's lane nothing is told");
}

pub fn what_workers_do_is_no_change_of_a_lane(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    let all = queue(store, hook, 1..=2);
    let worker = worker_at(store, 0);
    let tenure = claim(store, worker, hook).tenure.unwrap();
    let seen = look(store, worker).seen;
    store.commit(&commit_of(hook, tenure, all[0], 3)).unwrap();
    store.renew(worker, at(1)).unwrap();
    queue(store, hook, 3..=3);
    let told = store.look(Some(worker), seen).unwrap();
    assert_eq!((told.changed, told.seen), (Vec::new(), seen));
}

pub fn a_lease_is_as_long_as_it_is_said_to_be(store: &dyn Store) {
    worker_at(store, 0);
    assert_eq!(workers(store)[0].lease_until.since(at(0)), Duration::from_secs(30));
}
