//! What `include/tieback.h` declares, as far as Rust programs here call it the way C does. Objects are addresses.
//! `tests/c` compares it with the header.
#![allow(dead_code, reason = "no program calls all of them")]

use std::ffi::{c_char, c_void};

/// An object or a handle: an address and nothing more.
pub type Any = *mut c_void;

/// `const char *`.
pub type Text = *const c_char;

/// `tieback_scope`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Scope {
    pub struct_size: usize,
    pub level: i32,
    pub company_id: i64,
    pub project_id: i64,
}

/// `tieback_hook_options`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct HookOptions {
    pub struct_size: usize,
    pub namespace: Text,
    pub payload_version: Text,
    pub destination_url: Text,
    pub header_names: *const Text,
    pub header_values: *const Text,
    pub header_count: usize,
    pub signing_secrets: *const Text,
    pub signing_secret_count: usize,
    pub rate_limit_attempts: i32,
    pub rate_limit_burst: i32,
    pub rate_limit_per_ms: i64,
}

/// `tieback_event_options`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct EventOptions {
    pub struct_size: usize,
    pub company_id: i64,
    pub project_id: i64,
    pub user_id: i64,
    pub resource_name: Text,
    pub resource_id: Text,
    pub event_type: Text,
    pub id: Text,
    pub ulid: Text,
    pub timestamp: Text,
    pub source_user_id: i64,
    pub source_project_id: i64,
    pub source_company_id: i64,
    pub source_operation_id: Text,
    pub source_application_id: Text,
    pub related_ids: *const Text,
    pub related_names: *const Text,
    pub related_count: usize,
    pub data_json: Text,
}

