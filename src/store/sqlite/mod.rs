//! The store in one SQLite file: WAL, a sync of the disk at every commit, one writer with group commit, readers beside
//! it, and any number of engines and processes on one file.
//!
//! SQL is in `sql/`, one statement a file; `schema/` has the migrations.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use self::fault::Fault;
use self::lock::StoreLock;
use self::readers::Readers;
use self::workers::OwnWorkers;
use self::writer::Writer;
use super::refusal;
use crate::error::Result;

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

mod workers;

mod log;

mod retention;

/// A store in an SQLite file. It may be used from any thread; what is written is on disk when a method returns.
pub struct SqliteStore {
    // Dropped in this order: connections before the locks, so that whoever sees a free lock has the file to itself.
    readers: Readers,
    writer: Writer,
    own_workers: OwnWorkers,
    path: PathBuf,
    _lock: StoreLock,
}

impl SqliteStore {
    /// Opens the store in this file; makes it, for this user alone, when it is not there.
    ///
    /// # Errors
    /// `invalid_argument` for a path that names no file (`:memory:`, a `file:` URI); `unavailable` when the file is of
    /// an earlier version and another engine has it open; `storage` when the file is not a database, not tieback's,
    /// from a newer tieback, read-only, cut short or damaged, on a network file system, or its disk is full. A refused file is left as it was.
    pub fn open(path: &Path) -> Result<Self> {
        let opened = open::open(path).map_err(|error| error.during("open"))?;
        let database = opened.location.database;
        Ok(Self {
            readers: Readers::new(database.clone()),
            writer: Writer::new(opened.writer, database.clone())?,
            own_workers: OwnWorkers::default(),
            path: database,
            _lock: opened.lock,
        })
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

    /// Writes what nobody needs after a power cut: it is there for every process when this returns, but not on disk.
    fn write_unsynced<T: Send + 'static>(
        &self,
        writing: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        self.writer.run_unsynced(writing)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("writer", &self.writer).finish_non_exhaustive()
    }
}
