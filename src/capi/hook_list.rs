//! Lists of hooks: pages, and a walk through all of them.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use super::boundary::{guard_free, guard_read};
use super::call::{guard_new, guard_pointer};
use super::error::tieback_error;
use super::handle;
use super::hook::tieback_hook;
use super::hook_options::{self, tieback_hook_query};
use super::iter::Iter;
use super::list::List;
use super::scope::{self, tieback_scope};
use super::service::tieback_service;
use super::status::tieback_status;
use crate::types::{Hook, PageRequest};

/// How many items a page has when its `limit` is 0.
pub const TIEBACK_PAGE_DEFAULT: i32 = 100;

/// The most items that a page has; a larger `limit` is cut to it.
pub const TIEBACK_PAGE_MAX: i32 = 1000;

const _: () = assert!(
    TIEBACK_PAGE_DEFAULT as u32 == PageRequest::DEFAULT_LIMIT && TIEBACK_PAGE_MAX as u32 == PageRequest::MAX_LIMIT
);

/// A page of hooks.
pub struct tieback_hooks(List<tieback_hook>);

/// A walk through hooks, which fetches pages as it goes.
pub struct tieback_hook_iter(Iter<Hook>);

/// Lists one page of hooks, oldest first.
///
/// Ownership: `*out` is yours; free it with `tieback_hooks_free`. Threads: any. NULL: `query` may be, meaning all; so
/// may `error`.
/// Errors: TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_list(
    service: *const tieback_service,
    scope: *const tieback_scope,
    query: *const tieback_hook_query,
    out: Option<&mut MaybeUninit<*mut tieback_hooks>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("hook_list", out, error, || {
        let service = handle::service(service)?;
        // SAFETY: the caller keeps to the header.
        let (scope, (query, page)) = unsafe { (scope::read(scope)?, hook_options::query(query)?) };
        let page = service.hook_list(&scope, &query, &page)?;
        Ok(tieback_hooks(List::of(page, tieback_hook::new)))
    })
}

/// Frees a page and its hooks.
///
/// Ownership: ends the page. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hooks_free(hooks: Option<Box<tieback_hooks>>) {
    guard_free(hooks)
}

/// How many hooks the page has.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hooks_len(hooks: Option<&tieback_hooks>) -> usize {
    guard_read(hooks, 0, |hooks| hooks.0.len())
}

/// One hook of the page, from 0.
///
/// Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hooks_at(hooks: Option<&tieback_hooks>, index: usize) -> Option<&tieback_hook> {
    guard_read(hooks, None, |hooks| hooks.0.at(index))
}

/// Where the next page begins, for `after`; NULL on the last page.
///
/// Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hooks_next_page(hooks: Option<&tieback_hooks>) -> *const c_char {
    guard_read(hooks, ptr::null(), |hooks| hooks.0.next_page())
}

/// The page as JSON: `items`, and `next` unless it is the last one.
///
/// Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hooks_to_json(hooks: Option<&tieback_hooks>) -> *const c_char {
    guard_read(hooks, ptr::null(), |hooks| hooks.0.to_json(tieback_hook::value))
}

/// Begins a walk through all hooks of a list, over page borders. Nothing is fetched yet; the query's `limit` is the
/// size of the pages that will be.
///
/// Ownership: `*out` is yours; free it with `tieback_hook_iter_free`. Threads: any. NULL: `query` may be, meaning all;
/// so may `error`.
/// Errors: TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_iter_new(
    service: *const tieback_service,
    scope: *const tieback_scope,
    query: *const tieback_hook_query,
    out: Option<&mut MaybeUninit<*mut tieback_hook_iter>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("hook_list", out, error, || {
        drop(handle::service(service)?);
        let service = service.addr();
        // SAFETY: the caller keeps to the header.
        let (scope, (query, page)) = unsafe { (scope::read(scope)?, hook_options::query(query)?) };
        let fetch = move |page: &_| handle::service_at(service)?.hook_list(&scope, &query, page);
        Ok(tieback_hook_iter(Iter::new(page, fetch)))
    })
}

/// Gives the next hook; NULL, with TIEBACK_OK, at the end. After an error the walk can go on where it was.
///
/// Ownership: `*out` is yours; free it with `tieback_hook_free`. Threads: one at a time. NULL: `error` may be.
/// Errors: TIEBACK_CLOSED, TIEBACK_STORAGE; TIEBACK_INVALID_ARGUMENT for a place that is none of this list.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_iter_next(
    iter: Option<&mut tieback_hook_iter>,
    out: Option<&mut MaybeUninit<*mut tieback_hook>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_pointer("hook_list", out, error, || Iter::step(iter.map(|iter| &mut iter.0), tieback_hook::new))
}

/// Frees a walk. The hooks that it gave stay yours.
///
/// Ownership: ends the walk. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_iter_free(iter: Option<Box<tieback_hook_iter>>) {
    guard_free(iter)
}
