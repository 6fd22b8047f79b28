//! The handle of a service.

use std::mem::MaybeUninit;

use super::boundary::guard;
use super::call::guard_pointer;
use super::engine::tieback_engine;
use super::error::tieback_error;
use super::handle;
use super::status::tieback_status;

/// The webhooks API: hooks, triggers, resources, deliveries. A checked handle: one that is freed or foreign is an
/// error.
pub struct tieback_service {
    _never_looked_at: [u8; 0],
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

/// Frees the handle of a service. The engine behind it stays open.
///
/// Ownership: ends the handle. Threads: any; calls under way end as usual. NULL: nothing happens, nor with a handle
/// that is freed already or belongs to a parent process. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_service_free(service: *mut tieback_service) {
    guard((), || handle::drop_service(service))
}
