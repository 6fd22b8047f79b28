//! The queue: loading, committing, and what operators do to it.

use std::sync::Arc;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};

use super::fault::{Fault, damaged};
use super::publish::{Inserts, publish_all};
use super::registry::hook_in;
use super::row::{StoredDestination, control, count, counted, lane_state, span, standing, to_json};
use super::seal::Seals;
use super::stats::stats;
use super::{SqliteStore, refusal};
use crate::error::Result;
use crate::policy::lane::{Gate, Verdict};
use crate::store::{
    Commit, Committed, LaneOrder, LaneWrite, LoadRequest, Loaded, Publishing, Queue, Queued, Settled, Tenure,
};
use crate::time::Timestamp;
use crate::types::{
    Attempt, DeliveryId, DeliveryStatus, Event, EventId, HookId, Published, Scope, Stats, Why, WorkerId,
};
use crate::wire::own::event_from_json;
use crate::wire::payload;

impl Queue for SqliteStore {
    fn publish(&self, events: &[Publishing], now: Timestamp) -> Result<Vec<Result<Published>>> {
        let events = events.to_vec();
        self.write(move |tx| publish_all(tx, events, now))
    }

    fn load(&self, requests: &[LoadRequest]) -> Result<Vec<Loaded>> {
        self.read(|tx| requests.iter().filter_map(|request| load(tx, request, &self.seals).transpose()).collect())
    }

    fn claim(&self, worker: WorkerId, requests: &[LoadRequest]) -> Result<Vec<Loaded>> {
        let hooks: Vec<HookId> = requests.iter().map(|request| request.hook).collect();
        self.write(move |tx| {
            let mut claim = tx.prepare_cached(sql!("lane_claim"))?;
            for hook in &hooks {
                claim.execute(params![hook, worker])?;
            }
            Ok(())
        })?;
        // Beside whoever writes: from here on nobody else changes these lanes.
        self.load(requests)
    }

    fn commit(&self, commit: &Commit) -> Result<Committed> {
        let commit = commit.clone();
        self.write(move |tx| {
            let mut committed = Committed::default();
            for settled in &commit.settled {
                settle(tx, settled, &mut committed)?;
            }
            for lane in &commit.lanes {
                write_lane(tx, lane, &mut committed)?;
            }
            Ok(committed)
        })
    }

    fn sweep_flushed(&self, limit: u32, now: Timestamp) -> Result<bool> {
        self.write(move |tx| sweep(tx, limit, now))
    }

    fn order(&self, scope: &Scope, hook: HookId, order: LaneOrder) -> Result<()> {
        let scope = *scope;
        self.write(move |tx| {
            hook_in(tx, &scope, hook)?;
            match order {
                LaneOrder::Pause => tx.prepare_cached(sql!("lane_suspend"))?.execute(params![hook, true])?,
                LaneOrder::Resume => tx.prepare_cached(sql!("lane_suspend"))?.execute(params![hook, false])?,
                LaneOrder::RetryNow => tx.prepare_cached(sql!("lane_count_control"))?.execute(params![hook, 0, 1])?,
            };
            Ok(())
        })
    }

    fn skip(&self, scope: &Scope, hook: HookId, delivery: DeliveryId, now: Timestamp) -> Result<()> {
        let scope = *scope;
        self.write(move |tx| {
            hook_in(tx, &scope, hook)?;
            let status = delivery_of(tx, hook, delivery)?.0;
            if !is_queued(&status) {
                return Err(refusal::has_outcome(delivery, &status).into());
            }
            tx.prepare_cached(sql!("delivery_skip"))?.execute(params![delivery, now])?;
            tx.prepare_cached(sql!("lane_nudge_if_probe"))?.execute(params![hook, delivery])?;
            Ok(())
        })
    }

    fn redeliver(&self, scope: &Scope, hook: HookId, delivery: DeliveryId, now: Timestamp) -> Result<DeliveryId> {
        let scope = *scope;
        self.write(move |tx| redeliver(tx, &scope, hook, delivery, now))
    }

    fn stats(&self, now: Timestamp) -> Result<Stats> {
        self.read(|tx| stats(tx, &self.location, now))
    }
}

