//! Events, as a delivery carries them.

use std::ffi::c_char;
use std::ptr;

use super::boundary::guard_read;
use super::kept::{Json, Kept, maybe, pointer};
use crate::types::Event;
use crate::wire::own;

/// One change of one resource, as a payload says it. What the payload's version lacks is NULL.
pub struct tieback_event {
    id: Option<Kept>,
    ulid: Option<Kept>,
    timestamp: Option<Kept>,
    company_id: Option<Kept>,
    project_id: Option<Kept>,
    user_id: Option<Kept>,
    resource_name: Kept,
    resource_id: Kept,
    event_type: Kept,
    json: Json,
    event: Event,
}

impl tieback_event {
    /// The object of an event.
    pub fn new(event: Event) -> Self {
        Self {
            id: maybe(event.id.as_ref()),
            ulid: maybe(event.ulid.as_ref()),
            timestamp: maybe(event.timestamp),
            company_id: maybe(event.company_id.as_ref()),
            project_id: maybe(event.project_id.as_ref()),
            user_id: maybe(event.user_id.as_ref()),
            resource_name: Kept::new(&event.resource_name),
            resource_id: Kept::new(&event.resource_id),
            event_type: Kept::new(&event.event_type),
            json: Json::default(),
            event,
        }
    }
}

/// The event's id: a number in payloads v2.0 and v3.0, a ULID in v4.0.
///
/// Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_id(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.id))
}

/// The event's ULID; NULL in payload v4.0, where the id is one.
///
/// Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_ulid(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.ulid))
}

/// When it happened, as RFC 3339.
///
/// Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_timestamp(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.timestamp))
}

/// The company.
///
/// Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_company_id(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.company_id))
}

/// The project; NULL on company-level events.
///
/// Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_project_id(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.project_id))
}

/// Who did it.
///
/// Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_user_id(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.user_id))
}

/// The resource's name, such as "RFIs".
///
/// Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_resource_name(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| event.resource_name.as_ptr())
}

/// The resource's id.
///
/// Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_resource_id(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| event.resource_id.as_ptr())
}

/// "create", "update", "delete", or since payload v4.0 any word.
///
/// Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_type(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| event.event_type.as_ptr())
}

/// The event as JSON, with everything that it has.
///
/// Ownership: the event's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_to_json(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| event.json.of(|| own::event_to_json(&event.event)))
}
