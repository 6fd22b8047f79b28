//! Walking through a list page by page, for the iterator types.

use std::collections::VecDeque;
use std::ptr;

use crate::error::{Error, Result};
use crate::types::{Page, PageRequest};

/// A walk: items are handed out one by one, and the next page is fetched when they are used up.
pub struct Iter<T> {
    waiting: VecDeque<T>,
    request: PageRequest,
    is_last: bool,
    fetch: Box<Fetch<T>>,
}

type Fetch<T> = dyn Fn(&PageRequest) -> Result<Page<T>> + Send + Sync;

impl<T> Iter<T> {
    /// A walk that begins at this page.
    pub fn new(first: PageRequest, fetch: impl Fn(&PageRequest) -> Result<Page<T>> + Send + Sync + 'static) -> Self {
        Self { waiting: VecDeque::new(), request: first, is_last: false, fetch: Box::new(fetch) }
    }

    /// The next item, `None` at the end. After an error the same page is asked for again.
    pub fn next(&mut self) -> Result<Option<T>> {
        loop {
            if let Some(item) = self.waiting.pop_front() {
                return Ok(Some(item));
            }
            if self.is_last {
                return Ok(None);
            }
            let page = (self.fetch)(&self.request)?;
            self.waiting = page.items.into();
            self.is_last = page.next.is_none();
            self.request.after = page.next;
        }
    }

    /// The next item as a new object for the caller; NULL at the end.
    pub fn step<O>(walk: Option<&mut Self>, object: impl FnOnce(T) -> O) -> Result<*mut O> {
        let walk = walk.ok_or_else(|| Error::invalid("the iterator is NULL: give one"))?;
        Ok(walk.next()?.map_or(ptr::null_mut(), |item| Box::into_raw(Box::new(object(item)))))
    }
}
