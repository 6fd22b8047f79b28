//! What a purge removed.

use std::ffi::c_char;
use std::ptr;

use super::boundary::{guard_free, guard_read};
use super::kept::{Json, count};
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
