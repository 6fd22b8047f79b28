//! A store in memory: the plainest form of the traits, for tests and the simulator. Nothing outlives the process.
//!
//! With [`MemoryStore::unsynced`] it behaves like a disk whose power can be cut: what was written since the last
//! [`sync`](MemoryStore::sync) is lost by a [`crash`](MemoryStore::crash), and what was synced stays.

mod bounds;
mod log;
mod publish;
mod retention;
mod workers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::refusal;
use super::{
    Commit, Committed, Destination, LaneOrder, LoadRequest, Loaded, Publishing, Queue, Queued, Registry, Tenure, Upkeep,
};
use crate::error::Result;
use crate::policy::lane::{Control, Gate, LaneState, Verdict};
use crate::policy::signing;
use crate::time::Timestamp;
use crate::types::{
    Attempt, DeliveryId, DeliveryStatus, Event, Hook, HookCreate, HookId, HookQuery, HookStatus, HookUpdate, Id,
    NoDelivery, Page, PageRequest, Published, Scope, Stats, Trigger, TriggerCreate, TriggerId, Why, WorkerId,
};

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    disk: Mutex<Disk>,
}

#[derive(Debug, Default)]
struct Disk {
    live: State,
    /// What a crash goes back to; `None` when every write counts as synced.
    durable: Option<State>,
    /// How many transactions there were.
    writes: u64,
    /// Workers whose processes have died. No crash forgets it.
    dead: BTreeSet<WorkerId>,
}

/// Rows are shared between a state and its copies until they change, so that a copy costs little.
#[derive(Clone, Debug, Default)]
struct State {
    hooks: BTreeMap<HookId, Arc<HookRow>>,
    triggers: BTreeMap<TriggerId, TriggerRow>,
    events: BTreeMap<usize, Arc<EventRow>>,
    deliveries: BTreeMap<DeliveryId, Arc<DeliveryRow>>,
    /// Until when each worker's lease runs.
    workers: BTreeMap<WorkerId, Timestamp>,
    /// Counts what operators and the service want of lanes.
    last_change: u64,
    last_worker: i64,
    last_hook: i64,
    last_trigger: i64,
    last_delivery: i64,
    last_event_id: i64,
    last_event_row: usize,
}

#[derive(Clone, Debug)]
struct HookRow {
    scope: Scope,
    create: HookCreate,
    control: Control,
    lane: LaneState,
    tenure: Option<Tenure>,
    fence: u64,
    /// The number of the last change to its control or destination.
    changed: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    deleted_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct TriggerRow {
    hook: HookId,
    create: TriggerCreate,
}

#[derive(Clone, Debug)]
struct EventRow {
    event: Event,
    given: Arc<str>,
    made: u64,
    no_delivery: Option<NoDelivery>,
    published_at: Timestamp,
}

#[derive(Clone, Debug)]
struct DeliveryRow {
    hook: HookId,
    event: usize,
    payload: Bytes,
    resource: Arc<str>,
    outcome: Option<Outcome>,
    ended_at: Option<Timestamp>,
    created_at: Timestamp,
    attempts: Vec<Attempt>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Delivered,
    Discarded(Why),
}

impl DeliveryRow {
    fn end(&mut self, outcome: Outcome, now: Timestamp) {
        self.outcome = Some(outcome);
        self.ended_at = Some(now);
    }
}

impl MemoryStore {
    /// An empty store; every write counts as durable.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store whose writes are lost by a crash until synced.
    pub fn unsynced() -> Self {
        Self { disk: Mutex::new(Disk { durable: Some(State::default()), ..Disk::default() }) }
    }

    /// Makes everything written so far durable.
    pub fn sync(&self) {
        let mut disk = self.lock();
        if disk.durable.is_some() {
            disk.durable = Some(disk.live.clone());
        }
    }

