//! Backups while the store is in use: a copy of one moment, under a name that it gets when it is whole and on disk.
//!
//! The pages are copied inside one read transaction. Publishing and delivering go on beside it; what they write stays
//! in the WAL until the copy is made, and is moved into the file after it. Copying in several transactions would keep
//! the WAL short, but begin anew whenever somebody writes, and so might never end. Pages are copied as they are, which
//! is faster than building the database anew (`VACUUM INTO`), so that the WAL grows for a shorter time.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind as Io;
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::fault::{Fault, storage_error};
use super::interrupt::interruptible;
use super::location::{Location, unusable};
use super::lock::{is_held, private};
use super::open::{connect_reader, sync_directory};
use super::schema::SIDE_FILES;
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Cancel, Timestamp};

/// Between two looks at the token: 4 MiB.
const PAGES_PER_STEP: i32 = 1024;

/// Copies the store to a new file.
pub fn backup(
    store: &Location,
    to: &Path,
    replace: bool,
    now: Timestamp,
    cancel: &Cancel,
    between: &dyn Fn(),
) -> Result<()> {
    let to = Location::of_file(to)?;
    check_target(store, &to, replace)?;
    let partial = Partial::make(&to)?;
    copy(store, &partial, now, cancel, between)?;
    partial.take_place(&to, replace)
}

/// Refuses a name that is somebody's already.
fn check_target(store: &Location, to: &Location, replace: bool) -> Result<()> {
    let target = to.database.display();
    let own = std::iter::once("").chain(SIDE_FILES).map(|suffix| store.beside(suffix));
    if own.into_iter().any(|own| own == to.database) || is_same_file(&store.database, &to.database) {
        return Err(Error::invalid(format!(
            "`{target}` belongs to the store that is to be copied: name another file for the backup"
        )));
    }
    if is_held(to) {
        return Err(Error::new(
            ErrorKind::Unavailable,
            format!("`{target}` is a store that an engine has open: name another file for the backup"),
        ));
    }
    // A backup under this name would be read together with the changes of the store that was there.
    if Location::length_of(&to.beside("-wal"))? > 0 {
        return Err(Error::new(
            ErrorKind::Conflict,
            format!("`{target}` has a -wal file beside it, so a store is or was there: name another file"),
        ));
    }
    if !replace && to.database.exists() { Err(taken(to)) } else { Ok(()) }
}

fn taken(to: &Location) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!("`{}` is there already: name another file, or say that it is to be replaced", to.database.display()),
    )
}

#[cfg(unix)]
fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |found: &fs::Metadata| (found.dev(), found.ino());
    matches!((fs::metadata(one), fs::metadata(other)), (Ok(one), Ok(other)) if id(&one) == id(&other))
}

#[cfg(not(unix))]
fn is_same_file(one: &Path, other: &Path) -> bool {
    one == other
}

/// The backup before it has its name. It is removed unless it gets it.
struct Partial {
    at: Location,
    file: File,
    is_placed: bool,
}

impl Partial {
    /// Makes the file, for this user alone, and locks it: another backup to the same name waits for nobody's leftovers
    /// and disturbs nobody's work.
    fn make(to: &Location) -> Result<Self> {
        let at = Location::of_file(&to.beside("-partial"))?;
        let path = &at.database;
        let in_use = || {
            let message = format!("another backup to `{}` is under way: wait for it", to.database.display());
            Error::new(ErrorKind::Unavailable, message)
        };
        if let Ok(left) = File::open(path) {
            left.try_lock().map_err(|_| in_use())?;
            // What a backup that was cut off has left.
            fs::remove_file(path).map_err(|cause| unusable(path, &cause))?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        private(&mut options);
        let file = options.open(path).map_err(|cause| match cause.kind() {
            Io::AlreadyExists => in_use(),
            _ => unusable(path, &cause),
        })?;
        // Should another one have removed it before it was locked, that one's file is another.
        file.try_lock().map_err(|_| in_use())?;
        Ok(Self { at, file, is_placed: false })
    }

    /// Gives the file its name, once it is on disk.
    fn take_place(mut self, to: &Location, replace: bool) -> Result<()> {
        let path = &to.database;
        self.file.sync_all().map_err(|cause| unusable(&self.at.database, &cause))?;
        if replace {
            fs::rename(&self.at.database, path).map_err(|cause| unusable(path, &cause))?;
        } else {
            rename_to_new(&self.at.database, path).map_err(|cause| match cause.kind() {
                Io::AlreadyExists => taken(to),
                _ => unusable(path, &cause),
            })?;
        }
        self.is_placed = true;
        sync_directory(&to.directory).map_err(|cause| unusable(&to.directory, &cause))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_placed {
            for suffix in ["", "-journal", "-wal"] {
                // What cannot be removed is removed by the next backup to this name.
                let _ = fs::remove_file(self.at.beside(suffix));
            }
        }
    }
}

/// Renames, unless the new name is taken.
fn rename_to_new(from: &Path, to: &Path) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // A file system without this kind of rename.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {}
            done => return done.map_err(Into::into),
        }
    }
    fs::hard_link(from, to)?;
    fs::remove_file(from)
}

/// Copies all pages as they are at one moment, and makes sure that the copy can be read.
fn copy(store: &Location, partial: &Partial, now: Timestamp, cancel: &Cancel, between: &dyn Fn()) -> Result<()> {
    let of_store = |cause: rusqlite::Error| storage_error(&cause, &store.database);
    let of_copy = |fault: Fault| fault.into_error(&partial.at.database);
    let source = connect_reader(&store.database).map_err(of_store)?;
    source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema").map_err(of_store)?;
    {
        let mut copy = connect_copy(&partial.at.database).map_err(|cause| of_copy(cause.into()))?;
        copy_pages(&source, &mut copy, cancel, between).map_err(of_copy)?;
    }
    // From here on what is written meanwhile is moved into the store's file again.
    drop(source);
    let mut copy = connect_copy(&partial.at.database).map_err(|cause| of_copy(cause.into()))?;
    interruptible(&mut copy, cancel, |copy| finish(copy, now)).map_err(of_copy)?;
    copy.close().map_err(|(_, cause)| of_copy(cause.into()))
}

/// A connection to a file that nobody else knows: it needs no locks, which some network disks do not have, and no syncs
/// before the last one.
fn connect_copy(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = if cfg!(unix) {
        Connection::open_with_flags_and_vfs(path, flags, c"unix-none")?
    } else {
        Connection::open_with_flags(path, flags)?
    };
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    Ok(connection)
}

fn copy_pages(source: &Connection, copy: &mut Connection, cancel: &Cancel, between: &dyn Fn()) -> Result<(), Fault> {
    let backup = Backup::new(source, copy)?;
    loop {
        between();
        cancel.check()?;
        match backup.step(PAGES_PER_STEP)? {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            // Nobody else has the copy, and the source is in a transaction of its own.
            _ => return Err(Error::new(ErrorKind::Unavailable, "the store is busy: try the backup again").into()),
        }
    }
}

/// Makes it one file without a WAL, which can be read from read-only media; notes when it was taken; reads all of it.
fn finish(copy: &Connection, now: Timestamp) -> Result<(), Fault> {
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    copy.execute(sql!("backup_taken"), [now])?;
    let said: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if said == "ok" {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Storage,
        format!("the store is damaged ({said}), so no backup of it was kept: see what check_integrity says"),
    )
    .into())
}
