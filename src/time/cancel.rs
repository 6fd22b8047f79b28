//! Ending a call from another thread.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, ErrorKind, Result};

/// A token that ends the calls which carry it. Its clones are one token; once requested it stays so.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Inner>);

#[derive(Default)]
struct Inner {
    requested: AtomicBool,
    listeners: Mutex<Listeners>,
}

#[derive(Default)]
struct Listeners {
    next: u64,
    waiting: BTreeMap<u64, Arc<dyn Fn() + Send + Sync>>,
}

impl Cancel {
    /// A token that nobody has requested yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the calls that carry this token: those under way as soon as they can, and every later one at once. Returns
    /// without waiting for them. Requesting twice changes nothing.
    pub fn request(&self) {
        self.0.requested.store(true, Ordering::SeqCst);
        // Told without the lock, so that whoever is told may stop listening.
        let told: Vec<_> = self.listeners().waiting.values().cloned().collect();
        told.iter().for_each(|tell| tell());
    }

    /// Whether it was requested.
    pub fn is_requested(&self) -> bool {
        self.0.requested.load(Ordering::SeqCst)
    }

    /// Refuses once it was requested.
    ///
    /// # Errors
    /// `cancelled`.
    pub fn check(&self) -> Result<()> {
        if self.is_requested() { Err(Self::error()) } else { Ok(()) }
    }

    /// What a call gives that was ended.
    pub fn error() -> Error {
        Error::new(
            ErrorKind::Cancelled,
            "the call was cancelled; its token stays requested: use a new one for further calls",
        )
    }

    /// Has `tell` called when the token is requested, at once if it was already; until the answer is dropped. It may be
    /// called more than once, and once more while the answer is being dropped.
    pub fn listen(&self, tell: impl Fn() + Send + Sync + 'static) -> Listening<'_> {
        let tell: Arc<dyn Fn() + Send + Sync> = Arc::new(tell);
        let mut listeners = self.listeners();
        let number = listeners.next;
        listeners.next += 1;
        listeners.waiting.insert(number, Arc::clone(&tell));
        drop(listeners);
        // After it was put down: a request from now on finds it there.
        if self.is_requested() {
            tell();
        }
        Listening { cancel: self, number }
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.0.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancel").field("requested", &self.is_requested()).finish_non_exhaustive()
    }
}

/// See [`Cancel::listen`].
#[derive(Debug)]
pub struct Listening<'a> {
    cancel: &'a Cancel,
    number: u64,
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.cancel.listeners().waiting.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[test]
    fn request_is_seen_by_all_clones_and_stays() {
        let cancel = Cancel::new();
        let other = cancel.clone();
        assert!(other.check().is_ok());
        cancel.request();
        cancel.request();
        assert!(other.is_requested());
        assert_eq!(other.check().unwrap_err().kind(), ErrorKind::Cancelled);
    }

    #[test]
    fn listeners_are_told_until_they_stop_listening_and_at_once_when_they_come_late() {
        let told = Arc::new(AtomicU32::new(0));
        let count = |by: u32| {
            let told = Arc::clone(&told);
            move || _ = told.fetch_add(by, Ordering::SeqCst)
        };
        let cancel = Cancel::new();
        drop(cancel.listen(count(1)));
        let _listening = cancel.listen(count(10));
        cancel.request();
        assert_eq!(told.load(Ordering::SeqCst), 10);
        let _late = cancel.listen(count(100));
        assert_eq!(told.load(Ordering::SeqCst), 110);
    }
}
