//! Deliveries: the sending of one event to one hook.

use std::ffi::c_char;
use std::ptr;

use serde_json::Value;

use super::attempt::tieback_attempt;
use super::boundary::{guard_free, guard_read};
use super::event::tieback_event;
use super::kept::{self, Json, Kept, maybe, pointer};
use crate::types::Delivery;
use crate::wire::own;

/// A delivery as the service answered it, with its event and its attempts.
pub struct tieback_delivery {
    id: Kept,
    hook_id: Kept,
    status: Kept,
    why: Option<Kept>,
    created_at: Option<Kept>,
    event: tieback_event,
    attempts: Vec<tieback_attempt>,
    json: Json,
    delivery: Delivery,
}

impl tieback_delivery {
    /// The object of a delivery.
    pub fn new(delivery: Delivery) -> Self {
        Self {
            id: Kept::new(&delivery.id),
            hook_id: Kept::new(&delivery.hook_id),
            status: Kept::new(delivery.status.as_str()),
            why: maybe(delivery.why.map(|why| why.as_str())),
            created_at: maybe(delivery.created_at),
            event: tieback_event::new(delivery.event.clone()),
            attempts: delivery.attempts.iter().cloned().map(tieback_attempt::new).collect(),
            json: Json::default(),
            delivery,
        }
    }

    /// It as JSON.
    pub fn value(&self) -> Value {
        own::delivery_to_json(&self.delivery)
    }
}

/// Frees a delivery that was given to you; those of a list belong to the list.
///
/// Ownership: ends the delivery. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_free(delivery: Option<Box<tieback_delivery>>) {
    guard_free(delivery)
}

/// The delivery's id.
///
/// Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_id(delivery: Option<&tieback_delivery>) -> *const c_char {
    guard_read(delivery, ptr::null(), |delivery| delivery.id.as_ptr())
}

/// The id of its hook.
///
/// Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_hook_id(delivery: Option<&tieback_delivery>) -> *const c_char {
    guard_read(delivery, ptr::null(), |delivery| delivery.hook_id.as_ptr())
}

/// Where it stands: "enqueued", "retrying", "delivered", "discarded" or "failed".
///
/// Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_status(delivery: Option<&tieback_delivery>) -> *const c_char {
    guard_read(delivery, ptr::null(), |delivery| delivery.status.as_ptr())
}

/// Why it was given up: "flushed", "operator", "hook_deleted" or "max_attempts"; NULL when it was not.
///
/// Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_why(delivery: Option<&tieback_delivery>) -> *const c_char {
    guard_read(delivery, ptr::null(), |delivery| pointer(&delivery.why))
}

/// When it was queued, as RFC 3339; NULL where the service does not say.
///
/// Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_created_at(delivery: Option<&tieback_delivery>) -> *const c_char {
    guard_read(delivery, ptr::null(), |delivery| pointer(&delivery.created_at))
}

/// The event that it carries.
///
/// Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_event(delivery: Option<&tieback_delivery>) -> Option<&tieback_event> {
    guard_read(delivery, None, |delivery| Some(&delivery.event))
}

/// The payload as sent, byte for byte: `tieback_delivery_payload_len` bytes, not NUL-terminated.
///
/// Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_payload(delivery: Option<&tieback_delivery>) -> *const u8 {
    guard_read(delivery, ptr::null(), |delivery| kept::bytes(&delivery.delivery.payload))
}

/// How many bytes the payload has.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_payload_len(delivery: Option<&tieback_delivery>) -> usize {
    guard_read(delivery, 0, |delivery| delivery.delivery.payload.len())
}

/// 1 when it was queued in a backup that was restored: it may have been sent before, by attempts that are not in the
/// log.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_restored(delivery: Option<&tieback_delivery>) -> i32 {
    guard_read(delivery, 0, |delivery| delivery.delivery.restored.into())
}

/// How many attempts there were.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_attempt_count(delivery: Option<&tieback_delivery>) -> usize {
    guard_read(delivery, 0, |delivery| delivery.attempts.len())
}

/// One attempt, from 0, oldest first.
///
/// Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_attempt(
    delivery: Option<&tieback_delivery>,
    index: usize,
) -> Option<&tieback_attempt> {
    guard_read(delivery, None, |delivery| delivery.attempts.get(index))
}

/// The delivery as JSON, with its event and its attempts.
///
/// Ownership: the delivery's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_to_json(delivery: Option<&tieback_delivery>) -> *const c_char {
    guard_read(delivery, ptr::null(), |delivery| delivery.json.of(|| delivery.value()))
}
