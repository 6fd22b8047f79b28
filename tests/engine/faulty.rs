//! A real store in memory whose commits and loads the test can hold back or let fail.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tieback::error::{Error, ErrorKind, Result};
use tieback::store::memory::MemoryStore;
use tieback::store::{
    Colleague, Commit, Committed, LaneOrder, LoadRequest, Loaded, Log, Look, Publishing, Queue, Registry, Tenure,
    Upkeep, Workers,
};
use tieback::time::Timestamp;
use tieback::types::*;

use crate::stage::Gate;

/// The store.
#[derive(Default)]
pub struct Faulty {
    store: MemoryStore,
    /// Commits fail and change nothing.
    pub fail_commits: AtomicBool,
    /// Loads fail.
    pub fail_loads: AtomicBool,
    /// Commits wait here before they do anything.
    commits_held: Mutex<Option<Gate>>,
    /// Loads wait here with what they have read.
    loads_held: Mutex<Option<Gate>>,
    /// How many loads have been read.
    pub loads: AtomicUsize,
    /// How many commits have begun.
    pub commits: AtomicUsize,
}

impl Faulty {
    /// An empty one without a fault.
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Commits wait at this gate from now on.
    pub fn hold_commits(&self, gate: &Gate) {
        *self.commits_held.lock().unwrap() = Some(gate.clone());
    }

    /// Loads wait at this gate from now on, after they have read.
    pub fn hold_loads(&self, gate: &Gate) {
        *self.loads_held.lock().unwrap() = Some(gate.clone());
    }

    fn refuse(&self, fault: &AtomicBool) -> Result<()> {
        if fault.load(Ordering::SeqCst) { Err(Error::new(ErrorKind::Storage, "the disk is full")) } else { Ok(()) }
    }
}

fn wait_at(held: &Mutex<Option<Gate>>) {
    let gate = held.lock().unwrap().clone();
    if let Some(gate) = gate {
        gate.pass();
    }
}

impl Queue for Faulty {
    fn load(&self, requests: &[LoadRequest]) -> Result<Vec<Loaded>> {
        self.refuse(&self.fail_loads)?;
        let loaded = self.store.load(requests);
        self.loads.fetch_add(1, Ordering::SeqCst);
        wait_at(&self.loads_held);
        loaded
    }

    fn commit(&self, commit: &Commit) -> Result<Committed> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        wait_at(&self.commits_held);
        self.refuse(&self.fail_commits)?;
        self.store.commit(commit)
    }

    fn publish(&self, events: &[Publishing], now: Timestamp) -> Result<Vec<Result<Published>>> {
        self.store.publish(events, now)
    }

    fn claim(&self, worker: WorkerId, requests: &[LoadRequest]) -> Result<Vec<Loaded>> {
        self.refuse(&self.fail_loads)?;
        let loaded = self.store.claim(worker, requests);
        self.loads.fetch_add(1, Ordering::SeqCst);
        wait_at(&self.loads_held);
        loaded
    }

    fn sweep_flushed(&self, limit: u32, now: Timestamp) -> Result<bool> {
        self.store.sweep_flushed(limit, now)
    }

    fn order(&self, scope: &Scope, hook: HookId, order: LaneOrder) -> Result<()> {
        self.store.order(scope, hook, order)
    }

    fn skip(&self, scope: &Scope, hook: HookId, delivery: DeliveryId, now: Timestamp) -> Result<()> {
        self.store.skip(scope, hook, delivery, now)
    }

    fn redeliver(&self, scope: &Scope, hook: HookId, delivery: DeliveryId, now: Timestamp) -> Result<DeliveryId> {
        self.store.redeliver(scope, hook, delivery, now)
    }

    fn stats(&self, now: Timestamp) -> Result<Stats> {
        self.store.stats(now)
    }
}

impl Workers for Faulty {
    fn enlist(&self, now: Timestamp) -> Result<WorkerId> {
        self.store.enlist(now)
    }

    fn renew(&self, worker: WorkerId, now: Timestamp) -> Result<bool> {
        self.store.renew(worker, now)
    }

    fn release(&self, lanes: &[(HookId, Tenure)]) -> Result<()> {
        self.store.release(lanes)
    }

    fn retire(&self, worker: WorkerId) -> Result<()> {
        self.store.retire(worker)
    }

    fn bury(&self, others: &[Colleague]) -> Result<()> {
        self.store.bury(others)
    }

    fn look(&self, worker: Option<WorkerId>, seen: u64) -> Result<Look> {
        self.store.look(worker, seen)
    }

    fn others_changes(&self) -> u64 {
        self.store.others_changes()
    }
}

impl Registry for Faulty {
    fn insert_hook(&self, scope: &Scope, hook: &HookCreate, now: Timestamp) -> Result<Hook> {
        self.store.insert_hook(scope, hook, now)
    }

    fn hooks(&self, scope: &Scope, query: &HookQuery, page: &PageRequest) -> Result<Page<Hook>> {
        self.store.hooks(scope, query, page)
    }

    fn hook(&self, scope: &Scope, hook: HookId) -> Result<Hook> {
        self.store.hook(scope, hook)
    }

    fn update_hook(&self, scope: &Scope, hook: HookId, change: &HookUpdate, now: Timestamp) -> Result<Hook> {
        self.store.update_hook(scope, hook, change, now)
    }

    fn delete_hook(&self, scope: &Scope, hook: HookId, now: Timestamp) -> Result<()> {
        self.store.delete_hook(scope, hook, now)
    }

    fn insert_triggers(
        &self,
        scope: &Scope,
        hook: HookId,
        triggers: &[TriggerCreate],
        now: Timestamp,
    ) -> Result<Vec<Result<Trigger>>> {
        self.store.insert_triggers(scope, hook, triggers, now)
    }

    fn triggers(&self, scope: &Scope, hook: HookId, page: &PageRequest) -> Result<Page<Trigger>> {
        self.store.triggers(scope, hook, page)
    }

    fn delete_triggers(&self, scope: &Scope, hook: HookId, triggers: &[TriggerId]) -> Result<Vec<Result<()>>> {
        self.store.delete_triggers(scope, hook, triggers)
    }
}

impl Log for Faulty {
    fn deliveries(
        &self,
        scope: &Scope,
        hook: HookId,
        query: &DeliveryQuery,
        page: &PageRequest,
    ) -> Result<Page<Delivery>> {
        self.store.deliveries(scope, hook, query, page)
    }

    fn purge(&self, ended_before: Timestamp, limit: u32) -> Result<(Purged, bool)> {
        self.store.purge(ended_before, limit)
    }
}

impl Upkeep for Faulty {}
