//! The end of the process at each call that a backup, a restore or a migration makes: what is found afterwards is
//! whole, the one or the other.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tieback::store::sqlite::SqliteStore;
use tieback::store::{Registry, Upkeep};
use tieback::types::HookId;

use crate::control::{CUT, Control, NAME, SIGKILL, SYNC, WRITE, on_shim};
use crate::given::*;
use crate::optional;

const FOLDER: &str = "TIEBACK_TEST_KILL_FOLDER";
const ROLE: &str = "TIEBACK_TEST_KILL_ROLE";

/// Not a claim: what is killed. Without its variables it does nothing.
#[test]
fn a_process_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let (store, backup) = (folder.join("hooks.db"), folder.join("backup.db"));
    match &*std::env::var(ROLE).expect("the parent sets it") {
        "backup" => SqliteStore::open(&store).unwrap().backup(&backup, false, at(10), &|| Ok(())).unwrap(),
        "restore" => drop(SqliteStore::restore(&backup, &store, true, at(20)).unwrap()),
        "open" => drop(SqliteStore::open(&store).unwrap()),
        role => panic!("no such role: {role}"),
    }
}

/// Has the work done and killed at each of its calls; `make` makes a place for it, `look` looks at what is left.
fn killed_everywhere(role: &str, make: impl Fn(&Path), look: impl Fn(&Path)) {
    if !optional::has("cc", "the proof that a backup, a restore and a migration can be killed at any moment") {
        return;
    }
    for pass in 0.. {
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
            return;
        }
        assert_eq!(output.status.signal(), Some(9), "{role}, call {pass}: {}\n{out}\n{err}", output.status);
        look(folder.path());
    }
}

/// A closed store with this many events.
fn store_of(path: &Path, events: i64) {
    let store = SqliteStore::open(path).unwrap();
    let hook = rfi_hook(&store, "acme");
    queue(&store, hook, 1..=events);
}

/// How many deliveries are in a store, which must be sound.
fn deliveries(path: &Path) -> usize {
    let store = SqliteStore::open(path).unwrap_or_else(|error| panic!("{error}"));
    let report = store.check_integrity(false).unwrap();
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
                let store = SqliteStore::open(&folder.join("hooks.db")).unwrap();
                store.backup(&backup, false, at(10), &|| Ok(())).unwrap();
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
    let (old, new) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    killed_everywhere(
        "restore",
        |folder| {
            let apart = tempfile::tempdir().unwrap();
            let path = apart.path().join("hooks.db");
            let store = SqliteStore::open(&path).unwrap();
            let hook = rfi_hook(&store, "acme");
            queue(&store, hook, 1..=4);
            store.backup(&folder.join("backup.db"), false, at(10), &|| Ok(())).unwrap();
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
            let restored = SqliteStore::open(&path).unwrap().restored_lanes().unwrap();
            assert_eq!(restored.iter().map(|lane| lane.queued).sum::<u64>(), if is_old { 0 } else { 4 });
            assert!(!folder.join("hooks.db-restored").exists());
            if is_old {
                old.set(old.get() + 1);
                SqliteStore::restore(&folder.join("backup.db"), &path, true, at(30)).expect("it can be done again");
                assert_eq!(deliveries(&path), 4);
            } else {
                new.set(new.get() + 1);
            }
            assert!(!folder.join("hooks.db-restoring").exists());
            assert_eq!(deliveries(&folder.join("hooks.db-replaced")), 9, "the old store is kept, with its WAL");
            assert_eq!(fs::metadata(folder.join("backup.db")).map(|found| found.len() > 0).ok(), Some(true));
        },
    );
    assert!(optional::has("cc", "kills") && old.get() > 5 && new.get() > 2 || old.get() == 0, "{old:?} {new:?}");
}

/// From the first schema, so through all migrations.
#[test]
fn a_migration_that_is_killed_leaves_the_earlier_schema_or_the_newest() {
    let (earlier, newest) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let version = |path: &Path| -> i64 {
        let file = Connection::open(path).unwrap();
        file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    killed_everywhere(
        "open",
        |folder| crate::schemas::written_by_the_first(&folder.join("hooks.db")),
        |folder| {
            let path = folder.join("hooks.db");
            // A look by other means, and so at what SQLite itself makes of the file after the kill.
            let found = version(&path);
            assert!(found == 1 || found == crate::schemas::newest(), "half a migration: schema {found}");
            if found == 1 { &earlier } else { &newest }.set(1);
            assert_eq!(deliveries(&path), 3);
            let hook = SqliteStore::open(&path).unwrap().hook(&company(), HookId(1)).unwrap();
            assert_eq!(hook.trigger_count, Some(1));
            assert_eq!(version(&path), crate::schemas::newest());
        },
    );
    let _ = (earlier, newest);
}
