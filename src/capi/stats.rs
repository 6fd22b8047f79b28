//! Figures about an engine.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use super::boundary::{guard_free, guard_read};
use super::call::guard_new;
use super::engine::tieback_engine;
use super::error::tieback_error;
use super::handle;
use super::kept::{Json, Kept, count, maybe, pointer};
use super::status::tieback_status;
use crate::types::Stats;
use crate::wire::own;

/// How much an engine has to do, what it keeps, and what that takes on the disk, at one moment.
pub struct tieback_stats {
    stats: Stats,
    oldest_kept_at: Option<Kept>,
    json: Json,
}

impl tieback_stats {
    /// The object of these figures.
    pub fn new(stats: Stats) -> Self {
        Self { oldest_kept_at: maybe(stats.oldest_kept_at), stats, json: Json::default() }
    }
}

/// How much there is to do, what is kept, and what that takes on the disk. Cheap, however much there is.
///
/// Ownership: `*out` is yours; free it with `tieback_stats_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_stats(
    engine: *const tieback_engine,
    out: Option<&mut MaybeUninit<*mut tieback_stats>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("stats", out, error, || handle::engine(engine)?.stats().map(tieback_stats::new))
}

/// Frees the figures.
///
/// Ownership: ends the object. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_stats_free(stats: Option<Box<tieback_stats>>) {
    guard_free(stats)
}

/// Deliveries without an outcome, including those in flight.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_stats_queued(stats: Option<&tieback_stats>) -> i64 {
    guard_read(stats, 0, |stats| count(stats.stats.queued))
}

/// Attempts that are on the wire.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_stats_in_flight(stats: Option<&tieback_stats>) -> i64 {
    guard_read(stats, 0, |stats| count(stats.stats.in_flight))
}

/// Lanes that wait after a failure, and lanes that an operator paused.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_stats_paused_lanes(stats: Option<&tieback_stats>) -> i64 {
    guard_read(stats, 0, |stats| count(stats.stats.paused_lanes))
}

/// How long the oldest queued delivery has waited, in milliseconds; 0 when none is queued.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_stats_oldest_queued_age_ms(stats: Option<&tieback_stats>) -> i64 {
    guard_read(stats, 0, |stats| count(u64::try_from(stats.stats.oldest_queued_age.as_millis()).unwrap_or(u64::MAX)))
}

/// Hooks that are not deleted.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_stats_hooks(stats: Option<&tieback_stats>) -> i64 {
    guard_read(stats, 0, |stats| count(stats.stats.hooks))
}

/// Deliveries in the log that were delivered.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_stats_delivered(stats: Option<&tieback_stats>) -> i64 {
    guard_read(stats, 0, |stats| count(stats.stats.delivered))
}

/// Deliveries in the log that were given up, for whatever reason.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_stats_discarded(stats: Option<&tieback_stats>) -> i64 {
    guard_read(stats, 0, |stats| count(stats.stats.discarded))
}

/// When the oldest delivery of the log got its outcome, as RFC 3339; NULL when none has one.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_stats_oldest_kept_at(stats: Option<&tieback_stats>) -> *const c_char {
    guard_read(stats, ptr::null(), |stats| pointer(&stats.oldest_kept_at))
}

/// How long the database file is.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_stats_database_bytes(stats: Option<&tieback_stats>) -> i64 {
    guard_read(stats, 0, |stats| count(stats.stats.database_bytes))
}

/// How much of the database file is free, and used again before it grows.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_stats_reusable_bytes(stats: Option<&tieback_stats>) -> i64 {
    guard_read(stats, 0, |stats| count(stats.stats.reusable_bytes))
}

/// How long the write-ahead log beside the database is. It is moved into the file every 16 MiB or so; one that grows
/// far beyond that tells of a reader that holds it back, or of a disk that fails.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_stats_wal_bytes(stats: Option<&tieback_stats>) -> i64 {
    guard_read(stats, 0, |stats| count(stats.stats.wal_bytes))
}

/// The figures as JSON.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_stats_to_json(stats: Option<&tieback_stats>) -> *const c_char {
    guard_read(stats, ptr::null(), |stats| stats.json.of(|| own::stats_to_json(&stats.stats)))
}