    /// Goes back to what was durable.
    pub fn crash(&self) {
        let mut disk = self.lock();
        if let Some(durable) = disk.durable.clone() {
            disk.live = durable;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, reading: impl FnOnce(&State) -> Result<T>) -> Result<T> {
        reading(&self.lock().live)
    }

    /// A transaction: an error leaves everything as it was.
    fn write<T>(&self, writing: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut disk = self.lock();
        disk.writes += 1;
        let before = disk.live.clone();
        let result = writing(&mut disk.live);
        if result.is_err() {
            disk.live = before;
        }
        result
    }
}

impl State {
    fn hook_in(&self, scope: &Scope, hook: HookId) -> Result<&HookRow> {
        let row = self.hooks.get(&hook).filter(|row| row.control.gate != Gate::Gone && row.scope.admits(scope));
        row.map(|row| &**row).ok_or_else(|| refusal::no_hook(scope, hook))
    }

    fn hook_in_mut(&mut self, scope: &Scope, hook: HookId) -> Result<&mut HookRow> {
        self.hook_in(scope, hook)?;
        self.hook_mut(hook).ok_or_else(|| refusal::no_hook(scope, hook))
    }

    fn hook_mut(&mut self, hook: HookId) -> Option<&mut HookRow> {
        self.hooks.get_mut(&hook).map(Arc::make_mut)
    }

    fn delivery_mut(&mut self, delivery: DeliveryId) -> Option<&mut DeliveryRow> {
        self.deliveries.get_mut(&delivery).map(Arc::make_mut)
    }

    /// Notes that an operator or the service wants something else of a lane.
    fn change(&mut self, hook: HookId) {
        self.last_change += 1;
        let change = self.last_change;
        if let Some(row) = self.hook_mut(hook) {
            row.changed = change;
        }
    }

    fn check_namespace(&self, scope: &Scope, hook: &HookCreate, except: Option<HookId>) -> Result<()> {
        let taken = self.hooks.iter().any(|(id, row)| {
            Some(*id) != except
                && row.control.gate != Gate::Gone
                && row.scope.level() == scope.level()
                && row.scope.project_id() == scope.project_id()
                && (scope.project_id().is_some() || row.scope.company_id() == scope.company_id())
                && row.create.namespace == hook.namespace
        });
        if taken { Err(refusal::namespace_taken(scope, &hook.namespace)) } else { Ok(()) }
    }

    fn trigger_count(&self, hook: HookId) -> u64 {
        self.triggers.values().filter(|row| row.hook == hook).count() as u64
    }

    fn answer(&self, id: HookId, row: &HookRow, count: bool) -> Hook {
        Hook {
            id: id.into(),
            company_id: row.scope.company_id().map(Id::from),
            project_id: row.scope.project_id().map(Id::from),
            namespace: row.create.namespace.to_string(),
            payload_version: row.create.payload_version.to_string(),
            destination_url: row.create.destination_url.as_str().to_owned(),
            destination_headers: row.create.destination_headers.masked(),
            signing_secrets: row.create.signing_secrets.masked(),
            rate_limit: row.create.rate_limit,
            status: if row.control.gate == Gate::Open { HookStatus::Active } else { HookStatus::Disabled },
            trigger_count: count.then(|| self.trigger_count(id)),
            created_at: Some(row.created_at),
            updated_at: Some(row.updated_at),
        }
    }

    /// A delivery's outcome, with what a flush has marked but not yet swept.
    fn outcome(&self, id: DeliveryId, row: &DeliveryRow) -> Option<Outcome> {
        let flushed = self.hooks.get(&row.hook).is_some_and(|hook| id <= hook.lane.discard_through);
        row.outcome.or(flushed.then_some(Outcome::Discarded(Why::Flushed)))
    }

    /// How many deliveries have an outcome of this kind.
    fn ended(&self, is_meant: impl Fn(Outcome) -> bool) -> u64 {
        self.deliveries.iter().filter(|(id, row)| self.outcome(**id, row).is_some_and(&is_meant)).count() as u64
    }

