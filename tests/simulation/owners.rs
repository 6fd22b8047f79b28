//! Who holds which lane, told again plainly: the store's answers are held against it.

use std::collections::BTreeMap;
use std::time::Duration;

use tieback::policy::lease::LEASE;
use tieback::policy::queue::{Colleague, Look, Tenure};
use tieback::time::{Moment, Timestamp};
use tieback::types::{HookId, WorkerId};

#[derive(Clone, Debug, Default)]
pub struct Owners {
    workers: BTreeMap<WorkerId, Enlisted>,
    lanes: BTreeMap<HookId, (u64, Option<Tenure>)>,
}

#[derive(Clone, Copy, Debug)]
pub struct Enlisted {
    /// The number of the process that it lives in.
    pub process: u64,
    pub lease_until: Timestamp,
    /// When it was last renewed, on the world's monotonic clock.
    pub renewed_at: Duration,
}

impl Owners {
    pub fn enlist(&mut self, worker: WorkerId, process: u64, now: Moment) {
        let enlisted = Enlisted { process, lease_until: now.wall.plus(LEASE), renewed_at: now.monotonic };
        assert!(self.workers.insert(worker, enlisted).is_none(), "two living workers are worker {worker}");
    }

    pub fn renew(&mut self, worker: WorkerId, now: Moment) -> bool {
        let Some(enlisted) = self.workers.get_mut(&worker) else { return false };
        enlisted.lease_until = now.wall.plus(LEASE);
        enlisted.renewed_at = now.monotonic;
        true
    }

    /// Gives what the store must say of the lane then.
    pub fn claim(&mut self, worker: WorkerId, hook: HookId) -> (u64, Option<Tenure>) {
        let (fence, held) = self.lanes.entry(hook).or_default();
        if self.workers.contains_key(&worker) && held.is_none_or(|tenure| tenure.worker == worker) {
            *fence += 1;
            *held = Some(Tenure { worker, fence: *fence });
        }
        (*fence, *held)
    }

    pub fn release(&mut self, hook: HookId, tenure: Tenure) -> bool {
        self.lanes.get_mut(&hook).is_some_and(|(_, held)| held.take_if(|held| *held == tenure).is_some())
    }

    /// The worker is one no more. Says whether it was.
    pub fn end(&mut self, worker: WorkerId) -> bool {
        for (_, held) in self.lanes.values_mut() {
            held.take_if(|tenure| tenure.worker == worker);
        }
        self.workers.remove(&worker).is_some()
    }

    /// Says whether the worker is as it was seen, and so can be ended by another.
    pub fn is_as_seen(&self, seen: &Colleague) -> bool {
        self.workers.get(&seen.worker).is_some_and(|enlisted| enlisted.lease_until == seen.lease_until)
    }

    pub fn lane(&self, hook: HookId) -> (u64, Option<Tenure>) {
        self.lanes.get(&hook).copied().unwrap_or_default()
    }

    pub fn holds(&self, hook: HookId, tenure: Tenure) -> bool {
        self.lane(hook).1 == Some(tenure)
    }

    pub fn holder(&self, hook: HookId) -> Option<Enlisted> {
        self.workers.get(&self.lane(hook).1?.worker).copied()
    }

    pub fn workers(&self) -> impl Iterator<Item = (WorkerId, Enlisted)> {
        self.workers.iter().map(|(worker, enlisted)| (*worker, *enlisted))
    }

    pub fn enlisted(&self, worker: WorkerId) -> Option<Enlisted> {
        self.workers.get(&worker).copied()
    }

    /// A look tells of all others, and of no lane that another holds.
    pub fn check_look(&self, worker: Option<WorkerId>, look: &Look) {
        let others = self.workers.iter().filter(|(id, _)| Some(**id) != worker);
        let told = look.others.iter().map(|other| (other.worker, other.lease_until));
        assert!(told.eq(others.map(|(id, enlisted)| (*id, enlisted.lease_until))), "the others are told as they are");
        for hook in &look.work {
            let held = self.lane(*hook).1;
            let is_free = held.is_none_or(|tenure| Some(tenure.worker) == worker);
            assert!(is_free, "hook {hook} is offered to {worker:?}, and is held: {held:?}");
        }
    }
}
