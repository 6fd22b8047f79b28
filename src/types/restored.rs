//! What became of a restore.

use std::path::PathBuf;

use super::HookId;
use crate::time::Timestamp;

/// A store that was made from a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was taken; `None` for the file of a closed store, which does not say it.
    pub backed_up_at: Option<Timestamp>,
    /// How many deliveries were queued in it. They are sent, and may have been sent before: after the backup was taken.
    pub queued: u64,
    /// The same for each hook that has any, in the order of their ids.
    pub lanes: Vec<RestoredLane>,
    /// Where the store is now that was there before.
    pub replaced: Option<PathBuf>,
}

/// What a restored lane sends perhaps once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestoredLane {
    /// The hook.
    pub hook: HookId,
    /// How many of its deliveries were queued in the backup, and are still.
    pub queued: u64,
}
