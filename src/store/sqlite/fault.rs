//! Why a transaction failed, and the one place where SQLite's errors become tieback's.

use std::path::Path;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::error::{Error, ErrorKind};

/// Why a transaction failed: it was refused, with words for the caller, or SQLite failed.
#[derive(Debug)]
pub enum Fault {
    /// The answer to the caller.
    Refused(Error),
    /// A failure of the file, the disk or the statement.
    Sqlite(rusqlite::Error),
}

impl Fault {
    /// What the caller of the store at `path` is told.
    pub fn into_error(self, path: &Path) -> Error {
        match self {
            Self::Refused(error) => error,
            Self::Sqlite(cause) => storage_error(&cause, path),
        }
    }

    /// SQLite's own error, if it was that.
    pub fn sqlite(&self) -> Option<ffi::Error> {
        match self {
            Self::Sqlite(cause) => cause.sqlite_error().copied(),
            Self::Refused(_) => None,
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Sqlite(cause)
    }
}

/// A row has a value that tieback did not write.
pub fn damaged(what: &str) -> Fault {
    Fault::Refused(Error::new(
        ErrorKind::Storage,
        format!("the store has {what} that tieback cannot read: another program changed it, or it is damaged"),
    ))
}

/// SQLite's error in tieback's words. SQL text and values of rows stay out of it; so does the cause itself, whose own
/// text can hold both.
pub fn storage_error(cause: &rusqlite::Error, path: &Path) -> Error {
    let store = format!("the store `{}`", path.display());
    match cause.sqlite_error() {
        Some(error) => sqlite_error(error, cause, &store),
        None => row_error(cause, &store),
    }
}

fn sqlite_error(error: &ffi::Error, cause: &rusqlite::Error, store: &str) -> Error {
    let number = error.extended_code;
    let storage = |message: String| Error::new(ErrorKind::Storage, message);
    match error.code {
        // Growing the shared-memory file beside the WAL is the one write whose failure has another name.
        ErrorCode::DiskFull | ErrorCode::SystemIoFailure if is_disk_full(error) => storage(format!(
            "the disk of {store} is full: nothing was changed by this call; free some space and make it again"
        )),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => Error::new(
            ErrorKind::Unavailable,
            format!("another program holds {store}: nothing was changed; close it there, or try again later"),
        ),
        ErrorCode::DatabaseCorrupt => storage(format!(
            "{store} is damaged or cut short (SQLite error {number}): restore it from a backup, or move it away with \
             its -wal and -shm files"
        )),
        ErrorCode::NotADatabase => {
            storage(format!("{store} is not a database: name another file, or move this one away"))
        }
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => storage(format!(
            "{store} is read-only: give this user write access to the file, its -wal and -shm files and its directory"
        )),
        ErrorCode::CannotOpen => storage(format!(
            "{store} cannot be opened (SQLite error {number}): check that its directory is there and may be written"
        )),
        ErrorCode::SystemIoFailure => {
            storage(format!("reading or writing {store} failed (SQLite error {number}): check the disk"))
        }
        ErrorCode::ConstraintViolation => storage(format!(
            "{store} refused a row: {}; another program changed it, or this is a defect in tieback",
            constraint(cause)
        )),
        ErrorCode::OutOfMemory => storage(format!("there was not enough memory to use {store}")),
        _ => storage(format!("{store} failed (SQLite error {number})")),
    }
}

fn is_disk_full(error: &ffi::Error) -> bool {
    error.code == ErrorCode::DiskFull || error.extended_code == ffi::SQLITE_IOERR_SHMSIZE
}

/// The constraint's name, which is a sentence of ours, or the column's.
fn constraint(cause: &rusqlite::Error) -> &str {
    match cause {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message,
        _ => "a constraint failed",
    }
}

/// A value in a row is not what the schema promises.
fn row_error(cause: &rusqlite::Error, store: &str) -> Error {
    let what = match cause {
        rusqlite::Error::InvalidColumnType(_, column, _) => format!("its column `{column}` has another type"),
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..) => "a value has a form that it does not know".to_owned(),
        rusqlite::Error::QueryReturnedNoRows => "a row is missing".to_owned(),
        _ => {
            return Error::new(
                ErrorKind::Internal,
                format!("{store} was asked something that it cannot answer: this is a defect in tieback"),
            );
        }
    };
    Error::new(
        ErrorKind::Storage,
        format!(
            "{store} has a row that tieback cannot read ({what}): another program changed it, or it is damaged; \
             restore it from a backup"
        ),
    )
}
