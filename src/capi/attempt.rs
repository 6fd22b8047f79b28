//! Attempts: the tries at a delivery.

use std::ffi::c_char;
use std::ptr;

use super::boundary::guard_read;
use super::kept::{self, Json, Kept, count, maybe, pointer};
use crate::types::Attempt;
use crate::wire::own;

/// The most bytes of an answer's body that are kept.
pub const TIEBACK_RESPONSE_BODY_MAX_BYTES: i32 = 65_536;

const _: () = assert!(TIEBACK_RESPONSE_BODY_MAX_BYTES as usize == Attempt::MAX_BODY_BYTES);

/// One try at a delivery: what was answered, or why nothing was.
pub struct tieback_attempt {
    started_at: Kept,
    completed_at: Kept,
    response_error: Option<Kept>,
    response_headers: Vec<(Kept, Kept)>,
    reason: Kept,
    json: Json,
    attempt: Attempt,
}

impl tieback_attempt {
    /// The object of an attempt.
    pub fn new(attempt: Attempt) -> Self {
        Self {
            started_at: Kept::new(attempt.started_at),
            completed_at: Kept::new(attempt.completed_at),
            response_error: maybe(attempt.response_error.as_ref()),
            response_headers: kept::pairs(&attempt.response_headers),
            reason: Kept::new(attempt.reason()),
            json: Json::default(),
            attempt,
        }
    }
}

/// When it began, as RFC 3339.
///
/// Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_attempt_started_at(attempt: Option<&tieback_attempt>) -> *const c_char {
    guard_read(attempt, ptr::null(), |attempt| attempt.started_at.as_ptr())
}

/// When it ended, as RFC 3339.
///
/// Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_attempt_completed_at(attempt: Option<&tieback_attempt>) -> *const c_char {
    guard_read(attempt, ptr::null(), |attempt| attempt.completed_at.as_ptr())
}

/// 1 when the answer was a 2xx, which makes the delivery.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_attempt_success(attempt: Option<&tieback_attempt>) -> i32 {
    guard_read(attempt, 0, |attempt| attempt.attempt.success().into())
}

/// The HTTP status of the answer; 0 when there was none.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_attempt_response_status(attempt: Option<&tieback_attempt>) -> i32 {
    guard_read(attempt, 0, |attempt| attempt.attempt.response_status.map_or(0, i32::from))
}

/// What went wrong when there was no answer, such as "connection refused"; else NULL.
///
/// Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_attempt_response_error(attempt: Option<&tieback_attempt>) -> *const c_char {
    guard_read(attempt, ptr::null(), |attempt| pointer(&attempt.response_error))
}

/// How many headers the answer had.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_attempt_response_header_count(attempt: Option<&tieback_attempt>) -> usize {
    guard_read(attempt, 0, |attempt| attempt.response_headers.len())
}

/// The name of a header of the answer, from 0.
///
/// Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL, and so does an index past the
/// end. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_attempt_response_header_name(
    attempt: Option<&tieback_attempt>,
    index: usize,
) -> *const c_char {
    guard_read(attempt, ptr::null(), |attempt| {
        attempt.response_headers.get(index).map_or(ptr::null(), |(name, _)| name.as_ptr())
    })
}

/// The value of a header of the answer, from 0.
///
/// Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL, and so does an index past the
/// end. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_attempt_response_header_value(
    attempt: Option<&tieback_attempt>,
    index: usize,
) -> *const c_char {
    guard_read(attempt, ptr::null(), |attempt| {
        attempt.response_headers.get(index).map_or(ptr::null(), |(_, value)| value.as_ptr())
    })
}

/// The bytes of the answer's body, `tieback_attempt_response_body_len` of them, not NUL-terminated; NULL when there are
/// none.
///
/// Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_attempt_response_body(attempt: Option<&tieback_attempt>) -> *const u8 {
    guard_read(attempt, ptr::null(), |attempt| kept::bytes(&attempt.attempt.response_body))
}

/// How many bytes of the answer's body are kept, up to TIEBACK_RESPONSE_BODY_MAX_BYTES.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_attempt_response_body_len(attempt: Option<&tieback_attempt>) -> usize {
    guard_read(attempt, 0, |attempt| attempt.attempt.response_body.len())
}

/// 1 when the body was longer than what is kept, or ended early.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_attempt_response_body_truncated(attempt: Option<&tieback_attempt>) -> i32 {
    guard_read(attempt, 0, |attempt| attempt.attempt.response_body_truncated.into())
}

/// What came of it in a few words: the HTTP status, or what went wrong.
///
/// Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_attempt_reason(attempt: Option<&tieback_attempt>) -> *const c_char {
    guard_read(attempt, ptr::null(), |attempt| attempt.reason.as_ptr())
}

/// The wait that the answer's `Retry-After` asks for, in milliseconds; -1 when it asks for none, or not in seconds.
///
/// Ownership: a number. Threads: any. NULL: gives -1. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_attempt_retry_after_ms(attempt: Option<&tieback_attempt>) -> i64 {
    guard_read(attempt, -1, |attempt| {
        attempt.attempt.retry_after().map_or(-1, |wait| count(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)))
    })
}

/// The attempt as JSON.
///
/// Ownership: the attempt's, until its delivery is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_attempt_to_json(attempt: Option<&tieback_attempt>) -> *const c_char {
    guard_read(attempt, ptr::null(), |attempt| attempt.json.of(|| own::attempt_to_json(&attempt.attempt)))
}
