//! Hooks: an endpoint, in a scope, under a namespace.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use serde_json::Value;

use super::boundary::{guard_free, guard_read};
use super::call::{guard_call, guard_new};
use super::error::tieback_error;
use super::hook_options::{self, tieback_hook_change, tieback_hook_options};
use super::kept::{self, Json, Kept, count, maybe, pointer};
use super::scope::{self, tieback_scope};
use super::service::tieback_service;
use super::status::tieback_status;
use super::{handle, text};
use crate::types::Hook;
use crate::wire::own;

/// A hook as the service answered it. Header values and signing secrets are masked: five asterisks and the last five
/// characters.
pub struct tieback_hook {
    id: Kept,
    company_id: Option<Kept>,
    project_id: Option<Kept>,
    namespace: Kept,
    payload_version: Kept,
    destination_url: Kept,
    headers: Vec<(Kept, Kept)>,
    signing_secrets: Vec<Kept>,
    status: Kept,
    created_at: Option<Kept>,
    updated_at: Option<Kept>,
    json: Json,
    hook: Hook,
}

impl tieback_hook {
    /// The object of a hook.
    pub fn new(hook: Hook) -> Self {
        Self {
            id: Kept::new(&hook.id),
            company_id: maybe(hook.company_id.as_ref()),
            project_id: maybe(hook.project_id.as_ref()),
            namespace: Kept::new(&hook.namespace),
            payload_version: Kept::new(&hook.payload_version),
            destination_url: Kept::new(&hook.destination_url),
            headers: kept::pairs(&hook.destination_headers),
            signing_secrets: hook.signing_secrets.iter().map(Kept::new).collect(),
            status: Kept::new(hook.status.as_str()),
            created_at: maybe(hook.created_at),
            updated_at: maybe(hook.updated_at),
            json: Json::default(),
            hook,
        }
    }

    /// It as JSON.
    pub fn value(&self) -> Value {
        own::hook_to_json(&self.hook)
    }
}

/// Creates a hook.
///
/// Ownership: `*out` is yours; free it with `tieback_hook_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_CONFLICT when the scope already has a hook of this namespace; TIEBACK_INVALID_ARGUMENT for a value
/// that is missing or wrong, and for a URL that the engine's options do not allow; TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_create(
    service: *const tieback_service,
    scope: *const tieback_scope,
    options: *const tieback_hook_options,
    out: Option<&mut MaybeUninit<*mut tieback_hook>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("hook_create", out, error, || {
        let service = handle::service(service)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook) = unsafe { (scope::read(scope)?, hook_options::create(options)?) };
        service.hook_create(&scope, &hook).map(tieback_hook::new)
    })
}

/// Creates a hook from JSON: `{"namespace": "acme-invoice-sync", "payload_version": "v4.0", "destination_url":
/// "https://...", "destination_headers": {"Authorization": "Bearer ..."}, "signing_secrets": ["whsec_..."],
/// "rate_limit": {"attempts": 10, "per_ms": 1000}}`. All but the first three may be left out.
///
/// Ownership: `*out` is yours; free it with `tieback_hook_free`. Threads: any. NULL: `error` may be.
/// Errors: those of `tieback_hook_create`; an unknown member is TIEBACK_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_create_from_json(
    service: *const tieback_service,
    scope: *const tieback_scope,
    json: *const c_char,
    out: Option<&mut MaybeUninit<*mut tieback_hook>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("hook_create", out, error, || {
        let service = handle::service(service)?;
        // SAFETY: the caller keeps to the header.
        let (scope, json) = unsafe { (scope::read(scope)?, text::required("json", json)?) };
        service.hook_create(&scope, &own::hook_create_from_json(&own::parse(json)?)?).map(tieback_hook::new)
    })
}

/// Shows one hook, with its trigger count.
///
/// Ownership: `*out` is yours; free it with `tieback_hook_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_show(
    service: *const tieback_service,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    out: Option<&mut MaybeUninit<*mut tieback_hook>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("hook_show", out, error, || {
        let service = handle::service(service)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id) = unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?) };
        service.hook_show(&scope, &hook_id).map(tieback_hook::new)
    })
}

/// Changes a hook, and gives it as it is then.
///
/// Ownership: `*out` is yours; free it with `tieback_hook_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_NOT_FOUND; TIEBACK_CONFLICT when the new namespace is taken; TIEBACK_INVALID_ARGUMENT as with
/// `tieback_hook_create`, also for a header value or signing secret that is a mask which an answer showed, and for a
/// URL of another receiver (`danger_keep_headers`); TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_update(
    service: *const tieback_service,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    change: *const tieback_hook_change,
    out: Option<&mut MaybeUninit<*mut tieback_hook>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("hook_update", out, error, || {
        let service = handle::service(service)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id, change) =
            unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?, hook_options::update(change)?) };
        service.hook_update(&scope, &hook_id, &change).map(tieback_hook::new)
    })
}

/// Changes a hook from JSON: the members of `tieback_hook_create_from_json`, and `status` ("active" or "disabled") and
/// `danger_keep_headers`; what is left out stays as it is. `{"destination_headers": {}}` takes all headers away,
/// `{"signing_secrets": []}` all secrets, `{"clear_rate_limit": true}` the rate limit.
///
/// Ownership: `*out` is yours; free it with `tieback_hook_free`. Threads: any. NULL: `error` may be.
/// Errors: those of `tieback_hook_update`; an unknown member is TIEBACK_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_update_from_json(
    service: *const tieback_service,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    json: *const c_char,
    out: Option<&mut MaybeUninit<*mut tieback_hook>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("hook_update", out, error, || {
        let service = handle::service(service)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id, json) =
            unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?, text::required("json", json)?) };
        let change = own::hook_update_from_json(&own::parse(json)?)?;
        service.hook_update(&scope, &hook_id, &change).map(tieback_hook::new)
    })
}

