//! By what right this worker acts: it is enlisted while it holds lanes, keeps its lease, lets go of lanes that have
//! been at rest, and sees to it that the lanes of workers that are gone are free.

use std::time::Duration;

use super::{Dispatch, Effect, STORE_RETRY};
use crate::policy::lease::Lease;
use crate::policy::queue::Look;
use crate::time::Moment;
use crate::types::WorkerId;

/// How long a lane is held on to after its last delivery: the next one then needs no claim. At least once this long, at
/// most twice.
const LINGER: Duration = Duration::from_secs(1);

/// How this worker stands in the store.
#[derive(Clone, Copy, Debug)]
pub enum Standing {
    /// It is not enlisted, and holds nothing.
    Off {
        /// After a failure: when to try again.
        not_before: Duration,
    },
    /// It has asked to be.
    Enlisting {
        /// When it did.
        asked_at: Duration,
    },
    /// It may hold lanes.
    Enlisted {
        /// Its id.
        worker: WorkerId,
        /// Its lease.
        lease: Lease,
        /// When to renew it.
        renew_at: Duration,
        /// When it has asked to, if it waits for the answer.
        asked_at: Option<Duration>,
    },
}

impl Dispatch {
    /// This worker, while it is enlisted.
    pub fn worker(&self) -> Option<WorkerId> {
        match self.standing {
            Standing::Enlisted { worker, .. } => Some(worker),
            Standing::Off { .. } | Standing::Enlisting { .. } => None,
        }
    }

    /// [`Look::seen`] of the last look.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Whether other workers are to be watched: one that dies changes nothing that could be noticed.
    pub fn watches_others(&self) -> bool {
        !self.watch.is_empty()
    }

    /// Whether the lease still lets attempts start.
    pub(super) fn is_leased(&self, now: Moment) -> bool {
        match self.standing {
            Standing::Enlisted { lease, .. } => now.monotonic < lease.starts_until(),
            Standing::Off { .. } | Standing::Enlisting { .. } => true,
        }
    }

    /// Asks to be enlisted, so that lanes can be claimed.
    pub(super) fn enlist(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if let Standing::Off { not_before } = self.standing
            && not_before <= now.monotonic
        {
            self.standing = Standing::Enlisting { asked_at: now.monotonic };
            effects.push(Effect::Enlist);
        }
    }

    pub(super) fn enlisted(&mut self, worker: Option<WorkerId>, now: Moment) {
        self.standing = match (self.standing, worker) {
            (Standing::Enlisting { asked_at }, Some(worker)) => {
                let lease = Lease::from(asked_at);
                self.rest_at = Some(now.monotonic + LINGER);
                Standing::Enlisted { worker, lease, renew_at: lease.renew_at(), asked_at: None }
            }
            (Standing::Enlisting { .. }, None) => Standing::Off { not_before: now.monotonic + STORE_RETRY },
            (other, _) => other,
        };
    }

    /// Takes the answer to a renewal: whether it was made; `None` when the store failed.
    pub(super) fn renewed(&mut self, made: Option<bool>, now: Moment) {
        let Standing::Enlisted { lease, renew_at, asked_at, .. } = &mut self.standing else { return };
        let asked = asked_at.take();
        match (made, asked) {
            (Some(true), Some(asked)) => {
                *lease = Lease::from(asked);
                *renew_at = lease.renew_at();
            }
            (Some(false), _) => self.oust(),
            _ => *renew_at = now.monotonic + STORE_RETRY,
        }
    }

    /// Another worker has taken this one for dead: what it held is no longer its own. Attempts in flight are still
    /// waited for and recorded.
    fn oust(&mut self) {
        self.standing = Standing::Off { not_before: Duration::ZERO };
        self.rest_at = None;
        for run in self.lanes.values_mut().filter(|run| run.tenure.is_some()) {
            self.buffered_bytes -= run.forget();
        }
    }

    /// Takes in what others have done.
    pub(super) fn looked(&mut self, look: Look, now: Moment, effects: &mut Vec<Effect>) {
        self.seen = look.seen;
        let over = self.watch.look(look.others, now);
        if !over.is_empty() {
            effects.push(Effect::Bury(over));
        }
        self.changed(look.changed);
        self.work(look.work);
    }

    /// Renews the lease and lets go of lanes, when it is time.
    pub(super) fn keep_tenure(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if self.rest_at.is_some_and(|at| at <= now.monotonic) {
            self.rest_at = Some(now.monotonic + LINGER);
            self.let_go(false, effects);
        }
        if let Standing::Enlisted { worker, renew_at, asked_at: asked_at @ None, .. } = &mut self.standing
            && *renew_at <= now.monotonic
        {
            *asked_at = Some(now.monotonic);
            effects.push(Effect::Renew(*worker));
        }
    }

    /// Lets go of the lanes that were at rest the last time too, or of all that can be; a worker without lanes retires.
    pub(super) fn let_go(&mut self, at_once: bool, effects: &mut Vec<Effect>) {
        let Standing::Enlisted { worker, .. } = self.standing else { return };
        let (mut released, mut holds) = (Vec::new(), false);
        for (hook, run) in &mut self.lanes {
            let Some(tenure) = run.tenure else { continue };
            let is_at_rest = run.is_at_rest(at_once) && !self.dirty.contains(hook);
            if is_at_rest && (run.is_resting || at_once) {
                self.buffered_bytes -= run.release();
                released.push((*hook, tenure));
            } else {
                run.is_resting = is_at_rest;
                holds = true;
            }
        }
        if !holds && self.is_idle() {
            self.standing = Standing::Off { not_before: Duration::ZERO };
            self.rest_at = None;
            effects.push(Effect::Retire(worker));
        } else if !released.is_empty() {
            effects.push(Effect::Release(released));
        }
        self.lanes.retain(|_, run| !run.is_over());
    }

    /// When the lease or a lane at rest needs a look.
    pub(super) fn next_of_tenure(&self) -> Option<Duration> {
        let standing = match self.standing {
            Standing::Off { not_before } => Some(not_before).filter(|_| !self.hungry.is_empty() && !self.stopping),
            Standing::Enlisting { .. } | Standing::Enlisted { asked_at: Some(_), .. } => None,
            Standing::Enlisted { renew_at, .. } => Some(renew_at),
        };
        standing.into_iter().chain(self.rest_at).min()
    }
}
