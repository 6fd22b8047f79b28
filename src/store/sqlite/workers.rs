//! The workers of a file: a row each, and a lock each by which the others see that one has died.
//!
//! After a power cut no worker is left that could have held anything, so none of this would have to be on disk. It is
//! synced all the same: a commit that is not stands in the WAL before those that are, and when a later sync fails, what
//! the disk has lost of it would take them along.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{OptionalExtension, params};

use super::SqliteStore;
use super::fault::Fault;
use super::lock::WorkerLock;
use super::row::{count, counted};
use crate::error::Result;
use crate::policy::lease::LEASE;
use crate::store::{Colleague, Look, Tenure, Workers};
use crate::time::Timestamp;
use crate::types::{HookId, WorkerId};

/// The locks of this store's own workers.
#[derive(Debug, Default)]
pub struct OwnWorkers {
    locks: Mutex<HashMap<WorkerId, WorkerLock>>,
}

impl OwnWorkers {
    fn lock(&self) -> MutexGuard<'_, HashMap<WorkerId, WorkerLock>> {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OwnWorkers {
    /// Whoever has not retired by now is over: the others find no lock.
    fn drop(&mut self) {
        for (_, lock) in self.lock().drain() {
            lock.give_back();
        }
    }
}

impl Workers for SqliteStore {
    fn enlist(&self, now: Timestamp) -> Result<WorkerId> {
        let database = self.location.database.clone();
        let (worker, lock) = self.write(move |tx| {
            let worker = tx.prepare_cached(sql!("worker_insert"))?.query_row([now.plus(LEASE)], |row| row.get(0))?;
            // Before the row can be seen: a worker without its lock would be taken for dead.
            Ok((worker, WorkerLock::take(&database, worker)?))
        })?;
        self.own_workers.lock().insert(worker, lock);
        Ok(worker)
    }

    fn renew(&self, worker: WorkerId, now: Timestamp) -> Result<bool> {
        let is_there = self.write(move |tx| {
            Ok(tx.prepare_cached(sql!("worker_renew"))?.execute(params![worker, now.plus(LEASE)])? == 1)
        })?;
        if !is_there && let Some(lock) = self.own_workers.lock().remove(&worker) {
            lock.give_back();
        }
        Ok(is_there)
    }

    fn release(&self, lanes: &[(HookId, Tenure)]) -> Result<()> {
        let lanes = lanes.to_vec();
        self.write(move |tx| {
            let mut release = tx.prepare_cached(sql!("lane_release"))?;
            for (hook, tenure) in lanes {
                release.execute(params![hook, tenure.worker, counted(tenure.fence)])?;
            }
            Ok(())
        })
    }

    fn retire(&self, worker: WorkerId) -> Result<()> {
        // Before the row, and also when that cannot be removed: a worker without a lock is over. The other way round, a
        // process that is killed in between would leave a file that belongs to nobody.
        if let Some(lock) = self.own_workers.lock().remove(&worker) {
            lock.give_back();
        }
        self.write(move |tx| {
            tx.prepare_cached(sql!("worker_delete"))?.execute([worker])?;
            Ok(())
        })
    }

    fn bury(&self, others: &[Colleague]) -> Result<()> {
        // For the same reason.
        for dead in others.iter().filter(|other| other.is_dead) {
            WorkerLock::remove(&self.location.database, dead.worker);
        }
        let seen = others.to_vec();
        let ended = self.write(move |tx| {
            let mut bury = tx.prepare_cached(sql!("worker_bury"))?;
            let mut ended = Vec::new();
            for other in seen {
                if bury.execute(params![other.worker, other.lease_until])? == 1 {
                    ended.push(other.worker);
                }
            }
            Ok(ended)
        })?;
        // One that lives keeps its file until its row is gone: it may have renewed its lease meanwhile, and without its
        // file it would be taken for dead.
        for worker in ended {
            WorkerLock::remove(&self.location.database, worker);
        }
        Ok(())
    }

    fn look(&self, worker: Option<WorkerId>, seen: u64) -> Result<Look> {
        let mut look = self.read(|tx| {
            let hooks = |sql: &str, given: &[&dyn rusqlite::ToSql]| {
                let mut query = tx.prepare_cached(sql)?;
                let hooks = query.query_map(given, |row| row.get(0))?;
                hooks.collect::<rusqlite::Result<Vec<HookId>>>()
            };
            let mut others = tx.prepare_cached(sql!("workers_other"))?;
            let others = others.query_map([worker], |row| {
                Ok(Colleague { worker: row.get("id")?, lease_until: row.get("lease_until")?, is_dead: false })
            })?;
            let mut last = tx.prepare_cached(sql!("store_last_change"))?;
            Ok::<_, Fault>(Look {
                work: hooks(sql!("lanes_to_work"), &[&worker])?,
                changed: hooks(sql!("lanes_changed"), &[&worker, &counted(seen)])?,
                seen: last.query_row([], |row| count(row, "last_change")).optional()?.unwrap_or_default(),
                others: others.collect::<rusqlite::Result<_>>()?,
            })
        })?;
        for other in &mut look.others {
            other.is_dead = WorkerLock::is_free(&self.location.database, other.worker);
        }
        Ok(look)
    }

    fn others_changes(&self) -> u64 {
        self.writer.others_changes()
    }
}
