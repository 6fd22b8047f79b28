//! The workers of the memory store.

use std::sync::Arc;

use super::{MemoryStore, State};
use crate::error::Result;
use crate::policy::lane::Gate;
use crate::policy::lease::LEASE;
use crate::store::{Colleague, Look, Tenure, Workers};
use crate::time::Timestamp;
use crate::types::{HookId, WorkerId};

impl MemoryStore {
    /// A worker's process has died; the others see it.
    pub fn kill(&self, worker: WorkerId) {
        self.lock().dead.insert(worker);
    }
}

impl State {
    pub(super) fn holds(&self, hook: HookId, tenure: Tenure) -> bool {
        self.hooks.get(&hook).is_some_and(|row| row.tenure == Some(tenure))
    }

    pub(super) fn claim(&mut self, worker: WorkerId, hook: HookId) {
        let is_enlisted = self.workers.contains_key(&worker);
        let Some(row) = self.hook_mut(hook) else { return };
        if is_enlisted && row.tenure.is_none_or(|tenure| tenure.worker == worker) {
            row.fence += 1;
            row.tenure = Some(Tenure { worker, fence: row.fence });
        }
    }

    fn end(&mut self, worker: WorkerId) {
        self.workers.remove(&worker);
        for row in self.hooks.values_mut().filter(|row| row.tenure.is_some_and(|tenure| tenure.worker == worker)) {
            Arc::make_mut(row).tenure = None;
        }
    }
}

impl Workers for MemoryStore {
    fn enlist(&self, now: Timestamp) -> Result<WorkerId> {
        let worker = self.write(|state| {
            state.last_worker += 1;
            let worker = WorkerId(state.last_worker);
            state.workers.insert(worker, now.plus(LEASE));
            Ok(worker)
        })?;
        // A crash may have forgotten a worker of this id.
        self.lock().dead.remove(&worker);
        Ok(worker)
    }

    fn renew(&self, worker: WorkerId, now: Timestamp) -> Result<bool> {
        self.write(|state| {
            let lease = state.workers.get_mut(&worker);
            Ok(lease.map(|until| *until = now.plus(LEASE)).is_some())
        })
    }

    fn release(&self, lanes: &[(HookId, Tenure)]) -> Result<()> {
        self.write(|state| {
            for (hook, tenure) in lanes {
                if let Some(row) = state.hook_mut(*hook) {
                    row.tenure.take_if(|held| held == tenure);
                }
            }
            Ok(())
        })
    }

    fn retire(&self, worker: WorkerId) -> Result<()> {
        self.write(|state| {
            state.end(worker);
            Ok(())
        })
    }

    fn bury(&self, others: &[Colleague]) -> Result<()> {
        self.write(|state| {
            for other in others {
                if state.workers.get(&other.worker) == Some(&other.lease_until) {
                    state.end(other.worker);
                }
            }
            Ok(())
        })
    }

    fn look(&self, worker: Option<WorkerId>, seen: u64) -> Result<Look> {
        let dead = self.lock().dead.clone();
        self.read(|state| {
            let mut look = Look { seen: state.last_change, ..Look::default() };
            for (hook, row) in &state.hooks {
                let is_mine = row.tenure.is_some() && row.tenure.map(|tenure| tenure.worker) == worker;
                let may_send = row.control.gate == Gate::Open && !row.control.suspended;
                if (is_mine || row.tenure.is_none()) && may_send && state.queued(*hook).next().is_some() {
                    look.work.push(*hook);
                }
                if is_mine && row.changed > seen {
                    look.changed.push(*hook);
                }
            }
            let others = state.workers.iter().filter(|(other, _)| Some(**other) != worker);
            look.others = others
                .map(|(worker, until)| Colleague {
                    worker: *worker,
                    lease_until: *until,
                    is_dead: dead.contains(worker),
                })
                .collect();
            Ok(look)
        })
    }

    fn others_changes(&self) -> u64 {
        // It does not know who writes; a look too many costs little.
        self.lock().writes
    }
}
