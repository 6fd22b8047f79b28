//! Lists come in pages.

use super::Id;

/// Which part of a list is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// How many items at the most; 0 means the service's default.
    pub limit: u32,
    /// Where to go on: [`Page::next`] of the page before, or `None` for the first page.
    pub after: Option<Id>,
}

impl PageRequest {
    /// The embedded engine's page size where none is given.
    pub const DEFAULT_LIMIT: u32 = 100;
    /// The largest page of the embedded engine; a larger limit is cut to it.
    pub const MAX_LIMIT: u32 = 1000;

    /// The limit in force on the embedded engine.
    pub fn effective_limit(&self) -> u32 {
        if self.limit == 0 { Self::DEFAULT_LIMIT } else { self.limit.min(Self::MAX_LIMIT) }
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items of this part.
    pub items: Vec<T>,
    /// Where the next part begins; `None` when this is the last one. Items that are added meanwhile do not shift it.
    pub next: Option<Id>,
}

impl<T> Page<T> {
    /// The same page with every item turned into something else.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(turn).collect(), next: self.next }
    }
}
