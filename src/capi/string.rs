//! Texts that are the caller's own.

use std::ffi::c_char;

use super::boundary::guard;
use super::kept;

/// Frees a text that was given through a `char **`. Texts that are returned directly belong to their objects: never
/// free those.
///
/// Ownership: ends the text. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_string_free(text: *mut c_char) {
    guard((), || {
        if !text.is_null() {
            // SAFETY: the caller keeps to the header: this library gave the text, and it was not freed before.
            unsafe { kept::free(text) }
        }
    })
}
