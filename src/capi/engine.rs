//! The engine's handle: opening, closing, running.

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::boundary::guard;
use super::call::{guard_call, guard_new, guard_pointer, guard_report};
use super::engine_options::{self, tieback_engine_options};
use super::error::tieback_error;
use super::handle;
use super::idle::tieback_idle_report;
use super::purged::tieback_purged;
use super::service::tieback_service;
use super::stats::tieback_stats;
use super::status::tieback_status;
use super::text;
use crate::engine::{Engine, EngineOptions};
use crate::wire::own;

/// An embedded webhook engine on one SQLite file: it keeps hooks and triggers, matches published events to them, and
/// delivers. A checked handle: one that is closed or foreign is an error.
pub struct tieback_engine {
    _never_looked_at: [u8; 0],
}

/// Opens an engine on its file, which is created when it is not there. Starts no thread. Any number of engines may have
/// one file open, in this process and in others (docs/processes.md).
///
/// Ownership: `*out` is yours; end it with `tieback_engine_close`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_INVALID_ARGUMENT for options that make no sense, and for a store that is sealed with a key that is
/// not given (the message has the key's id); TIEBACK_UNAVAILABLE when the file is of an earlier version, or to be
/// sealed, and another engine has it open; TIEBACK_STORAGE when the file is no tieback store, is newer than this
/// library, read-only or damaged.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_open(
    options: *const tieback_engine_options,
    out: Option<&mut MaybeUninit<*mut tieback_engine>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_pointer("open", out, error, || {
        // SAFETY: the caller keeps to the header.
        let (options, callbacks) = unsafe { engine_options::read(options) }?;
        let engine = Engine::open(options)?;
        callbacks.take_over();
        Ok(handle::of_engine(engine))
    })
}

/// Opens an engine from options in JSON: `{"path": "hooks.db", "danger_allow_http": true, "retry": {"backoff_min_ms":
/// 500}}`; the members have the names of `tieback_engine_options`, those of the retry policy inside `retry`, where
/// `jitter` is a fraction; `allow_networks` and `store_key_old` are lists of texts.
///
/// Ownership: `*out` is yours; end it with `tieback_engine_close`. Threads: any. NULL: `error` may be.
/// Errors: those of `tieback_engine_open`; an unknown member is TIEBACK_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_open_from_json(
    json: *const c_char,
    out: Option<&mut MaybeUninit<*mut tieback_engine>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_pointer("open", out, error, || {
        // SAFETY: the caller keeps to the header.
        let json = unsafe { text::required("json", json) }?;
        Engine::open(EngineOptions::from_json(&own::parse(json)?)?).map(handle::of_engine)
    })
}

/// Closes an engine and ends its handle. Attempts in flight are abandoned and queued again; call `tieback_engine_stop`
/// first to let them end. Calls on other threads return, most of them with TIEBACK_CLOSED, and so does every later one,
/// also through its services.
///
/// Ownership: ends the handle. Threads: any; calls may be under way. NULL: nothing happens, nor with a handle that is
/// closed already or belongs to a parent process. Errors: none; what was not finished is kept in the file.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_close(engine: *mut tieback_engine) {
    guard((), || {
        if let Some(engine) = handle::take_engine(engine) {
            engine.close();
        }
    })
}

/// Makes a handle of the engine's service, which manages hooks and triggers and lists deliveries. It does not keep the
/// engine open.
///
/// Ownership: `*out` is yours; end it with `tieback_service_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_CLOSED.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_service(
    engine: *const tieback_engine,
    out: Option<&mut MaybeUninit<*mut tieback_service>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_pointer("service", out, error, || handle::of_service(engine))
}

/// Starts delivering on threads of the engine's own. Starting a started engine changes nothing.
///
/// Ownership: nothing is given. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_CLOSED; TIEBACK_STORAGE when the queue cannot be read; TIEBACK_UNAVAILABLE when the system gives no
/// threads.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_start(
    engine: *const tieback_engine,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_call("start", error, || handle::engine(engine)?.start())
}

/// Stops delivering: nothing starts any more, and attempts in flight get `grace_ms` to end and be recorded. What has
/// not ended by then is queued again. Stopping a stopped engine changes nothing.
///
/// Ownership: nothing is given. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_CLOSED; TIEBACK_INVALID_ARGUMENT for a negative time.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_stop(
    engine: *const tieback_engine,
    grace_ms: i64,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_call("stop", error, || handle::engine(engine)?.stop(text::span("grace_ms", grace_ms)?))
}

/// Delivers on your thread what is due, for about `budget_ms`; returns early when nothing is in flight or due. For
/// hosts without threads: call it often, at least every second while the report says that the engine is not idle, since
/// the time limits of attempts in flight run on between calls.
///
/// Ownership: `*out` is yours; free it with `tieback_idle_report_free`. Threads: any; one at a time runs, others wait
/// for it. NULL: `out` and `error` may be.
/// Errors: TIEBACK_CLOSED; TIEBACK_CONFLICT when the engine is started; TIEBACK_STORAGE; TIEBACK_INVALID_ARGUMENT for a
/// negative time.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_pump(
    engine: *const tieback_engine,
    budget_ms: i64,
    out: Option<&mut MaybeUninit<*mut tieback_idle_report>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_report("pump", out, error, || {
        let engine = handle::engine(engine)?;
        engine.long().pump(text::span("budget_ms", budget_ms)?).map(tieback_idle_report::new)
    })
}

/// Delivers until nothing is in flight or due, or `timeout_ms` has passed. A started engine is waited for; else the
/// work is done on your thread. Lanes that wait after a failure are waited for only when `wait_paused` is 1; else the
/// report says how many there are. That the time ran out is no error: the report says it.
///
/// Ownership: `*out` is yours; free it with `tieback_idle_report_free`. Threads: any. NULL: `out` and `error` may be.
/// Errors: TIEBACK_CLOSED; TIEBACK_STORAGE; TIEBACK_INVALID_ARGUMENT for a negative time.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_run_until_idle(
    engine: *const tieback_engine,
    timeout_ms: i64,
    wait_paused: i32,
    out: Option<&mut MaybeUninit<*mut tieback_idle_report>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_report("run_until_idle", out, error, || {
        let engine = handle::engine(engine)?;
        let wait_paused = text::flag("wait_paused", wait_paused)?;
        engine.long().run_until_idle(text::span("timeout_ms", timeout_ms)?, wait_paused).map(tieback_idle_report::new)
    })
}

/// How much there is to do, what is kept, and what that takes on the disk. Cheap, however much there is.
///
/// Ownership: `*out` is yours; free it with `tieback_stats_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_stats(
    engine: *const tieback_engine,
    out: Option<&mut MaybeUninit<*mut tieback_stats>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("stats", out, error, || handle::engine(engine)?.stats().map(tieback_stats::new))
}

/// Removes at once what has been kept for longer than the options' `retention_ms`, and says what went. A worker does
/// the same when it starts and every hour, so this is for hosts that have none, or that want the space now. It works in
/// small transactions; publishing and delivering go on beside it. What is queued is never removed.
///
/// Ownership: `*out` is yours; free it with `tieback_purged_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_CLOSED, TIEBACK_STORAGE; what was removed until then stays removed.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_purge(
    engine: *const tieback_engine,
    out: Option<&mut MaybeUninit<*mut tieback_purged>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("purge", out, error, || handle::engine(engine)?.long().purge().map(tieback_purged::new))
}
