//! Figures about the store. None of them counts rows that grow with the log: counts are kept by triggers, the rest is
//! at one end of an index or in the file's header.

use std::time::Duration;

use rusqlite::Connection;

use super::fault::Fault;
use super::location::Location;
use super::row::count;
use crate::time::Timestamp;
use crate::types::{HookId, RestoredLane, Stats};

/// How much there is to do, what is kept, and what that takes on the disk.
pub fn stats(tx: &Connection, location: &Location, now: Timestamp) -> Result<Stats, Fault> {
    let lanes = tx.prepare_cached(sql!("stats_lanes"))?.query_row([], |row| {
        let oldest: Option<Timestamp> = row.get("oldest")?;
        Ok(Stats {
            queued: count(row, "queued")?,
            delivered: count(row, "delivered")?,
            discarded: count(row, "discarded")?,
            oldest_queued_age: oldest.map_or(Duration::ZERO, |at| now.since(at)),
            ..Stats::default()
        })
    })?;
    let number = |statement| -> rusqlite::Result<u64> {
        let number: i64 = tx.prepare_cached(statement)?.query_row([], |row| row.get(0))?;
        Ok(number.unsigned_abs())
    };
    let (database_bytes, reusable_bytes) = tx
        .prepare_cached(sql!("stats_disk"))?
        .query_row([], |row| Ok((count(row, "database")?, count(row, "reusable")?)))?;
    Ok(Stats {
        paused_lanes: number(sql!("stats_paused"))?,
        hooks: number(sql!("stats_hooks"))?,
        oldest_kept_at: tx.prepare_cached(sql!("stats_oldest_kept"))?.query_row([], |row| row.get(0))?,
        database_bytes,
        reusable_bytes,
        wal_bytes: Location::length_of(&location.beside("-wal"))?,
        ..lanes
    })
}

/// The lanes with deliveries that were queued when a backup was restored, and are still.
pub fn restored_lanes(tx: &Connection) -> Result<Vec<RestoredLane>, Fault> {
    let mut query = tx.prepare_cached(sql!("restored_queued"))?;
    let lanes = query
        .query_map([], |row| Ok(RestoredLane { hook: row.get::<_, HookId>(0)?, queued: count(row, "queued")? }))?;
    Ok(lanes.collect::<rusqlite::Result<_>>()?)
}
