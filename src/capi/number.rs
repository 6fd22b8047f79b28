//! Where the flat ABI writes numbers for its caller.

use std::ptr::NonNull;

/// Where the caller has a number written. It may lie at any address, since COBOL and BASIC pack their records, and two
/// of them may be one variable: so it never becomes a reference.
#[derive(Clone, Copy)]
pub struct Number(NonNull<i32>);

impl Number {
    /// The place; none for NULL.
    pub fn at(place: *mut i32) -> Option<Self> {
        NonNull::new(place).map(Self)
    }

    /// Writes it.
    ///
    /// # Safety
    /// There are four bytes that nobody else uses meanwhile.
    pub unsafe fn set(self, number: i32) {
        // SAFETY: the caller's promise.
        unsafe { self.0.write_unaligned(number) }
    }
}