    fn queued(&self, hook: HookId) -> impl Iterator<Item = (DeliveryId, &DeliveryRow)> {
        let rows = self.deliveries.iter().map(|(id, row)| (*id, &**row));
        rows.filter(move |(id, row)| row.hook == hook && self.outcome(*id, row).is_none())
    }

    fn load(&self, request: &LoadRequest) -> Option<Loaded> {
        let row = self.hooks.get(&request.hook)?;
        let mut waiting = self.queued(request.hook).filter(|(id, _)| *id > request.after).peekable();
        let mut deliveries: Vec<Queued> = Vec::new();
        let mut bytes = 0;
        while deliveries.len() < request.limit as usize
            && let Some((delivery, row)) =
                waiting.next_if(|(_, row)| deliveries.is_empty() || bytes + row.payload.len() <= request.bytes)
        {
            bytes += row.payload.len();
            deliveries.push(Queued {
                delivery,
                attempts: row.attempts.len() as u32,
                resource: Arc::clone(&row.resource),
                ulid: self.events[&row.event].event.ulid.as_deref().unwrap_or_default().into(),
                payload: row.payload.clone(),
            });
        }
        let more = waiting.next().is_some();
        let gone = row.control.gate == Gate::Gone;
        Some(Loaded {
            hook: request.hook,
            tenure: row.tenure,
            fence: row.fence,
            control: row.control.clone(),
            state: row.lane.clone(),
            destination: (!gone).then(|| {
                Arc::new(Destination {
                    url: row.create.destination_url.clone(),
                    headers: row.create.destination_headers.clone(),
                    signing_secrets: row.create.signing_secrets.clone(),
                    rate_limit: row.create.rate_limit,
                })
            }),
            unreadable: None,
            deliveries,
            more,
        })
    }

    fn status(&self, id: DeliveryId, row: &DeliveryRow) -> (DeliveryStatus, Option<Why>) {
        match self.outcome(id, row) {
            None if row.attempts.is_empty() => (DeliveryStatus::Enqueued, None),
            None => (DeliveryStatus::Retrying, None),
            Some(Outcome::Delivered) => (DeliveryStatus::Delivered, None),
            Some(Outcome::Discarded(why @ Why::MaxAttempts)) => (DeliveryStatus::Failed, Some(why)),
            Some(Outcome::Discarded(why)) => (DeliveryStatus::Discarded, Some(why)),
        }
    }

    fn delivery_of(&self, hook: HookId, delivery: DeliveryId) -> Result<&DeliveryRow> {
        let row = self.deliveries.get(&delivery).filter(|row| row.hook == hook);
        row.map(|row| &**row).ok_or_else(|| refusal::no_delivery(hook, delivery))
    }
}

/// The part of an ordered list that a page request wants.
fn cut<T>(items: impl Iterator<Item = (i64, T)>, page: &PageRequest) -> Page<T> {
    let limit = page.effective_limit() as usize;
    let mut kept: Vec<(i64, T)> = items.take(limit + 1).collect();
    let more = kept.len() > limit;
    kept.truncate(limit);
    let next = kept.last().filter(|_| more).map(|(id, _)| Id::from(*id));
    Page { items: kept.into_iter().map(|(_, item)| item).collect(), next }
}

impl Registry for MemoryStore {
    fn insert_hook(&self, scope: &Scope, hook: &HookCreate, now: Timestamp) -> Result<Hook> {
        self.write(|state| {
            signing::check_headers(&hook.destination_headers, &hook.signing_secrets)?;
            state.check_namespace(scope, hook, None)?;
            state.last_hook += 1;
            let id = HookId(state.last_hook);
            let row = HookRow {
                scope: *scope,
                create: hook.clone(),
                control: Control::default(),
                lane: LaneState::default(),
                tenure: None,
                fence: 0,
                changed: 0,
                created_at: now,
                updated_at: now,
                deleted_at: None,
            };
            let answer = state.answer(id, &row, true);
            state.hooks.insert(id, Arc::new(row));
            Ok(answer)
        })
    }

