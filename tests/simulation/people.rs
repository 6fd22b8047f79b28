//! Who owns the hooks, publishes events and operates the lanes: in the process of a worker, or in one without any.

use std::time::Duration;

use tieback::store::Log;
use tieback::store::{LaneOrder, Publishing, Queue, Registry};
use tieback::types::{
    DeliveryId, DestinationHeaders, DestinationUrl, Event, HookCreate, HookId, HookUpdate, Id, Namespace,
    PayloadVersion, TriggerCreate, Why,
};

use crate::ledger::Status;
use crate::network::Phase;
use crate::world::{Happening, Owned, Undo, World};

const RESOURCES: [&str; 3] = ["RFIs", "Submittals", "Punch Items"];

impl World {
    pub fn make_hooks(&mut self) {
        for number in 0..1 + self.dice.below(4) {
            let versions = [PayloadVersion::V2, PayloadVersion::V3];
            let create = HookCreate {
                namespace: Namespace::parse(&format!("hook-{number}")).unwrap(),
                payload_version: versions[self.dice.below(2) as usize],
                destination_url: url(number, 0),
                destination_headers: DestinationHeaders::default(),
                signing_secrets: Default::default(),
                rate_limit: None,
            };
            let hook = self.store.insert_hook(&self.scope, &create, self.now.wall).unwrap();
            let id = HookId::from_id(&hook.id).unwrap();
            let resource_names: Vec<_> = RESOURCES.into_iter().filter(|_| !self.dice.one_in(3)).collect();
            let triggers: Vec<_> =
                resource_names.iter().map(|name| TriggerCreate::new(name, "update").unwrap()).collect();
            self.store.insert_triggers(&self.scope, id, &triggers, self.now.wall).unwrap();
            self.hooks.push(Owned {
                id,
                resource_names,
                enabled: true,
                suspended: false,
                deleted: false,
                urls: 0,
                changed_at: Duration::ZERO,
                changed_by: None,
                phase: Phase::Up,
            });
        }
        self.sync();
    }

    /// One event, or a burst of them: all at once, or one soon after the other.
    pub fn plan_publishing(&mut self, at: Duration) {
        let many = if self.dice.one_in(4) { 1 + self.dice.below(20) } else { 1 };
        let resources = 1 + self.dice.below(12);
        let events = (0..many).map(|_| {
            self.published += 1;
            let name = RESOURCES[self.dice.below(3) as usize];
            let resource = Id::from(1 + self.dice.below(resources) as i64);
            let mut event = Event::new(&self.scope, name, resource, "update");
            let ulid = ulid::Ulid::from_parts(1_700_000_000_000, self.published.into()).to_string();
            event.ulid = Some(ulid.clone());
            event.timestamp = Some(self.now.wall);
            Publishing { event, named: true, given: ulid, deprecated: false, only: None, bounds: Default::default() }
        });
        let events: Vec<_> = events.collect();
        if self.dice.one_in(2) {
            return self.plan(at, Happening::Publish(events));
        }
        for event in events {
            let after = self.dice.span(self.truth.policy.backoff_min * 20);
            self.plan(at + after, Happening::Publish(vec![event]));
        }
    }

