//! Notices: what a caller who polls should know of a lane, or of the store.

use std::fmt;

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
    /// This process may open no more files: attempts wait for a file descriptor and no endpoint is taken to have
    /// failed. Told once, until there have been enough for a while.
    OutOfDescriptors {
        /// What to do.
        reason: String,
    },
    /// The store was restored from a backup, and has deliveries still that were queued in it: they may have been sent
    /// before. Told when the engine opens; [`Delivery::restored`](super::Delivery::restored) says which.
    Restored {
        /// How many there are.
        queued: u64,
    },
}

impl NoticeKind {
    /// `paused`, `resumed`, `flushed`, `store_failed`, `out_of_descriptors` or `restored`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Paused { .. } => "paused",
            Self::Resumed => "resumed",
            Self::Flushed { .. } => "flushed",
            Self::StoreFailed { .. } => "store_failed",
            Self::OutOfDescriptors { .. } => "out_of_descriptors",
            Self::Restored { .. } => "restored",
        }
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused { reason } => write!(f, "an attempt failed ({reason}): the lane waits and tries again"),
            Self::Resumed => f.write_str("the endpoint takes deliveries again"),
            Self::Flushed { discarded } => {
                write!(f, "the endpoint has failed for too long: {discarded} deliveries were discarded")
            }
            Self::StoreFailed { reason } | Self::OutOfDescriptors { reason } => f.write_str(reason),
            Self::Restored { queued } => write!(
                f,
                "the store was restored from a backup: {queued} deliveries that were queued in it may be sent again"
            ),
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
