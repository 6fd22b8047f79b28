//! Pages of objects, for the list types.

use std::ffi::c_char;

use super::kept::{Kept, maybe, pointer};
use crate::types::Page;

/// Objects that are freed together, and where the next page begins.
pub struct List<T> {
    items: Vec<T>,
    next: Option<Kept>,
}

impl<T> List<T> {
    /// A page, each item turned into its object.
    pub fn of<U>(page: Page<U>, object: impl FnMut(U) -> T) -> Self {
        Self { items: page.items.into_iter().map(object).collect(), next: maybe(page.next) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// One of them.
    pub fn at(&self, index: usize) -> Option<&T> {
        self.items.get(index)
    }

    /// Where the next page begins; NULL on the last one.
    pub fn next_page(&self) -> *const c_char {
        pointer(&self.next)
    }
}
