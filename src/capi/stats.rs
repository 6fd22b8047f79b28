//! Figures about an engine.

use std::ffi::c_char;
use std::ptr;

use super::boundary::{guard_free, guard_read};
use super::kept::{Json, count};
use crate::types::Stats;
use crate::wire::own;

/// How much an engine has to do, at one moment.
pub struct tieback_stats {
    stats: Stats,
    json: Json,
}

impl tieback_stats {
    /// The object of these figures.
    pub fn new(stats: Stats) -> Self {
        Self { stats, json: Json::default() }
    }
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

/// The figures as JSON.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_stats_to_json(stats: Option<&tieback_stats>) -> *const c_char {
    guard_read(stats, ptr::null(), |stats| stats.json.of(|| own::stats_to_json(&stats.stats)))
}
