//! Triggers: which resource, which event.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use serde_json::Value;

use super::boundary::{guard_free, guard_read};
use super::call::{guard_call, guard_new};
use super::error::tieback_error;
use super::kept::{Json, Kept};
use super::scope::{self, tieback_scope};
use super::service::tieback_service;
use super::status::tieback_status;
use super::{handle, text};
use crate::error::Result;
use crate::types::{Trigger, TriggerCreate};
use crate::wire::own;

/// A trigger as the service answered it.
pub struct tieback_trigger {
    id: Kept,
    hook_id: Kept,
    resource_name: Kept,
    event_type: Kept,
    json: Json,
    trigger: Trigger,
}

impl tieback_trigger {
    /// The object of a trigger.
    pub fn new(trigger: Trigger) -> Self {
        Self {
            id: Kept::new(&trigger.id),
            hook_id: Kept::new(&trigger.hook_id),
            resource_name: Kept::new(&trigger.resource_name),
            event_type: Kept::new(&trigger.event_type),
            json: Json::default(),
            trigger,
        }
    }

    /// It as JSON.
    pub fn value(&self) -> Value {
        own::trigger_to_json(&self.trigger)
    }
}

/// Adds a trigger to a hook. The event type is "create", "update" or "delete", in any case.
///
/// Ownership: `*out` is yours; free it with `tieback_trigger_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_NOT_FOUND; TIEBACK_CONFLICT when the hook has it already; TIEBACK_INVALID_ARGUMENT when there is no
/// such resource at this level or no such event, with the nearest names; TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_trigger_create(
    service: *const tieback_service,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    resource_name: *const c_char,
    event_type: *const c_char,
    out: Option<&mut MaybeUninit<*mut tieback_trigger>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("trigger_create", out, error, || {
        let service = handle::service(service)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id, trigger) =
            unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?, create(resource_name, event_type)?) };
        service.trigger_create(&scope, &hook_id, &trigger).map(tieback_trigger::new)
    })
}

/// Removes a trigger.
///
/// Ownership: nothing is given. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_trigger_delete(
    service: *const tieback_service,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    trigger_id: *const c_char,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_call("trigger_delete", error, || {
        let service = handle::service(service)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id, trigger_id) =
            unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?, text::id("trigger_id", trigger_id)?) };
        service.trigger_delete(&scope, &hook_id, &trigger_id)
    })
}

/// Reads a trigger to create.
///
/// # Safety
/// As for [`text::required`].
pub unsafe fn create(resource_name: *const c_char, event_type: *const c_char) -> Result<TriggerCreate> {
    // SAFETY: the caller's promise is the same.
    unsafe {
        TriggerCreate::new(text::required("resource_name", resource_name)?, text::required("event_type", event_type)?)
    }
}

/// Frees a trigger that was given to you; those of a list or a bulk answer belong to it.
///
/// Ownership: ends the trigger. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_trigger_free(trigger: Option<Box<tieback_trigger>>) {
    guard_free(trigger)
}

/// The trigger's id.
///
/// Ownership: the trigger's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_trigger_id(trigger: Option<&tieback_trigger>) -> *const c_char {
    guard_read(trigger, ptr::null(), |trigger| trigger.id.as_ptr())
}

/// The id of its hook.
///
/// Ownership: the trigger's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_trigger_hook_id(trigger: Option<&tieback_trigger>) -> *const c_char {
    guard_read(trigger, ptr::null(), |trigger| trigger.hook_id.as_ptr())
}

/// The resource, such as "RFIs".
///
/// Ownership: the trigger's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_trigger_resource_name(trigger: Option<&tieback_trigger>) -> *const c_char {
    guard_read(trigger, ptr::null(), |trigger| trigger.resource_name.as_ptr())
}

/// The event, such as "create"; services differ in case.
///
/// Ownership: the trigger's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_trigger_event_type(trigger: Option<&tieback_trigger>) -> *const c_char {
    guard_read(trigger, ptr::null(), |trigger| trigger.event_type.as_ptr())
}

/// The trigger as JSON.
///
/// Ownership: the trigger's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_trigger_to_json(trigger: Option<&tieback_trigger>) -> *const c_char {
    guard_read(trigger, ptr::null(), |trigger| trigger.json.of(|| trigger.value()))
}
