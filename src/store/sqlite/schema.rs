//! The schema and its versions: which file is ours, and how an older one is brought up to date.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::fault::Fault;
use crate::error::{Error, ErrorKind};

/// Our mark in the file's header (`PRAGMA application_id`): "tieb" in ASCII.
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"tieb");

/// What brings a file from one version to the next; the version is how many of them a file has had.
const MIGRATIONS: [&str; 5] = [
    include_str!("schema/0001_begin.sql"),
    include_str!("schema/0002_retention.sql"),
    include_str!("schema/0003_queue_length.sql"),
    include_str!("schema/0004_workers.sql"),
    include_str!("schema/0005_sealing.sql"),
];

/// The tables of the newest version.
const TABLES: [(&str, &str); 10] = [
    ("store", "only"),
    ("hook", "id"),
    ("hook_trigger", "id"),
    ("worker", "id"),
    ("lane", "hook_id"),
    ("event", "id"),
    ("payload", "event_id"),
    ("delivery", "id"),
    ("attempt", "id"),
    ("store_key", "number"),
];

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing yet.
    Blank,
    /// A store of ours, in this version.
    Store(usize),
}

impl Content {
    /// A store that needs no migration.
    pub const NEWEST: Self = Self::Store(MIGRATIONS.len());
}

/// Says what is in the file. Reads only.
///
/// # Errors
/// `storage` when it is another program's, or newer than this tieback.
pub fn inspect(connection: &Connection, path: &Path) -> Result<Content, Fault> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == 0 && version == 0 && objects == 0 {
        return Ok(Content::Blank);
    }
    if application != APPLICATION_ID {
        return Err(refused(path, "is an SQLite database of another program: name another file for the store"));
    }
    match usize::try_from(version) {
        Ok(version @ 1..) if version <= MIGRATIONS.len() => Ok(Content::Store(version)),
        Ok(version @ 1..) => {
            let writer = writer(connection).map_or("a newer tieback".to_owned(), |by| format!("tieback {by}"));
            let (this, newest) = (env!("CARGO_PKG_VERSION"), MIGRATIONS.len());
            Err(refused(
                path,
                &format!(
                    "was written by {writer} in schema {version}, and this is tieback {this} with schema {newest}: \
                     upgrade tieback"
                ),
            ))
        }
        _ => Err(refused(path, &format!("has schema version {version}, which no tieback writes: it is damaged"))),
    }
}

/// The version of tieback that last changed the schema, as far as a newer schema still says so.
fn writer(connection: &Connection) -> Option<String> {
    let asked = connection.query_row("SELECT tieback_version FROM store", [], |row| row.get(0)).optional();
    asked.ok().flatten().filter(|version: &String| version.len() <= 32 && !version.contains(char::is_control))
}

/// Brings the file to the newest version, in one transaction.
pub fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Fault> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let done = match inspect(&transaction, path)? {
        Content::Blank => 0,
        Content::Store(version) => version,
    };
    if done < MIGRATIONS.len() {
        for migration in &MIGRATIONS[done..] {
            transaction.execute_batch(migration)?;
        }
        transaction.execute(include_str!("sql/store_written.sql"), [env!("CARGO_PKG_VERSION")])?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    }
    transaction.commit()?;
    Ok(())
}

/// A quick look at the structure, whose cost does not grow with the file: every table is there, and the way to its
/// newest row can be read.
pub fn check_structure(connection: &Connection, path: &Path) -> Result<(), Fault> {
    for (table, key) in TABLES {
        let there: bool = connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1)",
            [table],
            |row| row.get(0),
        )?;
        if !there {
            return Err(refused(path, &format!("has no table `{table}`: it is damaged, restore it from a backup")));
        }
        let _: Option<i64> =
            connection.query_row(&format!("SELECT max({key}) FROM \"{table}\""), [], |row| row.get(0))?;
    }
    Ok(())
}

fn refused(path: &Path, why: &str) -> Fault {
    Fault::Refused(Error::new(ErrorKind::Storage, format!("the store `{}` {why}", path.display())))
}
