//! The store in one SQLite file: WAL, a sync of the disk at every commit, one writer with group commit, readers beside
//! it, and any number of engines and processes on one file. With a store key, secrets are sealed in it.
//!
//! SQL is in `sql/`, one statement a file; `schema/` has the migrations.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use self::fault::Fault;
use self::interrupt::interruptible;
use self::location::Location;
use self::lock::StoreLock;
use self::readers::Readers;
use self::seal::Seals;
use self::workers::OwnWorkers;
use self::writer::Writer;
use super::{Upkeep, refusal};
use crate::error::Result;
use crate::policy::seal::StoreKeys;
use crate::random::{Random, SystemRandom};
use crate::time::{Cancel, Timestamp};
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
mod modes;
mod schema;

mod seal;

mod interrupt;
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

mod stats;

mod integrity;

mod compact;

mod backup;

mod restore;

/// A store in an SQLite file. It may be used from any thread; what is written is on disk when a method returns.
pub struct SqliteStore {
    // Dropped in this order: connections before the locks, so that whoever sees a free lock has the file to itself.
    readers: Readers,
    writer: Writer,
    seals: Seals,
    own_workers: OwnWorkers,
    location: Location,
    _lock: StoreLock,
}

impl SqliteStore {
    /// Opens the store in this file; makes it, for this user alone, when it is not there. Secrets are kept in clear
    /// text.
    ///
    /// # Errors
    /// `invalid_argument` for a path that names no file (`:memory:`, a `file:` URI); `unavailable` when the file has to
    /// be brought up to date and another engine has it open, or takes longer than 5 s to do so itself; `storage` when
    /// the file is not a database, not tieback's, from a newer tieback, read-only, cut short or damaged, on a network
    /// file system, or its disk is full. A refused file is left as it was.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_sealed(path, StoreKeys::default(), Arc::new(SystemRandom))
    }

    /// Opens the store with its keys: secrets are sealed with the present one, and what is in clear text or sealed with
    /// an older one is sealed anew before this returns. An opening that is interrupted is finished by the next.
    ///
    /// # Errors
    /// Those of [`SqliteStore::open`]; `invalid_argument` when a key that the store needs is not among these, with its
    /// id; `unavailable` when another program reads the file while secrets are to leave it.
    pub fn open_sealed(path: &Path, keys: StoreKeys, random: Arc<dyn Random>) -> Result<Self> {
        let seals = Seals::new(keys, random);
        let opened = open::open(path, &seals).map_err(|error| error.during("open"))?;
        let location = opened.location;
        Ok(Self {
            readers: Readers::new(location.database.clone()),
            writer: Writer::new(opened.writer, location.database.clone())?,
            own_workers: OwnWorkers::default(),
            location,
            seals,
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

    /// Copies the store as [`Upkeep::backup`] does, and calls `between` before every 4 MiB of pages.
    ///
    /// # Errors
    /// Those of [`Upkeep::backup`].
    pub fn backup_in_steps(
        &self,
        to: &Path,
        replace: bool,
        now: Timestamp,
        cancel: &Cancel,
        between: &dyn Fn(),
    ) -> Result<()> {
        backup::backup(&self.location, to, replace, now, cancel, between)
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
    fn check_integrity(&self, quick: bool, cancel: &Cancel) -> Result<IntegrityReport> {
        self.readers.run_long(cancel, |tx| integrity::check(tx, quick, Some(&self.seals)))
    }

    fn compact(&self, cancel: &Cancel) -> Result<()> {
        self.writer.alone(|connection| interruptible(connection, cancel, |connection| compact::compact(connection)))
    }

    fn backup(&self, to: &Path, replace: bool, now: Timestamp, cancel: &Cancel) -> Result<()> {
        self.backup_in_steps(to, replace, now, cancel, &|| {})
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
