//! What became of a restore.

use std::ffi::c_char;
use std::ptr;

use super::boundary::{guard_free, guard_read};
use super::kept::{Json, Kept, count, maybe, pointer};
use crate::types::{Id, Restored};
use crate::wire::own;

/// A store that `tieback_restore` has made.
pub struct tieback_restored {
    restored: Restored,
    backed_up_at: Option<Kept>,
    replaced: Option<Kept>,
    hooks: Vec<Kept>,
    json: Json,
}

impl tieback_restored {
    /// The object of an answer.
    pub fn new(restored: Restored) -> Self {
        Self {
            backed_up_at: maybe(restored.backed_up_at),
            replaced: maybe(restored.replaced.as_ref().map(|path| path.display())),
            hooks: restored.lanes.iter().map(|lane| Kept::new(Id::from(lane.hook))).collect(),
            json: Json::default(),
            restored,
        }
    }
}

/// Frees the answer.
///
/// Ownership: ends the object. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_restored_free(restored: Option<Box<tieback_restored>>) {
    guard_free(restored)
}

/// When the backup was taken, as RFC 3339; NULL for the file of a closed store, which does not say it.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_restored_backed_up_at(restored: Option<&tieback_restored>) -> *const c_char {
    guard_read(restored, ptr::null(), |restored| pointer(&restored.backed_up_at))
}

/// How many deliveries were queued in the backup. They are sent, and may have been sent before.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_restored_queued(restored: Option<&tieback_restored>) -> i64 {
    guard_read(restored, 0, |restored| count(restored.restored.queued))
}

/// How many hooks have any of them.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_restored_lane_count(restored: Option<&tieback_restored>) -> usize {
    guard_read(restored, 0, |restored| restored.hooks.len())
}

/// The id of one of these hooks, from 0.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_restored_lane_hook_id(restored: Option<&tieback_restored>, index: usize) -> *const c_char {
    guard_read(restored, ptr::null(), |restored| restored.hooks.get(index).map_or(ptr::null(), Kept::as_ptr))
}

/// How many of these deliveries one of these hooks has, from 0.
///
/// Ownership: a number. Threads: any. NULL: gives 0, and so does an index past the end. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_restored_lane_queued(restored: Option<&tieback_restored>, index: usize) -> i64 {
    guard_read(restored, 0, |restored| restored.restored.lanes.get(index).map_or(0, |lane| count(lane.queued)))
}

/// Where the store is now that was there before; NULL when there was none.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_restored_replaced(restored: Option<&tieback_restored>) -> *const c_char {
    guard_read(restored, ptr::null(), |restored| pointer(&restored.replaced))
}

/// The answer as JSON.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_restored_to_json(restored: Option<&tieback_restored>) -> *const c_char {
    guard_read(restored, ptr::null(), |restored| restored.json.of(|| own::restored_to_json(&restored.restored)))
}
