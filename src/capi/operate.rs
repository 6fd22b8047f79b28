//! What an operator does with a hook's lane and its deliveries.

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::call::{guard_call, guard_new, guard_pointer};
use super::engine::tieback_engine;
use super::error::tieback_error;
use super::kept::Kept;
use super::published::tieback_published;
use super::scope::{self, tieback_scope};
use super::status::tieback_status;
use super::{handle, text};

/// Starts nothing on a hook's lane until `tieback_engine_resume`; new events still queue.
///
/// Ownership: nothing is given. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_pause(
    engine: *const tieback_engine,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_call("pause", error, || {
        let engine = handle::engine(engine)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id) = unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?) };
        engine.pause(&scope, &hook_id)
    })
}

/// Lets a lane go on that `tieback_engine_pause` holds. A back-off that was under way goes on too.
///
/// Ownership: nothing is given. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_resume(
    engine: *const tieback_engine,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_call("resume", error, || {
        let engine = handle::engine(engine)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id) = unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?) };
        engine.resume(&scope, &hook_id)
    })
}

/// Ends the present wait of a lane in back-off: it tries again at once. The time it has failed still counts.
///
/// Ownership: nothing is given. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_retry_now(
    engine: *const tieback_engine,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_call("retry_now", error, || {
        let engine = handle::engine(engine)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id) = unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?) };
        engine.retry_now(&scope, &hook_id)
    })
}

/// Gives one queued delivery up, so that an event which its endpoint cannot take does not hold up the rest. If the lane
/// was waiting to try it again, the next one is tried at once. An attempt that is on the wire already is not called
/// back.
///
/// Ownership: nothing is given. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_NOT_FOUND; TIEBACK_CONFLICT when it has an outcome already; TIEBACK_INVALID_ARGUMENT,
/// TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_skip(
    engine: *const tieback_engine,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    delivery_id: *const c_char,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_call("skip", error, || {
        let engine = handle::engine(engine)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id, delivery_id) =
            unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?, text::id("delivery_id", delivery_id)?) };
        engine.skip(&scope, &hook_id, &delivery_id)
    })
}

/// Sends the event of a delivery that has an outcome again, as a new delivery in the hook's present payload version,
/// and gives the new one's id. On a disabled hook it is queued until the hook is active.
///
/// Ownership: `*out` is yours; free it with `tieback_string_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_NOT_FOUND; TIEBACK_CONFLICT while the old one is still queued; TIEBACK_INVALID_ARGUMENT, also when
/// the payload version cannot carry the event's ids; TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_redeliver(
    engine: *const tieback_engine,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    delivery_id: *const c_char,
    out: Option<&mut MaybeUninit<*mut c_char>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_pointer("redeliver", out, error, || {
        let engine = handle::engine(engine)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id, delivery_id) =
            unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?, text::id("delivery_id", delivery_id)?) };
        engine.redeliver(&scope, &hook_id, &delivery_id).map(|id| Kept::new(id).into_raw())
    })
}

/// Sends a made-up event to one hook, whatever its triggers are: to see whether its endpoint answers. It is of the
/// hook's first trigger (without one, of the catalogue's first resource), with resource id 1; in payload v2.0 and v3.0
/// its source_operation_id is "tieback-test". A disabled hook gets none, as the answer says.
///
/// Ownership: `*out` is yours; free it with `tieback_published_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_NOT_FOUND; TIEBACK_INVALID_ARGUMENT when neither the scope nor the hook says which company a project
/// is of; TIEBACK_UNAVAILABLE when a queue is full; TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_send_test(
    engine: *const tieback_engine,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    out: Option<&mut MaybeUninit<*mut tieback_published>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("send_test", out, error, || {
        let engine = handle::engine(engine)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id) = unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?) };
        engine.send_test(&scope, &hook_id).map(tieback_published::new)
    })
}
