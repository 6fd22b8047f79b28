//! The flat ABI: every operation by name, with JSON in and out, for hosts that can pass texts and 32-bit integers and
//! little more, NUL-terminated; `padded` has the same for fixed fields. What does not fit into the caller's buffer is
//! kept and read on: a call is never made twice for want of space.

use std::ffi::c_char;
use std::sync::Arc;

use serde_json::{Value, json};

use super::boundary::{guard, guard_result};
use super::handle;
use super::number::Number;
use super::rest::Rests;
use super::status::tieback_status;
use super::text;
use crate::error::Result;
use crate::ops;
use crate::report::Silent;
use crate::wire::own;

/// Does an operation, by its name (`docs/operations.md` has them all), with JSON in and out.
///
/// `engine_open` takes an engine's options and answers `{"handle": n}`; every other operation takes that number as
/// `handle`, up to `engine_close`. `engine_restore` takes none; nor does `operations`, which lists them. Blanks at the
/// ends of `operation` and `json` do not count. A `json` that is NULL or blank is `{}`.
///
/// `out` may be where `operation` or `json` is: both are read to their ends before anything is written.
///
/// The answer goes into `out` with a NUL behind it; an error too: `{"error": {"kind": "not_found", "message": ...}}`.
/// `*needed` is its length in bytes, without the NUL. If it is longer than `capacity - 1`, `out` has its beginning,
/// cut before a character that would not fit whole, and `*rest` is a number for `tieback_read`; else `*rest` is 0.
///
/// Ownership: everything stays yours. Threads: any. NULL: `json` may be, and `out`, which is then not written, as with
/// a `capacity` of 0. Errors: the status is the error's; TIEBACK_INVALID_ARGUMENT for an unknown operation, handle or
/// member, and without `needed` and `rest`, when nothing is done and nothing written.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_call(
    handle: i32,
    operation: *const c_char,
    json: *const c_char,
    out: *mut c_char,
    capacity: i32,
    needed: *mut i32,
    rest: *mut i32,
) -> i32 {
    guard(tieback_status::TIEBACK_INTERNAL as i32, || {
        let (Some(needed), Some(rest)) = (Number::at(needed), Number::at(rest)) else {
            return tieback_status::TIEBACK_INVALID_ARGUMENT as i32;
        };
        let (status, answer) = answer(handle, || {
            // SAFETY: the caller keeps to the header.
            Ok(unsafe { (text::required("operation", operation)?, text::optional("json", json)?) })
        });
        // SAFETY: the caller keeps to the header. Whatever was read of what he gave, which may lie where he wants the
        // answer, is not looked at any more.
        unsafe {
            let written = write(&answer, out, capacity);
            needed.set(length(&answer));
            rest.set(if written == answer.len() { 0 } else { Rests::keep(answer) });
        }
        status as i32
    })
}

/// Reads on in an answer that did not fit: from byte `offset` (counted from its beginning) as much as `out` takes, with
/// a NUL behind it. `*needed` is how many bytes there were from `offset` on. Once all were given the answer is
/// forgotten; so are the oldest when more than 64 wait to be read.
///
/// Ownership: everything stays yours. Threads: any. NULL: `out` may be, which is then not written.
/// Errors: the status, and an empty `out`; TIEBACK_INVALID_ARGUMENT without `needed`, and for an `offset` that is not
/// in the answer or inside of a character; TIEBACK_NOT_FOUND when there is no such rest (any more).
#[unsafe(no_mangle)]
pub extern "C" fn tieback_read(rest: i32, offset: i32, out: *mut c_char, capacity: i32, needed: *mut i32) -> i32 {
    guard(tieback_status::TIEBACK_INTERNAL as i32, || {
        let Some(needed) = Number::at(needed) else { return tieback_status::TIEBACK_INVALID_ARGUMENT as i32 };
        // SAFETY: the caller keeps to the header.
        unsafe {
            needed.set(0);
            write("", out, capacity);
        }
        status_of(|| {
            Rests::read(rest, offset, |text| {
                // SAFETY: as above; the text is ours.
                unsafe {
                    needed.set(length(text));
                    write(text, out, capacity)
                }
            })
        })
    })
}

/// What an operation answers, and the status.
pub fn answer<'a>(handle: i32, given: impl FnOnce() -> Result<(&'a str, Option<&'a str>)>) -> (tieback_status, String) {
    let answered = guard_result(|| {
        let (operation, json) = given()?;
        call(handle, operation.trim(), json.unwrap_or_default().trim())
    });
    let (status, answer) = match answered {
        Ok(answer) => (tieback_status::TIEBACK_OK, answer),
        Err(cause) => (tieback_status::from(cause.kind()), json!({"error": own::error_to_json(&cause)})),
    };
    (status, answer.to_string())
}

/// The status of what has no answer besides.
pub fn status_of(body: impl FnOnce() -> Result<()>) -> i32 {
    let outcome = guard_result(body);
    outcome.map_or_else(|cause| tieback_status::from(cause.kind()), |()| tieback_status::TIEBACK_OK) as i32
}

fn call(number: i32, operation: &str, input: &str) -> Result<Value> {
    let input = if input.is_empty() { json!({}) } else { own::parse(input)? };
    match operation {
        "engine_open" => Ok(json!({"handle": handle::number_of_engine(ops::open(&input, Arc::new(Silent))?)?})),
        "engine_close" => {
            if let Some(engine) = handle::take_engine_at(number)? {
                engine.close();
            }
            Ok(json!({}))
        }
        _ => ops::call_apart(operation, &input).unwrap_or_else(|| {
            // What is no operation is said first: the handle may be none for that very reason.
            ops::find(operation)?;
            ops::call(handle::engine_at(number)?.whole(), operation, &input)
        }),
    }
}

/// The length of a text, as far as 32 bits tell it.
pub fn length(text: &str) -> i32 {
    i32::try_from(text.len()).unwrap_or(i32::MAX)
}

/// How many bytes of a text `room` takes, without cutting a character.
pub fn fitting(text: &str, room: usize) -> usize {
    let most = room.min(text.len());
    (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// Writes as much of a text as fits, and a NUL. Gives how many bytes of it were written.
///
/// # Safety
/// `out` is NULL or has `capacity` bytes.
pub unsafe fn write(text: &str, out: *mut c_char, capacity: i32) -> usize {
    let Some(room) = usize::try_from(capacity).ok().and_then(|capacity| capacity.checked_sub(1)) else { return 0 };
    if out.is_null() {
        return 0;
    }
    let fits = fitting(text, room);
    // SAFETY: `fits` is at most `room`, so with the NUL there are `capacity` bytes; the text is ours and elsewhere.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), out, fits);
        out.add(fits).write(0);
    }
    fits
}
