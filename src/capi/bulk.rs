//! Calls on many items, and their answers: one for each item, in their order.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use serde_json::{Value, json};

use super::boundary::{guard_free, guard_read};
use super::call::guard_new;
use super::error::tieback_error;
use super::kept::Json;
use super::published::tieback_published;
use super::scope::{self, tieback_scope};
use super::service::tieback_service;
use super::status::tieback_status;
use super::trigger::{self, tieback_trigger};
use super::{handle, text};
use crate::engine::{check_count, each_during, one_answer_each};
use crate::error::Result;
use crate::types::{Published, TriggerCreate};
use crate::wire::own;

/// The most triggers that one call of `tieback_trigger_create_many` or `tieback_trigger_delete_many` takes.
pub const TIEBACK_TRIGGERS_MAX: i32 = 500;

const _: () = assert!(TIEBACK_TRIGGERS_MAX as usize == TriggerCreate::MAX_BULK);

/// The answers of a call on many items, in the order of the items. An item that failed does not touch the others.
pub struct tieback_bulk {
    answers: Vec<Result<Made, Box<tieback_error>>>,
    json: Json,
}

/// What an item became.
enum Made {
    Trigger(tieback_trigger),
    Published(tieback_published),
    /// It was deleted.
    Nothing,
}

impl Made {
    fn value(&self) -> Value {
        match self {
            Self::Trigger(trigger) => json!({"trigger": trigger.value()}),
            Self::Published(published) => json!({"published": published.value()}),
            Self::Nothing => json!({"deleted": true}),
        }
    }
}

impl tieback_bulk {
    /// The answers of publishing.
    pub fn of_published(answers: Vec<Result<Published>>) -> Self {
        Self::of("publish_many", answers, |published| Made::Published(tieback_published::new(published)))
    }

    fn of<T>(operation: &'static str, answers: Vec<Result<T>>, made: impl Fn(T) -> Made) -> Self {
        let object = |answer: Result<T>| answer.map(&made).map_err(|error| Box::new(tieback_error::new(error)));
        Self { answers: each_during(operation, answers).into_iter().map(object).collect(), json: Json::default() }
    }
}

/// Adds many triggers to a hook, at most TIEBACK_TRIGGERS_MAX: item i is `resource_names[i]` with `event_types[i]`.
///
/// Ownership: `*out` is yours; free it with `tieback_bulk_free`. Threads: any. NULL: `error` may be, and both arrays
/// with a `count` of 0.
/// Errors: TIEBACK_NOT_FOUND for the hook; TIEBACK_INVALID_ARGUMENT with too many; TIEBACK_CLOSED, TIEBACK_STORAGE.
/// What is wrong with one item is in that item's answer.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_trigger_create_many(
    service: *const tieback_service,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    resource_names: *const *const c_char,
    event_types: *const *const c_char,
    count: usize,
    out: Option<&mut MaybeUninit<*mut tieback_bulk>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("trigger_create_many", out, error, || {
        let service = handle::service(service)?;
        check_count("triggers", count, TriggerCreate::MAX_BULK)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id, checked) = unsafe {
            let names = text::array("resource_names", resource_names, count)?;
            let events = text::array("event_types", event_types, count)?;
            let checked = names.into_iter().zip(events).map(|(name, event)| trigger::create(name, event)).collect();
            (scope::read(scope)?, text::id("hook_id", hook_id)?, checked)
        };
        let answers = one_answer_each(checked, |good| service.trigger_create_many(&scope, &hook_id, good))?;
        Ok(tieback_bulk::of("trigger_create_many", answers, |trigger| Made::Trigger(tieback_trigger::new(trigger))))
    })
}

/// Adds many triggers to a hook from a JSON list, at most TIEBACK_TRIGGERS_MAX:
/// `[{"resource_name": "RFIs", "event_type": "create"}, ...]`.
///
/// Ownership: `*out` is yours; free it with `tieback_bulk_free`. Threads: any. NULL: `error` may be.
/// Errors: those of `tieback_trigger_create_many`; TIEBACK_INVALID_ARGUMENT for a text that is no JSON list. What is
/// wrong with one item, an unknown member too, is in that item's answer.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_trigger_create_many_from_json(
    service: *const tieback_service,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    json: *const c_char,
    out: Option<&mut MaybeUninit<*mut tieback_bulk>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("trigger_create_many", out, error, || {
        let service = handle::service(service)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id, json) =
            unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?, text::required("json", json)?) };
        let read = own::trigger_create_from_json;
        let checked = own::list_from_json("triggers", TriggerCreate::MAX_BULK, read, &own::parse(json)?)?;
        let answers = one_answer_each(checked, |good| service.trigger_create_many(&scope, &hook_id, good))?;
        Ok(tieback_bulk::of("trigger_create_many", answers, |trigger| Made::Trigger(tieback_trigger::new(trigger))))
    })
}

