//! Moments, as text and as a number.

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::call::{guard_number, guard_pointer};
use super::error::tieback_error;
use super::kept::Kept;
use super::status::tieback_status;
use super::text;
use crate::time::Timestamp;

/// Reads a moment in RFC 3339 with any offset, as all functions give and take them, as microseconds since
/// 1970-01-01T00:00:00Z; negative before.
///
/// Ownership: `*out` is a number, 0 after an error. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_INVALID_ARGUMENT when the text is no moment from the year 1 to 9999-12-30.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_time_parse(
    text: *const c_char,
    out: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_number("time_parse", out, error, || {
        // SAFETY: the caller keeps to the header.
        let text = unsafe { text::required("text", text) }?;
        Timestamp::parse(text).map(Timestamp::as_micros)
    })
}

/// Writes a moment, in microseconds since 1970-01-01T00:00:00Z, as RFC 3339 in UTC.
///
/// Ownership: `*out` is yours; free it with `tieback_string_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_INVALID_ARGUMENT outside of the year 1 to 9999-12-30.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_time_format(
    microseconds: i64,
    out: Option<&mut MaybeUninit<*mut c_char>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_pointer("time_format", out, error, || {
        Timestamp::checked_from_micros(microseconds).map(|moment| Kept::new(moment).into_raw())
    })
}
