//! Pages of objects, for the list types.

use std::ffi::c_char;

use serde_json::Value;

use super::kept::{Json, Kept, maybe, pointer};
use crate::types::Page;
use crate::wire::own;

/// Objects that are freed together, and where the next page begins.
pub struct List<T> {
    items: Vec<T>,
    next: Option<Kept>,
    json: Json,
}

impl<T> List<T> {
    /// A page, each item turned into its object.
    pub fn of<U>(page: Page<U>, object: impl FnMut(U) -> T) -> Self {
        Self { items: page.items.into_iter().map(object).collect(), next: maybe(page.next), json: Json::default() }
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

    /// The page as JSON: `items`, and `next` unless it is the last one.
    pub fn to_json(&self, item: impl Fn(&T) -> Value) -> *const c_char {
        self.json.of(|| own::page_to_json(self.items.iter().map(item), self.next.as_ref().map(Kept::as_str)))
    }
}
