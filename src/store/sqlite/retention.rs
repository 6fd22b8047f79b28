//! Retention: removing what has been kept long enough, a little at a time.

use rusqlite::{Connection, params};

use super::fault::Fault;
use crate::time::Timestamp;
use crate::types::{DeliveryId, EventId, PayloadVersion, Purged};

/// Removes up to `limit` ended deliveries, events without deliveries and deleted hooks; says whether more are left.
///
/// The space is used again by what comes next; the file does not become smaller.
pub fn purge(tx: &Connection, ended_before: Timestamp, limit: u32) -> Result<(Purged, bool), Fault> {
    let (deliveries, their_events) = purge_deliveries(tx, ended_before, limit)?;
    let lone_events = tx.prepare_cached(sql!("events_purge"))?.execute(params![ended_before, limit])? as u64;
    let hooks = tx.prepare_cached(sql!("hooks_purge"))?.execute(params![ended_before, limit])? as u64;
    let more = [deliveries, lone_events, hooks].contains(&u64::from(limit));
    Ok((Purged { deliveries, events: their_events + lone_events, hooks }, more))
}

/// Removes deliveries with what only they needed; gives how many, and how many events went with them.
fn purge_deliveries(tx: &Connection, ended_before: Timestamp, limit: u32) -> Result<(u64, u64), Fault> {
    let mut query = tx.prepare_cached(sql!("deliveries_to_purge"))?;
    let old = query.query_map(params![ended_before, limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let old: Vec<(DeliveryId, EventId, PayloadVersion)> = old.collect::<rusqlite::Result<_>>()?;
    let mut events = 0;
    for (delivery, event, version) in &old {
        tx.prepare_cached(sql!("delivery_purge"))?.execute([delivery])?;
        tx.prepare_cached(sql!("payload_purge"))?.execute(params![event, version])?;
        events += tx.prepare_cached(sql!("event_purge"))?.execute([event])? as u64;
    }
    Ok((old.len() as u64, events))
}
