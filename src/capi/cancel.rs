//! Ending calls from another thread.

use std::mem::MaybeUninit;

use super::boundary::guard;
use super::call::{guard_call, guard_pointer};
use super::engine::tieback_engine;
use super::error::tieback_error;
use super::handle;
use super::service::tieback_service;
use super::status::tieback_status;
use crate::time::Cancel;

/// A token that ends the calls which carry it. A checked handle, for any number of threads.
///
/// Calls carry a token through their handle: `tieback_engine_with_cancel` makes a second handle of an engine, and
/// `tieback_service_with_cancel` one of a service, whose calls the token ends with TIEBACK_CANCELLED. A call that has
/// not begun does nothing then. Of those under way, the long ones end soon (`tieback_engine_run_until_idle`, `_pump`,
/// `_purge`, `_backup`, `_check_integrity`, `_compact`); the others run to their end, so that nobody has to guess what
/// became of them. `tieback_engine_stop` has its own `grace_ms` and does not look at the token once it has begun.
pub struct tieback_cancel {
    _never_looked_at: [u8; 0],
}

/// Makes a token.
///
/// Ownership: `*out` is yours; end it with `tieback_cancel_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_INVALID_ARGUMENT without `out`.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_cancel_new(
    out: Option<&mut MaybeUninit<*mut tieback_cancel>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_pointer("cancel_new", out, error, || Ok(handle::of_cancel(Cancel::new())))
}

/// Ends the calls that carry this token: those under way as soon as they can, and every later one at once. Returns
/// without waiting for them. It stays requested; for further calls use another token.
///
/// Ownership: nothing is given. Threads: any, also inside of a callback; it is not for signal handlers. NULL: `error`
/// may be. Errors: TIEBACK_CLOSED for a token that is freed.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_cancel_request(
    cancel: *const tieback_cancel,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_call("cancel_request", error, || {
        handle::cancel(cancel)?.request();
        Ok(())
    })
}

/// Whether the token was requested: 1 or 0.
///
/// Ownership: a number. Threads: any. NULL: gives 0, as does a token that is freed. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_cancel_requested(cancel: *const tieback_cancel) -> i32 {
    guard(0, || handle::cancel(cancel).is_ok_and(|cancel| cancel.is_requested()).into())
}

/// Frees the handle of a token. Calls and handles that carry the token keep it; nobody can request it any more.
///
/// Ownership: ends the handle. Threads: any. NULL: nothing happens, nor with a handle that is freed already or belongs
/// to a parent process. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_cancel_free(cancel: *mut tieback_cancel) {
    guard((), || handle::drop_cancel(cancel))
}

/// Makes a second handle of an engine, whose calls `cancel` ends. `tieback_engine_close` on it ends this handle alone;
/// the engine stays open, and the handle is TIEBACK_CLOSED once the engine is closed. Services that are made from it
/// carry the token too. Made from a handle with a token, it carries the new one alone.
///
/// Ownership: `*out` is yours; end it with `tieback_engine_close`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_CLOSED for an engine that is closed or a token that is freed.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_with_cancel(
    engine: *const tieback_engine,
    cancel: *const tieback_cancel,
    out: Option<&mut MaybeUninit<*mut tieback_engine>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_pointer("with_cancel", out, error, || handle::engine_with_cancel(engine, handle::cancel(cancel)?))
}

/// Makes a second handle of a service, whose calls `cancel` ends. Made from a handle with a token, it carries the new
/// one alone.
///
/// Ownership: `*out` is yours; end it with `tieback_service_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_CLOSED for a service that is freed or a token that is.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_service_with_cancel(
    service: *const tieback_service,
    cancel: *const tieback_cancel,
    out: Option<&mut MaybeUninit<*mut tieback_service>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_pointer("with_cancel", out, error, || handle::service_with_cancel(service, handle::cancel(cancel)?))
}
