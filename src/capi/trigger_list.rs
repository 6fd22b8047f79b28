//! Lists of triggers: pages, and a walk through all of them.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use super::boundary::{guard_free, guard_read};
use super::call::{guard_new, guard_pointer};
use super::error::tieback_error;
use super::iter::Iter;
use super::list::List;
use super::scope::{self, tieback_scope};
use super::service::tieback_service;
use super::status::tieback_status;
use super::trigger::tieback_trigger;
use super::{handle, text};
use crate::types::Trigger;

/// A page of triggers.
pub struct tieback_triggers(List<tieback_trigger>);

/// A walk through triggers, which fetches pages as it goes.
pub struct tieback_trigger_iter(Iter<Trigger>);

/// Lists one page of a hook's triggers, oldest first. A `limit` of 0 means 100; at most 1,000 come. `after` is the page
/// before's `tieback_triggers_next_page`.
///
/// Ownership: `*out` is yours; free it with `tieback_triggers_free`. Threads: any. NULL: `after` may be, meaning the
/// first page; so may `error`.
/// Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_trigger_list(
    service: *const tieback_service,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    limit: i32,
    after: *const c_char,
    out: Option<&mut MaybeUninit<*mut tieback_triggers>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("trigger_list", out, error, || {
        let service = handle::service(service)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id, page) =
            unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?, text::page(limit, after)?) };
        let page = service.trigger_list(&scope, &hook_id, &page)?;
        Ok(tieback_triggers(List::of(page, tieback_trigger::new)))
    })
}

/// Frees a page and its triggers.
///
/// Ownership: ends the page. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_triggers_free(triggers: Option<Box<tieback_triggers>>) {
    guard_free(triggers)
}

/// How many triggers the page has.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_triggers_len(triggers: Option<&tieback_triggers>) -> usize {
    guard_read(triggers, 0, |triggers| triggers.0.len())
}

/// One trigger of the page, from 0.
///
/// Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_triggers_at(triggers: Option<&tieback_triggers>, index: usize) -> Option<&tieback_trigger> {
    guard_read(triggers, None, |triggers| triggers.0.at(index))
}

/// Where the next page begins, for `after`; NULL on the last page.
///
/// Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_triggers_next_page(triggers: Option<&tieback_triggers>) -> *const c_char {
    guard_read(triggers, ptr::null(), |triggers| triggers.0.next_page())
}

/// The page as JSON: `items`, and `next` unless it is the last one.
///
/// Ownership: the page's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_triggers_to_json(triggers: Option<&tieback_triggers>) -> *const c_char {
    guard_read(triggers, ptr::null(), |triggers| triggers.0.to_json(tieback_trigger::value))
}

/// Begins a walk through all triggers of a hook, over page borders. Nothing is fetched yet; `limit` is the size of the
/// pages that will be.
///
/// Ownership: `*out` is yours; free it with `tieback_trigger_iter_free`. Threads: any. NULL: `after` may be,
/// meaning the first page; so may `error`.
/// Errors: TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_trigger_iter_new(
    service: *const tieback_service,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    limit: i32,
    after: *const c_char,
    out: Option<&mut MaybeUninit<*mut tieback_trigger_iter>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("trigger_list", out, error, || {
        drop(handle::service(service)?);
        let service = service.addr();
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id, page) =
            unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?, text::page(limit, after)?) };
        let fetch = move |page: &_| handle::service_at(service)?.trigger_list(&scope, &hook_id, page);
        Ok(tieback_trigger_iter(Iter::new(page, fetch)))
    })
}

/// Gives the next trigger; NULL, with TIEBACK_OK, at the end. After an error the walk can go on where it was.
///
/// Ownership: `*out` is yours; free it with `tieback_trigger_free`. Threads: one at a time. NULL: `error` may be.
/// Errors: TIEBACK_NOT_FOUND, TIEBACK_CLOSED, TIEBACK_STORAGE; TIEBACK_INVALID_ARGUMENT for a place that is none of
/// this list.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_trigger_iter_next(
    iter: Option<&mut tieback_trigger_iter>,
    out: Option<&mut MaybeUninit<*mut tieback_trigger>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_pointer("trigger_list", out, error, || Iter::step(iter.map(|iter| &mut iter.0), tieback_trigger::new))
}

/// Frees a walk. The triggers that it gave stay yours.
///
/// Ownership: ends the walk. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_trigger_iter_free(iter: Option<Box<tieback_trigger_iter>>) {
    guard_free(iter)
}
