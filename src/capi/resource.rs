//! Resources: what can be triggered on.

use std::ffi::c_char;
use std::ptr;

use serde_json::Value;

use super::boundary::{guard_free, guard_read};
use super::kept::{Json, Kept};
use crate::types::Resource;
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
    /// The object of a resource.
    pub fn new(resource: Resource) -> Self {
        Self {
            name: Kept::new(&resource.name),
            event_types: resource.event_types.iter().map(Kept::new).collect(),
            deprecated_event_types: resource.deprecated_event_types.iter().map(Kept::new).collect(),
            note: Kept::new(&resource.note),
            json: Json::default(),
            resource,
        }
    }

    /// It as JSON.
    pub fn value(&self) -> Value {
        own::resource_to_json(&self.resource)
    }
}

/// Frees a resource that was given to you; those of a list belong to the list.
///
/// Ownership: ends the resource. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resource_free(resource: Option<Box<tieback_resource>>) {
    guard_free(resource)
}

/// Its name, as triggers and payloads spell it.
///
/// Ownership: the resource's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
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
/// Ownership: the resource's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
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
/// Ownership: the resource's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resource_deprecated(resource: Option<&tieback_resource>, index: usize) -> *const c_char {
    guard_read(resource, ptr::null(), |resource| {
        resource.deprecated_event_types.get(index).map_or(ptr::null(), Kept::as_ptr)
    })
}

/// What the catalogue says about it, often "".
///
/// Ownership: the resource's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resource_note(resource: Option<&tieback_resource>) -> *const c_char {
    guard_read(resource, ptr::null(), |resource| resource.note.as_ptr())
}

/// The resource as JSON.
///
/// Ownership: the resource's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resource_to_json(resource: Option<&tieback_resource>) -> *const c_char {
    guard_read(resource, ptr::null(), |resource| resource.json.of(|| resource.value()))
}
