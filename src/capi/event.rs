//! Events, as a delivery carries them.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use serde_json::Value;

use super::boundary::{guard_free, guard_read};
use super::call::guard_new;
use super::error::tieback_error;
use super::kept::{Json, Kept, maybe, pointer};
use super::status::tieback_status;
use super::text;
use crate::types::{Event, Metadata};
use crate::wire::{own, payload};

/// One change of one resource, as a payload says it. What the payload's version lacks is NULL. It belongs to its
/// delivery, or is yours from `tieback_event_parse`.
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
    api_version: Option<Kept>,
    caused_by: CausedBy,
    related: Vec<(Kept, Kept)>,
    data: Json,
    unknown: Json,
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
            api_version: maybe(event.api_version.as_ref()),
            caused_by: event.metadata.as_ref().map(CausedBy::new).unwrap_or_default(),
            related: event.related_resources.iter().map(|one| (Kept::new(&one.id), Kept::new(&one.name))).collect(),
            data: Json::default(),
            unknown: Json::default(),
            json: Json::default(),
            event,
        }
    }
}

/// The texts of an event's metadata.
#[derive(Default)]
struct CausedBy {
    user_id: Option<Kept>,
    project_id: Option<Kept>,
    company_id: Option<Kept>,
    operation_id: Option<Kept>,
    application_id: Option<Kept>,
}

impl CausedBy {
    fn new(metadata: &Metadata) -> Self {
        Self {
            user_id: maybe(metadata.source_user_id.as_ref()),
            project_id: maybe(metadata.source_project_id.as_ref()),
            company_id: maybe(metadata.source_company_id.as_ref()),
            operation_id: maybe(metadata.source_operation_id.as_ref()),
            application_id: maybe(metadata.source_application_id.as_ref()),
        }
    }
}

/// Reads the event in a payload of any version, `len` bytes, as an endpoint receives it. What it lacks is NULL, except
/// the resource's name and id and the event's type, which are "" then.
///
/// Ownership: `*out` is yours; free it with `tieback_event_free`. The payload stays yours. Threads: any. NULL: `error`
/// may be.
/// Errors: TIEBACK_PROTOCOL when it is no JSON object, or is nested more than 128 levels deep; TIEBACK_INVALID_ARGUMENT
/// with more than a million bytes.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_parse(
    payload: *const u8,
    len: usize,
    out: Option<&mut MaybeUninit<*mut tieback_event>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("event_parse", out, error, || {
        // SAFETY: the caller keeps to the header.
        let payload = unsafe { text::bytes("payload", payload, len) }?;
        payload::parse(payload).map(tieback_event::new)
    })
}

/// Frees an event that was given to you; that of a delivery belongs to the delivery.
///
/// Ownership: ends the event. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_free(event: Option<Box<tieback_event>>) {
    guard_free(event)
}

/// The event's id: a number in payloads v2.0 and v3.0, a ULID in v4.0.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_id(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.id))
}

/// The event's ULID; NULL in payload v4.0, where the id is one.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_ulid(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.ulid))
}

/// When it happened, as RFC 3339.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_timestamp(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.timestamp))
}

/// The company.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_company_id(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.company_id))
}

/// The project; NULL on company-level events.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_project_id(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.project_id))
}

/// Who did it.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_user_id(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.user_id))
}

/// The resource's name, such as "RFIs".
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_resource_name(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| event.resource_name.as_ptr())
}

/// The resource's id.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_resource_id(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| event.resource_id.as_ptr())
}

/// "create", "update", "delete", or since payload v4.0 any word.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_type(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| event.event_type.as_ptr())
}

/// The payload's own word for its version, such as "v2"; NULL in payload v4.0, which has none.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_api_version(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.api_version))
}

/// The user that caused it; NULL where the payload does not say, as with all `source_` members in v4.0.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_source_user_id(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.caused_by.user_id))
}

/// The project that caused it; NULL where the payload does not say, as with all `source_` members in v4.0.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_source_project_id(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.caused_by.project_id))
}

/// The company that caused it; NULL where the payload does not say, as with all `source_` members in v4.0.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_source_company_id(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.caused_by.company_id))
}

/// The token that the caller of the API gave for the operation, such as a UUID: to know your own writes again. NULL
/// where the payload does not say.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_source_operation_id(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.caused_by.operation_id))
}

/// The OAuth client id of the application that caused it; NULL where the payload does not say.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_source_application_id(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| pointer(&event.caused_by.application_id))
}

/// How many parents it names; line items have some in payload v3.0.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_related_count(event: Option<&tieback_event>) -> usize {
    guard_read(event, 0, |event| event.related.len())
}

/// The id of a parent, from 0.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_related_id(event: Option<&tieback_event>, index: usize) -> *const c_char {
    guard_read(event, ptr::null(), |event| event.related.get(index).map_or(ptr::null(), |(id, _)| id.as_ptr()))
}

/// The resource name of a parent, from 0.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_related_name(event: Option<&tieback_event>, index: usize) -> *const c_char {
    guard_read(event, ptr::null(), |event| event.related.get(index).map_or(ptr::null(), |(_, name)| name.as_ptr()))
}

/// Further facts as JSON, of any type (payload v4.0); NULL where there are none.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_data_json(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| {
        event.event.data.as_ref().map_or(ptr::null(), |data| event.data.of(|| data.clone()))
    })
}

/// The members of the payload that tieback does not know, as a JSON object; NULL where there are none.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_unknown_json(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| {
        let unknown = &event.event.unknown;
        if unknown.is_empty() { ptr::null() } else { event.unknown.of(|| Value::Object(unknown.clone())) }
    })
}

/// The event as JSON, with everything that it has.
///
/// Ownership: the event's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_to_json(event: Option<&tieback_event>) -> *const c_char {
    guard_read(event, ptr::null(), |event| event.json.of(|| own::event_to_json(&event.event)))
}
