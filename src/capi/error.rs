//! The error object: why a call failed.

use std::ffi::c_char;
use std::ptr;

use serde_json::Value;

use super::boundary::{guard_free, guard_read};
use super::kept::{Json, Kept, count, maybe, pointer};
use super::status::tieback_status;
use crate::error::{Error, Retry};
use crate::wire::own;

/// Why a call failed: what was wrong, with which value, what to do. It holds no secret.
pub struct tieback_error {
    status: tieback_status,
    message: Kept,
    operation: Option<Kept>,
    request_id: Option<Kept>,
    json: Json,
    error: Error,
}

impl tieback_error {
    /// The object of an error.
    pub fn new(error: Error) -> Self {
        Self {
            status: error.kind().into(),
            message: Kept::new(error.message()),
            operation: maybe(error.operation()),
            request_id: maybe(error.request_id()),
            json: Json::default(),
            error,
        }
    }

    /// Which kind of thing went wrong.
    pub fn status(&self) -> tieback_status {
        self.status
    }

    /// It as JSON.
    pub fn value(&self) -> Value {
        own::error_to_json(&self.error)
    }
}

/// Whether the same call, made again, can be expected to succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum tieback_retry {
    /// Not without changing something first.
    TIEBACK_RETRY_NEVER = 0,
    /// Yes, after `tieback_error_retry_after_ms`.
    TIEBACK_RETRY_AFTER = 1,
    /// Yes, at once.
    TIEBACK_RETRY_NOW = 2,
}

/// Frees an error.
///
/// Ownership: ends the error. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_error_free(error: Option<Box<tieback_error>>) {
    guard_free(error)
}

/// The status that the call answered.
///
/// Ownership: a number. Threads: any. NULL: gives TIEBACK_OK. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_error_status(error: Option<&tieback_error>) -> tieback_status {
    guard_read(error, tieback_status::TIEBACK_OK, |error| error.status)
}

/// One line: what was wrong, with which value, what to do next.
///
/// Ownership: the error's, until it is freed. Threads: any. NULL: gives "", so that it can always be printed.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_error_message(error: Option<&tieback_error>) -> *const c_char {
    guard_read(error, c"".as_ptr(), |error| error.message.as_ptr())
}

/// The operation that failed, such as "hook_create".
///
/// Ownership: the error's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_error_operation(error: Option<&tieback_error>) -> *const c_char {
    guard_read(error, ptr::null(), |error| pointer(&error.operation))
}

/// The HTTP status of a server's answer that caused this; 0 when there was none.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_error_http_status(error: Option<&tieback_error>) -> i32 {
    guard_read(error, 0, |error| error.error.http_status().map_or(0, i32::from))
}

/// The server's id of the request; NULL when it gave none.
///
/// Ownership: the error's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_error_request_id(error: Option<&tieback_error>) -> *const c_char {
    guard_read(error, ptr::null(), |error| pointer(&error.request_id))
}

/// Whether the same call can be expected to succeed later.
///
/// Ownership: a number. Threads: any. NULL: gives TIEBACK_RETRY_NEVER. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_error_retry(error: Option<&tieback_error>) -> tieback_retry {
    guard_read(error, tieback_retry::TIEBACK_RETRY_NEVER, |error| match error.error.retry() {
        Retry::Never => tieback_retry::TIEBACK_RETRY_NEVER,
        Retry::After(_) => tieback_retry::TIEBACK_RETRY_AFTER,
        Retry::Now => tieback_retry::TIEBACK_RETRY_NOW,
    })
}

/// How long to wait before the same call is made again, in milliseconds; 0 unless the retry is TIEBACK_RETRY_AFTER.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_error_retry_after_ms(error: Option<&tieback_error>) -> i64 {
    guard_read(error, 0, |error| match error.error.retry() {
        Retry::After(wait) => count(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        Retry::Never | Retry::Now => 0,
    })
}

/// The error as JSON.
///
/// Ownership: the error's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_error_to_json(error: Option<&tieback_error>) -> *const c_char {
    guard_read(error, ptr::null(), |error| error.json.of(|| error.value()))
}
