//! The files of a store under another umask, and as another user.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tieback::store::sqlite::SqliteStore;

use crate::alone;
use crate::given::*;
use crate::optional;

const SUFFIXES: [&str; 4] = ["", "-wal", "-shm", "-lock"];

fn file(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

/// Opened, written and read.
fn used(path: &Path) -> SqliteStore {
    let store = SqliteStore::open(path).unwrap();
    let hook = rfi_hook(&store, "acme");
    queue(&store, hook, [1]);
    store
}

const STORE: &str = "TIEBACK_TEST_MODES_STORE";

#[test]
fn new_files_are_for_this_user_alone_under_an_umask_that_takes_nothing_away() {
    if let Some(path) = std::env::var_os(STORE) {
        let _open = used(Path::new(&path));
        for suffix in SUFFIXES {
            let mode = fs::metadata(file(Path::new(&path), suffix)).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{suffix}");
        }
        return;
    }
    let _alone = alone();
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
    let _alone = alone();
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    let path = folder.path().join("hooks.db");
    drop(used(&path));
    // As a process that was killed leaves it.
    fs::write(file(&path, "-lock"), "").unwrap();
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
