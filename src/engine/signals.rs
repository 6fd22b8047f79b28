//! From the engine's methods to its worker: which hooks have work, which have changed, and when to stop.
//!
//! A signal is a hint, given after the store has it; the worker reads the store. Hints coalesce.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use crate::types::HookId;

/// The hints that the worker has not taken yet.
#[derive(Debug, Default)]
pub struct Signals {
    pending: Mutex<Pending>,
    notify: Notify,
}

/// What the worker takes.
#[derive(Clone, Debug, Default)]
pub struct Pending {
    /// Hooks with new deliveries.
    pub work: BTreeSet<HookId>,
    /// Hooks whose control or destination changed.
    pub changed: BTreeSet<HookId>,
    /// Stop, and give attempts in flight until then.
    pub stop: Option<Instant>,
    /// How many hints were ever given.
    pub given: u64,
}

impl Signals {
    /// These hooks have new deliveries.
    pub fn work(&self, hooks: impl IntoIterator<Item = HookId>) {
        let mut pending = self.lock();
        pending.work.extend(hooks);
        pending.given += 1;
        drop(pending);
        self.notify.notify_one();
    }

    /// This hook's control or destination has changed.
    pub fn changed(&self, hook: HookId) {
        let mut pending = self.lock();
        pending.changed.insert(hook);
        pending.given += 1;
        drop(pending);
        self.notify.notify_one();
    }

    /// The worker is to stop.
    pub fn stop(&self, deadline: Instant) {
        self.lock().stop = Some(deadline);
        self.notify.notify_one();
    }

    /// The worker is to look again, though there is nothing to take.
    pub fn wake(&self) {
        self.notify.notify_one();
    }

    /// The worker has stopped; another may begin.
    pub fn stopped(&self) {
        self.lock().stop = None;
    }

    /// How many hints were ever given.
    pub fn given(&self) -> u64 {
        self.lock().given
    }

    /// Everything since the last time. The wish to stop stays.
    pub fn take(&self) -> Pending {
        let mut pending = self.lock();
        let kept = Pending { stop: pending.stop, given: pending.given, ..Pending::default() };
        std::mem::replace(&mut *pending, kept)
    }

    /// Ends when there is something to take.
    pub async fn given_some(&self) {
        self.notify.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
