//! Texts that objects keep, so that getters can give them to C: UTF-8, NUL-terminated, there until the object is freed.

use std::ffi::{CString, c_char};
use std::fmt::Display;
use std::ptr;
use std::sync::OnceLock;

use serde_json::Value;

/// A text for C. A NUL inside, which JSON could bring in, would end it too early; it becomes U+FFFD.
#[derive(Debug)]
pub struct Kept(CString);

impl Kept {
    /// Keeps what this shows as.
    pub fn new(shown: impl Display) -> Self {
        let text = shown.to_string();
        let whole = if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text };
        Self(CString::new(whole).expect("the NULs were replaced on the line above"))
    }

    /// The text, as long as this lives.
    pub fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr()
    }

    /// The text for Rust.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The text as the caller's own, to be ended with [`free`]. Its length stands in front of it: the caller may write
    /// into it, a NUL too, and what is freed must be as long as what was made.
    pub fn into_raw(self) -> *mut c_char {
        let text = self.0.as_bytes_with_nul();
        let whole: Box<[u8]> = [&text.len().to_ne_bytes(), text].concat().into();
        // SAFETY: the text begins behind its length, inside of what was made.
        unsafe { Box::into_raw(whole).cast::<u8>().add(size_of::<usize>()).cast() }
    }
}

/// Frees a text that [`Kept::into_raw`] gave.
///
/// # Safety
/// It came from there and was not freed before.
pub unsafe fn free(text: *mut c_char) {
    // SAFETY: the caller's promise: in front of it is its length, and both are one allocation of so many bytes.
    unsafe {
        let whole = text.cast::<u8>().sub(size_of::<usize>());
        let length = whole.cast::<usize>().read_unaligned();
        drop(Box::from_raw(ptr::slice_from_raw_parts_mut(whole, size_of::<usize>() + length)));
    }
}

/// The text, or NULL.
pub fn pointer(kept: &Option<Kept>) -> *const c_char {
    kept.as_ref().map_or(ptr::null(), Kept::as_ptr)
}

/// Keeps what is there.
pub fn maybe(shown: Option<impl Display>) -> Option<Kept> {
    shown.map(Kept::new)
}

/// Pairs of name and value.
pub fn pairs(headers: &[(String, String)]) -> Vec<(Kept, Kept)> {
    headers.iter().map(|(name, value)| (Kept::new(name), Kept::new(value))).collect()
}

/// The first byte, or NULL when there are none.
pub fn bytes(bytes: &[u8]) -> *const u8 {
    if bytes.is_empty() { ptr::null() } else { bytes.as_ptr() }
}

/// A count for C, which has no unsigned numbers in every language.
pub fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// An object as JSON, made when somebody asks and kept from then on.
#[derive(Debug, Default)]
pub struct Json(OnceLock<Kept>);

impl Json {
    /// Nobody has asked yet.
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The text.
    pub fn of(&self, make: impl FnOnce() -> Value) -> *const c_char {
        self.0.get_or_init(|| Kept::new(make())).as_ptr()
    }
}