    fn hooks(&self, scope: &Scope, query: &HookQuery, page: &PageRequest) -> Result<Page<Hook>> {
        let after = refusal::cursor(page)?.unwrap_or(0);
        self.read(|state| {
            let rows = state.hooks.iter().filter(|(id, row)| {
                id.0 > after
                    && row.control.gate != Gate::Gone
                    && row.scope.admits(scope)
                    && query.namespace.as_ref().is_none_or(|wanted| *wanted == row.create.namespace)
                    && query.payload_version.is_none_or(|wanted| wanted == row.create.payload_version)
            });
            Ok(cut(rows.map(|(id, row)| (id.0, state.answer(*id, row, query.include_trigger_count))), page))
        })
    }

    fn hook(&self, scope: &Scope, hook: HookId) -> Result<Hook> {
        self.read(|state| Ok(state.answer(hook, state.hook_in(scope, hook)?, true)))
    }

    fn update_hook(&self, scope: &Scope, hook: HookId, change: &HookUpdate, now: Timestamp) -> Result<Hook> {
        self.write(|state| {
            let before = state.hook_in(scope, hook)?.clone();
            let mut row = before.clone();
            if let Some(namespace) = &change.namespace {
                row.create.namespace = namespace.clone();
                state.check_namespace(scope, &row.create, Some(hook))?;
            }
            row.create.payload_version = change.payload_version.unwrap_or(row.create.payload_version);
            if !before.create.destination_headers.is_empty() {
                refusal::check_kept_headers(hook, &before.create.destination_url, change)?;
            }
            if let Some(url) = &change.destination_url {
                row.create.destination_url = url.clone();
            }
            if let Some(headers) = &change.destination_headers {
                row.create.destination_headers = headers.clone();
            }
            if let Some(secrets) = &change.signing_secrets {
                row.create.signing_secrets = secrets.clone();
            }
            row.create.rate_limit = change.rate_limit.unwrap_or(row.create.rate_limit);
            signing::check_headers(&row.create.destination_headers, &row.create.signing_secrets)?;
            if before.create.destination_url != row.create.destination_url
                || before.create.destination_headers != row.create.destination_headers
                || before.create.signing_secrets != row.create.signing_secrets
            {
                row.control.nudges += 1;
            }
            match change.active {
                Some(true) if row.control.gate == Gate::Held => {
                    row.control.gate = Gate::Open;
                    row.control.resets += 1;
                }
                Some(false) => row.control.gate = Gate::Held,
                _ => {}
            }
            if (&before.create, &before.control) != (&row.create, &row.control) {
                row.updated_at = now;
            }
            let answer = state.answer(hook, &row, true);
            state.hooks.insert(hook, Arc::new(row));
            state.change(hook);
            Ok(answer)
        })
    }

    fn delete_hook(&self, scope: &Scope, hook: HookId, now: Timestamp) -> Result<()> {
        self.write(|state| {
            let row = state.hook_in_mut(scope, hook)?;
            row.control.gate = Gate::Gone;
            row.deleted_at = Some(now);
            state.triggers.retain(|_, row| row.hook != hook);
            let queued: Vec<_> = state.queued(hook).map(|(id, _)| id).collect();
            for id in queued {
                if let Some(row) = state.delivery_mut(id) {
                    row.end(Outcome::Discarded(Why::HookDeleted), now);
                }
            }
            state.change(hook);
            Ok(())
        })
    }

    fn insert_triggers(
        &self,
        scope: &Scope,
        hook: HookId,
        triggers: &[TriggerCreate],
        _now: Timestamp,
    ) -> Result<Vec<Result<Trigger>>> {
        self.write(|state| {
            state.hook_in(scope, hook)?;
            let answers = triggers.iter().map(|create| {
                let same = |row: &TriggerRow| {
                    row.hook == hook
                        && row.create.resource_name.to_lowercase() == create.resource_name.to_lowercase()
                        && row.create.event_type == create.event_type
                };
                if state.triggers.values().any(same) {
                    return Err(refusal::trigger_exists(create));
                }
                state.last_trigger += 1;
                let id = TriggerId(state.last_trigger);
                state.triggers.insert(id, TriggerRow { hook, create: create.clone() });
                Ok(trigger(id, hook, create))
            });
            Ok(answers.collect())
        })
    }

