//! The store in one SQLite file: WAL, a sync of the disk at every commit, one writer with group commit, readers beside
//! it, one process per file.
//!
//! SQL is in `sql/`, one statement a file; `schema/` has the migrations.

use std::fmt;
use std::path::Path;

use rusqlite::Connection;

use self::fault::Fault;
use self::location::Location;
use self::lock::StoreLock;
use self::readers::Readers;
use self::writer::Writer;
use super::{Upkeep, refusal};
use crate::error::Result;
use crate::time::Timestamp;
use crate::types::{IntegrityReport, Restored, RestoredLane};

/// The statement in `sql/<name>.sql`.
macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("sql/", $name, ".sql"))
    };
}

mod fault;
mod location;
mod lock;
mod schema;

mod open;
mod readers;
mod row;
mod writer;

mod registry;

mod publish;

mod queue;

mod log;

mod retention;

mod stats;

mod integrity;

mod compact;

mod backup;

mod restore;

/// A store in an SQLite file. It may be used from any thread; what is written is on disk when a method returns.
pub struct SqliteStore {
    // Dropped in this order: connections before the lock that keeps other processes away.
    readers: Readers,
    writer: Writer,
    location: Location,
    _lock: StoreLock,
}

impl SqliteStore {
    /// Opens the store in this file; makes it, for this user alone, when it is not there.
    ///
    /// # Errors
    /// `invalid_argument` for a path that names no file (`:memory:`, a `file:` URI); `unavailable` while another engine
    /// has the store open; `storage` when the file is not a database, not tieback's, from a newer tieback, read-only,
    /// cut short or damaged, on a network file system, or its disk is full. A refused file is left as it was.
    pub fn open(path: &Path) -> Result<Self> {
        let opened = open::open(path).map_err(|error| error.during("open"))?;
        let location = opened.location;
        Ok(Self {
            readers: Readers::new(location.database.clone()),
            writer: Writer::new(opened.writer, location.database.clone()),
            location,
            _lock: opened.lock,
        })
    }

    /// Makes a store at `path` from a backup, or from the file of a closed store, and says what it will perhaps send a
    /// second time. No engine may have either open. A store that is there already is a `conflict`, or with `replace` is
    /// moved aside. Ids that the lost store gave out after the backup was taken are not given out again.
    ///
    /// # Errors
    /// `invalid_argument` when both paths are one file or name none; `conflict` when there is a store; `unavailable`
    /// while an engine has one of them open; `storage` when the backup is not a store, of a newer tieback, damaged, or
    /// the disk fails. Then the store that was there is as it was.
    pub fn restore(backup: &Path, path: &Path, replace: bool, now: Timestamp) -> Result<Restored> {
        restore::restore(backup, path, replace, now).map_err(|error| error.during("restore"))
    }

    fn read<T>(&self, reading: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T> {
        self.readers.run(reading)
    }

    fn write<T: Send + 'static>(
        &self,
        writing: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        self.writer.run(writing)
    }
}

impl Upkeep for SqliteStore {
    fn check_integrity(&self, quick: bool) -> Result<IntegrityReport> {
        self.read(|tx| integrity::check(tx, quick))
    }

    fn compact(&self) -> Result<()> {
        self.writer.alone(compact::compact)
    }

    fn backup(&self, to: &Path, replace: bool, now: Timestamp, go_on: &dyn Fn() -> Result<()>) -> Result<()> {
        backup::backup(&self.location, to, replace, now, go_on)
    }

    fn restored_lanes(&self) -> Result<Vec<RestoredLane>> {
        self.read(stats::restored_lanes)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("writer", &self.writer).finish_non_exhaustive()
    }
}
