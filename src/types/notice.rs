//! Notices: what a caller who polls should know of a lane, or of the store.

use super::HookId;
use crate::time::Timestamp;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoticeKind {
    /// An attempt failed: the lane waits and then probes with that delivery.
    Paused {
        /// What the endpoint did, such as `503` or `connection refused`.
        reason: String,
    },
    /// A probe succeeded: the lane delivers again.
    Resumed,
    /// The endpoint failed for the whole retry window (12 h): what was queued is discarded.
    Flushed {
        /// How many deliveries were discarded.
        discarded: u64,
    },
    /// The store could not read or keep what the worker needs: nothing starts until it can again. It is tried every
    /// second; told once, until it has succeeded. With a hook: its stored secrets cannot be opened, and nothing of it
    /// starts until its headers are given again.
    StoreFailed {
        /// The error's message, with what to do.
        reason: String,
    },
}

impl NoticeKind {
    /// `paused`, `resumed`, `flushed` or `store_failed`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Paused { .. } => "paused",
            Self::Resumed => "resumed",
            Self::Flushed { .. } => "flushed",
            Self::StoreFailed { .. } => "store_failed",
        }
    }
}

/// One happening on a hook's lane, or to the store under all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The hook; `None` when it concerns all.
    pub hook: Option<HookId>,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: NoticeKind,
}