    fn triggers(&self, scope: &Scope, hook: HookId, page: &PageRequest) -> Result<Page<Trigger>> {
        let after = refusal::cursor(page)?.unwrap_or(0);
        self.read(|state| {
            state.hook_in(scope, hook)?;
            let rows = state.triggers.iter().filter(|(id, row)| id.0 > after && row.hook == hook);
            Ok(cut(rows.map(|(id, row)| (id.0, trigger(*id, hook, &row.create))), page))
        })
    }

    fn delete_triggers(&self, scope: &Scope, hook: HookId, triggers: &[TriggerId]) -> Result<Vec<Result<()>>> {
        self.write(|state| {
            state.hook_in(scope, hook)?;
            let answers = triggers.iter().map(|id| {
                if state.triggers.get(id).is_none_or(|row| row.hook != hook) {
                    return Err(refusal::no_trigger(hook, *id));
                }
                state.triggers.remove(id);
                Ok(())
            });
            Ok(answers.collect())
        })
    }
}

fn trigger(id: TriggerId, hook: HookId, create: &TriggerCreate) -> Trigger {
    Trigger {
        id: id.into(),
        hook_id: hook.into(),
        resource_name: create.resource_name.clone(),
        event_type: create.event_type.clone(),
    }
}

impl Queue for MemoryStore {
    fn publish(&self, events: &[Publishing], now: Timestamp) -> Result<Vec<Result<Published>>> {
        let mut disk = self.lock();
        disk.writes += 1;
        let answers = events.iter().map(|publishing| {
            let before = disk.live.clone();
            let answer = disk.live.publish_one(publishing, now);
            if answer.is_err() {
                disk.live = before;
            }
            answer
        });
        Ok(answers.collect())
    }

    fn load(&self, requests: &[LoadRequest]) -> Result<Vec<Loaded>> {
        self.read(|state| Ok(requests.iter().filter_map(|request| state.load(request)).collect()))
    }

    fn claim(&self, worker: WorkerId, requests: &[LoadRequest]) -> Result<Vec<Loaded>> {
        self.write(|state| {
            requests.iter().for_each(|request| state.claim(worker, request.hook));
            Ok(requests.iter().filter_map(|request| state.load(request)).collect())
        })
    }

    fn commit(&self, commit: &Commit) -> Result<Committed> {
        self.write(|state| {
            let mut committed = Committed::default();
            for settled in &commit.settled {
                let id = settled.delivery;
                let holds = state.holds(settled.hook, settled.tenure);
                let was_queued = holds && state.deliveries.get(&id).is_some_and(|row| state.outcome(id, row).is_none());
                if !holds {
                    committed.lose(settled.hook, settled.tenure);
                } else if !was_queued {
                    committed.gone.push(id);
                }
                let Some(row) = state.delivery_mut(id) else { continue };
                row.attempts.push(settled.attempt.clone());
                let outcome = match settled.verdict {
                    Verdict::Queued => None,
                    Verdict::Delivered => Some(Outcome::Delivered),
                    Verdict::Discarded(why) => Some(Outcome::Discarded(why)),
                };
                if let Some(outcome) = outcome.filter(|_| was_queued) {
                    row.end(outcome, settled.attempt.completed_at);
                }
            }
            for write in &commit.lanes {
                if !state.holds(write.hook, write.tenure) {
                    committed.lose(write.hook, write.tenure);
                    continue;
                }
                let newest = state.deliveries.iter().rev().find(|(_, row)| row.hook == write.hook).map(|(id, _)| *id);
                let discarded = state.queued(write.hook).count() as u64;
                let Some(row) = state.hook_mut(write.hook) else { continue };
                let mut through = row.lane.discard_through.max(write.state.discard_through);
                if write.flush {
                    through = through.max(newest.unwrap_or_default());
                    committed.flushed.push((write.hook, through, discarded));
                }
                row.lane = LaneState { discard_through: through, ..write.state.clone() };
            }
            Ok(committed)
        })
    }

