//! An event to publish.

use std::ffi::c_char;

use super::boundary::guard;
use super::sized::{self, Growing};
use super::text;
use crate::error::Result;
use crate::types::{Event, Id, Metadata, RelatedResource};

/// The largest payload in bytes: an event whose payload would be larger cannot be published.
pub const TIEBACK_PAYLOAD_MAX_BYTES: i32 = 262_144;

const _: () = assert!(TIEBACK_PAYLOAD_MAX_BYTES as usize == Event::MAX_PAYLOAD_BYTES);

/// An event to publish. Begin with TIEBACK_EVENT_OPTIONS_INIT; what is NULL or 0 is left out.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct tieback_event_options {
    /// The size of this struct.
    pub struct_size: usize,
    /// The company. Must be given.
    pub company_id: i64,
    /// The project, for an event of a project.
    pub project_id: i64,
    /// Who did it.
    pub user_id: i64,
    /// The resource's name, exactly as in the catalogue, such as "RFIs". Must be given.
    pub resource_name: *const c_char,
    /// The resource's id: a number, or for hooks of payload version v4.0 any word. Must be given.
    pub resource_id: *const c_char,
    /// "create", "update", "delete", or another word for v4.0. Must be given.
    pub event_type: *const c_char,
    /// The event's own number. Left out, one is made.
    pub id: *const c_char,
    /// The event's own ULID: publishing the same one twice is one event. Left out, one is made.
    pub ulid: *const c_char,
    /// When it happened, as RFC 3339. Left out, now.
    pub timestamp: *const c_char,
    /// The user that caused it (payload v2.0 and v3.0, as all `source_` fields).
    pub source_user_id: i64,
    /// The project that caused it.
    pub source_project_id: i64,
    /// The company that caused it.
    pub source_company_id: i64,
    /// A token that the caller of the API gave for the operation, such as a UUID.
    pub source_operation_id: *const c_char,
    /// The OAuth client id of the application that caused it.
    pub source_application_id: *const c_char,
    /// The ids of the parents of a line item (payload v3.0).
    pub related_ids: *const *const c_char,
    /// Their resource names, in the same order.
    pub related_names: *const *const c_char,
    /// How many parents there are.
    pub related_count: usize,
    /// Further facts, as a JSON value (payload v4.0). A number that neither 64 bits nor a double hold exactly is sent
    /// as a text with its digits.
    pub data_json: *const c_char,
}

// SAFETY: `repr(C)`, begins with its size, and zero is a value of integers and raw pointers.
unsafe impl Growing for tieback_event_options {
    const NAME: &'static str = "tieback_event_options";
}

/// Zeroes options of `struct_size` bytes and writes the size into them: TIEBACK_EVENT_OPTIONS_INIT for languages
/// without macros.
///
/// Ownership: the options stay yours. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_event_options_init(options: *mut tieback_event_options, struct_size: usize) {
    guard((), || {
        // SAFETY: the caller keeps to the header: there are `struct_size` bytes.
        unsafe { sized::init(options, struct_size) }
    })
}

/// Reads an event.
///
/// # Safety
/// As for [`sized::required`]; the texts in it are NULL or NUL-terminated, the arrays have `related_count` of them.
pub unsafe fn read(options: *const tieback_event_options) -> Result<Event> {
    // SAFETY: the caller's promise is the same.
    unsafe {
        let given = sized::required(options)?;
        Ok(Event {
            id: text::optional_id("id", given.id)?,
            ulid: text::optional("ulid", given.ulid)?.map(str::to_owned),
            timestamp: text::moment("timestamp", given.timestamp)?,
            company_id: one(given.company_id),
            project_id: one(given.project_id),
            user_id: one(given.user_id),
            resource_name: text::required("resource_name", given.resource_name)?.to_owned(),
            resource_id: text::id("resource_id", given.resource_id)?,
            event_type: text::required("event_type", given.event_type)?.to_owned(),
            api_version: None,
            metadata: metadata(&given)?,
            related_resources: related(&given)?,
            data: text::json("data_json", given.data_json)?,
            unknown: serde_json::Map::new(),
        })
    }
}

/// What caused the event, if anything is said of it.
///
/// # Safety
/// As for the whole struct.
unsafe fn metadata(given: &tieback_event_options) -> Result<Option<Metadata>> {
    // SAFETY: the caller's promise is the same.
    let (operation, application) = unsafe {
        (
            text::optional("source_operation_id", given.source_operation_id)?,
            text::optional("source_application_id", given.source_application_id)?,
        )
    };
    let metadata = Metadata {
        source_user_id: one(given.source_user_id),
        source_project_id: one(given.source_project_id),
        source_operation_id: operation.map(str::to_owned),
        source_company_id: one(given.source_company_id),
        source_application_id: application.map(str::to_owned),
    };
    Ok(Some(metadata).filter(|metadata| *metadata != Metadata::default()))
}

/// The parents of a line item.
///
/// # Safety
/// As for the whole struct.
unsafe fn related(given: &tieback_event_options) -> Result<Vec<RelatedResource>> {
    // SAFETY: the caller's promise is the same.
    unsafe {
        let ids = text::array("related_ids", given.related_ids, given.related_count)?;
        let names = text::array("related_names", given.related_names, given.related_count)?;
        let pair = |(id, name)| {
            Ok(RelatedResource {
                id: text::id("a related resource's id", id)?,
                name: text::required("a related resource's name", name)?.to_owned(),
            })
        };
        ids.into_iter().zip(names).map(pair).collect()
    }
}

/// What is 0 was left out; what is negative is for publishing to refuse.
fn one(id: i64) -> Option<Id> {
    (id != 0).then(|| Id::from(id))
}
