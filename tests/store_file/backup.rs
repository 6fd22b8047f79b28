//! Backups: whole, private, atomic, and out of the way of those who write.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use tieback::error::{ErrorKind, Result};
use tieback::store::sqlite::SqliteStore;
use tieback::store::{Log, Queue, Upkeep};
use tieback::time::Cancel;

use crate::given::*;

fn backup(store: &SqliteStore, to: &Path) -> Result<()> {
    store.backup(to, false, at(100), &Cancel::new())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

#[test]
fn a_backup_has_everything_in_one_file_for_this_user_alone() {
    let (folder, apart) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SqliteStore::open(&folder.path().join("hooks.db")).unwrap();
    let hook = rfi_hook(&store, "acme");
    queue(&store, hook, 1..=50);
    let to = apart.path().join("backup.db");
    backup(&store, &to).unwrap();
    assert_eq!(names(apart.path()), ["backup.db"]);
    assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    // Version 1 in the header: no WAL, so that it can be read from read-only media.
    assert_eq!(fs::read(&to).unwrap()[18..20], [1, 1]);

    queue(&store, hook, 51..=52);
    let copy = SqliteStore::open(&to).unwrap();
    assert_eq!(queued(&copy, hook), queued(&store, hook)[..50]);
    assert_eq!(listed(&copy, hook), listed(&store, hook)[2..]);
    assert!(copy.check_integrity(false, &Cancel::new()).unwrap().is_sound());
}

/// Whatever was answered before the backup began is in it, and every event is in it whole.
#[test]
fn a_backup_is_of_one_moment_while_events_are_published() {
    let (folder, apart) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SqliteStore::open(&folder.path().join("hooks.db")).unwrap();
    let hook = rfi_hook(&store, "acme");
    rfi_hook(&store, "other");
    let (published, stop) = (AtomicI64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1.. {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                publish(&store, event(number));
                published.store(number, Ordering::SeqCst);
            }
        });
        for round in 0..10 {
            let wanted = 20 * (round + 1);
            while published.load(Ordering::SeqCst) < wanted {
                std::thread::yield_now();
            }
            let before = published.load(Ordering::SeqCst);
            let to = apart.path().join(format!("{round}.db"));
            backup(&store, &to).unwrap();
            let after = published.load(Ordering::SeqCst) + 1;
            let copy = SqliteStore::open(&to).unwrap();
            let kept = copy.stats(at(0)).unwrap().queued as i64;
            assert!((2 * before..=2 * after).contains(&kept) && kept % 2 == 0, "{before} <= {kept} / 2 <= {after}");
            assert!(copy.check_integrity(false, &Cancel::new()).unwrap().is_sound());
            assert_eq!(listed(&copy, hook).len() as i64, kept / 2);
        }
        stop.store(true, Ordering::SeqCst);
    });
}

/// A writer inside the copying: it is not kept out, and what it writes is not in the copy.
#[test]
fn writing_goes_on_while_pages_are_copied() {
    let (folder, apart) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SqliteStore::open(&folder.path().join("hooks.db")).unwrap();
    let hook = rfi_hook(&store, "acme");
    queue(&store, hook, 1..=900);
    let to = apart.path().join("backup.db");
    let written = AtomicI64::new(0);
    let write = || {
        publish(&store, event(10_000 + written.fetch_add(1, Ordering::SeqCst)));
    };
    store.backup_in_steps(&to, false, at(100), &Cancel::new(), &write).unwrap();
    assert!(written.load(Ordering::SeqCst) >= 1);
    assert_eq!(SqliteStore::open(&to).unwrap().stats(at(0)).unwrap().queued, 900);
    assert_eq!(store.stats(at(0)).unwrap().queued as i64, 900 + written.load(Ordering::SeqCst));
}

#[test]
fn a_backup_that_is_called_off_leaves_nothing() {
    let (folder, apart) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SqliteStore::open(&folder.path().join("hooks.db")).unwrap();
    rfi_hook(&store, "acme");
    let to = apart.path().join("backup.db");
    let cancel = Cancel::new();
    refused(store.backup_in_steps(&to, false, at(100), &cancel, &|| cancel.request()), ErrorKind::Cancelled);
    assert_eq!(names(apart.path()), [""; 0]);
}