    fn sweep_flushed(&self, limit: u32, now: Timestamp) -> Result<bool> {
        self.write(|state| {
            let marked = state.deliveries.iter().filter(|(id, row)| {
                row.outcome.is_none() && state.outcome(**id, row) == Some(Outcome::Discarded(Why::Flushed))
            });
            let marked: Vec<_> = marked.map(|(id, _)| *id).take(limit as usize + 1).collect();
            for id in marked.iter().take(limit as usize) {
                if let Some(row) = state.delivery_mut(*id) {
                    row.end(Outcome::Discarded(Why::Flushed), now);
                }
            }
            Ok(marked.len() > limit as usize)
        })
    }

    fn order(&self, scope: &Scope, hook: HookId, order: LaneOrder) -> Result<()> {
        self.write(|state| {
            let control = &mut state.hook_in_mut(scope, hook)?.control;
            match order {
                LaneOrder::Pause => control.suspended = true,
                LaneOrder::Resume => control.suspended = false,
                LaneOrder::RetryNow => control.nudges += 1,
            }
            state.change(hook);
            Ok(())
        })
    }

    fn skip(&self, scope: &Scope, hook: HookId, delivery: DeliveryId, now: Timestamp) -> Result<()> {
        self.write(|state| {
            state.hook_in(scope, hook)?;
            let row = state.delivery_of(hook, delivery)?;
            if state.outcome(delivery, row).is_some() {
                return Err(refusal::has_outcome(delivery, &state.status(delivery, row).0));
            }
            let row = state.hook_in_mut(scope, hook)?;
            if row.lane.pause.as_ref().is_some_and(|pause| pause.probe == Some(delivery)) {
                row.control.nudges += 1;
            }
            if let Some(row) = state.delivery_mut(delivery) {
                row.end(Outcome::Discarded(Why::Operator), now);
            }
            state.change(hook);
            Ok(())
        })
    }

    fn redeliver(&self, scope: &Scope, hook: HookId, delivery: DeliveryId, now: Timestamp) -> Result<DeliveryId> {
        self.write(|state| {
            let version = state.hook_in(scope, hook)?.create.payload_version;
            let row = state.delivery_of(hook, delivery)?;
            if state.outcome(delivery, row).is_none() {
                return Err(refusal::still_queued(delivery));
            }
            let event = row.event;
            state.enqueue(hook, version, event, now)
        })
    }

    fn stats(&self, now: Timestamp) -> Result<Stats> {
        self.read(|state| {
            let queued: Vec<_> = state.hooks.keys().flat_map(|hook| state.queued(*hook)).collect();
            let oldest = queued.iter().map(|(_, row)| row.created_at).min();
            let paused = |row: &&Arc<HookRow>| {
                row.control.gate != Gate::Gone && (row.control.suspended || row.lane.pause.is_some())
            };
            Ok(Stats {
                queued: queued.len() as u64,
                in_flight: 0,
                paused_lanes: state.hooks.values().filter(paused).count() as u64,
                oldest_queued_age: oldest.map_or(Duration::ZERO, |at| now.since(at)),
                hooks: state.hooks.values().filter(|row| row.control.gate != Gate::Gone).count() as u64,
                delivered: state.ended(|outcome| outcome == Outcome::Delivered),
                discarded: state.ended(|outcome| outcome != Outcome::Delivered),
                oldest_kept_at: state.deliveries.values().filter_map(|row| row.ended_at).min(),
                ..Stats::default()
            })
        })
    }
}

impl Upkeep for MemoryStore {}
