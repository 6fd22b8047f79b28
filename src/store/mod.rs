//! Where hooks, events and deliveries are kept: a few blocking traits, each method one transaction named after the step
//! it serves. "Ok" from a writing method means: on disk.
//!
//! Implementations: [`memory`] (tests and the simulator) and [`sqlite`]. One conformance suite, `tests/store/`, runs
//! on all of them.

use std::path::Path;

use crate::error::{Error, Result};
pub use crate::policy::queue::{
    Colleague, Commit, Committed, Destination, LaneWrite, LoadRequest, Loaded, Look, Queued, Settled, Tenure,
    resource_key,
};
use crate::time::{Cancel, Timestamp};
use crate::types::{
    Delivery, DeliveryId, DeliveryQuery, Event, Hook, HookCreate, HookId, HookQuery, HookUpdate, IntegrityReport, Page,
    PageRequest, Published, Purged, RestoredLane, Scope, Stats, Trigger, TriggerCreate, TriggerId, WorkerId,
};

mod refusal;

pub mod memory;
pub mod sqlite;

/// Hooks and triggers. Everything is scoped: what is outside the scope is `not_found`.
pub trait Registry: Send + Sync {
    /// Keeps a new hook, and its lane. `conflict` when the scope has one of this namespace.
    fn insert_hook(&self, scope: &Scope, hook: &HookCreate, now: Timestamp) -> Result<Hook>;

    /// Hooks, oldest first.
    fn hooks(&self, scope: &Scope, query: &HookQuery, page: &PageRequest) -> Result<Page<Hook>>;

    /// One hook, with its trigger count.
    fn hook(&self, scope: &Scope, hook: HookId) -> Result<Hook>;

    /// Changes a hook. In the same transaction: disabling closes its lane's gate, enabling opens it and counts a reset,
    /// another URL or other headers count a nudge. Setting the status that it has changes nothing. A URL with another
    /// scheme, host or port needs headers for it, or `danger_keep_headers`; else it is `invalid_argument`.
    fn update_hook(&self, scope: &Scope, hook: HookId, change: &HookUpdate, now: Timestamp) -> Result<Hook>;

    /// Deletes a hook: its triggers go, its queued deliveries are discarded, its namespace is free again.
    fn delete_hook(&self, scope: &Scope, hook: HookId, now: Timestamp) -> Result<()>;

    /// Keeps triggers of a hook; one answer each, `conflict` for one that is there already (compared without case).
    fn insert_triggers(
        &self,
        scope: &Scope,
        hook: HookId,
        triggers: &[TriggerCreate],
        now: Timestamp,
    ) -> Result<Vec<Result<Trigger>>>;

    /// Triggers of a hook, oldest first.
    fn triggers(&self, scope: &Scope, hook: HookId, page: &PageRequest) -> Result<Page<Trigger>>;

    /// Removes triggers; one answer each, `not_found` for one that is not this hook's.
    fn delete_triggers(&self, scope: &Scope, hook: HookId, triggers: &[TriggerId]) -> Result<Vec<Result<()>>>;
}

/// An event that is ready to be kept: checked, with what the caller left out made up.
#[derive(Clone, Debug)]
pub struct Publishing {
    /// The event, with `ulid` and `timestamp` set. `id` is set only if the caller gave one; else the store makes one.
    pub event: Event,
    /// The caller gave it a ulid or an id: it may have been published before.
    pub named: bool,
    /// The event as the caller gave it, as canonical JSON: tells whether a second one under the same id is the same.
    pub given: String,
    /// The catalogue says that it no longer fires.
    pub deprecated: bool,
    /// A delivery for this hook alone, whatever its triggers say.
    pub only: Option<HookId>,
    /// How long the queues may be with it.
    pub bounds: QueueBounds,
}

/// The most deliveries that may be queued; `None` is as many as the disk holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueBounds {
    /// For one hook.
    pub per_hook: Option<u64>,
    /// For all hooks together.
    pub total: Option<u64>,
}

/// What an operator asks of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneOrder {
    /// Start nothing until resumed.
    Pause,
    /// Go on.
    Resume,
    /// End the present wait: probe at once.
    RetryNow,
}

/// The queue: publishing, loading, committing, and what operators do to it.
pub trait Queue: Send + Sync {
    /// Keeps events and their deliveries, all in one transaction; one answer each. The same event again (same `ulid` or
    /// same given `id`, same content) makes nothing and says so; with other content it is a `conflict`. An event that
    /// would make a queue longer than its bounds is `unavailable`, and nothing of it is kept.
    fn publish(&self, events: &[Publishing], now: Timestamp) -> Result<Vec<Result<Published>>>;

    /// Lanes with the next part of their queues, whoever holds them. A hook that was never there is left out.
    fn load(&self, requests: &[LoadRequest]) -> Result<Vec<Loaded>>;

