//! The handle of a service.

use super::boundary::guard;
use super::handle;

/// The webhooks API: hooks, triggers, resources, deliveries. A checked handle: one that is freed or foreign is an
/// error.
pub struct tieback_service {
    _never_looked_at: [u8; 0],
}

/// Frees the handle of a service. The engine behind it stays open.
///
/// Ownership: ends the handle. Threads: any; calls under way end as usual. NULL: nothing happens, nor with a handle
/// that is freed already or belongs to a parent process. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_service_free(service: *mut tieback_service) {
    guard((), || handle::drop_service(service))
}
