//! Publishing: events with their deliveries.

use rusqlite::{CachedStatement, Connection, OptionalExtension, ToSql, params};

use super::fault::Fault;
use super::refusal;
use super::row::{count, counted};
use crate::error::{Error, ErrorKind, Result};
use crate::policy::lane::Gate;
use crate::policy::matching::{Candidate, recipients};
use crate::store::{Publishing, QueueBounds, resource_key};
use crate::time::Timestamp;
use crate::types::{DeliveryId, Event, EventId, HookId, Id, NoDelivery, PayloadVersion, Published, Scope};
use crate::wire::payload;

/// Keeps events and their deliveries; one answer each. The outer error is the store's, an inner one that event's; an
/// event that is refused has written nothing.
pub fn publish_all(tx: &Connection, events: Vec<Publishing>, now: Timestamp) -> Result<Vec<Result<Published>>, Fault> {
    let (mut ids, mut inserts) = (EventIds::of(tx, now)?, Inserts::of(tx)?);
    let mut answers = Vec::with_capacity(events.len());
    for publishing in events {
        answers.push(match publish(tx, publishing, &mut ids, &mut inserts) {
            Err(Fault::Refused(error)) if error.kind() != ErrorKind::Storage => Err(error),
            Err(fault) => return Err(fault),
            Ok(published) => Ok(published),
        });
    }
    ids.keep()?;
    Ok(answers)
}

fn publish(
    tx: &Connection,
    mut publishing: Publishing,
    ids: &mut EventIds<'_>,
    inserts: &mut Inserts<'_>,
) -> Result<Published, Fault> {
    if publishing.named
        && let Some(known) = known(tx, &publishing)?
    {
        return Ok(known);
    }
    let scope = publishing.event.scope()?;
    let (hooks, no_delivery) = match choose(tx, &publishing, &scope)? {
        Ok(hooks) => (hooks, None),
        Err(reason) => (Vec::new(), Some(reason)),
    };

    let event = &mut publishing.event;
    let id = match event.id.as_ref().map(Id::number) {
        Some(Some(number)) => EventId(number),
        Some(None) => return Err(Error::new(ErrorKind::Internal, "an event with a word for an id was kept").into()),
        None => ids.make()?,
    };
    event.id = Some(id.into());
    // Everything that can be refused comes before the first row.
    let payloads = render(event, &hooks)?;
    check_room(tx, publishing.bounds, &hooks)?;
    inserts.event(&publishing, id, hooks.len(), no_delivery, ids.now)?;
    for (version, body) in payloads {
        inserts.payload(id, version, &body)?;
    }
    for (hook, version) in &hooks {
        inserts.delivery(*hook, id, *version, ids.now)?;
    }
    Ok(Published {
        id: id.into(),
        ulid: publishing.event.ulid.unwrap_or_default(),
        deliveries: hooks.len() as u64,
        duplicate: false,
        no_delivery,
        hooks: hooks.into_iter().map(|(hook, _)| hook).collect(),
    })
}

/// Refuses what would make a queue longer than it may be.
fn check_room(tx: &Connection, bounds: QueueBounds, hooks: &Recipients) -> Result<(), Fault> {
    if hooks.is_empty() {
        return Ok(());
    }
    if let Some(most) = bounds.per_hook {
        for (hook, _) in hooks {
            let mut query = tx.prepare_cached(sql!("queued_of_hook"))?;
            let queued = query.query_row([hook], |row| count(row, "queued"))?;
            if queued >= most {
                return Err(refusal::hook_queue_full(*hook, queued).into());
            }
        }
    }
    if let Some(most) = bounds.total {
        let queued = tx.prepare_cached(sql!("queued_of_all"))?.query_row([], |row| count(row, "queued"))?;
        if queued + hooks.len() as u64 > most {
            return Err(refusal::queues_full(queued, hooks.len() as u64, most).into());
        }
    }
    Ok(())
}

/// The answer for an event that was published before, if it was.
fn known(tx: &Connection, publishing: &Publishing) -> Result<Option<Published>, Fault> {
    let given = &publishing.event;
    let found = match (&given.ulid, &given.id) {
        (Some(ulid), id) => match known_as(tx, sql!("event_by_ulid"), ulid)? {
            None => id.as_ref().map(|id| known_as(tx, sql!("event_by_id"), &id.number())).transpose()?.flatten(),
            found => found,
        },
        (None, Some(id)) => known_as(tx, sql!("event_by_id"), &id.number())?,
        (None, None) => None,
    };
    match found {
        Some((known, content)) if content != publishing.given => Err(refusal::event_conflict(given, &known).into()),
        found => Ok(found.map(|(published, _)| published)),
    }
}

