//! The files of a store are for this user alone, whatever the umask and whatever they were before.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tieback::store::Registry;
use tieback::store::sqlite::SqliteStore;
use tieback::types::HookId;

use crate::given::*;
use crate::optional;

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
    let store = SqliteStore::open(path).unwrap();
    let hook = HookId(1);
    if store.hook(&company(), hook).is_err() {
        rfi_hook(&store, "acme");
    }
    let number = 1 + listed(&store, hook).len() as i64;
    queue(&store, hook, [number]);
    store
}

const STORE: &str = "TIEBACK_TEST_MODES_STORE";

#[test]
fn new_files_are_for_this_user_alone_under_an_umask_that_takes_nothing_away() {
    if let Some(path) = std::env::var_os(STORE) {
        let _open = used(Path::new(&path));
        return are_private(Path::new(&path));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    // An umask is the process's: it needs one of its own.
    let output = Command::new("sh")
        .args(["-c", "umask 0; exec \"$0\" --exact \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg("modes::new_files_are_for_this_user_alone_under_an_umask_that_takes_nothing_away")
        .env(STORE, &path)
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && out.contains("1 passed"), "{out}");
    assert!(path.exists(), "the child opened the store");
}

#[test]
fn files_that_were_opened_to_others_are_closed_to_them_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    drop(used(&path));
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

/// Only root can make another user's file for this test.
#[test]
#[expect(clippy::print_stderr, reason = "whoever runs the test reads it there")]
fn files_of_another_user_that_are_open_to_others_are_refused() {
    if let Some(path) = std::env::var_os(STORE) {
        let error = SqliteStore::open(Path::new(&path)).unwrap_err();
        assert_eq!(error.kind(), tieback::error::ErrorKind::Storage);
        for words in ["mode 666", "chmod go="] {
            assert!(error.message().contains(words), "{error}");
        }
        return;
    }
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if !is_root {
        eprintln!("skipped: another user's store (this user is not root)");
        return;
    }
    if !optional::has("setpriv", "another user's store") {
        return;
    }
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    let path = folder.path().join("hooks.db");
    drop(used(&path));
    for suffix in ["", "-lock"] {
        fs::set_permissions(file(&path, suffix), Permissions::from_mode(0o666)).unwrap();
    }
    let program = folder.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program)
        .args(["--exact", "modes::files_of_another_user_that_are_open_to_others_are_refused"])
        .env(STORE, &path)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && out.contains("1 passed"), "{out}{}", String::from_utf8_lossy(&output.stderr));
}
