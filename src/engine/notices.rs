//! What happened to lanes, kept until somebody asks.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::types::Notice;

/// The newest notices, bounded.
#[derive(Debug, Default)]
pub struct Notices(Mutex<VecDeque<Notice>>);

impl Notices {
    /// How many are kept for a caller who does not ask.
    const MAX: usize = 1024;

    /// Keeps one more; the oldest goes when there are too many.
    pub fn add(&self, notice: Notice) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == Self::MAX {
            kept.pop_front();
        }
        kept.push_back(notice);
    }

    /// All, oldest first; they are not told twice.
    pub fn take(&self) -> Vec<Notice> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }
}