    /// Ok means on disk; who gets no answer tries again.
    pub fn publish(&mut self, events: Vec<Publishing>) {
        let by = self.somebody();
        let published = self.store.publish(&events, self.now.wall).unwrap();
        if !self.calm && self.dice.one_in(60) {
            self.truth.totals.crashes_before_sync += 1;
            self.power_cut();
            let after = self.within(self.pace);
            return self.plan(after, Happening::Publish(events));
        }
        self.sync();
        self.wrote(by);
        let again = self.dice.one_in(10);
        let mut made: Vec<(HookId, Vec<&Publishing>)> = Vec::new();
        for (publishing, published) in events.iter().zip(published) {
            let published = published.unwrap();
            if published.duplicate {
                self.truth.totals.published_again += 1;
                continue;
            }
            self.truth.totals.events += 1;
            let matching = self.hooks.iter().filter(|hook| {
                hook.enabled && !hook.deleted && hook.resource_names.contains(&publishing.event.resource_name.as_str())
            });
            let matching: Vec<_> = matching.map(|hook| hook.id).collect();
            assert_eq!(published.hooks, matching);
            assert_eq!(published.deliveries, matching.len() as u64);
            for hook in matching {
                match made.iter_mut().find(|(other, _)| *other == hook) {
                    Some((_, events)) => events.push(publishing),
                    None => made.push((hook, vec![publishing])),
                }
            }
        }
        for (hook, events) in made {
            let query = Default::default();
            let page = tieback::types::PageRequest { limit: events.len() as u32, after: None };
            let newest = self.store.deliveries(&self.scope, hook, &query, &page).unwrap().items;
            for (publishing, delivery) in events.iter().zip(newest.iter().rev()) {
                assert_eq!(delivery.event.ulid, publishing.event.ulid);
                let event = &publishing.event;
                let resource = format!("{} {}", event.resource_name, event.resource_id);
                self.truth.ledger.queue(DeliveryId::from_id(&delivery.id).unwrap(), hook, resource);
                self.truth.totals.deliveries += 1;
            }
            self.news(hook, by);
        }
        if again {
            let after = self.within(self.pace);
            self.plan(after, Happening::Publish(events));
        }
    }

    pub fn operator(&mut self) {
        let open: Vec<usize> = (0..self.hooks.len()).filter(|at| !self.hooks[*at].deleted).collect();
        let Some(&at) = self.dice.pick(&open) else { return };
        let hook = self.hooks[at].id;
        let (scope, now) = (self.scope, self.now.wall);
        let later = self.within(self.pace * 4);
        let by = self.somebody();
        match self.dice.below(8) {
            0 if !self.hooks[at].suspended => {
                self.truth.totals.operator_pauses += 1;
                self.hooks[at].suspended = true;
                self.store.order(&scope, hook, LaneOrder::Pause).unwrap();
                self.plan(later, Happening::Undo(hook, Undo::Pause));
            }
            1 => {
                self.truth.totals.retries_now += 1;
                self.store.order(&scope, hook, LaneOrder::RetryNow).unwrap();
            }
            2..=4 => return self.skip(hook, by),
            5 => return self.redeliver(hook, by),
            6 if self.hooks[at].enabled && self.dice.one_in(2) => {
                self.truth.totals.disabled_hooks += 1;
                self.hooks[at].enabled = false;
                let change = HookUpdate { active: Some(false), ..HookUpdate::default() };
                self.store.update_hook(&scope, hook, &change, now).unwrap();
                self.plan(later, Happening::Undo(hook, Undo::Disabling));
            }
            6 if self.dice.one_in(4) => {
                self.truth.ledger.check_store(&self.store, &scope, hook);
                self.truth.totals.deleted_hooks += 1;
                self.hooks[at].deleted = true;
                self.store.delete_hook(&scope, hook, now).unwrap();
                self.truth.ledger.discard(hook, Why::HookDeleted, self.now.monotonic);
            }
            7 => {
                self.truth.totals.changed_urls += 1;
                self.hooks[at].urls += 1;
                self.hooks[at].phase = Phase::Up;
                let destination_url = Some(url(hook.0 as u64, self.hooks[at].urls));
                let change = HookUpdate { destination_url, ..HookUpdate::default() };
                self.store.update_hook(&scope, hook, &change, now).unwrap();
            }
            _ => return,
        }
        self.change(hook, by);
    }

    /// Most often it is the first in the queue that somebody is tired of.
    fn skip(&mut self, hook: HookId, by: Option<u64>) {
        let queued: Vec<_> = self.truth.ledger.queued(hook).collect();
        let chosen = if self.dice.one_in(2) { queued.first() } else { self.dice.pick(&queued) };
        let Some(&delivery) = chosen else { return };
        self.store.skip(&self.scope, hook, delivery, self.now.wall).unwrap();
        let now = self.now.monotonic;
        self.truth.ledger.settle(delivery, Status::Discarded(Why::Operator), now, None);
        self.truth.totals.skips += 1;
        let in_flight = self.processes.iter().any(|process| process.worker.is_in_flight(delivery));
        self.truth.totals.skips_in_flight += u64::from(in_flight);
        self.change(hook, by);
    }