#[test]
fn a_file_that_is_there_is_replaced_only_when_that_is_said() {
    let (folder, apart) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SqliteStore::open(&folder.path().join("hooks.db")).unwrap();
    rfi_hook(&store, "acme");
    let to = apart.path().join("backup.db");
    fs::write(&to, "accounts").unwrap();
    let said = message_of(backup(&store, &to), ErrorKind::Conflict);
    assert!(said.contains("backup.db") && said.contains("replaced"), "{said}");
    assert_eq!(fs::read(&to).unwrap(), b"accounts");

    // Also one that comes while the copy is made.
    let late = apart.path().join("late.db");
    let came = || fs::write(&late, "accounts").unwrap();
    refused(store.backup_in_steps(&late, false, at(100), &Cancel::new(), &came), ErrorKind::Conflict);
    assert_eq!(fs::read(&late).unwrap(), b"accounts");

    store.backup(&to, true, at(100), &Cancel::new()).unwrap();
    assert_eq!(names(apart.path()), ["backup.db", "late.db"]);
    SqliteStore::open(&to).unwrap();
}

#[test]
fn a_backup_never_takes_the_place_of_a_store_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let store = SqliteStore::open(&path).unwrap();
    let hook = rfi_hook(&store, "acme");
    let link = folder.path().join("link.db");
    fs::hard_link(&path, &link).unwrap();
    let own = ["hooks.db", "hooks.db-wal", "hooks.db-shm", "hooks.db-lock", "hooks.db-restored", "link.db"];
    for name in own {
        let said = message_of(
            store.backup(&folder.path().join(name), true, at(100), &Cancel::new()),
            ErrorKind::InvalidArgument,
        );
        assert!(said.contains("another file"), "{said}");
    }
    let other_path = folder.path().join("other.db");
    let other = SqliteStore::open(&other_path).unwrap();
    refused(store.backup(&other_path, true, at(100), &Cancel::new()), ErrorKind::Unavailable);
    drop(other);
    // A closed store that had no time to move its WAL: its changes would be read into the backup.
    fs::write(folder.path().join("other.db-wal"), [7; 5000]).unwrap();
    refused(store.backup(&other_path, true, at(100), &Cancel::new()), ErrorKind::Conflict);
    assert_eq!(queue(&store, hook, 1..=3).len(), 3);
}

#[test]
fn a_second_backup_to_one_name_is_unavailable_and_leftovers_are_not_in_the_way() {
    let (folder, apart) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = SqliteStore::open(&folder.path().join("hooks.db")).unwrap();
    rfi_hook(&store, "acme");
    let to = apart.path().join("backup.db");
    fs::write(apart.path().join("backup.db-partial"), "half of it").unwrap();
    let second = || refused(backup(&store, &to), ErrorKind::Unavailable);
    store.backup_in_steps(&to, false, at(100), &Cancel::new(), &second).unwrap();
    assert_eq!(names(apart.path()), ["backup.db"]);
}

#[test]
fn a_damaged_store_gives_no_backup() {
    let (folder, apart) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path().join("hooks.db");
    let store = SqliteStore::open(&path).unwrap();
    let hook = rfi_hook(&store, "acme");
    queue(&store, hook, 1..=50);
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    // The root page of the index of ulids, which opening does not look at.
    let root: u32 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'event_by_ulid'", [], |row| row.get(0))
        .unwrap();
    let root = root as usize;
    bytes[(root - 1) * 4096..root * 4096].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let said = message_of(backup(&store, &apart.path().join("backup.db")), ErrorKind::Storage);
    assert!(said.contains("damaged") && said.contains("check_integrity"), "{said}");
    assert_eq!(names(apart.path()), [""; 0]);
}

/// What was removed is given back, and nothing else changes.
#[test]
fn compacting_gives_the_space_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let store = SqliteStore::open(&path).unwrap();
    let hook = rfi_hook(&store, "acme");
    for delivery in queue(&store, hook, 1..=600) {
        settle(&store, hook, delivery, tieback::policy::lane::Verdict::Delivered);
    }
    queue(&store, hook, 601..=603);
    while store.purge(at(3), 250).unwrap().1 {}
    let before = (store.stats(at(0)).unwrap(), listed(&store, hook));
    assert!(before.0.reusable_bytes > before.0.database_bytes / 2, "{:?}", before.0);
    store.compact(&Cancel::new()).unwrap();
    let after = (store.stats(at(0)).unwrap(), listed(&store, hook));
    assert_eq!((after.0.reusable_bytes, after.0.wal_bytes), (0, 0));
    assert_eq!(after.0.database_bytes, fs::metadata(&path).unwrap().len());
    assert!(after.0.database_bytes <= before.0.database_bytes - before.0.reusable_bytes, "{:?}", after.0);
    assert_eq!(after.1, before.1);
    assert_eq!(queue(&store, hook, [604]).len(), 1);
    assert!(store.check_integrity(false, &Cancel::new()).unwrap().is_sound());
}
