//! Publishing: events with their deliveries.

use rusqlite::{Connection, OptionalExtension, params};

use super::fault::Fault;
use super::refusal;
use super::row::counted;
use crate::error::{Error, ErrorKind, Result};
use crate::policy::lane::Gate;
use crate::policy::matching::{Candidate, recipients};
use crate::store::{Publishing, resource_key};
use crate::time::Timestamp;
use crate::types::{DeliveryId, Event, EventKey, HookId, Id, NoDelivery, PayloadVersion, Published, Scope};
use crate::wire::own::event_to_json;
use crate::wire::payload;

/// The largest id that a payload's reader can hold in a double.
const LAST_EVENT_ID: i64 = (1 << 53) - 1;

/// Keeps one event and its deliveries. The outer error is the store's, the inner one this event's; an event that is
/// refused has written nothing.
pub fn publish_one(tx: &Connection, publishing: &Publishing, now: Timestamp) -> Result<Result<Published>, Fault> {
    match publish_or_refuse(tx, publishing, now) {
        Err(Fault::Refused(error)) if error.kind() != ErrorKind::Storage => Ok(Err(error)),
        Err(fault) => Err(fault),
        Ok(published) => Ok(Ok(published)),
    }
}

fn publish_or_refuse(tx: &Connection, publishing: &Publishing, now: Timestamp) -> Result<Published, Fault> {
    let given = &publishing.event;
    if let Some(known) = known(tx, publishing)? {
        return Ok(known);
    }
    let ulid = given.ulid.clone().ok_or_else(|| Error::new(ErrorKind::Internal, "an event without ulid was kept"))?;
    let scope = given.scope()?;
    let (hooks, no_delivery) = match choose(tx, publishing, &scope)? {
        Ok(hooks) => (hooks, None),
        Err(reason) => (Vec::new(), Some(reason)),
    };

    let mut event = given.clone();
    let id = match &event.id {
        Some(id) => id.clone(),
        None => Id::from(make_event_id(tx, now)?),
    };
    event.id = Some(id.clone());
    // Everything that can be refused comes before the first row.
    let payloads = render(&event, &hooks)?;
    let key = insert_event(tx, publishing, &event, &ulid, hooks.len(), no_delivery, now)?;
    let mut stored = Vec::with_capacity(payloads.len());
    for (version, body) in payloads {
        stored.push((version, insert_payload(tx, key, version, &body)?));
    }
    for (hook, version) in &hooks {
        if let Some((_, payload)) = stored.iter().find(|(stored, _)| stored == version) {
            insert_delivery(tx, *hook, key, *payload, now)?;
        }
    }
    Ok(Published {
        id,
        ulid,
        deliveries: hooks.len() as u64,
        duplicate: false,
        no_delivery,
        hooks: hooks.into_iter().map(|(hook, _)| hook).collect(),
    })
}

/// The answer for an event that was published before, if it was.
fn known(tx: &Connection, publishing: &Publishing) -> Result<Option<Published>, Fault> {
    let given = &publishing.event;
    let found = match (&given.ulid, &given.id) {
        (Some(ulid), id) => match known_as(tx, sql!("event_by_ulid"), ulid)? {
            None => id.as_ref().map(|id| known_as(tx, sql!("event_by_event_id"), id.as_str())).transpose()?.flatten(),
            found => found,
        },
        (None, Some(id)) => known_as(tx, sql!("event_by_event_id"), id.as_str())?,
        (None, None) => None,
    };
    match found {
        Some((_, content)) if content != publishing.given => Err(refusal::event_conflict(given).into()),
        found => Ok(found.map(|(published, _)| published)),
    }
}

/// What was answered for an event, with its content as given.
fn known_as(tx: &Connection, query: &str, name: &str) -> rusqlite::Result<Option<(Published, String)>> {
    let mut query = tx.prepare_cached(query)?;
    query
        .query_row([name], |row| {
            let published = Published {
                id: Id::new(row.get::<_, String>("event_id")?),
                ulid: row.get("ulid")?,
                deliveries: row.get::<_, i64>("deliveries")?.unsigned_abs(),
                duplicate: true,
                no_delivery: row.get("no_delivery")?,
                hooks: Vec::new(),
            };
            Ok((published, row.get("given")?))
        })
        .optional()
}

type Recipients = Vec<(HookId, PayloadVersion)>;

