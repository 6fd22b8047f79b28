//! Opening: everything that is checked before a file is used, and how connections to it are set up.
//!
//! Until the file is known to be a store of ours nothing is written to it.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind as Io;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::fault::{Fault, storage_error};
use super::location::{Location, unusable};
use super::lock::{StoreLock, private};
use super::modes::tighten;
use super::restore;
use super::schema;
use super::seal::{Seals, bring_to_present, check_keys, is_present};
use crate::error::{Error, ErrorKind, Result};

/// How many times a statement tries again while another process writes, or another program (`sqlite3`, a backup) holds
/// the file: some 5 s.
const BUSY_TRIES: i32 = 5_000;

/// Between two tries. SQLite's own waits grow to 100 ms, and so would rarely meet the moment between two commits of a
/// process that writes all the time.
const BUSY_WAIT: Duration = Duration::from_millis(1);

/// A store's file, open and up to date.
pub struct Opened {
    /// The one connection that writes.
    pub writer: Connection,
    /// Where it is.
    pub location: Location,
    /// What keeps away those who want it alone.
    pub lock: StoreLock,
}

/// How long an opening waits for others: for one that makes the file or brings it up to date, or for all to close when
/// it has to do so itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Opens the store at `path`; makes it when it is not there.
pub fn open(path: &Path, seals: &Seals) -> Result<Opened> {
    let location = Location::find(path)?;
    let began = Instant::now();
    loop {
        if !restore::is_pending(&location)
            && is_there(&location)?
            && let Some(lock) = StoreLock::share(&location)?
            && let Some(writer) = open_file(&location, seals).map_err(|fault| fault.into_error(&location.database))?
        {
            return Ok(Opened { writer, location, lock });
        }
        // Whoever makes a file, changes its schema or its keys, or ends a restore, has it alone. If it was another, it
        // is found done: so both are tried in turn.
        match StoreLock::alone(&location)? {
            Some(_lock) => {
                restore::complete(&location)?;
                make(&location, seals)?;
            }
            None if began.elapsed() < PATIENCE => std::thread::sleep(LOOK_AGAIN),
            None => return Err(taken(&location)),
        }
    }
}

/// Has a store alone, once whoever is about to close it has.
pub fn alone(location: &Location) -> Result<StoreLock> {
    let began = Instant::now();
    loop {
        match StoreLock::alone(location)? {
            Some(lock) => return Ok(lock),
            None if began.elapsed() < PATIENCE => std::thread::sleep(LOOK_AGAIN),
            None => return Err(taken(location)),
        }
    }
}

fn taken(location: &Location) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!(
            "the store `{}` is open in another tieback engine, and one of the two needs it alone, to bring it up to \
             date or to replace it: close the other engines, or try again later",
            location.database.display()
        ),
    )
}

fn is_there(location: &Location) -> Result<bool> {
    Ok(Location::length_of(&location.database)? > 0)
}

/// Makes the file, or brings an older one up to date, in schema and in keys.
fn make(location: &Location, seals: &Seals) -> Result<()> {
    let made = make_file(location)?;
    let opened = bring_up(location, seals).map_err(|fault| fault.into_error(&location.database));
    if opened.is_err() && made {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            // What cannot be removed is empty, and the next opening takes it for new.
            let _ = fs::remove_file(location.beside(suffix));
        }
    }
    opened
}

