//! Restoring: a store is made from a backup beside the place where it is to be, and takes that place when it is whole.
//!
//! ```text
//!   hooks.db-restoring   being made: copied, checked, brought to the present schema. Whoever finds it removes it
//!   hooks.db-restored    whole and on disk. Whoever finds it puts it in its place: nothing goes back from here
//!   hooks.db-replaced    the store that was there before, with its -wal if it had changes there
//! ```
//!
//! So a crash at any moment leaves either what was there, or what the next opening makes of it: the backup's content.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind as Io, copy};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use super::fault::Fault;
use super::integrity;
use super::location::{Location, unusable};
use super::lock::{is_held, private};
use super::open::{alone, connect, refuse_truncated, sync_directory};
use super::schema::{self, Content};
use super::stats::restored_lanes;
use crate::error::{Error, ErrorKind, Result};
use crate::time::Timestamp;
use crate::types::{EventId, Restored};

const RESTORING: &str = "-restoring";
const RESTORED: &str = "-restored";
const REPLACED: &str = "-replaced";

/// What a store that was lost may have been ahead of this machine's clock.
const AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// Makes a store at `path` from a backup.
pub fn restore(backup: &Path, path: &Path, replace: bool, now: Timestamp) -> Result<Restored> {
    let backup = Location::of_file(backup)?;
    let location = Location::find(path)?;
    if backup.database == location.database {
        return Err(Error::invalid(format!(
            "`{}` cannot be restored from itself: name a backup of it",
            path.display()
        )));
    }
    check_backup(&backup)?;
    let _lock = alone(&location)?;
    restore_locked(&backup, &location, replace, now)
}

/// Refuses what is no backup before it is opened: opening and closing the file of an open store would drop SQLite's
/// locks on it.
fn check_backup(backup: &Location) -> Result<()> {
    let shown = backup.database.display();
    if is_held(backup) {
        let message = format!("`{shown}` is a store that an engine has open: make a backup of it, and restore that");
        return Err(Error::new(ErrorKind::Unavailable, message));
    }
    if Location::length_of(&backup.beside("-wal"))? > 0 {
        return Err(Error::new(
            ErrorKind::Storage,
            format!(
                "`{shown}` has changes beside it in a -wal file, so it is a store that was not closed: open and close \
                 it once, or restore a backup"
            ),
        ));
    }
    Ok(())
}

fn restore_locked(backup: &Location, location: &Location, replace: bool, now: Timestamp) -> Result<Restored> {
    complete(location)?;
    let is_there = check_place(location, replace)?;
    let restored = make(backup, location, now).and_then(|restored| {
        rename(location, RESTORING, RESTORED)?;
        Ok(restored)
    });
    if restored.is_err() {
        clear(location);
    }
    let restored = restored?;
    complete(location)?;
    Ok(Restored { replaced: is_there.then(|| location.beside(REPLACED)), ..restored })
}

/// Whether a store is there, and may be moved aside.
fn check_place(location: &Location, replace: bool) -> Result<bool> {
    let is_there = location.database.exists() || Location::length_of(&location.beside("-wal"))? > 0;
    let conflict = |message: String| Err(Error::new(ErrorKind::Conflict, message));
    let shown = location.database.display();
    if is_there && !replace {
        return conflict(format!(
            "the store `{shown}` is there already: restore to another path, or say that it is to be replaced; then it \
             is moved aside"
        ));
    }
    let aside = location.beside(REPLACED);
    if is_there && aside.exists() {
        return conflict(format!(
            "`{}`, the store that an earlier restore has moved aside, is still there: remove it, or move it away",
            aside.display()
        ));
    }
    Ok(is_there)
}

/// Makes the store that is to take the place.
fn make(backup: &Location, location: &Location, now: Timestamp) -> Result<Restored> {
    clear(location);
    let making = location.beside(RESTORING);
    copy_file(&backup.database, &making)?;
    let shown = |fault: Fault| fault.into_error(&backup.database);
    let mut connection = connect(&making).map_err(|cause| shown(cause.into()))?;
    let restored = prepare(&mut connection, backup, location, now).map_err(shown)?;
    connection.close().map_err(|(_, cause)| shown(cause.into()))?;
    let synced = File::open(&making).and_then(|file| file.sync_all());
    synced.map_err(|cause| unusable(&making, &cause))?;
    Ok(restored)
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let mut source = File::open(from).map_err(|cause| match cause.kind() {
        Io::NotFound => Error::new(ErrorKind::Storage, format!("the backup `{}` is not there", from.display())),
        _ => unusable(from, &cause),
    })?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    let mut target = options.open(to).map_err(|cause| unusable(to, &cause))?;
    copy(&mut source, &mut target).map_err(|cause| unusable(to, &cause))?;
    target.sync_all().map_err(|cause| unusable(to, &cause))
}

