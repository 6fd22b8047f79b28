//! Files that are not opened: each a clear error of the right kind, and the file and its folder stay as they were.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tieback::error::{Error, ErrorKind};
use tieback::store::Registry;
use tieback::store::sqlite::SqliteStore;

use crate::given::*;

/// Every file in a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

/// Opens what must be refused; gives the error once nothing in the folder has changed.
#[track_caller]
fn refused_untouched(path: &Path, kind: ErrorKind) -> Error {
    let folder = path.parent().unwrap();
    let before = contents(folder);
    let error = SqliteStore::open(path).expect_err("this is refused");
    assert_eq!(error.kind(), kind, "{error}");
    let after = contents(folder);
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert!(before == after, "a refused file has changed");
    error
}

#[track_caller]
fn says(error: &Error, words: &[&str]) {
    for word in words {
        assert!(error.message().contains(word), "`{}` does not say `{word}`", error.message());
    }
}

/// A closed store with `events` events.
fn closed_store(events: i64) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let store = SqliteStore::open(&path).unwrap();
    let hook = rfi_hook(&store, "acme");
    queue(&store, hook, 1..=events);
    drop(store);
    assert_eq!(contents(folder.path()).len(), 1, "a closed store is one file");
    (folder, path)
}

#[test]
fn a_path_that_names_no_file_is_an_invalid_argument() {
    for path in ["", ":memory:", "file:hooks.db", "file::memory:?cache=shared"] {
        let error = SqliteStore::open(Path::new(path)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        assert!(!Path::new(path).exists());
    }
}

#[test]
fn a_folder_or_a_missing_folder_is_a_storage_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("folder.db")).unwrap();
    let error = refused_untouched(&folder.path().join("folder.db"), ErrorKind::Storage);
    says(&error, &["is not a file"]);
    let error = SqliteStore::open(&folder.path().join("no/hooks.db")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    says(&error, &["is not there", "create"]);
}

#[test]
fn what_is_not_a_database_is_refused() {
    for bytes in [&b"id,name\n1,acme\n"[..], &[0; 5000], &[0xFF; 100], b"SQLite format 2\0 and so on"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        fs::write(&path, bytes).unwrap();
        let error = refused_untouched(&path, ErrorKind::Storage);
        says(&error, &["list.csv", "not a database"]);
    }
}

#[test]
fn another_programs_database_is_refused() {
    for mode in ["DELETE", "WAL"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let theirs = rusqlite::Connection::open(&path).unwrap();
        theirs.pragma_update(None, "journal_mode", mode).unwrap();
        theirs.execute_batch("CREATE TABLE hook (id INTEGER PRIMARY KEY); INSERT INTO hook VALUES (1)").unwrap();
        drop(theirs);
        let error = refused_untouched(&path, ErrorKind::Storage);
        says(&error, &["ledger.db", "another program"]);
    }
}

#[test]
fn what_another_program_left_in_its_wal_stays_there() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made.db");
    let theirs = rusqlite::Connection::open(&made).unwrap();
    theirs.pragma_update(None, "journal_mode", "WAL").unwrap();
    theirs.execute_batch("CREATE TABLE ledger (id INTEGER PRIMARY KEY); INSERT INTO ledger VALUES (1)").unwrap();
    // As after a crash: a copy of the file with the WAL that had not been moved into it.
    let crashed = tempfile::tempdir().unwrap();
    let path = crashed.path().join("ledger.db");
    fs::copy(&made, &path).unwrap();
    fs::copy(folder.path().join("made.db-wal"), crashed.path().join("ledger.db-wal")).unwrap();
    let before = contents(crashed.path());

    let error = SqliteStore::open(&path).unwrap_err();
    says(&error, &["another program"]);
    let after = contents(crashed.path());
    for (path, bytes) in before {
        assert!(bytes.len() > 1000, "{} has something to lose", path.display());
        assert!(after[&path] == bytes, "{} has changed", path.display());
    }
}

#[test]
fn a_store_of_a_newer_tieback_is_refused_and_says_which() {
    let (_folder, path) = closed_store(3);
    let later = rusqlite::Connection::open(&path).unwrap();
    later.execute_batch("UPDATE store SET tieback_version = '9.8.7'; PRAGMA user_version = 99").unwrap();
    later.close().unwrap();
    let error = refused_untouched(&path, ErrorKind::Storage);
    says(&error, &["tieback 9.8.7", "schema 99", "upgrade tieback"]);

    let later = rusqlite::Connection::open(&path).unwrap();
    later.execute_batch("PRAGMA foreign_keys = OFF; DROP TABLE store").unwrap();
    later.close().unwrap();
    says(&refused_untouched(&path, ErrorKind::Storage), &["a newer tieback", "upgrade tieback"]);
}

#[test]
fn a_store_that_was_cut_short_is_refused() {
    let (_folder, path) = closed_store(50);
    let whole = fs::read(&path).unwrap();
    assert!(whole.len() > 10 * 4096);
    for length in [whole.len() - 1, whole.len() - 4096, whole.len() / 2, 4096, 100] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = refused_untouched(&path, ErrorKind::Storage);
        says(&error, &["cut short", "backup"]);
    }
    fs::write(&path, &whole[..10]).unwrap();
    says(&refused_untouched(&path, ErrorKind::Storage), &["not a database"]);
    fs::write(&path, &whole).unwrap();
    SqliteStore::open(&path).expect("the whole file is a store again");
}

#[test]
fn a_store_whose_tables_are_damaged_is_refused() {
    let (_folder, path) = closed_store(50);
    let mut bytes = fs::read(&path).unwrap();
    bytes[2 * 4096..].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    says(&refused_untouched(&path, ErrorKind::Storage), &["damaged", "backup"]);

    let (_folder, path) = closed_store(1);
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA foreign_keys = OFF; DROP TABLE attempt").unwrap();
    other.close().unwrap();
    says(&refused_untouched(&path, ErrorKind::Storage), &["no table `attempt`", "backup"]);
}

#[test]
fn changes_without_their_store_are_not_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    fs::write(folder.path().join("hooks.db-wal"), [7; 5000]).unwrap();
    says(&refused_untouched(&path, ErrorKind::Storage), &["-wal"]);
    fs::write(&path, []).unwrap();
    says(&refused_untouched(&path, ErrorKind::Storage), &["-wal"]);
}

/// A crash while a store was being made leaves an empty file, or a database in which nothing is.
#[test]
fn a_store_whose_making_was_cut_off_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.db");
    fs::write(&empty, []).unwrap();
    rfi_hook(&SqliteStore::open(&empty).unwrap(), "acme");

    let blank = folder.path().join("blank.db");
    let connection = rusqlite::Connection::open(&blank).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.close().unwrap();
    assert!(fs::metadata(&blank).unwrap().len() > 0);
    rfi_hook(&SqliteStore::open(&blank).unwrap(), "acme");
}

#[test]
fn a_row_that_another_program_changed_is_an_error_without_its_values() {
    let (_folder, path) = closed_store(1);
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("UPDATE hook SET destination_headers = 'Bearer s3cret'").unwrap();
    other.close().unwrap();
    let store = SqliteStore::open(&path).expect("one bad row does not close the store");
    let error = store.hook(&company(), tieback::types::HookId(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    for shown in [error.to_string(), format!("{error:?}")] {
        assert!(!shown.contains("s3cret") && !shown.contains("SELECT"), "{shown}");
    }
}
