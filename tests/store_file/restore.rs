//! Restoring: the backup's content in the place of the store, ids that go on beyond all that were given out, and a word
//! on what may be sent twice.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
use tieback::error::{ErrorKind, Result};
use tieback::policy::lane::Verdict;
use tieback::store::sqlite::SqliteStore;
use tieback::store::{Log, Registry, Store, Upkeep};
use tieback::time::{Cancel, Timestamp};
use tieback::types::{DeliveryId, HookId, Id, Restored, RestoredLane};

use crate::given::*;

const DAY: i64 = 24 * 60 * 60;

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.at("hooks.db")).unwrap()
    }

    fn restore(&self, replace: bool, now: Timestamp) -> Result<Restored> {
        SqliteStore::restore(&self.at("backup.db"), &self.at("hooks.db"), replace, now)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn backup(store: &SqliteStore, to: &Path, seconds: i64) {
    store.backup(to, true, at(seconds), &Cancel::new()).unwrap();
}

/// A store with two hooks and five events, the first delivered and the second in back-off, and its backup.
fn backed_up(place: &Place) -> (SqliteStore, HookId) {
    let store = place.open();
    let hook = rfi_hook(&store, "acme");
    let all = queue(&store, hook, 1..=5);
    settle(&store, hook, all[0], Verdict::Delivered);
    settle(&store, hook, all[1], Verdict::Queued);
    backup(&store, &place.at("backup.db"), 10);
    (store, hook)
}

/// Whatever is given out from now on: ids of a hook, a trigger, a delivery, and an event.
fn new_ids(store: &dyn Store, namespace: &str, number: i64, now: Timestamp) -> [i64; 4] {
    let hook = store.insert_hook(&company(), &hook(namespace), now).unwrap();
    let hook = hook_id(&hook.id);
    let trigger = triggers(store, &company(), hook, &[trigger("Submittals", "update")]).remove(0);
    let event = event_in(&company(), "Submittals", number.into(), "update", number);
    let id = publish_at(store, event, now).id.number().unwrap();
    [hook.0, trigger_id(&trigger).0, queued(store, hook)[0].0, id]
}

#[test]
fn a_restored_store_is_as_it_was_when_the_backup_was_taken() {
    let place = Place::new();
    let (store, hook) = backed_up(&place);
    let lane = |store: &SqliteStore| {
        let lane = load(store, hook);
        (lane.control, lane.state, lane.destination, lane.deliveries)
    };
    let before = (listed(&store, hook), lane(&store), store.triggers(&company(), hook, &page(0, None)).unwrap());
    queue(&store, hook, 6..=7);
    drop(store);
    fs::remove_file(place.at("hooks.db")).unwrap();

    let restored = place.restore(false, at(20)).unwrap();
    let lanes = vec![RestoredLane { hook, queued: 4 }];
    assert_eq!(restored, Restored { backed_up_at: Some(at(10)), queued: 4, lanes, replaced: None });
    assert_eq!(place.names(), ["backup.db", "hooks.db"]);
    let store = place.open();
    assert_eq!(lane(&store), before.1);
    assert_eq!(store.triggers(&company(), hook, &page(0, None)).unwrap(), before.2);
    let unmarked = listed(&store, hook).into_iter().map(|one| tieback::types::Delivery { restored: false, ..one });
    assert_eq!(unmarked.collect::<Vec<_>>(), before.0);
    assert!(store.check_integrity(false, &Cancel::new()).unwrap().is_sound());
    assert!(publish(&store, event(5)).duplicate, "what was published before the backup is known");
}

/// A delivery that was queued in the backup may have been sent after it.
#[test]
fn what_may_be_sent_twice_is_marked_until_it_is_purged() {
    let place = Place::new();
    let (store, hook) = backed_up(&place);
    drop(store);
    place.restore(true, at(20)).unwrap();
    let store = place.open();
    let marked = |store: &SqliteStore| -> Vec<(Id, bool)> {
        listed(store, hook).into_iter().rev().map(|delivery| (delivery.id, delivery.restored)).collect()
    };
    let ids = |numbers: &[(i64, bool)]| -> Vec<(Id, bool)> {
        numbers.iter().map(|(number, restored)| (Id::from(*number), *restored)).collect()
    };
    assert_eq!(marked(&store), ids(&[(1, false), (2, true), (3, true), (4, true), (5, true)]));
    let queued_still = |store: &SqliteStore| store.restored_lanes().unwrap();
    assert_eq!(queued_still(&store), [RestoredLane { hook, queued: 4 }]);

    settle(&store, hook, DeliveryId(2), Verdict::Delivered);
    settle(&store, hook, DeliveryId(3), Verdict::Queued);
    let made = queue(&store, hook, [6])[0];
    assert_eq!(queued_still(&store), [RestoredLane { hook, queued: 3 }]);
    let expected = [(1, false), (2, true), (3, true), (4, true), (5, true), (made.0, false)];
    assert_eq!(marked(&store), ids(&expected), "the mark stays, and a new delivery has none");
    flush(&store, hook);
    assert_eq!(queued_still(&store), [], "what is discarded is not sent");
    store.purge(at(1000), 10).unwrap();
    assert_eq!(marked(&store)[0], (Id::from(3), true));
}

/// The lost store is not there to be asked: it gave out ids that the backup does not know.
#[test]
fn ids_that_were_given_out_after_the_backup_are_not_given_out_again() {
    let place = Place::new();
    let (store, _) = backed_up(&place);
    let lost: Vec<[i64; 4]> = (0..20).map(|n| new_ids(&store, &format!("lost-{n}"), 100 + n, at(11 + n))).collect();
    drop(store);
    fs::remove_file(place.at("hooks.db")).unwrap();
    let mut given_out = lost;
    // The same backup again and again: the store of each restore is lost too.
    for round in 0..3 {
        place.restore(round > 0, at(100 + round)).unwrap();
        let store = place.open();
        for number in 0..20 {
            let made = new_ids(&store, &format!("new-{number}"), 500 + number, at(100 + round));
            for before in &given_out {
                assert!(made.iter().zip(before).all(|(new, old)| new > old), "round {round}: {made:?}, {before:?}");
            }
            assert!(made.iter().all(|id| *id < 1 << 53));
            given_out.push(made);
        }
        drop(store);
        for name in ["hooks.db", "hooks.db-replaced"] {
            let _ = fs::remove_file(place.at(name));
        }
    }
}

/// A clock that was half a day ahead when the store was lost, or is behind now.
#[test]
fn ids_are_not_reused_though_the_clock_was_wrong() {
    for (published, restored) in [(DAY / 2, 0), (100, -20 * DAY)] {
        let place = Place::new();
        let (store, _) = backed_up(&place);
        let lost = new_ids(&store, "lost", 100, at(published));
        drop(store);
        fs::remove_file(place.at("hooks.db")).unwrap();
        place.restore(false, at(restored)).unwrap();
        let made = new_ids(&place.open(), "new", 500, at(restored));
        assert!(made.iter().zip(lost).all(|(new, old)| *new > old), "{made:?}, {lost:?}");
    }
}

/// Where the store that is replaced can be read, it says itself how far its ids went, also from its WAL.
#[test]
fn a_store_that_is_replaced_tells_how_far_its_ids_went() {
    let place = Place::new();
    let (store, _) = backed_up(&place);
    let lost = new_ids(&store, "lost", 100, at(1000 * DAY));
    drop(store);
    place.restore(true, at(20)).unwrap();
    let made = new_ids(&place.open(), "new", 500, at(20));
    assert!(made.iter().zip(lost).all(|(new, old)| *new > old), "{made:?}, {lost:?}");
}

#[test]
fn a_store_that_is_there_is_moved_aside_whole_and_only_when_that_is_said() {
    let place = Place::new();
    let (store, hook) = backed_up(&place);
    queue(&store, hook, 6..=9);
    // As after a crash: the file, and a WAL with changes that are not in it.
    let crashed = Place::new();
    for name in ["hooks.db", "hooks.db-wal", "backup.db"] {
        fs::copy(place.at(name), crashed.at(name)).unwrap();
    }
    let expected = listed(&store, hook);
    drop(store);
    let said = message_of(crashed.restore(false, at(20)), ErrorKind::Conflict);
    assert!(said.contains("hooks.db") && said.contains("replaced"), "{said}");
    assert_eq!(crashed.names(), ["backup.db", "hooks.db", "hooks.db-wal"]);

    let restored = crashed.restore(true, at(20)).unwrap();
    assert_eq!(restored.replaced, Some(fs::canonicalize(crashed.folder.path()).unwrap().join("hooks.db-replaced")));
    let names = ["backup.db", "hooks.db", "hooks.db-replaced", "hooks.db-replaced-wal"];
    assert_eq!(crashed.names(), names);
    assert_eq!(listed(&crashed.open(), hook).len(), 5);
    let aside = SqliteStore::open(&crashed.at("hooks.db-replaced")).unwrap();
    assert_eq!(listed(&aside, hook), expected, "with what was in its WAL");
    drop(aside);
    let said = message_of(crashed.restore(true, at(20)), ErrorKind::Conflict);
    assert!(said.contains("hooks.db-replaced") && said.contains("earlier restore"), "{said}");
}

#[test]
fn what_is_no_whole_backup_is_refused_and_changes_nothing() {
    let place = Place::new();
    let (store, _) = backed_up(&place);
    drop(store);
    let good = fs::read(place.at("backup.db")).unwrap();
    let before = fs::read(place.at("hooks.db")).unwrap();
    let mut overwritten = good.clone();
    let middle = good.len() / 4096 / 2 * 4096;
    overwritten[middle..middle + 4096].fill(0xA5);
    let cut = good[..good.len() - 4096].to_vec();
    for (bytes, word) in [
        (overwritten, "damaged"),
        (cut, "cut short"),
        (b"accounts".repeat(1000), "not a database"),
        (Vec::new(), "nothing in it"),
    ] {
        fs::write(place.at("backup.db"), bytes).unwrap();
        let said = message_of(place.restore(true, at(20)), ErrorKind::Storage);
        assert!(said.contains("backup.db") && said.contains(word), "{said}");
    }
    for (statements, words) in [
        ("PRAGMA user_version = 99", ["schema 99", "upgrade tieback"]),
        ("PRAGMA application_id = 7", ["another program", "backup.db"]),
        ("PRAGMA foreign_keys = OFF; DELETE FROM payload", ["damaged", "refers to a payload that is not there"]),
        ("UPDATE lane SET queued = 0", ["damaged", "counts its queue wrongly"]),
    ] {
        fs::write(place.at("backup.db"), &good).unwrap();
        Connection::open(place.at("backup.db")).unwrap().execute_batch(statements).unwrap();
        let said = message_of(place.restore(true, at(20)), ErrorKind::Storage);
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    }
    fs::remove_file(place.at("backup.db")).unwrap();
    let said = message_of(place.restore(true, at(20)), ErrorKind::Storage);
    assert!(said.contains("backup.db") && said.contains("not there"), "{said}");
    assert_eq!(place.names(), ["hooks.db"]);
    assert!(fs::read(place.at("hooks.db")).unwrap() == before);
}

#[test]
fn neither_file_may_be_in_use() {
    let place = Place::new();
    let (store, hook) = backed_up(&place);
    refused(place.restore(true, at(20)), ErrorKind::Unavailable);
    // The file of an open store is no backup, and is not touched: its locks would go.
    let other = place.at("other.db");
    refused(SqliteStore::restore(&place.at("hooks.db"), &other, false, at(20)), ErrorKind::Unavailable);
    refused(
        SqliteStore::restore(&place.at("hooks.db"), &place.at("hooks.db"), true, at(20)),
        ErrorKind::InvalidArgument,
    );
    assert_eq!(place.names().iter().filter(|name| name.starts_with("other")).count(), 0);
    queue(&store, hook, [6]);
}

/// The file of a closed store will do, with its WAL mode; and so does a backup of an earlier schema.
#[test]
fn the_file_of_a_closed_store_is_a_backup_too() {
    let place = Place::new();
    let (store, hook) = backed_up(&place);
    drop(store);
    fs::rename(place.at("hooks.db"), place.at("backup.db")).unwrap();
    let restored = place.restore(false, at(20)).unwrap();
    assert_eq!((restored.backed_up_at, restored.queued), (None, 4));
    assert_eq!(queued(&place.open(), hook).len(), 4);

    crate::schemas::written_by_the_first(&place.at("first.db"));
    let restored = SqliteStore::restore(&place.at("first.db"), &place.at("later.db"), false, at(20)).unwrap();
    assert_eq!(restored.queued, 1);
}

/// The names say how far a restore had come: everything after the copy was whole is done by whoever opens the store.
#[test]
fn a_restore_that_was_cut_off_is_ended_by_the_next_opening() {
    let place = Place::new();
    let (store, hook) = backed_up(&place);
    queue(&store, hook, 6..=9);
    drop(store);
    let made = Place::new();
    fs::copy(place.at("backup.db"), made.at("backup.db")).unwrap();
    made.restore(false, at(20)).unwrap();
    let copy = |name: &str| fs::copy(made.at("hooks.db"), place.at(name)).unwrap();

    // Still being made: what was there counts.
    copy("hooks.db-restoring");
    assert_eq!(listed(&place.open(), hook).len(), 9);
    // Whole: it takes the place.
    copy("hooks.db-restored");
    assert_eq!(listed(&place.open(), hook).len(), 5);
    assert_eq!(listed(&SqliteStore::open(&place.at("hooks.db-replaced")).unwrap(), hook).len(), 9);
    // The old one is away already, its WAL is not.
    fs::rename(place.at("hooks.db"), place.at("hooks.db-restored")).unwrap();
    fs::write(place.at("hooks.db-wal"), [7; 5000]).unwrap();
    assert_eq!(listed(&place.open(), hook).len(), 5);
    assert_eq!(fs::read(place.at("hooks.db-replaced-wal")).unwrap(), [7; 5000]);
}