/// What was answered for an event, with its content as given.
fn known_as(tx: &Connection, query: &str, name: &dyn ToSql) -> rusqlite::Result<Option<(Published, String)>> {
    let mut query = tx.prepare_cached(query)?;
    query
        .query_row([name], |row| {
            let published = Published {
                id: row.get::<_, EventId>("id")?.into(),
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

fn candidates(tx: &Connection, query: &str, of: &[&dyn ToSql], triggered: bool) -> rusqlite::Result<Vec<Candidate>> {
    let mut query = tx.prepare_cached(query)?;
    let rows = query.query_map(of, |row| {
        Ok(Candidate { hook: row.get(0)?, payload_version: row.get(1)?, gate: row.get::<_, Gate>(2)?, triggered })
    })?;
    let mut candidates: Vec<Candidate> = rows.collect::<rusqlite::Result<_>>()?;
    // There are few: cheaper here than in SQLite, which would set up a sorter for each event.
    candidates.sort_unstable_by_key(|candidate| candidate.hook);
    Ok(candidates)
}

/// Makes ids for the events of one transaction: the time in microseconds, raised above the last one made, past those
/// that callers have taken.
struct EventIds<'tx> {
    tx: &'tx Connection,
    now: Timestamp,
    /// The last one made, once it was read.
    last: Option<i64>,
    taken: CachedStatement<'tx>,
}

impl<'tx> EventIds<'tx> {
    fn of(tx: &'tx Connection, now: Timestamp) -> rusqlite::Result<Self> {
        Ok(Self { tx, now, last: None, taken: tx.prepare_cached(sql!("event_id_taken"))? })
    }

    fn make(&mut self) -> Result<EventId, Fault> {
        let last = match self.last {
            Some(last) => last,
            None => self.tx.prepare_cached(sql!("event_id_last_made"))?.query_row([], |row| row.get(0))?,
        };
        // A clock beyond the year 2255 would leave no room: then the ids go on where they are.
        let from_clock = Some(self.now.as_micros()).filter(|micros| *micros < EventId::LAST).unwrap_or(0);
        let mut id = from_clock.max(last + 1);
        while self.taken.query_row([id], |row| row.get(0))? {
            id += 1;
        }
        if id > EventId::LAST {
            let message = "the store has used up its event ids: give each event one";
            return Err(Error::new(ErrorKind::Storage, message).into());
        }
        self.last = Some(id);
        Ok(EventId(id))
    }

    /// Keeps the last one made.
    fn keep(&self) -> rusqlite::Result<()> {
        if let Some(last) = self.last {
            self.tx.prepare_cached(sql!("event_id_made"))?.execute([last])?;
        }
        Ok(())
    }
}

/// The event's payload in every version that its hooks want.
fn render(event: &Event, hooks: &Recipients) -> Result<Vec<(PayloadVersion, Vec<u8>)>> {
    let wanted = PayloadVersion::ALL.into_iter().filter(|version| hooks.iter().any(|(_, wants)| wants == version));
    wanted.map(|version| Ok((version, payload::render(event, version)?))).collect()
}

/// The statements that keep events, looked up once for all events of a call.
pub struct Inserts<'tx> {
    tx: &'tx Connection,
    event: CachedStatement<'tx>,
    payload: CachedStatement<'tx>,
    delivery: CachedStatement<'tx>,
}

impl<'tx> Inserts<'tx> {
    /// Those of this transaction.
    pub fn of(tx: &'tx Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            tx,
            event: tx.prepare_cached(sql!("event_insert"))?,
            payload: tx.prepare_cached(sql!("payload_insert"))?,
            delivery: tx.prepare_cached(sql!("delivery_insert"))?,
        })
    }

    fn event(
        &mut self,
        publishing: &Publishing,
        id: EventId,
        deliveries: usize,
        no_delivery: Option<NoDelivery>,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let event = &publishing.event;
        self.event.execute(params![
            id,
            resource_key(event),
            event.ulid,
            event.resource_name.to_lowercase(),
            event.event_type.to_lowercase(),
            event.timestamp,
            now,
            counted(deliveries as u64),
            no_delivery,
            publishing.given,
        ])?;
        Ok(())
    }

    /// Keeps a body.
    pub fn payload(&mut self, event: EventId, version: PayloadVersion, body: &[u8]) -> rusqlite::Result<()> {
        self.payload.execute(params![event, version, body])?;
        Ok(())
    }

    /// Queues a delivery.
    pub fn delivery(
        &mut self,
        hook: HookId,
        event: EventId,
        version: PayloadVersion,
        now: Timestamp,
    ) -> rusqlite::Result<DeliveryId> {
        self.delivery.execute(params![hook, event, version, now])?;
        Ok(DeliveryId(self.tx.last_insert_rowid()))
    }
}
