//! Notices: what a caller who polls should know of a lane.

use super::HookId;
use crate::time::Timestamp;

/// What happened to a lane.
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
}

impl NoticeKind {
    /// `paused`, `resumed` or `flushed`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Paused { .. } => "paused",
            Self::Resumed => "resumed",
            Self::Flushed { .. } => "flushed",
        }
    }
}

/// One happening on one hook's lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The hook.
    pub hook: HookId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: NoticeKind,
}