/// Deletes a hook and its triggers; what is queued for it is discarded.
///
/// Ownership: nothing is given. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_NOT_FOUND, TIEBACK_INVALID_ARGUMENT, TIEBACK_CLOSED, TIEBACK_STORAGE.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_delete(
    service: *const tieback_service,
    scope: *const tieback_scope,
    hook_id: *const c_char,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_call("hook_delete", error, || {
        let service = handle::service(service)?;
        // SAFETY: the caller keeps to the header.
        let (scope, hook_id) = unsafe { (scope::read(scope)?, text::id("hook_id", hook_id)?) };
        service.hook_delete(&scope, &hook_id)
    })
}

/// Frees a hook that was given to you; those of a list belong to the list.
///
/// Ownership: ends the hook. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_free(hook: Option<Box<tieback_hook>>) {
    guard_free(hook)
}

/// The hook's id.
///
/// Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_id(hook: Option<&tieback_hook>) -> *const c_char {
    guard_read(hook, ptr::null(), |hook| hook.id.as_ptr())
}

/// The company; NULL on a project's hook where it is not known.
///
/// Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_company_id(hook: Option<&tieback_hook>) -> *const c_char {
    guard_read(hook, ptr::null(), |hook| pointer(&hook.company_id))
}

/// The project; NULL on a company's hook.
///
/// Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_project_id(hook: Option<&tieback_hook>) -> *const c_char {
    guard_read(hook, ptr::null(), |hook| pointer(&hook.project_id))
}

/// The namespace.
///
/// Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_namespace(hook: Option<&tieback_hook>) -> *const c_char {
    guard_read(hook, ptr::null(), |hook| hook.namespace.as_ptr())
}

/// The version of its payloads: "v2.0", "v3.0" or "v4.0".
///
/// Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_payload_version(hook: Option<&tieback_hook>) -> *const c_char {
    guard_read(hook, ptr::null(), |hook| hook.payload_version.as_ptr())
}

/// Where it delivers.
///
/// Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_destination_url(hook: Option<&tieback_hook>) -> *const c_char {
    guard_read(hook, ptr::null(), |hook| hook.destination_url.as_ptr())
}

/// How many destination headers it has.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_header_count(hook: Option<&tieback_hook>) -> usize {
    guard_read(hook, 0, |hook| hook.headers.len())
}

/// The name of a destination header, from 0.
///
/// Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_header_name(hook: Option<&tieback_hook>, index: usize) -> *const c_char {
    guard_read(hook, ptr::null(), |hook| hook.headers.get(index).map_or(ptr::null(), |(name, _)| name.as_ptr()))
}

/// The masked value of a destination header, from 0.
///
/// Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_header_value(hook: Option<&tieback_hook>, index: usize) -> *const c_char {
    guard_read(hook, ptr::null(), |hook| hook.headers.get(index).map_or(ptr::null(), |(_, value)| value.as_ptr()))
}

/// How many secrets sign its deliveries; with none they are not signed.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_signing_secret_count(hook: Option<&tieback_hook>) -> usize {
    guard_read(hook, 0, |hook| hook.signing_secrets.len())
}

/// A signing secret, masked, from 0.
///
/// Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_signing_secret(hook: Option<&tieback_hook>, index: usize) -> *const c_char {
    guard_read(hook, ptr::null(), |hook| hook.signing_secrets.get(index).map_or(ptr::null(), Kept::as_ptr))
}

/// The most attempts in the span of its rate limit; 0 where it has none.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_rate_limit_attempts(hook: Option<&tieback_hook>) -> i64 {
    guard_read(hook, 0, |hook| hook.hook.rate_limit.map_or(0, |limit| limit.attempts().into()))
}

/// The span of its rate limit in milliseconds; 0 where it has none.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_rate_limit_per_ms(hook: Option<&tieback_hook>) -> i64 {
    guard_read(hook, 0, |hook| hook.hook.rate_limit.map_or(0, |limit| limit.per().as_millis() as i64))
}

/// How many attempts may go at once after a quiet time; 0 where it has no rate limit.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_rate_limit_burst(hook: Option<&tieback_hook>) -> i64 {
    guard_read(hook, 0, |hook| hook.hook.rate_limit.map_or(0, |limit| limit.burst().into()))
}

/// "active", "disabled", or "unreadable" when its stored secrets cannot be opened.
///
/// Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_status(hook: Option<&tieback_hook>) -> *const c_char {
    guard_read(hook, ptr::null(), |hook| hook.status.as_ptr())
}

/// How many triggers it has; -1 where they were not counted.
///
/// Ownership: a number. Threads: any. NULL: gives -1. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_trigger_count(hook: Option<&tieback_hook>) -> i64 {
    guard_read(hook, -1, |hook| hook.hook.trigger_count.map_or(-1, count))
}

/// When it was created, as RFC 3339; NULL where the service does not say.
///
/// Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_created_at(hook: Option<&tieback_hook>) -> *const c_char {
    guard_read(hook, ptr::null(), |hook| pointer(&hook.created_at))
}

/// When it was last changed, as RFC 3339; NULL where the service does not say.
///
/// Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_updated_at(hook: Option<&tieback_hook>) -> *const c_char {
    guard_read(hook, ptr::null(), |hook| pointer(&hook.updated_at))
}

/// The hook as JSON, header values and signing secrets masked.
///
/// Ownership: the hook's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_to_json(hook: Option<&tieback_hook>) -> *const c_char {
    guard_read(hook, ptr::null(), |hook| hook.json.of(|| hook.value()))
}