fn load(tx: &Connection, request: &LoadRequest, seals: &Seals) -> Result<Option<Loaded>, Fault> {
    let mut query = tx.prepare_cached(sql!("lane_load"))?;
    let mut rows = query.query([request.hook])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (mut control, state, fence) = (control(row)?, lane_state(row)?, count(row, "fence")?);
    let tenure = row.get::<_, Option<WorkerId>>("worker")?.map(|worker| Tenure { worker, fence });
    let (mut destination, mut unreadable) = (None, None);
    if control.gate != Gate::Gone {
        match StoredDestination::read(row)?.open(request.hook, seals) {
            Ok(there) => destination = Some(Arc::new(there)),
            // It is one hook's trouble: the others of this load are not held up.
            Err(Fault::Refused(error)) => {
                control.gate = Gate::Held;
                unreadable = Some(error.message().to_owned());
            }
            Err(fault) => return Err(fault),
        }
    }
    let (deliveries, more) = load_deliveries(tx, request, request.after.max(state.discard_through))?;
    Ok(Some(Loaded { hook: request.hook, tenure, fence, control, state, destination, unreadable, deliveries, more }))
}

/// The next deliveries in order, and whether there are more.
fn load_deliveries(tx: &Connection, request: &LoadRequest, after: DeliveryId) -> rusqlite::Result<(Vec<Queued>, bool)> {
    let mut query = tx.prepare_cached(sql!("delivery_load"))?;
    let mut rows = query.query(params![request.hook, after, i64::from(request.limit) + 1])?;
    let (mut deliveries, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        if deliveries.len() == request.limit as usize {
            return Ok((deliveries, true));
        }
        let payload = Bytes::from(row.get::<_, Vec<u8>>("body")?);
        bytes += payload.len();
        if bytes > request.bytes && !deliveries.is_empty() {
            return Ok((deliveries, true));
        }
        deliveries.push(Queued {
            delivery: row.get("id")?,
            attempts: row.get("attempts")?,
            resource: Arc::from(row.get::<_, String>("resource")?),
            ulid: Arc::from(row.get::<_, String>("ulid")?),
            payload,
        });
    }
    Ok((deliveries, false))
}

/// Keeps an attempt, and its verdict if the delivery is still queued and the lane still held; else says what was not.
fn settle(tx: &Connection, settled: &Settled, committed: &mut Committed) -> Result<(), Fault> {
    let (status, why): (&str, Option<Why>) = match settled.verdict {
        Verdict::Queued => ("queued", None),
        Verdict::Delivered => ("delivered", None),
        Verdict::Discarded(why) => ("discarded", Some(why)),
    };
    let ended_at = (settled.verdict != Verdict::Queued).then_some(settled.attempt.completed_at);
    let mut settle = tx.prepare_cached(sql!("delivery_settle"))?;
    let (hook, delivery, tenure) = (settled.hook, settled.delivery, settled.tenure);
    let took_effect =
        settle.execute(params![delivery, status, why, hook, ended_at, tenure.worker, counted(tenure.fence)])? == 1;
    if took_effect || tx.prepare_cached(sql!("delivery_count_late_attempt"))?.execute([delivery])? == 1 {
        insert_attempt(tx, delivery, &settled.attempt)?;
    }
    if !took_effect {
        let mut held = tx.prepare_cached(sql!("lane_is_held"))?;
        if held.query_row(params![hook, tenure.worker, counted(tenure.fence)], |row| row.get(0))? {
            committed.gone.push(delivery);
        } else {
            committed.lose(hook, tenure);
        }
    }
    Ok(())
}

fn insert_attempt(tx: &Connection, delivery: DeliveryId, attempt: &Attempt) -> Result<(), Fault> {
    tx.prepare_cached(sql!("attempt_insert"))?.execute(params![
        delivery,
        attempt.started_at,
        attempt.completed_at,
        attempt.response_status,
        to_json(&attempt.response_headers)?,
        attempt.response_body,
        attempt.response_body_truncated,
        attempt.response_error,
    ])?;
    Ok(())
}

