//! What a sequence of calls gives: bytes by and by, texts good and bad, structs of any size.

use std::ffi::{CStr, CString};

use super::c;

/// The input, from its beginning.
pub struct Bytes<'a>(std::slice::Iter<'a, u8>);

impl<'a> Bytes<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self(data.iter())
    }

    pub fn next(&mut self) -> Option<u8> {
        self.0.next().copied()
    }

    /// A number below `most`; 0 when the input has ended.
    pub fn below(&mut self, most: usize) -> usize {
        usize::from(self.next().unwrap_or_default()) % most.max(1)
    }

    /// An index: mostly of one of `length`, now and then past the end by a little or by much.
    pub fn index(&mut self, length: usize) -> usize {
        match self.next().unwrap_or_default() {
            255 => usize::MAX,
            254 => usize::MAX / 2,
            byte => usize::from(byte) % (length + 2),
        }
    }

    /// Some bytes as they come, without a NUL.
    pub fn text(&mut self) -> CString {
        let length = self.below(12);
        let bytes: Vec<u8> = (0..length).map_while(|_| self.next()).filter(|byte| *byte != 0).collect();
        CString::new(bytes).expect("the NULs were left out")
    }
}

/// A text that a getter gave; "" for NULL.
pub fn text(pointer: c::Text) -> String {
    if pointer.is_null() {
        return String::new();
    }
    #[allow(unsafe_code, reason = "the C ABI is called as C calls it")]
    // SAFETY: getters give texts that end with a NUL and live as long as their object, which is not freed yet.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().expect("texts of the library are UTF-8").to_owned()
}

/// A struct in memory of its own, as long as `size` says or as a size takes; what is behind the fields is zero.
pub struct Sized(Vec<u8>);

impl Sized {
    pub fn new<T: Copy>(fields: &T, size: usize) -> Self {
        let mut place = vec![0; size.max(size_of::<usize>())];
        #[allow(unsafe_code, reason = "the C ABI is called as C calls it")]
        // SAFETY: as many bytes as both have; the structs of the header are integers and pointers.
        unsafe {
            let from = (&raw const *fields).cast::<u8>();
            from.copy_to_nonoverlapping(place.as_mut_ptr(), size.min(size_of::<T>()));
        }
        place[..size_of::<usize>()].copy_from_slice(&size.to_ne_bytes());
        Self(place)
    }

    /// Sets the last byte, which lies behind all fields that there are.
    pub fn marked(mut self) -> Self {
        if let Some(last) = self.0.last_mut() {
            *last = 1;
        }
        self
    }

    pub fn as_ptr<T>(&self) -> *const T {
        self.0.as_ptr().cast()
    }
}
