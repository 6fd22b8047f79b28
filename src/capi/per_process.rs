//! What each process has for itself: after a fork, the parent's may be locked by a thread that the child does not have.
//! The child makes its own and leaves the other alone.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::runtime::Process;

/// A value of which each process has its own.
pub struct PerProcess<T> {
    present: AtomicPtr<(Process, T)>,
}

impl<T: Default + Sync + 'static> PerProcess<T> {
    /// Made when it is first asked for.
    pub const fn new() -> Self {
        Self { present: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The one of the present process. It lives for ever.
    pub fn present(&self) -> &'static T {
        let mut seen = self.present.load(Ordering::Acquire);
        loop {
            // SAFETY: it is NULL, or one that was leaked below and so lives for ever.
            if let Some((owner, value)) = unsafe { seen.as_ref() }
                && *owner == Process::current()
            {
                return value;
            }
            let fresh = Box::into_raw(Box::new((Process::current(), T::default())));
            match self.present.compare_exchange(seen, fresh, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => seen = fresh,
                Err(other) => {
                    // SAFETY: it was made above and nobody else has seen it.
                    drop(unsafe { Box::from_raw(fresh) });
                    seen = other;
                }
            }
        }
    }
}