/// Keeps a lane's state, if the lane is still held; for a flush says what it discarded.
fn write_lane(tx: &Connection, write: &LaneWrite, committed: &mut Committed) -> Result<(), Fault> {
    let Tenure { worker, fence } = write.tenure;
    let mut query = tx.prepare_cached(sql!("lane_discard_through"))?;
    let before = query.query_row(params![write.hook, worker, counted(fence)], |row| row.get(0)).optional()?;
    let Some(before): Option<DeliveryId> = before else {
        committed.lose(write.hook, write.tenure);
        return Ok(());
    };
    let mut through = before.max(write.state.discard_through);
    if write.flush {
        let (queued, newest): (u64, DeliveryId) = tx
            .prepare_cached(sql!("lane_queue"))?
            .query_row(params![write.hook, before], |row| Ok((count(row, "queued")?, row.get("newest")?)))?;
        through = through.max(newest);
        committed.flushed.push((write.hook, through, queued));
    }
    let (state, pause) = (&write.state, write.state.pause.as_ref());
    tx.prepare_cached(sql!("lane_write"))?.execute(params![
        write.hook,
        counted(state.epoch),
        counted(state.resets_seen),
        counted(state.nudges_seen),
        through,
        pause.map(|pause| pause.step),
        pause.map(|pause| span(pause.streak)),
        pause.map(|pause| span(pause.wait)),
        pause.map(|pause| pause.resume_at),
        pause.and_then(|pause| pause.probe),
    ])?;
    Ok(())
}

fn sweep(tx: &Connection, limit: u32, now: Timestamp) -> Result<bool, Fault> {
    let mut query = tx.prepare_cached(sql!("deliveries_to_sweep"))?;
    let marked = query.query_map([i64::from(limit) + 1], |row| row.get(0))?;
    let marked: Vec<DeliveryId> = marked.collect::<rusqlite::Result<_>>()?;
    let mut sweep = tx.prepare_cached(sql!("delivery_sweep"))?;
    for delivery in marked.iter().take(limit as usize) {
        sweep.execute(params![delivery, now])?;
    }
    Ok(marked.len() > limit as usize)
}

fn redeliver(
    tx: &Connection,
    scope: &Scope,
    hook: HookId,
    delivery: DeliveryId,
    now: Timestamp,
) -> Result<DeliveryId, Fault> {
    let version = hook_in(tx, scope, hook)?.payload_version;
    let (status, event) = delivery_of(tx, hook, delivery)?;
    if is_queued(&status) {
        return Err(refusal::still_queued(delivery).into());
    }
    let mut query = tx.prepare_cached(sql!("payload_of_event"))?;
    let is_stored: bool = query.query_row(params![event, version], |row| row.get(0))?;
    let mut inserts = Inserts::of(tx)?;
    if !is_stored {
        inserts.payload(event, version, &payload::render(&content_of(tx, event)?, version)?)?;
    }
    Ok(inserts.delivery(hook, event, version, now)?)
}

/// The whole event: what the caller gave, and what was made up.
fn content_of(tx: &Connection, event: EventId) -> Result<Event, Fault> {
    let mut query = tx.prepare_cached(sql!("event_content"))?;
    let mut rows = query.query([event])?;
    let row = rows.next()?.ok_or_else(|| damaged("an event"))?;
    let given: String = row.get("given")?;
    let given = serde_json::from_str(&given).map_err(|_| damaged("an event"))?;
    let given = event_from_json(&given).map_err(|_| damaged("an event"))?;
    Ok(Event { id: Some(event.into()), ulid: row.get("ulid")?, timestamp: row.get("happened_at")?, ..given })
}

fn is_queued(status: &DeliveryStatus) -> bool {
    matches!(status, DeliveryStatus::Enqueued | DeliveryStatus::Retrying)
}

/// Where a delivery stands, with its hook and event.
fn stand(tx: &Connection, delivery: DeliveryId) -> Result<Option<(DeliveryStatus, HookId, EventId)>, Fault> {
    let mut query = tx.prepare_cached(sql!("delivery_standing"))?;
    let mut rows = query.query([delivery])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some((standing(row)?, row.get("hook_id")?, row.get("event_id")?)))
}

/// A delivery of this hook.
fn delivery_of(tx: &Connection, hook: HookId, delivery: DeliveryId) -> Result<(DeliveryStatus, EventId), Fault> {
    match stand(tx, delivery)? {
        Some((status, owner, event)) if owner == hook => Ok((status, event)),
        _ => Err(refusal::no_delivery(hook, delivery).into()),
    }
}