/// The hooks to deliver to. The hooks without a trigger are looked at only to explain why there is none.
fn choose(tx: &Connection, publishing: &Publishing, scope: &Scope) -> Result<Result<Recipients, NoDelivery>, Fault> {
    let event = &publishing.event;
    let candidates = match publishing.only {
        Some(only) => {
            let mut all = bystanders(tx, scope)?;
            all.retain(|candidate| candidate.hook == only);
            all.iter_mut().for_each(|candidate| candidate.triggered = true);
            all
        }
        None => {
            let triggered = triggered(tx, scope, event)?;
            if triggered.is_empty() { bystanders(tx, scope)? } else { triggered }
        }
    };
    Ok(recipients(event, publishing.deprecated, &candidates))
}

fn triggered(tx: &Connection, scope: &Scope, event: &Event) -> rusqlite::Result<Vec<Candidate>> {
    let (resource, happening) = (event.resource_name.to_lowercase(), event.event_type.to_lowercase());
    match scope.project_id() {
        Some(project) => candidates(
            tx,
            sql!("candidates_of_project"),
            params![project, resource, happening, scope.company_id()],
            true,
        ),
        None => candidates(tx, sql!("candidates_of_company"), params![scope.company_id(), resource, happening], true),
    }
}

fn bystanders(tx: &Connection, scope: &Scope) -> rusqlite::Result<Vec<Candidate>> {
    match scope.project_id() {
        Some(project) => candidates(tx, sql!("bystanders_of_project"), params![project, scope.company_id()], false),
        None => candidates(tx, sql!("bystanders_of_company"), params![scope.company_id()], false),
    }
}

fn candidates(
    tx: &Connection,
    query: &str,
    of: &[&dyn rusqlite::ToSql],
    triggered: bool,
) -> rusqlite::Result<Vec<Candidate>> {
    let mut query = tx.prepare_cached(query)?;
    let rows = query.query_map(of, |row| {
        Ok(Candidate { hook: row.get(0)?, payload_version: row.get(1)?, gate: row.get::<_, Gate>(2)?, triggered })
    })?;
    rows.collect()
}

/// An id for an event: the time in microseconds, raised above the last one made, past those that callers have taken.
fn make_event_id(tx: &Connection, now: Timestamp) -> Result<i64, Fault> {
    let last: i64 = tx.prepare_cached(sql!("event_id_last_made"))?.query_row([], |row| row.get(0))?;
    // A clock beyond the year 2255 would leave no room: then the ids go on where they are.
    let from_clock = Some(now.as_micros()).filter(|micros| *micros < LAST_EVENT_ID).unwrap_or(0);
    let mut id = from_clock.max(last + 1);
    let mut taken = tx.prepare_cached(sql!("event_id_taken"))?;
    while taken.query_row([id.to_string()], |row| row.get(0))? {
        id += 1;
    }
    if id > LAST_EVENT_ID {
        return Err(Error::new(ErrorKind::Storage, "the store has used up its event ids: give each event one").into());
    }
    tx.prepare_cached(sql!("event_id_made"))?.execute([id])?;
    Ok(id)
}

/// The event's payload in every version that its hooks want.
fn render(event: &Event, hooks: &Recipients) -> Result<Vec<(PayloadVersion, Vec<u8>)>> {
    let wanted = PayloadVersion::ALL.into_iter().filter(|version| hooks.iter().any(|(_, wants)| wants == version));
    wanted.map(|version| Ok((version, payload::render(event, version)?))).collect()
}

fn insert_event(
    tx: &Connection,
    publishing: &Publishing,
    event: &Event,
    ulid: &str,
    deliveries: usize,
    no_delivery: Option<NoDelivery>,
    now: Timestamp,
) -> rusqlite::Result<EventKey> {
    tx.prepare_cached(sql!("event_insert"))?.execute(params![
        resource_key(event),
        event.id.as_ref().map(Id::as_str),
        ulid,
        event.resource_name.to_lowercase(),
        event.event_type.to_lowercase(),
        now,
        counted(deliveries as u64),
        no_delivery,
        publishing.given,
        event_to_json(event).to_string(),
    ])?;
    Ok(EventKey(tx.last_insert_rowid()))
}

/// Keeps a body; gives the row's id.
pub fn insert_payload(tx: &Connection, event: EventKey, version: PayloadVersion, body: &[u8]) -> rusqlite::Result<i64> {
    tx.prepare_cached(sql!("payload_insert"))?.execute(params![event, version, body])?;
    Ok(tx.last_insert_rowid())
}

/// Queues a delivery.
pub fn insert_delivery(
    tx: &Connection,
    hook: HookId,
    event: EventKey,
    payload: i64,
    now: Timestamp,
) -> rusqlite::Result<DeliveryId> {
    tx.prepare_cached(sql!("delivery_insert"))?.execute(params![hook, event, payload, now])?;
    Ok(DeliveryId(tx.last_insert_rowid()))
}
