//! The end of the process at each call that a backup, a restore or a migration makes: what is found afterwards is
//! whole, the one or the other.

use std::cell::Cell;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tieback::error::{ErrorKind, Result};
use tieback::store::sqlite::SqliteStore;
use tieback::store::{Registry, Upkeep};
use tieback::time::Cancel;
use tieback::types::{HookId, Restored};

use crate::control::{CUT, Control, NAME, SIGKILL, SYNC, WRITE, on_shim};
use crate::given::*;
use crate::optional;
use crate::support::rig::SOON;

const FOLDER: &str = "TIEBACK_TEST_KILL_FOLDER";
const ROLE: &str = "TIEBACK_TEST_KILL_ROLE";

/// Not a claim: what is killed. Without its variables it does nothing.
#[test]
fn a_process_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let (store, backup) = (folder.join("hooks.db"), folder.join("backup.db"));
    match &*std::env::var(ROLE).expect("the parent sets it") {
        "backup" => open(&store).backup(&backup, false, at(10), &Cancel::new()).unwrap(),
        "restore" => drop(restore(&backup, &store)),
        "open" => drop(open(&store)),
        role => panic!("no such role: {role}"),
    }
}

/// A process that another test has just forked, and that has not begun its program yet, holds this one's locks.
fn patiently<T>(call: impl Fn() -> Result<T>) -> T {
    let deadline = Instant::now() + SOON;
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Unavailable && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(1));
            }
            done => return done.unwrap_or_else(|error| panic!("{error}")),
        }
    }
}

fn open(path: &Path) -> SqliteStore {
    patiently(|| SqliteStore::open(path))
}

fn restore(backup: &Path, path: &Path) -> Restored {
    patiently(|| SqliteStore::restore(backup, path, true, at(20)))
}

/// Has the work done and killed at each of its calls; `make` makes a place for it, `look` looks at what is left. Gives
/// how often it was killed, unless the test is skipped.
fn killed_everywhere(role: &str, make: impl Fn(&Path), look: impl Fn(&Path)) -> Option<i64> {
    if !optional::has("cc", "the proof that a backup, a restore and a migration can be killed at any moment") {
        return None;
    }
    let mut pass = 0;
    loop {
        let (folder, notes) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        make(folder.path());
        let control = Control::make(&notes.path().join("control"));
        control.arm(WRITE | SYNC | CUT | NAME, SIGKILL, pass, 1);
        let output = on_shim("kills::a_process_that_is_killed", folder.path(), notes.path())
            .env(FOLDER, folder.path())
            .env(ROLE, role)
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if control.failed() == 0 {
            assert!(output.status.success() && out.contains("1 passed"), "{role}:\n{out}\n{err}");
            look(folder.path());
            assert!(pass >= 10, "{role}: {pass} kills");
            return Some(pass);
        }
        assert_eq!(output.status.signal(), Some(9), "{role}, call {pass}: {}\n{out}\n{err}", output.status);
        look(folder.path());
        pass += 1;
    }
}

/// A closed store with this many events.
fn store_of(path: &Path, events: i64) {
    let store = open(path);
    let hook = rfi_hook(&store, "acme");
    queue(&store, hook, 1..=events);
}

/// How many deliveries are in a store, which must be sound.
fn deliveries(path: &Path) -> usize {
    let store = open(path);
    let report = store.check_integrity(false, &Cancel::new()).unwrap();
    assert!(report.is_sound(), "{report:?}");
    listed(&store, HookId(1)).len()
}

#[test]
fn a_backup_that_is_killed_is_not_there_or_whole_and_can_be_made_again() {
    killed_everywhere(
        "backup",
        |folder| store_of(&folder.join("hooks.db"), 9),
        |folder| {
            let backup = folder.join("backup.db");
            if !backup.exists() {
                let store = open(&folder.join("hooks.db"));
                store.backup(&backup, false, at(10), &Cancel::new()).unwrap();
            }
            assert!(!folder.join("backup.db-partial").exists());
            assert_eq!(deliveries(&backup), 9);
            assert_eq!(deliveries(&folder.join("hooks.db")), 9);
        },
    );
}

/// The store that is replaced has changes in its WAL alone, as after a crash.
#[test]
fn a_restore_that_is_killed_leaves_the_old_store_or_the_new_one() {
    let (old, new) = (Cell::new(0), Cell::new(0));
    let kills = killed_everywhere(
        "restore",
        |folder| {
            let apart = tempfile::tempdir().unwrap();
            let path = apart.path().join("hooks.db");
            let store = open(&path);
            let hook = rfi_hook(&store, "acme");
            queue(&store, hook, 1..=4);
            store.backup(&folder.join("backup.db"), false, at(10), &Cancel::new()).unwrap();
            queue(&store, hook, 5..=9);
            for name in ["hooks.db", "hooks.db-wal"] {
                fs::copy(apart.path().join(name), folder.join(name)).unwrap();
            }
        },
        |folder| {
            let path = folder.join("hooks.db");
            let is_old = match deliveries(&path) {
                9 => true,
                4 => false,
                other => panic!("neither the old nor the new store: {other} deliveries"),
            };
            let restored = open(&path).restored_lanes().unwrap();
            assert_eq!(restored.iter().map(|lane| lane.queued).sum::<u64>(), if is_old { 0 } else { 4 });
            assert!(!folder.join("hooks.db-restored").exists());
            if is_old {
                old.set(old.get() + 1);
                restore(&folder.join("backup.db"), &path);
                assert_eq!(deliveries(&path), 4);
            } else {
                new.set(new.get() + 1);
            }
            assert!(!folder.join("hooks.db-restoring").exists());
            assert_eq!(deliveries(&folder.join("hooks.db-replaced")), 9, "the old store is kept, with its WAL");
            assert_eq!(fs::metadata(folder.join("backup.db")).map(|found| found.len() > 0).ok(), Some(true));
        },
    );
    // Both are among what the kills left: the new one only from the moment on at which it was whole.
    assert!(kills.is_none() || old.get() >= 5 && new.get() >= 3, "{old:?} old, {new:?} new");
}

/// From the first schema, so through all migrations.
#[test]
fn a_migration_that_is_killed_leaves_the_earlier_schema_or_the_newest() {
    let (earlier, newest) = (Cell::new(0), Cell::new(0));
    let version = |path: &Path| -> i64 {
        let file = Connection::open(path).unwrap();
        file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    let kills = killed_everywhere(
        "open",
        |folder| crate::schemas::written_by_the_first(&folder.join("hooks.db")),
        |folder| {
            let path = folder.join("hooks.db");
            // A look by other means, and so at what SQLite itself makes of the file after the kill.
            let found = version(&path);
            assert!(found == 1 || found == crate::schemas::newest(), "half a migration: schema {found}");
            let seen = if found == 1 { &earlier } else { &newest };
            seen.set(seen.get() + 1);
            assert_eq!(deliveries(&path), 3);
            let hook = open(&path).hook(&company(), HookId(1)).unwrap();
            assert_eq!(hook.trigger_count, Some(1));
            assert_eq!(version(&path), crate::schemas::newest());
        },
    );
    assert!(kills.is_none() || earlier.get() >= 3 && newest.get() >= 3, "{earlier:?} earlier, {newest:?} newest");
}
