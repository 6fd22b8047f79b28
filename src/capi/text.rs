//! Texts, ids and arrays that the caller gives. Here raw pointers become references.

use std::ffi::{CStr, c_char};
use std::str::Utf8Error;

use crate::error::{Error, Result};
use crate::time::Timestamp;
use crate::types::{Id, PageRequest};
use crate::wire::own;

/// The longest array that is taken, in items: far more than any call allows, and so a sign of a wrong count.
const MAX_ITEMS: usize = 1_000_000;

/// A text that must be there.
///
/// # Safety
/// `pointer` is NULL or a NUL-terminated text that nobody changes or frees during `'a`.
pub unsafe fn required<'a>(what: &str, pointer: *const c_char) -> Result<&'a str> {
    // SAFETY: the caller's promise is the same.
    let text = unsafe { optional(what, pointer) }?;
    text.ok_or_else(|| Error::invalid(format!("{what} is NULL: give a text")))
}

/// A text that may be left out.
///
/// # Safety
/// As for [`required`].
pub unsafe fn optional<'a>(what: &str, pointer: *const c_char) -> Result<Option<&'a str>> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: it is not NULL, and the caller promises the rest.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map(Some).map_err(|cause| not_utf8(what, cause))
}

/// The text itself is not repeated: it may be a secret in another encoding.
fn not_utf8(what: &str, cause: Utf8Error) -> Error {
    Error::invalid(format!("{what} is not UTF-8 (byte {}): convert it to UTF-8", cause.valid_up_to()))
}

/// A text in a field of fixed length, up to a NUL or the blanks at its end. `None` when that is nothing.
///
/// # Safety
/// `pointer` is NULL or the first of `length` bytes that nobody changes or frees during `'a`.
pub unsafe fn field<'a>(what: &str, pointer: *const c_char, length: i32) -> Result<Option<&'a str>> {
    let length = number(what, length).map_err(|wrong| Error::invalid(format!("the length of {}", wrong.message())))?;
    if pointer.is_null() || length == 0 {
        return Ok(None);
    }
    // SAFETY: it is not NULL, and the caller promises the rest; 31 bits are far below half of the address space.
    let bytes = unsafe { std::slice::from_raw_parts(pointer.cast::<u8>(), length as usize) };
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = std::str::from_utf8(bytes).map_err(|cause| not_utf8(what, cause))?.trim_end_matches(' ');
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// An id.
///
/// # Safety
/// As for [`required`].
pub unsafe fn id(what: &str, pointer: *const c_char) -> Result<Id> {
    // SAFETY: the caller's promise is the same.
    Id::parse(what, unsafe { required(what, pointer) }?)
}

/// An id that may be left out.
///
/// # Safety
/// As for [`required`].
pub unsafe fn optional_id(what: &str, pointer: *const c_char) -> Result<Option<Id>> {
    // SAFETY: the caller's promise is the same.
    unsafe { optional(what, pointer) }?.map(|text| Id::parse(what, text)).transpose()
}

/// A moment that may be left out.
///
/// # Safety
/// As for [`required`].
pub unsafe fn moment(what: &str, pointer: *const c_char) -> Result<Option<Timestamp>> {
    // SAFETY: the caller's promise is the same.
    let moment = unsafe { optional(what, pointer) }?.map(Timestamp::parse).transpose();
    moment.map_err(|wrong| Error::invalid(format!("{what} {}", wrong.message())))
}

/// A JSON value that may be left out.
///
/// # Safety
/// As for [`required`].
pub unsafe fn json(what: &str, pointer: *const c_char) -> Result<Option<serde_json::Value>> {
    // SAFETY: the caller's promise is the same.
    let value = unsafe { optional(what, pointer) }?.map(own::parse).transpose();
    value.map_err(|wrong| Error::invalid(format!("{what}: {}", wrong.message())))
}

/// Which page is wanted.
///
/// # Safety
/// As for [`required`].
pub unsafe fn page(limit: i32, after: *const c_char) -> Result<PageRequest> {
    // SAFETY: the caller's promise is the same.
    Ok(PageRequest { limit: number("limit", limit)?, after: unsafe { optional_id("after", after) }? })
}

/// The items of an array; of none when the count is 0.
///
/// # Safety
/// `pointer` is NULL or the first of `count` items that nobody changes or frees during `'a`.
pub unsafe fn array<'a, T>(what: &str, pointer: *const T, count: usize) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(Error::invalid(format!("{what} is NULL with a count of {count}: give the array, or a count of 0")));
    }
    if count > MAX_ITEMS {
        return Err(Error::invalid(format!("{what} with a count of {count} is too long for one call")));
    }
    // SAFETY: it is not NULL, and the caller promises the rest; the count is far below half of the address space.
    Ok(unsafe { std::slice::from_raw_parts(pointer, count) })
}

/// A number that cannot be negative.
pub fn number(what: &str, number: i32) -> Result<u32> {
    u32::try_from(number).map_err(|_| Error::invalid(format!("{what} {number} is out of range: give 0 or more")))
}

/// A flag: 0 or 1.
pub fn flag(what: &str, flag: i32) -> Result<bool> {
    match flag {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(Error::invalid(format!("{what} is {other}: give 0 or 1"))),
    }
}

/// A span in milliseconds.
pub fn span(what: &str, millis: i64) -> Result<std::time::Duration> {
    let millis = u64::try_from(millis)
        .map_err(|_| Error::invalid(format!("{what} {millis} is out of range: give 0 or more")))?;
    Ok(std::time::Duration::from_millis(millis))
}