    /// Has a worker hold those of the lanes that nobody holds, then does as [`Queue::load`].
    fn claim(&self, worker: WorkerId, requests: &[LoadRequest]) -> Result<Vec<Loaded>>;

    /// Keeps ended attempts, their deliveries' outcomes and lane states.
    fn commit(&self, commit: &Commit) -> Result<Committed>;

    /// Turns up to `limit` deliveries that flushes have marked into discarded rows; says whether more are left.
    fn sweep_flushed(&self, limit: u32, now: Timestamp) -> Result<bool>;

    /// Takes an operator's word on a hook's lane.
    fn order(&self, scope: &Scope, hook: HookId, order: LaneOrder) -> Result<()>;

    /// Discards one queued delivery (`operator`), and counts a nudge if it is the lane's probe; `conflict` when it has
    /// an outcome already.
    fn skip(&self, scope: &Scope, hook: HookId, delivery: DeliveryId, now: Timestamp) -> Result<()>;

    /// Queues a new delivery of the same event to the same hook, in the hook's present payload version, and gives its
    /// id. `conflict` while the old one is queued; `invalid_argument` when that version cannot carry the event.
    fn redeliver(&self, scope: &Scope, hook: HookId, delivery: DeliveryId, now: Timestamp) -> Result<DeliveryId>;

    /// How much there is to do. `in_flight` and the worker's part of `paused_lanes` are not the store's to know: it
    /// counts the lanes of existing hooks whose state or control is paused.
    fn stats(&self, now: Timestamp) -> Result<Stats>;
}

/// The workers of one store, in this process or in others. A worker is enlisted while it holds lanes.
pub trait Workers: Send + Sync {
    /// Makes a new worker, with a lease from now.
    fn enlist(&self, now: Timestamp) -> Result<WorkerId>;

    /// Renews a worker's lease; `false` when another has taken it for dead, and with it its lanes.
    fn renew(&self, worker: WorkerId, now: Timestamp) -> Result<bool>;

    /// Lets go of lanes, so that any worker may claim them.
    fn release(&self, lanes: &[(HookId, Tenure)]) -> Result<()>;

    /// Ends a worker; it lets go of all its lanes.
    fn retire(&self, worker: WorkerId) -> Result<()>;

    /// Ends other workers as they were seen: dead, or with a lease that has run out. One that has renewed its lease
    /// meanwhile stays.
    fn bury(&self, others: &[Colleague]) -> Result<()>;

    /// What others have done. `worker` is who asks, if it is enlisted; `seen` is of its last look, or 0.
    fn look(&self, worker: Option<WorkerId>, seen: u64) -> Result<Look>;

    /// Grows when somebody else has changed the store. Cheap, and never blocks: a change may be noticed at the next
    /// call only.
    fn others_changes(&self) -> u64;
}

/// The log: deliveries with their attempts.
pub trait Log: Send + Sync {
    /// Deliveries of a hook, newest first, with payload, event and attempts.
    fn deliveries(
        &self,
        scope: &Scope,
        hook: HookId,
        query: &DeliveryQuery,
        page: &PageRequest,
    ) -> Result<Page<Delivery>>;

    /// Removes what has been kept long enough: up to `limit` deliveries that got their outcome before `ended_before`,
    /// with their attempts, and what nothing needs then: payloads, events, and hooks that were deleted before it.
    /// Events that made no delivery go when they were published before it. Queued deliveries are never touched. Says
    /// what went and whether more is left.
    fn purge(&self, ended_before: Timestamp, limit: u32) -> Result<(Purged, bool)>;
}

/// What keeps a store in good order over a long life. A store without a file has nothing to do for it. These calls take
/// long, and end with `cancelled` once their token is requested.
pub trait Upkeep: Send + Sync {
    /// Looks for damage. `quick` leaves out what compares every row of the log.
    fn check_integrity(&self, quick: bool, cancel: &Cancel) -> Result<IntegrityReport> {
        let _ = quick;
        cancel.check()?;
        Ok(IntegrityReport::default())
    }

    /// Gives the space of what was removed back to the file system. Nobody writes meanwhile.
    fn compact(&self, cancel: &Cancel) -> Result<()> {
        cancel.check()
    }

    /// Writes a copy of everything, as it is at one moment, to a new file. `replace` allows one that is there already.
    /// Whatever goes wrong, nothing is left of it.
    fn backup(&self, to: &Path, replace: bool, now: Timestamp, cancel: &Cancel) -> Result<()> {
        let _ = (replace, now, cancel);
        Err(Error::invalid(format!("a store in memory cannot be copied to `{}`: use one in a file", to.display())))
    }

    /// Which lanes have deliveries that were queued in a backup when it was restored, and are queued still.
    fn restored_lanes(&self) -> Result<Vec<RestoredLane>> {
        Ok(Vec::new())
    }
}

/// Everything that an engine needs of a store.
pub trait Store: Registry + Queue + Workers + Log + Upkeep {}

impl<T: Registry + Queue + Workers + Log + Upkeep> Store for T {}