    fn redeliver(&mut self, hook: HookId, by: Option<u64>) {
        let settled: Vec<_> =
            self.truth.ledger.of(hook).filter(|(_, row)| row.status != Status::Queued).map(|(id, _)| id).collect();
        let Some(&delivery) = self.dice.pick(&settled) else { return };
        let again = self.store.redeliver(&self.scope, hook, delivery, self.now.wall).unwrap();
        self.sync();
        self.wrote(by);
        let resource = self.truth.ledger.rows[&delivery].resource.clone();
        self.truth.ledger.queue(again, hook, resource);
        self.truth.totals.redeliveries += 1;
        self.news(hook, by);
    }

    pub fn undo(&mut self, hook: HookId, undo: Undo) {
        let Some(owned) = self.hooks.iter_mut().find(|owned| owned.id == hook && !owned.deleted) else { return };
        match undo {
            Undo::Pause if owned.suspended => {
                owned.suspended = false;
                self.store.order(&self.scope, hook, LaneOrder::Resume).unwrap();
            }
            Undo::Disabling if !owned.enabled => {
                owned.enabled = true;
                let change = HookUpdate { active: Some(true), ..HookUpdate::default() };
                self.store.update_hook(&self.scope, hook, &change, self.now.wall).unwrap();
            }
            _ => return,
        }
        let by = self.somebody();
        self.change(hook, by);
    }

    /// A worker's process in which somebody calls, or none of them.
    fn somebody(&mut self) -> Option<u64> {
        let at_work: Vec<u64> =
            self.processes.iter().filter(|process| process.is_at_work()).map(|process| process.number).collect();
        if self.dice.one_in(3) { None } else { self.dice.pick(&at_work).copied() }
    }

    /// Something was queued: who calls tells the worker in his own process.
    fn news(&mut self, hook: HookId, by: Option<u64>) {
        self.truth.last_news.insert(hook, self.now.monotonic);
        if let Some(process) = by.and_then(|number| self.process(number)) {
            process.work.insert(hook);
        }
        self.signal(by);
    }

    /// Something else is wanted of a lane.
    fn change(&mut self, hook: HookId, by: Option<u64>) {
        self.sync();
        self.wrote(by);
        let at = self.now.monotonic;
        if let Some(owned) = self.hooks.iter_mut().find(|owned| owned.id == hook) {
            (owned.changed_at, owned.changed_by) = (at, by);
        }
        if let Some(process) = by.and_then(|number| self.process(number)) {
            process.changed.insert(hook);
        }
        self.signal(by);
    }

    fn signal(&mut self, by: Option<u64>) {
        if let Some(process) = by {
            let after = if self.dice.one_in(2) { Duration::ZERO } else { self.dice.span(Duration::from_millis(20)) };
            self.plan(after, Happening::Signal { process });
        }
    }

    /// Everything is well again, and stays so.
    pub fn calm_down(&mut self) {
        self.plan(Duration::ZERO, Happening::StoreFails(false));
        for number in self
            .processes
            .iter()
            .filter(|process| process.away.is_some())
            .map(|process| process.number)
            .collect::<Vec<_>>()
        {
            self.plan(Duration::ZERO, Happening::Back { process: number });
        }
        for _ in self.processes.len()..self.most_processes {
            self.plan(Duration::ZERO, Happening::Starts);
        }
        for hook in self.hooks.iter().map(|hook| hook.id).collect::<Vec<_>>() {
            self.plan(Duration::ZERO, Happening::PhaseEnds(hook));
            self.plan(Duration::from_micros(1), Happening::Undo(hook, Undo::Pause));
            self.plan(Duration::from_micros(1), Happening::Undo(hook, Undo::Disabling));
        }
    }
}

fn url(hook: u64, version: u32) -> DestinationUrl {
    DestinationUrl::parse(&format!("https://hook-{hook}.example/{version}")).unwrap()
}
