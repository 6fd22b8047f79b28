//! A process with a worker in it: its clock, what has been signalled to it, its looks at the store, and what it sleeps
//! through.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use tieback::types::{HookId, WorkerId};

use crate::worker::{Truth, Worker};
use crate::world::{Happening, store_time};

/// How soon a worker notices what others have done.
pub const LOOK_INTERVAL: Duration = Duration::from_millis(250);

pub struct Process {
    /// No other process of the run has or had this number.
    pub number: u64,
    /// How far its monotonic clock is ahead of the world's.
    pub offset: Duration,
    pub worker: Worker,
    /// What it was in the store; all die with the process.
    pub enlisted: Vec<WorkerId>,
    /// What was signalled and not yet taken.
    pub work: BTreeSet<HookId>,
    pub changed: BTreeSet<HookId>,
    /// Nobody runs it: it is frozen, or its host does something else. What happens meanwhile waits.
    pub away: Option<Away>,
    pub held_up: VecDeque<Happening>,
    /// When it was last run after it was away, and when an operation of it last failed, on the world's clock.
    pub back_at: Duration,
    pub failed_at: Duration,
    /// When the last look that it has heard of was done in the store.
    pub looked_at: Duration,
    /// When the store may next be looked at, and when that is planned.
    pub look_due: Duration,
    pub look_planned: Option<Duration>,
    /// Changes by others at the last look; `None` if it must be made again.
    pub changes_seen: Option<u64>,
    pub own_writes: u64,
    /// It runs on its host's thread, now and then.
    pub in_place: bool,
    pub stopping: bool,
    pub abandoned: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    Frozen,
    Resting,
}

impl Process {
    pub fn new(number: u64, offset: Duration, now: Duration, in_place: bool, truth: &Truth) -> Self {
        Self {
            number,
            offset,
            worker: Worker::new(truth),
            enlisted: Vec::new(),
            work: BTreeSet::new(),
            changed: BTreeSet::new(),
            away: None,
            held_up: VecDeque::new(),
            back_at: now,
            failed_at: now,
            looked_at: now,
            look_due: now,
            look_planned: None,
            changes_seen: None,
            own_writes: 0,
            in_place,
            stopping: false,
            abandoned: false,
        }
    }

    /// The worker knows of every change of before this moment, on the world's clock. A look is asked for within the
    /// interval, and takes its place behind the operations that were asked for before: nothing starts against a change
    /// that is older than both together, unless the process stood still or the store failed it.
    pub fn told_until(&self, now: Duration) -> Duration {
        let most = LOOK_INTERVAL + store_time();
        let excused_until = self.back_at.max(self.failed_at) + most;
        let in_time = if now > excused_until { now - most } else { Duration::ZERO };
        in_time.max(self.looked_at)
    }

    /// Whether it starts what can be started.
    pub fn is_at_work(&self) -> bool {
        self.away.is_none() && !self.stopping
    }
}