/// Removes many triggers of a hook, at most TIEBACK_TRIGGERS_MAX.
///
/// Ownership: `*out` is yours; free it with `tieback_bulk_free`. Threads: any. NULL: `error` may be, and the array
/// with a `count` of 0.
/// Errors: TIEBACK_NOT_FOUND for the hook; TIEBACK_INVALID_ARGUMENT with too many; TIEBACK_CLOSED, TIEBACK_STORAGE.
/// What is wrong with one item is in that item's answer.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_trigger_delete_many(
    service: *const tieback_service,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    trigger_ids: *const *const c_char,
    count: usize,
    out: Option<&mut MaybeUninit<*mut tieback_bulk>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("trigger_delete_many", out, error, || {
        let service = handle::service(service)?;
        check_count("triggers", count, TriggerCreate::MAX_BULK)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id, checked) = unsafe {
            let ids = text::array("trigger_ids", trigger_ids, count)?;
            let checked = ids.into_iter().map(|id| text::id("trigger_id", id)).collect();
            (scope::read(scope)?, text::id("hook_id", hook_id)?, checked)
        };
        let answers = one_answer_each(checked, |good| service.trigger_delete_many(&scope, &hook_id, good))?;
        Ok(tieback_bulk::of("trigger_delete_many", answers, |()| Made::Nothing))
    })
}

/// Frees the answers and what is in them.
///
/// Ownership: ends the answers. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_bulk_free(bulk: Option<Box<tieback_bulk>>) {
    guard_free(bulk)
}

/// How many answers there are: one for each item.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_bulk_len(bulk: Option<&tieback_bulk>) -> usize {
    guard_read(bulk, 0, |bulk| bulk.answers.len())
}

/// What came of an item, from 0.
///
/// Ownership: a number. Threads: any. NULL: gives TIEBACK_INVALID_ARGUMENT, and so does an index past the end.
/// Errors: none of its own.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_bulk_status(bulk: Option<&tieback_bulk>, index: usize) -> tieback_status {
    guard_read(bulk, tieback_status::TIEBACK_INVALID_ARGUMENT, |bulk| match bulk.answers.get(index) {
        Some(Ok(_)) => tieback_status::TIEBACK_OK,
        Some(Err(error)) => error.status(),
        None => tieback_status::TIEBACK_INVALID_ARGUMENT,
    })
}

/// Why an item failed, from 0; NULL when it did not.
///
/// Ownership: the answers', until they are freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_bulk_error(bulk: Option<&tieback_bulk>, index: usize) -> Option<&tieback_error> {
    guard_read(bulk, None, |bulk| match bulk.answers.get(index) {
        Some(Err(error)) => Some(&**error),
        Some(Ok(_)) | None => None,
    })
}

/// The trigger that an item of `tieback_trigger_create_many` became, from 0; NULL when it failed, and for other calls.
///
/// Ownership: the answers', until they are freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_bulk_trigger(bulk: Option<&tieback_bulk>, index: usize) -> Option<&tieback_trigger> {
    guard_read(bulk, None, |bulk| match bulk.answers.get(index) {
        Some(Ok(Made::Trigger(trigger))) => Some(trigger),
        _ => None,
    })
}

/// What became of an event of `tieback_publish_many`, from 0; NULL when it failed, and for other calls.
///
/// Ownership: the answers', until they are freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_bulk_published(bulk: Option<&tieback_bulk>, index: usize) -> Option<&tieback_published> {
    guard_read(bulk, None, |bulk| match bulk.answers.get(index) {
        Some(Ok(Made::Published(published))) => Some(published),
        _ => None,
    })
}

/// The answers as a JSON list, in the order of the items: each `{"trigger": {...}}`, `{"published": {...}}`,
/// `{"deleted": true}` or `{"error": {...}}`.
///
/// Ownership: the answers', until they are freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_bulk_to_json(bulk: Option<&tieback_bulk>) -> *const c_char {
    guard_read(bulk, ptr::null(), |bulk| {
        let entry = |answer: &Result<Made, Box<tieback_error>>| match answer {
            Ok(made) => made.value(),
            Err(error) => json!({"error": error.value()}),
        };
        bulk.json.of(|| bulk.answers.iter().map(entry).collect())
    })
}
