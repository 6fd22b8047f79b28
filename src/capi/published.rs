//! What became of a published event.

use std::ffi::c_char;
use std::ptr;

use serde_json::Value;

use super::boundary::{guard_free, guard_read};
use super::kept::{Json, Kept, count, maybe, pointer};
use crate::types::{Id, Published};
use crate::wire::own;

/// What became of one published event. It is on disk.
pub struct tieback_published {
    id: Kept,
    ulid: Kept,
    no_delivery: Option<Kept>,
    hooks: Vec<Kept>,
    json: Json,
    published: Published,
}

impl tieback_published {
    /// The object of what became of an event.
    pub fn new(published: Published) -> Self {
        Self {
            id: Kept::new(&published.id),
            ulid: Kept::new(&published.ulid),
            no_delivery: maybe(published.no_delivery.map(|reason| reason.as_str())),
            hooks: published.hooks.iter().map(|hook| Kept::new(Id::from(*hook))).collect(),
            json: Json::default(),
            published,
        }
    }
    /// It as JSON.
    pub fn value(&self) -> Value {
        own::published_to_json(&self.published)
    }
}

/// Frees what a call gave; those of a bulk answer belong to it.
///
/// Ownership: ends the object. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_free(published: Option<Box<tieback_published>>) {
    guard_free(published)
}

/// The event's number, given or made.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_id(published: Option<&tieback_published>) -> *const c_char {
    guard_read(published, ptr::null(), |published| published.id.as_ptr())
}

/// The event's ULID, given or made.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_ulid(published: Option<&tieback_published>) -> *const c_char {
    guard_read(published, ptr::null(), |published| published.ulid.as_ptr())
}

/// How many deliveries it made: one per hook in its scope with a trigger for it.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_deliveries(published: Option<&tieback_published>) -> i64 {
    guard_read(published, 0, |published| count(published.published.deliveries))
}

/// 1 when the event had been published before; then the deliveries are those of that time.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_duplicate(published: Option<&tieback_published>) -> i32 {
    guard_read(published, 0, |published| published.published.duplicate.into())
}

/// Why there was no delivery: "no_hook_in_scope", "no_trigger", "hook_disabled", "version_cannot_carry_id" or
/// "event_deprecated"; NULL when there was one.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_no_delivery(published: Option<&tieback_published>) -> *const c_char {
    guard_read(published, ptr::null(), |published| pointer(&published.no_delivery))
}

/// How many hooks have new work by it. With a duplicate there are none.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_hook_count(published: Option<&tieback_published>) -> usize {
    guard_read(published, 0, |published| published.hooks.len())
}

/// The id of a hook that has new work by it, from 0.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_hook_id(published: Option<&tieback_published>, index: usize) -> *const c_char {
    guard_read(published, ptr::null(), |published| published.hooks.get(index).map_or(ptr::null(), Kept::as_ptr))
}

/// The object as JSON.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_to_json(published: Option<&tieback_published>) -> *const c_char {
    guard_read(published, ptr::null(), |published| published.json.of(|| published.value()))
}
