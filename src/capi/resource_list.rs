//! Lists of resources: pages, and a walk through all of them.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use super::boundary::{guard_free, guard_read};
use super::call::{guard_new, guard_pointer};
use super::error::tieback_error;
use super::iter::Iter;
use super::list::List;
use super::resource::tieback_resource;
use super::scope::{self, tieback_scope};
use super::service::tieback_service;
use super::status::tieback_status;
use super::{handle, text};
use crate::error::Result;
use crate::types::{PayloadVersion, Resource, ResourceQuery};

/// A page of resources.
pub struct tieback_resources(List<tieback_resource>);

/// A walk through resources, which fetches pages as it goes.
pub struct tieback_resource_iter(Iter<Resource>);

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
        let (scope, query, page) = unsafe { (scope::read(scope)?, query(payload_version)?, text::page(limit, after)?) };
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

/// The page as JSON: `items`, and `next` unless it is the last one.
///
/// Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resources_to_json(resources: Option<&tieback_resources>) -> *const c_char {
    guard_read(resources, ptr::null(), |resources| resources.0.to_json(tieback_resource::value))
}

/// Begins a walk through all resources of the scope's level, over page borders. Nothing is fetched yet; `limit` is the
/// size of the pages that will be.
///
/// Ownership: `*out` is yours; free it with `tieback_resource_iter_free`. Threads: any. NULL: `payload_version` may be,
/// meaning any, and `after`, meaning the first page; so may `error`.
/// Errors: TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resource_iter_new(
    service: *const tieback_service,
    scope: *const tieback_scope,
    payload_version: *const c_char,
    limit: i32,
    after: *const c_char,
    out: Option<&mut MaybeUninit<*mut tieback_resource_iter>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("resource_list", out, error, || {
        drop(handle::service(service)?);
        let service = service.addr();
        // SAFETY: the caller keeps to the header.
        let (scope, query, page) = unsafe { (scope::read(scope)?, query(payload_version)?, text::page(limit, after)?) };
        let fetch = move |page: &_| handle::service_at(service)?.resource_list(&scope, &query, page);
        Ok(tieback_resource_iter(Iter::new(page, fetch)))
    })
}

/// Gives the next resource; NULL, with TIEBACK_OK, at the end. After an error the walk can go on where it was.
///
/// Ownership: `*out` is yours; free it with `tieback_resource_free`. Threads: one at a time. NULL: `error` may be.
/// Errors: TIEBACK_CLOSED; TIEBACK_INVALID_ARGUMENT for a place that is none of this list.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resource_iter_next(
    iter: Option<&mut tieback_resource_iter>,
    out: Option<&mut MaybeUninit<*mut tieback_resource>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_pointer("resource_list", out, error, || Iter::step(iter.map(|iter| &mut iter.0), tieback_resource::new))
}

/// Frees a walk. The resources that it gave stay yours.
///
/// Ownership: ends the walk. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_resource_iter_free(iter: Option<Box<tieback_resource_iter>>) {
    guard_free(iter)
}

/// Reads which resources to list.
///
/// # Safety
/// As for [`text::required`].
unsafe fn query(payload_version: *const c_char) -> Result<ResourceQuery> {
    // SAFETY: the caller's promise is the same.
    let version = unsafe { text::optional("payload_version", payload_version) }?;
    Ok(ResourceQuery { payload_version: version.map(PayloadVersion::parse).transpose()? })
}
