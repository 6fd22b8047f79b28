//! What keeps an engine's store in good order over a long life: backups, looking for damage, giving space back.

use std::path::Path;

use super::Engine;
use crate::error::Result;
use crate::time::Cancel;
use crate::types::IntegrityReport;

impl Engine {
    /// Writes a backup: one file with everything as it is at one moment, for this user alone. Publishing and delivering
    /// go on. The file gets its name when it is whole, checked and on disk; one that is there already is a `conflict`,
    /// or with `replace` is replaced then.
    ///
    /// # Errors
    /// `invalid_argument` when the path names no file or one of the store's own; `conflict`; `unavailable` while
    /// another backup to this path is under way, or an engine has a store there open; `storage` when the disk fails or
    /// is full, or the store is damaged; `closed`, also when the engine is closed meanwhile. Nothing is left then.
    pub fn backup(&self, path: &Path, replace: bool) -> Result<()> {
        self.with_cancel(&Cancel::new()).backup(path, replace)
    }

    /// Looks for damage in the store, and says what it found: pages and indexes that contradict each other, rows that
    /// refer to nothing, counts that are wrong, content that cannot be read. It changes nothing; publishing and
    /// delivering go on. `quick` leaves out what compares every row of the log.
    ///
    /// # Errors
    /// `closed`, also when the engine is closed meanwhile; `storage` when the file cannot be read at all. Damage is no
    /// error, but a finding.
    pub fn check_integrity(&self, quick: bool) -> Result<IntegrityReport> {
        self.with_cancel(&Cancel::new()).check_integrity(quick)
    }

    /// Gives the space of what was removed back to the file system ([`Stats::reusable_bytes`] says how much that is).
    /// It takes as long as writing what is kept, and room for that twice, in the temporary folder and beside the store;
    /// publishing waits meanwhile, and so does whatever else writes. Without it the space is used again.
    ///
    /// # Errors
    /// `closed`, also when the engine is closed meanwhile; `storage` when the disk fails or is full. Nothing was
    /// changed then.
    ///
    /// [`Stats::reusable_bytes`]: crate::types::Stats::reusable_bytes
    pub fn compact(&self) -> Result<()> {
        self.with_cancel(&Cancel::new()).compact()
    }
}
