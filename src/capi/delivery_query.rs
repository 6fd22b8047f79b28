//! Which deliveries to list.

use std::ffi::c_char;

use super::boundary::guard;
use super::sized::{self, Growing};
use super::text;
use crate::error::Result;
use crate::types::{DeliveryQuery, PageRequest, StatusFilter};

/// Which deliveries to list. Begin with TIEBACK_DELIVERY_QUERY_INIT; what is NULL or 0 does not narrow the list.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct tieback_delivery_query {
    /// The size of this struct.
    pub struct_size: usize,
    /// A status word of either generation of the API: "any", "successful", "failing", "discarded" (v1.0), "succeeded",
    /// "failed", "enqueued", "retrying" (v2.0).
    pub status: *const c_char,
    /// Only those of this resource, compared without case.
    pub resource_name: *const c_char,
    /// Only those of this event, compared without case.
    pub event_type: *const c_char,
    /// Only those queued at or after this moment: RFC 3339, or a day such as "2025-02-06", from its first instant.
    pub start: *const c_char,
    /// Only those queued before this moment; a day counts up to its last instant.
    pub end: *const c_char,
    /// Where to go on: the page before's `tieback_deliveries_next_page`. NULL for the first page.
    pub after: *const c_char,
    /// How many items a page has at the most: default 100, at most 1,000.
    pub limit: i32,
    /// Not used by this version: 0.
    pub reserved: i32,
}

// SAFETY: `repr(C)`, begins with its size, and zero is a value of integers and raw pointers.
unsafe impl Growing for tieback_delivery_query {
    const NAME: &'static str = "tieback_delivery_query";
}

/// Zeroes a query of `struct_size` bytes and writes the size into it: TIEBACK_DELIVERY_QUERY_INIT for languages without
/// macros.
///
/// Ownership: the query stays yours. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_query_init(query: *mut tieback_delivery_query, struct_size: usize) {
    guard((), || {
        // SAFETY: the caller keeps to the header: there are `struct_size` bytes.
        unsafe { sized::init(query, struct_size) }
    })
}

/// Reads a query; NULL means all.
///
/// # Safety
/// As for [`sized::required`]; the texts in it are NULL or NUL-terminated.
pub unsafe fn read(query: *const tieback_delivery_query) -> Result<(DeliveryQuery, PageRequest)> {
    // SAFETY: the caller's promise is the same.
    unsafe {
        let Some(given) = sized::optional(query)? else { return Ok(Default::default()) };
        sized::unused("reserved", given.reserved)?;
        let narrowed = DeliveryQuery {
            status: text::optional("status", given.status)?.map(StatusFilter::parse).transpose()?.unwrap_or_default(),
            resource_name: text::optional("resource_name", given.resource_name)?.map(str::to_owned),
            event_type: text::optional("event_type", given.event_type)?.map(str::to_owned),
            start: text::optional("start", given.start)?.map(DeliveryQuery::parse_start).transpose()?,
            end: text::optional("end", given.end)?.map(DeliveryQuery::parse_end).transpose()?,
        };
        Ok((narrowed, text::page(given.limit, given.after)?))
    }
}
