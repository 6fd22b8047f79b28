//! Publishing events.

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::bulk::tieback_bulk;
use super::call::guard_new;
use super::engine::tieback_engine;
use super::error::tieback_error;
use super::event_options::{self, tieback_event_options};
use super::published::tieback_published;
use super::status::tieback_status;
use super::{handle, text};
use crate::engine::{Engine, check_count, one_answer_each};
use crate::wire::own;

/// The most events that one call of `tieback_publish_many` takes.
pub const TIEBACK_PUBLISH_MAX: i32 = 1000;

const _: () = assert!(TIEBACK_PUBLISH_MAX as usize == Engine::MAX_PUBLISH);

/// Publishes one event. After TIEBACK_OK, the event and its deliveries are on disk.
///
/// Ownership: `*out` is yours; free it with `tieback_published_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_INVALID_ARGUMENT for an event that cannot be published; TIEBACK_CONFLICT when its ulid or id was
/// published before with other content; TIEBACK_UNAVAILABLE when a queue is full (`max_queued`, `max_queued_per_hook`);
/// TIEBACK_CLOSED, TIEBACK_STORAGE. Nothing of the event is kept then.
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

/// Publishes many events in one transaction, at most TIEBACK_PUBLISH_MAX; `events` is an array of pointers. After
/// TIEBACK_OK, every event whose answer is TIEBACK_OK is on disk.
///
/// Ownership: `*out` is yours; free it with `tieback_bulk_free`. Threads: any. NULL: `error` may be, and the array
/// with a `count` of 0.
/// Errors: TIEBACK_INVALID_ARGUMENT with too many; TIEBACK_CLOSED, TIEBACK_STORAGE: none is published then. What is
/// wrong with one event, a full queue too, is in that event's answer.
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
        Ok(tieback_bulk::of_published(answers))
    })
}

/// Publishes many events from a JSON list, at most TIEBACK_PUBLISH_MAX: `[{"company_id": 1, ...}, ...]`, each as in
/// `tieback_publish_from_json`.
///
/// Ownership: `*out` is yours; free it with `tieback_bulk_free`. Threads: any. NULL: `error` may be.
/// Errors: those of `tieback_publish_many`; TIEBACK_INVALID_ARGUMENT for a text that is no JSON list. What is wrong
/// with one event, an unknown member too, is in that event's answer.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_publish_many_from_json(
    engine: *const tieback_engine,
    json: *const c_char,
    out: Option<&mut MaybeUninit<*mut tieback_bulk>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("publish_many", out, error, || {
        let engine = handle::engine(engine)?;
        // SAFETY: the caller keeps to the header.
        let json = unsafe { text::required("json", json) }?;
        let events = own::list_from_json("events", Engine::MAX_PUBLISH, own::event_from_json, &own::parse(json)?)?;
        Ok(tieback_bulk::of_published(one_answer_each(events, |good| engine.publish_many(good))?))
    })
}
