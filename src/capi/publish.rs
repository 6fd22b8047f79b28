//! Publishing events, and what became of them.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use super::boundary::{guard_free, guard_read};
use super::bulk::tieback_bulk;
use super::call::guard_new;
use super::engine::tieback_engine;
use super::error::tieback_error;
use super::event_options::{self, tieback_event_options};
use super::kept::{Json, Kept, count as number, maybe, pointer};
use super::status::tieback_status;
use super::{handle, text};
use crate::engine::{Engine, check_count, one_answer_each};
use crate::types::Published;
use crate::wire::own;

/// What became of one published event. It is on disk.
pub struct tieback_published {
    id: Kept,
    ulid: Kept,
    no_delivery: Option<Kept>,
    json: Json,
    published: Published,
}

impl tieback_published {
    /// The object of what became of an event.
    pub fn new(published: Published) -> Self {
        Self {
            id: Kept::new(&published.id),
            ulid: Kept::new(&published.ulid),
            no_delivery: maybe(published.no_delivery.map(|reason| reason.as_str())),
            json: Json::default(),
            published,
        }
    }
}

/// Publishes one event. After TIEBACK_OK, the event and its deliveries are on disk.
///
/// Ownership: `*out` is yours; free it with `tieback_published_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_INVALID_ARGUMENT for an event that cannot be published; TIEBACK_CONFLICT when its ulid or id was
/// published before with other content; TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_publish(
    engine: *const tieback_engine,
    event: *const tieback_event_options,
    out: Option<&mut MaybeUninit<*mut tieback_published>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("publish", out, error, || {
        let engine = handle::engine(engine)?;
        // SAFETY: the caller keeps to the header.
        let event = unsafe { event_options::read(event) }?;
        engine.publish(&event).map(tieback_published::new)
    })
}

/// Publishes one event from JSON: `{"company_id": 1, "resource_name": "Company Users", "resource_id": 42, "event_type":
/// "update"}`, with the members that `tieback_event_to_json` gives.
///
/// Ownership: `*out` is yours; free it with `tieback_published_free`. Threads: any. NULL: `error` may be.
/// Errors: those of `tieback_publish`; an unknown member is TIEBACK_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_publish_from_json(
    engine: *const tieback_engine,
    json: *const c_char,
    out: Option<&mut MaybeUninit<*mut tieback_published>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("publish", out, error, || {
        let engine = handle::engine(engine)?;
        // SAFETY: the caller keeps to the header.
        let json = unsafe { text::required("json", json) }?;
        engine.publish(&own::event_from_json(&own::parse(json)?)?).map(tieback_published::new)
    })
}

/// Publishes many events in one transaction, at most 1,000; `events` is an array of pointers. After TIEBACK_OK, every
/// event whose answer is TIEBACK_OK is on disk.
///
/// Ownership: `*out` is yours; free it with `tieback_bulk_free`. Threads: any. NULL: `error` may be, and the array
/// with a `count` of 0.
/// Errors: TIEBACK_INVALID_ARGUMENT with more than 1,000; TIEBACK_CLOSED, TIEBACK_STORAGE. What is wrong with one event
/// is in that event's answer.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_publish_many(
    engine: *const tieback_engine,
    events: *const *const tieback_event_options,
    count: usize,
    out: Option<&mut MaybeUninit<*mut tieback_bulk>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("publish_many", out, error, || {
        let engine = handle::engine(engine)?;
        check_count("events", count, Engine::MAX_PUBLISH)?;
        // SAFETY: the caller keeps to the header.
        let checked = unsafe {
            text::array("events", events, count)?.into_iter().map(|event| event_options::read(event)).collect()
        };
        let answers = one_answer_each(checked, |good| engine.publish_many(good))?;
        let object = |answer: crate::error::Result<Published>| answer.map(tieback_published::new);
        Ok(tieback_bulk::of_published(answers.into_iter().map(object).collect()))
    })
}

/// Frees what a call gave; those of a bulk answer belong to it.
///
/// Ownership: ends the object. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_free(published: Option<Box<tieback_published>>) {
    guard_free(published)
}

/// The event's number, given or made.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_id(published: Option<&tieback_published>) -> *const c_char {
    guard_read(published, ptr::null(), |published| published.id.as_ptr())
}

/// The event's ULID, given or made.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_ulid(published: Option<&tieback_published>) -> *const c_char {
    guard_read(published, ptr::null(), |published| published.ulid.as_ptr())
}

/// How many deliveries it made: one per hook in its scope with a trigger for it.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_deliveries(published: Option<&tieback_published>) -> i64 {
    guard_read(published, 0, |published| number(published.published.deliveries))
}

/// 1 when the event had been published before; then the deliveries are those of that time.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_duplicate(published: Option<&tieback_published>) -> i32 {
    guard_read(published, 0, |published| published.published.duplicate.into())
}

/// Why there was no delivery: "no_hook_in_scope", "no_trigger", "hook_disabled", "version_cannot_carry_id" or
/// "event_deprecated"; NULL when there was one.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_no_delivery(published: Option<&tieback_published>) -> *const c_char {
    guard_read(published, ptr::null(), |published| pointer(&published.no_delivery))
}

/// The object as JSON.
///
/// Ownership: the object's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_published_to_json(published: Option<&tieback_published>) -> *const c_char {
    guard_read(published, ptr::null(), |published| published.json.of(|| own::published_to_json(&published.published)))
}
