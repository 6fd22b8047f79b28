//! Lists of deliveries: pages, and a walk through all of them.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use super::boundary::{guard_free, guard_read};
use super::call::{guard_new, guard_pointer};
use super::delivery::tieback_delivery;
use super::delivery_query::{self, tieback_delivery_query};
use super::error::tieback_error;
use super::iter::Iter;
use super::list::List;
use super::scope::{self, tieback_scope};
use super::service::tieback_service;
use super::status::tieback_status;
use super::{handle, text};
use crate::types::Delivery;

/// A page of deliveries.
pub struct tieback_deliveries(List<tieback_delivery>);

/// A walk through deliveries, which fetches pages as it goes.
pub struct tieback_delivery_iter(Iter<Delivery>);

/// Lists one page of a hook's deliveries, newest first.
///
/// Ownership: `*out` is yours; free it with `tieback_deliveries_free`. Threads: any. NULL: `query` may be, meaning all;
/// so may `error`.
/// Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_list(
    service: *const tieback_service,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    query: *const tieback_delivery_query,
    out: Option<&mut MaybeUninit<*mut tieback_deliveries>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("delivery_list", out, error, || {
        let service = handle::service(service)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id, (query, page)) =
            unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?, delivery_query::read(query)?) };
        let page = service.delivery_list(&scope, &hook_id, &query, &page)?;
        Ok(tieback_deliveries(List::of(page, tieback_delivery::new)))
    })
}

/// Frees a page and its deliveries.
///
/// Ownership: ends the page. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_deliveries_free(deliveries: Option<Box<tieback_deliveries>>) {
    guard_free(deliveries)
}

/// How many deliveries the page has.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_deliveries_len(deliveries: Option<&tieback_deliveries>) -> usize {
    guard_read(deliveries, 0, |deliveries| deliveries.0.len())
}

/// One delivery of the page, from 0.
///
/// Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_deliveries_at(
    deliveries: Option<&tieback_deliveries>,
    index: usize,
) -> Option<&tieback_delivery> {
    guard_read(deliveries, None, |deliveries| deliveries.0.at(index))
}

/// Where the next page begins, for `after`; NULL on the last page.
///
/// Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_deliveries_next_page(deliveries: Option<&tieback_deliveries>) -> *const c_char {
    guard_read(deliveries, ptr::null(), |deliveries| deliveries.0.next_page())
}

/// The page as JSON: `items`, and `next` unless it is the last one.
///
/// Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_deliveries_to_json(deliveries: Option<&tieback_deliveries>) -> *const c_char {
    guard_read(deliveries, ptr::null(), |deliveries| deliveries.0.to_json(tieback_delivery::value))
}

/// Begins a walk through all deliveries of a hook, over page borders. Nothing is fetched yet; the query's `limit` is
/// the size of the pages that will be.
///
/// Ownership: `*out` is yours; free it with `tieback_delivery_iter_free`. Threads: any. NULL: `query` may be, meaning
/// all; so may `error`.
/// Errors: TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_iter_new(
    service: *const tieback_service,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    query: *const tieback_delivery_query,
    out: Option<&mut MaybeUninit<*mut tieback_delivery_iter>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("delivery_list", out, error, || {
        drop(handle::service(service)?);
        let service = service.addr();
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id, (query, page)) =
            unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?, delivery_query::read(query)?) };
        let fetch = move |page: &_| handle::service_at(service)?.delivery_list(&scope, &hook_id, &query, page);
        Ok(tieback_delivery_iter(Iter::new(page, fetch)))
    })
}

/// Gives the next delivery; NULL, with TIEBACK_OK, at the end. After an error the walk can go on where it was.
///
/// Ownership: `*out` is yours; free it with `tieback_delivery_free`. Threads: one at a time. NULL: `error` may be.
/// Errors: TIEBACK_NOT_FOUND, TIEBACK_CLOSED, TIEBACK_STORAGE; TIEBACK_INVALID_ARGUMENT for a place that is none of
/// this list.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_iter_next(
    iter: Option<&mut tieback_delivery_iter>,
    out: Option<&mut MaybeUninit<*mut tieback_delivery>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_pointer("delivery_list", out, error, || Iter::step(iter.map(|iter| &mut iter.0), tieback_delivery::new))
}

/// Frees a walk. The deliveries that it gave stay yours.
///
/// Ownership: ends the walk. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_delivery_iter_free(iter: Option<Box<tieback_delivery_iter>>) {
    guard_free(iter)
}