// SAFETY: these are the declarations of the header. Nothing checks how they are called, as in C; whoever does keeps to
// the header.
#[allow(unsafe_code, reason = "the C ABI is called as C calls it")]
unsafe extern "C" {
    pub safe fn tieback_version() -> Text;
    pub safe fn tieback_status_name(status: i32) -> Text;
    pub safe fn tieback_string_free(text: *mut c_char);

    pub safe fn tieback_error_free(error: Any);
    pub safe fn tieback_error_status(error: Any) -> i32;
    pub safe fn tieback_error_message(error: Any) -> Text;
    pub safe fn tieback_error_operation(error: Any) -> Text;
    pub safe fn tieback_error_to_json(error: Any) -> Text;

    pub safe fn tieback_engine_open_from_json(json: Text, out: *mut Any, error: *mut Any) -> i32;
    pub safe fn tieback_engine_close(engine: Any);
    pub safe fn tieback_engine_service(engine: Any, out: *mut Any, error: *mut Any) -> i32;
    pub safe fn tieback_engine_stats(engine: Any, out: *mut Any, error: *mut Any) -> i32;
    pub safe fn tieback_engine_pause(engine: Any, scope: *const Scope, hook_id: Text, error: *mut Any) -> i32;
    pub safe fn tieback_engine_resume(engine: Any, scope: *const Scope, hook_id: Text, error: *mut Any) -> i32;
    pub safe fn tieback_engine_skip(
        engine: Any,
        scope: *const Scope,
        hook_id: Text,
        delivery_id: Text,
        error: *mut Any,
    ) -> i32;
    pub safe fn tieback_engine_redeliver(
        engine: Any,
        scope: *const Scope,
        hook_id: Text,
        delivery_id: Text,
        out: *mut *mut c_char,
        error: *mut Any,
    ) -> i32;
    pub safe fn tieback_service_free(service: Any);

    pub safe fn tieback_cancel_new(out: *mut Any, error: *mut Any) -> i32;
    pub safe fn tieback_cancel_request(cancel: Any, error: *mut Any) -> i32;
    pub safe fn tieback_cancel_requested(cancel: Any) -> i32;
    pub safe fn tieback_cancel_free(cancel: Any);
    pub safe fn tieback_engine_with_cancel(engine: Any, cancel: Any, out: *mut Any, error: *mut Any) -> i32;

    pub safe fn tieback_stats_free(stats: Any);
    pub safe fn tieback_stats_hooks(stats: Any) -> i64;
    pub safe fn tieback_stats_queued(stats: Any) -> i64;
    pub safe fn tieback_stats_to_json(stats: Any) -> Text;

    pub safe fn tieback_hook_create(
        service: Any,
        scope: *const Scope,
        options: *const HookOptions,
        out: *mut Any,
        error: *mut Any,
    ) -> i32;
    pub safe fn tieback_hook_show(
        service: Any,
        scope: *const Scope,
        hook_id: Text,
        out: *mut Any,
        error: *mut Any,
    ) -> i32;
    pub safe fn tieback_hook_list(
        service: Any,
        scope: *const Scope,
        query: *const c_void,
        out: *mut Any,
        error: *mut Any,
    ) -> i32;
    pub safe fn tieback_hook_free(hook: Any);
    pub safe fn tieback_hook_id(hook: Any) -> Text;
    pub safe fn tieback_hook_namespace(hook: Any) -> Text;
    pub safe fn tieback_hook_destination_url(hook: Any) -> Text;
    pub safe fn tieback_hook_header_count(hook: Any) -> usize;
    pub safe fn tieback_hook_header_name(hook: Any, index: usize) -> Text;
    pub safe fn tieback_hook_trigger_count(hook: Any) -> i64;
    pub safe fn tieback_hook_to_json(hook: Any) -> Text;
    pub safe fn tieback_hooks_free(hooks: Any);
    pub safe fn tieback_hooks_len(hooks: Any) -> usize;
    pub safe fn tieback_hooks_at(hooks: Any, index: usize) -> Any;
    pub safe fn tieback_hook_iter_new(
        service: Any,
        scope: *const Scope,
        query: *const c_void,
        out: *mut Any,
        error: *mut Any,
    ) -> i32;
    pub safe fn tieback_hook_iter_next(iter: Any, out: *mut Any, error: *mut Any) -> i32;
    pub safe fn tieback_hook_iter_free(iter: Any);

    pub safe fn tieback_trigger_create(
        service: Any,
        scope: *const Scope,
        hook_id: Text,
        resource_name: Text,
        event_type: Text,
        out: *mut Any,
        error: *mut Any,
    ) -> i32;
    pub safe fn tieback_trigger_free(trigger: Any);
    pub safe fn tieback_trigger_event_type(trigger: Any) -> Text;

    pub safe fn tieback_publish(engine: Any, event: *const EventOptions, out: *mut Any, error: *mut Any) -> i32;
    pub safe fn tieback_publish_many(
        engine: Any,
        events: *const *const EventOptions,
        count: usize,
        out: *mut Any,
        error: *mut Any,
    ) -> i32;
    pub safe fn tieback_published_free(published: Any);
    pub safe fn tieback_published_deliveries(published: Any) -> i64;
    pub safe fn tieback_published_duplicate(published: Any) -> i32;
    pub safe fn tieback_published_to_json(published: Any) -> Text;
    pub safe fn tieback_bulk_free(bulk: Any);
    pub safe fn tieback_bulk_len(bulk: Any) -> usize;
    pub safe fn tieback_bulk_status(bulk: Any, index: usize) -> i32;
    pub safe fn tieback_bulk_error(bulk: Any, index: usize) -> Any;
    pub safe fn tieback_bulk_published(bulk: Any, index: usize) -> Any;

    pub safe fn tieback_delivery_list(
        service: Any,
        scope: *const Scope,
        hook_id: Text,
        query: *const c_void,
        out: *mut Any,
        error: *mut Any,
    ) -> i32;
    pub safe fn tieback_deliveries_free(deliveries: Any);
    pub safe fn tieback_deliveries_len(deliveries: Any) -> usize;
    pub safe fn tieback_deliveries_at(deliveries: Any, index: usize) -> Any;
    pub safe fn tieback_delivery_id(delivery: Any) -> Text;
    pub safe fn tieback_delivery_status(delivery: Any) -> Text;
    pub safe fn tieback_delivery_event(delivery: Any) -> Any;
    pub safe fn tieback_delivery_attempt(delivery: Any, index: usize) -> Any;
    pub safe fn tieback_event_resource_id(event: Any) -> Text;

    pub safe fn tieback_call(
        handle: i32,
        operation: Text,
        json: Text,
        out: *mut c_char,
        capacity: i32,
        needed: *mut i32,
        rest: *mut i32,
    ) -> i32;
    pub safe fn tieback_read(rest: i32, offset: i32, out: *mut c_char, capacity: i32, needed: *mut i32) -> i32;
}
