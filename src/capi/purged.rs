//! What a purge removed.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use super::boundary::{guard_free, guard_read};
use super::call::guard_new;
use super::engine::tieback_engine;
use super::error::tieback_error;
use super::handle;
use super::kept::{Json, count};
use super::status::tieback_status;
use crate::types::Purged;
use crate::wire::own;

/// What `tieback_engine_purge` removed.
pub struct tieback_purged {
    purged: Purged,
    json: Json,
}

impl tieback_purged {
    /// The object of these figures.
    pub fn new(purged: Purged) -> Self {
        Self { purged, json: Json::default() }
    }
}

/// Removes at once what has been kept for longer than the options' `retention_ms`, and says what went. A worker does
/// the same when it starts and every hour, so this is for hosts that have none, or that want the space now. It works in
/// small transactions; publishing and delivering go on beside it. What is queued is never removed.
///
/// Ownership: `*out` is yours; free it with `tieback_purged_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_CLOSED, TIEBACK_STORAGE; what was removed until then stays removed.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_purge(
    engine: *const tieback_engine,
    out: Option<&mut MaybeUninit<*mut tieback_purged>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("purge", out, error, || handle::engine(engine)?.long().purge().map(tieback_purged::new))
}

/// Frees the figures.
///
/// Ownership: ends the object. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_purged_free(purged: Option<Box<tieback_purged>>) {
    guard_free(purged)
}

/// Deliveries with an outcome, each with its attempts.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_purged_deliveries(purged: Option<&tieback_purged>) -> i64 {
    guard_read(purged, 0, |purged| count(purged.purged.deliveries))
}

/// Events that no delivery needed any more.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_purged_events(purged: Option<&tieback_purged>) -> i64 {
    guard_read(purged, 0, |purged| count(purged.purged.events))
}

/// Deleted hooks that nothing in the log belonged to any more.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_purged_hooks(purged: Option<&tieback_purged>) -> i64 {
    guard_read(purged, 0, |purged| count(purged.purged.hooks))
}

/// The figures as JSON.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_purged_to_json(purged: Option<&tieback_purged>) -> *const c_char {
    guard_read(purged, ptr::null(), |purged| purged.json.of(|| own::purged_to_json(&purged.purged)))
}
