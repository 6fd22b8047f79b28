//! The files of a store are for this user alone, whatever they were before. What needs another umask or another user is
//! in `tests/store_process`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tieback::store::Registry;
use tieback::store::sqlite::SqliteStore;
use tieback::types::HookId;

use crate::given::*;
use crate::reopened;

const SUFFIXES: [&str; 4] = ["", "-wal", "-shm", "-lock"];

fn file(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

#[track_caller]
fn are_private(path: &Path) {
    for suffix in SUFFIXES {
        let file = file(path, suffix);
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
}

/// Opened, written and read.
fn used(path: &Path) -> SqliteStore {
    let store = reopened(|| SqliteStore::open(path)).unwrap();
    let hook = HookId(1);
    if store.hook(&company(), hook).is_err() {
        rfi_hook(&store, "acme");
    }
    let number = 1 + listed(&store, hook).len() as i64;
    queue(&store, hook, [number]);
    store
}

#[test]
fn files_that_were_opened_to_others_are_closed_to_them_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    drop(used(&path));
    // As a process that was killed leaves it.
    fs::write(file(&path, "-lock"), "").unwrap();
    for suffix in ["", "-lock"] {
        fs::set_permissions(file(&path, suffix), Permissions::from_mode(0o666)).unwrap();
    }
    let store = used(&path);
    are_private(&path);
    drop(store);

    // Also a WAL that a process left behind when it was killed.
    let store = used(&path);
    for suffix in ["", "-wal", "-shm"] {
        fs::copy(file(&path, suffix), folder.path().join(format!("left.db{suffix}"))).unwrap();
        let left = folder.path().join(format!("left.db{suffix}"));
        fs::set_permissions(&left, Permissions::from_mode(0o644)).unwrap();
    }
    drop(store);
    let left = folder.path().join("left.db");
    let store = used(&left);
    are_private(&left);
    drop(store);
}

#[test]
fn a_file_of_another_program_keeps_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv");
    fs::write(&path, "id,name\n1,acme\n").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    SqliteStore::open(&path).unwrap_err();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
}