/// Checks the copy, brings it to the present schema, and makes it a store that comes after the one that was lost.
fn prepare(
    connection: &mut Connection,
    backup: &Location,
    location: &Location,
    now: Timestamp,
) -> Result<Restored, Fault> {
    let path = &backup.database;
    if schema::inspect(connection, path)? == Content::Blank {
        return Err(refused(backup, "has nothing in it"));
    }
    refuse_truncated(connection, backup)?;
    // The file of a closed store says that it wants a WAL; a copy that is to be moved must not have one.
    connection.pragma_update(None, "journal_mode", "DELETE")?;
    schema::migrate(connection, path)?;
    // Whether sealed secrets can be read is seen when the store is opened with its keys.
    let report = integrity::check(connection, false, None)?;
    if let Some(first) = report.findings.first() {
        let more = report.findings.len() - 1;
        return Err(refused(backup, &format!("is damaged: {}, and {more} more findings", first.message)));
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let backed_up_at: Option<Timestamp> = transaction.query_row(sql!("backup_taken_at"), [], |row| row.get(0))?;
    let first = id_beyond_all(&transaction, location, now.max(backed_up_at.unwrap_or(now)))?;
    transaction.execute(sql!("restore_ids"), [first])?;
    transaction.execute(sql!("restore_first_ids"), [first])?;
    transaction.execute(sql!("restore_event_ids"), [first])?;
    transaction.execute_batch(sql!("restore_marks"))?;
    let lanes = restored_lanes(&transaction)?;
    transaction.commit()?;
    let queued = lanes.iter().map(|lane| lane.queued).sum();
    Ok(Restored { backed_up_at, queued, lanes, replaced: None })
}

/// An id beyond every one that the lost store can have given out, to hooks, triggers, deliveries and events.
///
/// Receivers and callers have kept ids from the time between the backup and the loss, and the backup does not know how
/// far they went; nor is counting on by a fixed step enough, since the same backup can be restored twice. But the time
/// in microseconds, which made event ids are anyway, is beyond them all: ids that are counted from 1 do not come near
/// it, and those that are counted from an earlier restore began at the time of that one and grow by less than one a
/// microsecond. A day is added, for a clock that was ahead then and is right now. Where the lost store can still be
/// read, what it has given out is known and counts too.
fn id_beyond_all(backup: &Connection, location: &Location, now: Timestamp) -> Result<i64, Fault> {
    let from_clock = now.plus(AHEAD).as_micros();
    let known: i64 = backup.query_row(sql!("ids_given_out"), [], |row| row.get(0))?;
    let lost = ids_of_lost_store(location).unwrap_or(0);
    let first = from_clock.max(known).max(lost);
    // Half of what is left stays for the store's own life.
    if first > EventId::LAST / 2 {
        let message = "this machine's clock, or an id of the backup, is so far ahead that no ids would be left: set \
            the clock right";
        return Err(Error::new(ErrorKind::Storage, message).into());
    }
    Ok(first)
}

/// The largest id that the store in this place has given out, if it says so.
fn ids_of_lost_store(location: &Location) -> Option<i64> {
    if !location.database.exists() {
        return None;
    }
    let lost = connect(&location.database).ok()?;
    // It is to be moved aside as it is, with its WAL.
    lost.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).ok()?;
    lost.query_row(sql!("ids_given_out"), [], |row| row.get(0)).ok()
}

/// Whether a restore was cut off when its store was whole.
pub fn is_pending(location: &Location) -> bool {
    location.beside(RESTORED).exists()
}

/// Ends a restore that was cut off: puts a store that is whole in its place, and the one that is there aside. Called
/// by whoever has the store alone, whenever it is opened.
pub fn complete(location: &Location) -> Result<()> {
    if !is_pending(location) {
        return Ok(());
    }
    let aside = location.beside(REPLACED);
    if location.database.exists() {
        if aside.exists() {
            return Err(Error::new(
                ErrorKind::Storage,
                format!(
                    "the store `{}` was restored, but `{}` is in the way of the one before: move it away",
                    location.database.display(),
                    aside.display()
                ),
            ));
        }
        rename(location, "", REPLACED)?;
    }
    for suffix in ["-wal", "-journal"] {
        if Location::length_of(&location.beside(suffix))? > 0 {
            rename(location, suffix, &format!("{REPLACED}{suffix}"))?;
        } else {
            remove(location, suffix)?;
        }
    }
    remove(location, "-shm")?;
    // Before the next rename can be on disk, what would be read together with the new file has to be away from it.
    sync_directory(&location.directory).map_err(|cause| unusable(&location.directory, &cause))?;
    rename(location, RESTORED, "")?;
    sync_directory(&location.directory).map_err(|cause| unusable(&location.directory, &cause))
}

/// Removes what a restore that did not end has left.
fn clear(location: &Location) {
    for suffix in ["", "-journal", "-wal", "-shm"] {
        // What cannot be removed is in the way of the next restore, which says so.
        let _ = fs::remove_file(location.beside(&format!("{RESTORING}{suffix}")));
    }
}

fn rename(location: &Location, from: &str, to: &str) -> Result<()> {
    let (from, to) = (location.beside(from), location.beside(to));
    fs::rename(&from, &to).map_err(|cause| unusable(&from, &cause))?;
    sync_directory(&location.directory).map_err(|cause| unusable(&location.directory, &cause))
}

fn remove(location: &Location, suffix: &str) -> Result<()> {
    let path = location.beside(suffix);
    match fs::remove_file(&path) {
        Err(cause) if cause.kind() != Io::NotFound => Err(unusable(&path, &cause)),
        _ => Ok(()),
    }
}

fn refused(backup: &Location, why: &str) -> Fault {
    let message = format!("the backup `{}` {why}: restore another one", backup.database.display());
    Fault::Refused(Error::new(ErrorKind::Storage, message))
}
