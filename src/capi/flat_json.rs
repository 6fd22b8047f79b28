//! JSON for hosts of the flat ABI that have none: reading one member of a text, and putting one into it.

use std::ffi::c_char;

use serde_json::Value;

use super::boundary::guard;
use super::flat::{length, status_of, write};
use super::status::tieback_status;
use super::text;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::own;

/// Reads one value of a JSON text, such as the answer of `tieback_call`, by its place: "/items/0/id" is the member `id`
/// of the first of `items` (a JSON pointer, RFC 6901; a `/` in a name is written `~1`, a `~` is `~0`). Texts are given
/// as they are; numbers, `true`, `false`, lists and objects as JSON; an empty `pointer` gives the whole.
///
/// The value goes into `out` with a NUL behind it. `*needed` is its length in bytes, without the NUL: if it is longer
/// than `capacity - 1`, `out` has its beginning, cut before a character that would not fit whole.
///
/// Ownership: everything stays yours. Threads: any. NULL: `pointer` may be, which is the empty one; and `out`, which is
/// then not written, as with a `capacity` of 0. Errors: the status, and an empty `out`; TIEBACK_NOT_FOUND when there is
/// nothing at this place, or null; TIEBACK_INVALID_ARGUMENT for what is not JSON, for a pointer without a `/` at its
/// beginning, and without `needed`.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_json_text(
    json: *const c_char,
    pointer: *const c_char,
    out: *mut c_char,
    capacity: i32,
    needed: Option<&mut i32>,
) -> i32 {
    guard(tieback_status::TIEBACK_INTERNAL as i32, || {
        let Some(needed) = needed else { return tieback_status::TIEBACK_INVALID_ARGUMENT as i32 };
        *needed = 0;
        // SAFETY: the caller keeps to the header.
        unsafe { write("", out, capacity) };
        status_of(|| {
            // SAFETY: the caller keeps to the header.
            let (json, pointer) = unsafe { (text::required("json", json)?, text::optional("pointer", pointer)?) };
            let found = read(json, pointer)?;
            *needed = length(&found);
            // SAFETY: the caller keeps to the header.
            unsafe { write(&found, out, capacity) };
            Ok(())
        })
    })
}

/// Puts one value into a JSON text, in place: into "{}", or an empty text, "42" at "/event/resource_id" makes
/// `{"event":{"resource_id":"42"}}`. What is there already is replaced; objects on the way are made, and lists, whose
/// places are 0, 1, 2, ... up to their length, or `-` for their end.
///
/// `value` is put as a text, with whatever it has (quotes, backslashes, line ends) written as JSON wants it. With
/// `is_json` 1 it is JSON itself: a number, `true`, `false`, `null`, a list, an object.
///
/// `json` has room for `capacity` bytes, the NUL included. `*needed` is the length of the new text without the NUL. If
/// that does not fit, `json` stays as it was.
///
/// Ownership: everything stays yours. Threads: any. NULL: `value` may be, which is an empty text, or `null`.
/// Errors: the status, and an unchanged `json`; TIEBACK_INVALID_ARGUMENT when the new text does not fit (`*needed` says
/// so), for what is not JSON or UTF-8, for a place that cannot be (inside of a text or a number, beyond the end of a
/// list), for an `is_json` other than 0 and 1, and without `needed`.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_json_put(
    json: *mut c_char,
    capacity: i32,
    pointer: *const c_char,
    value: *const c_char,
    is_json: i32,
    needed: Option<&mut i32>,
) -> i32 {
    guard(tieback_status::TIEBACK_INTERNAL as i32, || {
        let Some(needed) = needed else { return tieback_status::TIEBACK_INVALID_ARGUMENT as i32 };
        *needed = 0;
        status_of(|| {
            // SAFETY: the caller keeps to the header; what is read is copied before anything is written.
            let (before, pointer, value) = unsafe {
                let before = text::field("json", json, capacity)?;
                (before, text::required("pointer", pointer)?, text::optional("value", value)?)
            };
            let put = put(before, pointer, value, is_json)?;
            *needed = length(&put);
            if json.is_null() || *needed >= capacity {
                return Err(no_room(*needed, capacity));
            }
            // SAFETY: the caller keeps to the header.
            unsafe { write(&put, json, capacity) };
            Ok(())
        })
    })
}

/// The value at a place of a text.
pub fn read(json: &str, pointer: Option<&str>) -> Result<String> {
    let found = own::text_at(&own::parse(json)?, pointer.unwrap_or_default().trim())?;
    found.ok_or_else(|| Error::new(ErrorKind::NotFound, "there is nothing at this place of the JSON"))
}

/// The text with a value put into it.
pub fn put(json: Option<&str>, pointer: &str, value: Option<&str>, is_json: i32) -> Result<String> {
    let json = json.unwrap_or_default().trim();
    let mut whole = if json.is_empty() { Value::Null } else { own::parse(json)? };
    let value = match (text::flag("is_json", is_json)?, value) {
        (false, value) => Value::from(value.unwrap_or_default()),
        (true, None) => Value::Null,
        (true, Some(value)) => own::parse(value)?,
    };
    own::put_at(&mut whole, pointer.trim(), value)?;
    Ok(whole.to_string())
}

/// Why a text stayed as it was.
pub fn no_room(needed: i32, capacity: i32) -> Error {
    Error::invalid(format!("the JSON has {needed} bytes and there is room for {capacity}: give more room"))
}
