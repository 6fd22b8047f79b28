//! Resources: what can be triggered on.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use super::boundary::{guard_free, guard_read};
use super::call::guard_new;
use super::error::tieback_error;
use super::kept::{Json, Kept};
use super::list::List;
use super::scope::{self, tieback_scope};
use super::service::tieback_service;
use super::status::tieback_status;
use super::{handle, text};
use crate::types::{PayloadVersion, Resource, ResourceQuery};
use crate::wire::own;

/// A resource of the catalogue.
pub struct tieback_resource {
    name: Kept,
    event_types: Vec<Kept>,
    deprecated_event_types: Vec<Kept>,
    note: Kept,
    json: Json,
    resource: Resource,
}

impl tieback_resource {
    fn new(resource: Resource) -> Self {
        Self {
            name: Kept::new(&resource.name),
            event_types: resource.event_types.iter().map(Kept::new).collect(),
            deprecated_event_types: resource.deprecated_event_types.iter().map(Kept::new).collect(),
            note: Kept::new(&resource.note),
            json: Json::default(),
            resource,
        }
    }
}

/// A page of resources.
pub struct tieback_resources(List<tieback_resource>);

/// Lists one page of what can be triggered on at the scope's level, by name. With a payload version, only what that can
/// carry. A `limit` of 0 means 100; at most 1,000 come. `after` is the page before's `tieback_resources_next_page`.
///
/// Ownership: `*out` is yours; free it with `tieback_resources_free`. Threads: any. NULL: `payload_version` may be,
/// meaning any, and `after`, meaning the first page; so may `error`.
/// Errors: TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resource_list(
    service: *const tieback_service,
    scope: *const tieback_scope,
    payload_version: *const c_char,
    limit: i32,
    after: *const c_char,
    out: Option<&mut MaybeUninit<*mut tieback_resources>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("resource_list", out, error, || {
        let service = handle::service(service)?;
        // SAFETY: the caller keeps to the header.
        let (scope, version, page) = unsafe {
            let version = text::optional("payload_version", payload_version)?;
            (scope::read(scope)?, version, text::page(limit, after)?)
        };
        let query = ResourceQuery { payload_version: version.map(PayloadVersion::parse).transpose()? };
        Ok(tieback_resources(List::of(service.resource_list(&scope, &query, &page)?, tieback_resource::new)))
    })
}

/// Frees a page and its resources.
///
/// Ownership: ends the page. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resources_free(resources: Option<Box<tieback_resources>>) {
    guard_free(resources)
}

/// How many resources the page has.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resources_len(resources: Option<&tieback_resources>) -> usize {
    guard_read(resources, 0, |resources| resources.0.len())
}

/// One resource of the page, from 0.
///
/// Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resources_at(
    resources: Option<&tieback_resources>,
    index: usize,
) -> Option<&tieback_resource> {
    guard_read(resources, None, |resources| resources.0.at(index))
}

/// Where the next page begins, for `after`; NULL on the last page.
///
/// Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resources_next_page(resources: Option<&tieback_resources>) -> *const c_char {
    guard_read(resources, ptr::null(), |resources| resources.0.next_page())
}

/// Its name, as triggers and payloads spell it.
///
/// Ownership: the resource's, until its page is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resource_name(resource: Option<&tieback_resource>) -> *const c_char {
    guard_read(resource, ptr::null(), |resource| resource.name.as_ptr())
}

/// How many events it has.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resource_event_type_count(resource: Option<&tieback_resource>) -> usize {
    guard_read(resource, 0, |resource| resource.event_types.len())
}

/// One of its events, from 0, in lower case.
///
/// Ownership: the resource's, until its page is freed. Threads: any. NULL: gives NULL, and so does an index past the
/// end. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resource_event_type(resource: Option<&tieback_resource>, index: usize) -> *const c_char {
    guard_read(resource, ptr::null(), |resource| resource.event_types.get(index).map_or(ptr::null(), Kept::as_ptr))
}

/// How many of its events no longer fire and cannot be triggered on any more.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resource_deprecated_count(resource: Option<&tieback_resource>) -> usize {
    guard_read(resource, 0, |resource| resource.deprecated_event_types.len())
}

/// One of the events that no longer fire, from 0.
///
/// Ownership: the resource's, until its page is freed. Threads: any. NULL: gives NULL, and so does an index past the
/// end. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resource_deprecated(resource: Option<&tieback_resource>, index: usize) -> *const c_char {
    guard_read(resource, ptr::null(), |resource| {
        resource.deprecated_event_types.get(index).map_or(ptr::null(), Kept::as_ptr)
    })
}

/// What the catalogue says about it, often "".
///
/// Ownership: the resource's, until its page is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resource_note(resource: Option<&tieback_resource>) -> *const c_char {
    guard_read(resource, ptr::null(), |resource| resource.note.as_ptr())
}

/// The resource as JSON.
///
/// Ownership: the resource's, until its page is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resource_to_json(resource: Option<&tieback_resource>) -> *const c_char {
    guard_read(resource, ptr::null(), |resource| resource.json.of(|| own::resource_to_json(&resource.resource)))
}
