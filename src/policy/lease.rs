//! Leases: how long a worker may act on the lanes that it holds, and when another may take them. Pure.
//!
//! A worker holds its lanes by one row in the store, which it renews. Two clocks guard it: its own monotonic one, by
//! which it stops starting attempts while a third of the lease is left, and that of whoever looks at it, by which a row
//! that does not change has run out. Neither trusts the wall clock alone, which may be set.

use std::collections::HashMap;
use std::time::Duration;

use super::queue::Colleague;
use crate::time::{Moment, Timestamp};
use crate::types::WorkerId;

/// How long a worker that stopped renewing keeps its lanes, unless it is known to be dead.
pub const LEASE: Duration = Duration::from_secs(30);

/// A worker's own lease.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// When the last renewal that succeeded was asked for, on this process's monotonic clock.
    from: Duration,
}

impl Lease {
    /// One that was asked for then.
    pub fn from(asked_at: Duration) -> Self {
        Self { from: asked_at }
    }

    /// When to renew it: while enough is left to try again.
    pub fn renew_at(self) -> Duration {
        self.from + LEASE / 3
    }

    /// Until when attempts may start. The last third is for those in flight to end and be kept.
    pub fn starts_until(self) -> Duration {
        self.from + LEASE * 2 / 3
    }
}

/// What a worker knows of the others: when each was last seen to renew.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    seen: HashMap<WorkerId, Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    lease_until: Timestamp,
    at: Duration,
}

impl Watch {
    /// Takes note of the others as they are now; gives those whose lanes may be taken: proven dead, or not renewed for
    /// a whole lease.
    pub fn look(&mut self, others: Vec<Colleague>, now: Moment) -> Vec<Colleague> {
        self.seen.retain(|worker, _| others.iter().any(|other| other.worker == *worker));
        others.into_iter().filter(|other| self.has_run_out(other, now) | other.is_dead).collect()
    }

    /// Whether there is anybody to watch.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    fn has_run_out(&mut self, other: &Colleague, now: Moment) -> bool {
        let fresh = Seen { lease_until: other.lease_until, at: now.monotonic };
        let seen = self.seen.entry(other.worker).or_insert(fresh);
        if seen.lease_until != other.lease_until {
            *seen = fresh;
        }
        // The wall clock is for whoever has not been here that long; one that was set ahead costs a duplicate at most.
        other.lease_until <= now.wall || now.monotonic.saturating_sub(seen.at) >= LEASE
    }
}
