//! The flat ABI for hosts whose texts are fixed fields, padded with blanks and without a NUL: COBOL, RPG, PL/I, and
//! Fortran. The same calls; each text comes with the length of its field, and what is given is padded too.

use std::ffi::c_char;

use super::boundary::guard;
use super::flat::{answer, fitting, length, status_of};
use super::flat_json::{no_room, put, read};
use super::rest::Rests;
use super::status::tieback_status;
use super::text;
use crate::error::Error;

/// `tieback_call` for fixed fields. `operation` and `json` are followed by their lengths in bytes; a text in them ends
/// before the blanks at its end, or at a NUL. `out` is filled with blanks behind the answer, and has no NUL.
///
/// `*written` is how many bytes of the answer are in `out`, `*needed` how long it is. If that is more, `out` has its
/// beginning, cut before a character that would not fit whole, and `*rest` is a number for `tieback_read_padded`; else
/// `*rest` is 0.
///
/// Ownership: everything stays yours. Threads: any. NULL: `json` may be, and `out`, which is then not written, as with
/// a `capacity` of 0. Errors: the status is the error's; TIEBACK_INVALID_ARGUMENT for an unknown operation, handle or
/// member, a negative length, and without `written`, `needed` and `rest`, when nothing is done and nothing written.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_call_padded(
    handle: i32,
    operation: *const c_char,
    operation_length: i32,
    json: *const c_char,
    json_length: i32,
    out: *mut c_char,
    capacity: i32,
    written: Option<&mut i32>,
    needed: Option<&mut i32>,
    rest: Option<&mut i32>,
) -> i32 {
    guard(tieback_status::TIEBACK_INTERNAL as i32, || {
        let (Some(written), Some(needed), Some(rest)) = (written, needed, rest) else {
            return tieback_status::TIEBACK_INVALID_ARGUMENT as i32;
        };
        let (status, answer) = answer(handle, || {
            // SAFETY: the caller keeps to the header.
            unsafe {
                let operation = text::field("operation", operation, operation_length)?;
                let operation = operation.ok_or_else(|| Error::invalid("operation is blank: give its name"))?;
                Ok((operation, text::field("json", json, json_length)?))
            }
        });
        // SAFETY: the caller keeps to the header.
        let put = unsafe { fill(&answer, out, capacity) };
        (*written, *needed) = (length(&answer[..put]), length(&answer));
        *rest = if put == answer.len() { 0 } else { Rests::keep(answer) };
        status as i32
    })
}

/// `tieback_read` for fixed fields: reads on in an answer that did not fit, from byte `offset` of it. `out` is filled
/// with blanks behind what is given. `*written` is how many bytes those are, `*needed` how many there were from
/// `offset` on; while that is more, the next offset is this one plus `*written`.
///
/// Ownership: everything stays yours. Threads: any. NULL: `out` may be, which is then not written.
/// Errors: the status, and a blank `out`; TIEBACK_INVALID_ARGUMENT without `written` and `needed`, and for an `offset`
/// that is not in the answer or inside of a character; TIEBACK_NOT_FOUND when there is no such rest (any more).
#[unsafe(no_mangle)]
pub extern "C" fn tieback_read_padded(
    rest: i32,
    offset: i32,
    out: *mut c_char,
    capacity: i32,
    written: Option<&mut i32>,
    needed: Option<&mut i32>,
) -> i32 {
    guard(tieback_status::TIEBACK_INTERNAL as i32, || {
        let (Some(written), Some(needed)) = (written, needed) else {
            return tieback_status::TIEBACK_INVALID_ARGUMENT as i32;
        };
        (*written, *needed) = (0, 0);
        // SAFETY: the caller keeps to the header.
        unsafe { fill("", out, capacity) };
        status_of(|| {
            Rests::read(rest, offset, |text| {
                // SAFETY: the caller keeps to the header.
                let put = unsafe { fill(text, out, capacity) };
                (*written, *needed) = (length(&text[..put]), length(text));
                put
            })
        })
    })
}

/// `tieback_json_text` for fixed fields. `out` is filled with blanks behind the value; `*needed` is the value's length,
/// which is more than `capacity` when it was cut.
///
/// Ownership: everything stays yours. Threads: any. NULL: `pointer` may be, and `out`, which is then not written.
/// Errors: the status, and a blank `out`; TIEBACK_NOT_FOUND when there is nothing at this place, or null;
/// TIEBACK_INVALID_ARGUMENT for what is not JSON, for a pointer without a `/` at its beginning, for a negative length,
/// and without `needed`.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_json_text_padded(
    json: *const c_char,
    json_length: i32,
    pointer: *const c_char,
    pointer_length: i32,
    out: *mut c_char,
    capacity: i32,
    needed: Option<&mut i32>,
) -> i32 {
    guard(tieback_status::TIEBACK_INTERNAL as i32, || {
        let Some(needed) = needed else { return tieback_status::TIEBACK_INVALID_ARGUMENT as i32 };
        *needed = 0;
        // SAFETY: the caller keeps to the header.
        unsafe { fill("", out, capacity) };
        status_of(|| {
            // SAFETY: the caller keeps to the header.
            let (json, pointer) =
                unsafe { (text::field("json", json, json_length)?, text::field("pointer", pointer, pointer_length)?) };
            let found = read(json.unwrap_or_default(), pointer)?;
            *needed = length(&found);
            // SAFETY: the caller keeps to the header.
            unsafe { fill(&found, out, capacity) };
            Ok(())
        })
    })
}

/// `tieback_json_put` for fixed fields: puts one value into the JSON in a field of `capacity` bytes, which may be blank
/// at first, and fills it with blanks behind the new text. Blanks at the end of `value` do not count.
///
/// Ownership: everything stays yours. Threads: any. NULL: `value` may be, which is an empty text, or `null`.
/// Errors: as for `tieback_json_put`, and an unchanged `json`; TIEBACK_INVALID_ARGUMENT also for a negative length.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_json_put_padded(
    json: *mut c_char,
    capacity: i32,
    pointer: *const c_char,
    pointer_length: i32,
    value: *const c_char,
    value_length: i32,
    is_json: i32,
    needed: Option<&mut i32>,
) -> i32 {
    guard(tieback_status::TIEBACK_INTERNAL as i32, || {
        let Some(needed) = needed else { return tieback_status::TIEBACK_INVALID_ARGUMENT as i32 };
        *needed = 0;
        status_of(|| {
            // SAFETY: the caller keeps to the header; what is read is copied before anything is written.
            let put = unsafe {
                let (before, value) =
                    (text::field("json", json, capacity)?, text::field("value", value, value_length)?);
                let pointer = text::field("pointer", pointer, pointer_length)?;
                put(before, pointer.unwrap_or_default(), value, is_json)?
            };
            *needed = length(&put);
            if json.is_null() || *needed > capacity {
                return Err(no_room(*needed, capacity));
            }
            // SAFETY: the caller keeps to the header.
            unsafe { fill(&put, json, capacity) };
            Ok(())
        })
    })
}

/// Writes as much of a text as fits, and blanks behind it. Gives how many bytes of it were written.
///
/// # Safety
/// `out` is NULL or has `capacity` bytes.
unsafe fn fill(text: &str, out: *mut c_char, capacity: i32) -> usize {
    let room = usize::try_from(capacity).unwrap_or_default();
    if out.is_null() {
        return 0;
    }
    let fits = fitting(text, room);
    // SAFETY: `fits` is at most `room`; the text is ours and elsewhere.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), out, fits);
        out.add(fits).write_bytes(b' ', room - fits);
    }
    fits
}