/// Makes the file when it is not there, for this user alone, before SQLite sees it; `-wal` and `-shm` take its mode.
fn make_file(location: &Location) -> Result<bool> {
    let database = &location.database;
    if Location::length_of(database)? == 0 && Location::length_of(&location.beside("-wal"))? > 0 {
        return Err(Error::new(
            ErrorKind::Storage,
            format!(
                "the store `{}` is missing or empty, but its -wal file has changes for it: restore the store from a \
                 backup, or move the -wal file away",
                database.display()
            ),
        ));
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    match options.open(database) {
        Ok(file) => file.sync_all().map_err(|cause| unusable(database, &cause))?,
        Err(cause) if cause.kind() == Io::AlreadyExists => return Ok(false),
        Err(cause) => return Err(unusable(database, &cause)),
    }
    sync_directory(&location.directory).map_err(|cause| unusable(&location.directory, &cause))?;
    Ok(true)
}

/// A new name is durable once its directory is.
pub fn sync_directory(directory: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

fn bring_up(location: &Location, seals: &Seals) -> Result<(), Fault> {
    let mut connection = connect_checked(location, seals)?.0;
    schema::migrate(&mut connection, &location.database)?;
    refuse_other_journal(location)?;
    // Alone: an engine that has other keys could not read what it gets to see then.
    bring_to_present(&mut connection, seals, &location.database)
}

/// Opens a file that is there; `None` when it is to be brought up to date first.
fn open_file(location: &Location, seals: &Seals) -> Result<Option<Connection>, Fault> {
    let (connection, content) = connect_checked(location, seals)?;
    if content != schema::Content::NEWEST || !is_present(&connection, seals)? {
        return Ok(None);
    }
    schema::check_structure(&connection, &location.database)?;
    refuse_other_journal(location)?;
    Ok(Some(connection))
}

/// A connection to a file that is a store of ours, or blank, set up to write. Says what it found.
fn connect_checked(location: &Location, seals: &Seals) -> Result<(Connection, schema::Content), Fault> {
    let path = &location.database;
    let has_wal = Location::length_of(&location.beside("-wal"))? > 0;
    let connection = connect(path)?;
    // Closing would move what another program left in its WAL into its file; a refused file stays as it is.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_wal)?;
    if connection.is_readonly(MAIN_DB)? {
        return Err(read_only(path));
    }
    let content = schema::inspect(&connection, path)?;
    if content != schema::Content::Blank && !has_wal {
        refuse_truncated(&connection, location)?;
    }
    check_keys(&connection, seals.keys(), path)?;
    tighten(location)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;

    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(no_wal(path));
    }
    connection.pragma_update(None, "cache_size", -16 * 1024)?;
    // 16 MiB of WAL between checkpoints: a page that changes often is moved into the file once, not every time.
    connection.pragma_update(None, "wal_autocheckpoint", 4096)?;
    // A WAL that grew while a reader held it back does not stay large for ever.
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    Ok((connection, content))
}

/// SQLite says `wal` also when an error of the disk has just kept it from changing the file's mode, and goes on with a
/// rollback journal: readers and the writer would be in each other's way. Whether there is a WAL is seen by its file.
fn refuse_other_journal(location: &Location) -> Result<(), Fault> {
    if location.beside("-wal").exists() { Ok(()) } else { Err(no_wal(&location.database)) }
}

fn no_wal(path: &Path) -> Fault {
    let path = path.display();
    let message = format!("SQLite cannot keep a WAL beside the store `{path}`: check the disk, or use another one");
    Fault::Refused(Error::new(ErrorKind::Storage, message))
}

/// A connection with the settings that are the connection's own. It changes nothing in the file.
pub fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // No SQLITE_OPEN_URI: a path is a path. No SQLITE_OPEN_CREATE: the file is made with its mode before.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_handler(Some(|tried| {
        std::thread::sleep(BUSY_WAIT);
        tried < BUSY_TRIES
    }))?;
    connection.set_prepared_statement_cache_capacity(64);
    // One plan per statement, whatever is bound: otherwise SQLite plans anew for each new value, which costs more than
    // the statement itself.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// A connection that only reads.
pub fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// A file that was cut short behind its first page. While the WAL has changes its end is not known; then SQLite notices
/// when it reads what is missing.
pub fn refuse_truncated(connection: &Connection, location: &Location) -> Result<(), Fault> {
    let path = &location.database;
    let pages: u64 = pragma_number(connection, "page_count")?;
    let page_size: u64 = pragma_number(connection, "page_size")?;
    let length = Location::length_of(path)?;
    // Another process may have begun a WAL since.
    if length >= pages.saturating_mul(page_size) || Location::length_of(&location.beside("-wal"))? > 0 {
        return Ok(());
    }
    Err(Fault::Refused(Error::new(
        ErrorKind::Storage,
        format!(
            "the store `{}` is cut short: it has {length} bytes of {}; restore it from a backup",
            path.display(),
            pages.saturating_mul(page_size)
        ),
    )))
}

fn pragma_number(connection: &Connection, name: &str) -> rusqlite::Result<u64> {
    let number: i64 = connection.pragma_query_value(None, name, |row| row.get(0))?;
    Ok(number.unsigned_abs())
}

fn read_only(path: &Path) -> Fault {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
    Fault::Refused(storage_error(&rusqlite::Error::SqliteFailure(code, None), path))
}
