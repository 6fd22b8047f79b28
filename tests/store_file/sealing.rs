//! A store with a key: secrets are sealed in the file and nowhere in it in clear text, keys can be changed, and neither
//! an interruption nor a damaged row costs more than it must. `tests/store_process` kills it in between.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;
use tieback::error::{ErrorKind, Result};
use tieback::policy::lane::Gate;
use tieback::policy::seal::StoreKeys;
use tieback::random::SeededRandom;
use tieback::store::sqlite::SqliteStore;
use tieback::store::{LoadRequest, Queue, Registry};
use tieback::types::{DeliveryId, HookId, HookQuery, HookStatus, HookUpdate};

use crate::given::*;
use crate::reopened;

const FIRST: &str = "0001020304050607080910111213141516171819202122232425262728293031";
const SECOND: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const SECRET: &[u8] = b"secret-token";

fn keys(present: &str, old: &[&str]) -> StoreKeys {
    StoreKeys::chosen(Some(present), old.iter().copied()).unwrap()
}

fn id_of(key: &str) -> String {
    keys(key, &[]).present().unwrap().to_string()
}

/// How everything begins that a key has sealed.
fn sealed_with(key: &str) -> Vec<u8> {
    format!("tieback-sealed:1:{}:", id_of(key)).into_bytes()
}

fn open(path: &Path, present: &str, old: &[&str]) -> Result<SqliteStore> {
    reopened(|| SqliteStore::open_sealed(path, keys(present, old), Arc::new(SeededRandom::new(7))))
}

/// A closed store in clear text with this many hooks, each with a secret of its own, and one deleted.
fn clear_store(hooks: i64) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let store = SqliteStore::open(&path).unwrap();
    for number in 1..=hooks {
        let mut create = hook(&format!("acme-{number}"));
        create.destination_headers = headers(&format!("Bearer secret-token-{number}"));
        store.insert_hook(&company(), &create, at(0)).unwrap();
    }
    let deleted = rfi_hook(&store, "deleted");
    store.delete_hook(&company(), deleted, at(1)).unwrap();
    (folder, path)
}

/// The names of the files in the folder that have these bytes in them.
fn files_with(folder: &TempDir, bytes: &[u8]) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<String> = entries
        .filter(|path| fs::read(path).unwrap().windows(bytes.len()).any(|window| window == bytes))
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    found.sort();
    found
}

#[track_caller]
fn sends_its_own_secret(store: &SqliteStore, hook: i64) {
    let destination = load(store, HookId(hook)).destination.expect("its secrets can be read");
    assert_eq!(destination.headers, headers(&format!("Bearer secret-token-{hook}")), "hook {hook}");
}

fn raw(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

/// Each hook's headers as the file has them.
fn stored(path: &Path) -> BTreeMap<i64, String> {
    let file = raw(path);
    let mut query = file.prepare("SELECT id, destination_headers FROM hook WHERE deleted_at IS NULL").unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<rusqlite::Result<_>>().unwrap()
}

fn backup(folder: &TempDir, path: &Path) {
    let copy = folder.path().join("backup.db");
    raw(path).execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
}

#[test]
fn a_secret_that_is_given_under_a_key_is_never_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let store = open(&path, FIRST, &[]).unwrap();
    let hook = rfi_hook(&store, "acme");
    queue(&store, hook, [1, 2]);
    let change = HookUpdate { destination_headers: Some(headers("Bearer secret-token-2")), ..HookUpdate::default() };
    store.update_hook(&company(), hook, &change, at(1)).unwrap();
    backup(&folder, &path);
    assert_eq!(files_with(&folder, b"erp.example.com"), ["backup.db", "hooks.db-wal"], "there is something to look at");
    assert!(files_with(&folder, SECRET).is_empty(), "{:?}", files_with(&folder, SECRET));
    drop(store);
    assert_eq!(files_with(&folder, b"erp.example.com"), ["backup.db", "hooks.db"]);
    assert!(files_with(&folder, SECRET).is_empty());

    // A backup is opened with the same key.
    let copy = open(&folder.path().join("backup.db"), FIRST, &[]).unwrap();
    assert_eq!(load(&copy, hook).destination.unwrap().headers, headers("Bearer secret-token-2"));
}

#[test]
fn a_store_in_clear_text_is_sealed_by_opening_it_and_keeps_nothing_of_it() {
    let (folder, path) = clear_store(250);
    assert_eq!(files_with(&folder, SECRET), ["hooks.db"]);
    let store = open(&path, FIRST, &[]).unwrap();
    assert!(files_with(&folder, SECRET).is_empty(), "{:?}", files_with(&folder, SECRET));
    (1..=250).for_each(|hook| sends_its_own_secret(&store, hook));
    let shown = store.hook(&company(), HookId(250)).unwrap();
    assert_eq!(shown.destination_headers[0].1, "*****n-250");
    drop(store);
    assert!(files_with(&folder, SECRET).is_empty());
    // Two hooks of the same secret do not look the same.
    let stored = stored(&path);
    assert_eq!(stored.values().collect::<std::collections::BTreeSet<_>>().len(), stored.len());
}

/// Old bytes are where a row was before it moved, and where a page was freed: sealing has to reach them too.
#[test]
fn secrets_of_hooks_that_were_changed_or_deleted_in_clear_text_are_gone_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let store = SqliteStore::open(&path).unwrap();
    let hook = rfi_hook(&store, "acme");
    for round in 0..50 {
        let long = headers(&format!("Bearer secret-token-{}", "x".repeat(1 + round * 150)));
        let change = HookUpdate { destination_headers: Some(long), ..HookUpdate::default() };
        store.update_hook(&company(), hook, &change, at(1)).unwrap();
    }
    store.delete_hook(&company(), hook, at(2)).unwrap();
    drop(store);
    assert_eq!(files_with(&folder, SECRET), ["hooks.db"], "what was freed is still there");
    drop(open(&path, FIRST, &[]).unwrap());
    assert!(files_with(&folder, SECRET).is_empty());
}

#[test]
fn a_wrong_or_missing_key_is_refused_at_open_by_its_id() {
    let (folder, path) = clear_store(1);
    drop(open(&path, FIRST, &[]).unwrap());
    let before = fs::read(&path).unwrap();
    let wrong = open(&path, SECOND, &[]).unwrap_err();
    let missing = reopened(|| SqliteStore::open(&path)).unwrap_err();
    for error in [&wrong, &missing] {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains(&id_of(FIRST)), "{error}");
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains(&FIRST[..6]) && !shown.contains(&SECOND[..6]), "{shown}");
        }
    }
    assert!(wrong.message().contains(&id_of(SECOND)), "{wrong}");
    assert!(missing.message().contains("no store_key was given"), "{missing}");
    assert!(before == fs::read(&path).unwrap(), "a refused file has changed");
    assert!(!folder.path().join("hooks.db-wal").exists());
    sends_its_own_secret(&open(&path, FIRST, &[]).unwrap(), 1);
}

#[test]
fn after_a_change_of_keys_the_old_one_is_not_needed_and_nothing_of_it_is_left() {
    let (folder, path) = clear_store(150);
    drop(open(&path, FIRST, &[]).unwrap());
    assert_eq!(files_with(&folder, &sealed_with(FIRST)), ["hooks.db"]);
    let before = stored(&path);
    let store = open(&path, SECOND, &[FIRST]).unwrap();
    (1..=150).for_each(|hook| sends_its_own_secret(&store, hook));
    assert!(files_with(&folder, &sealed_with(FIRST)).is_empty());
    drop(store);
    let after = stored(&path);
    assert!(before.iter().all(|(hook, sealed)| after[hook] != *sealed));
    for sealed in before.values() {
        let (_, body) = sealed.rsplit_once(':').unwrap();
        assert!(files_with(&folder, body.as_bytes()).is_empty(), "the old sealed text is still there");
    }
    let store = open(&path, SECOND, &[]).expect("the old key is not needed");
    (1..=150).for_each(|hook| sends_its_own_secret(&store, hook));
    drop(store);
    let error = open(&path, FIRST, &[]).unwrap_err();
    assert!(error.message().contains(&id_of(SECOND)), "{error}");
}

#[test]
fn opening_a_sealed_store_again_writes_nothing_anew() {
    let (_folder, path) = clear_store(20);
    drop(open(&path, FIRST, &[]).unwrap());
    let before = stored(&path);
    drop(open(&path, FIRST, &[SECOND]).unwrap());
    assert_eq!(stored(&path), before);
}

/// The change of keys meets something in its way after its first transactions.
#[test]
fn a_change_of_keys_that_breaks_off_needs_both_keys_until_it_is_finished() {
    let (folder, path) = clear_store(250);
    drop(open(&path, FIRST, &[]).unwrap());
    let stop = "CREATE TRIGGER stop BEFORE UPDATE OF destination_headers ON hook WHEN NEW.id = 170
        BEGIN SELECT RAISE(ABORT, 'stopped'); END";
    raw(&path).execute_batch(stop).unwrap();
    open(&path, SECOND, &[FIRST]).expect_err("it cannot end");
    let under = |key: &str| stored(&path).values().filter(|text| text.contains(&id_of(key))).count();
    assert_eq!((under(SECOND), under(FIRST)), (100, 150), "the first transaction is kept");

    for (present, old) in [(FIRST, &[][..]), (SECOND, &[][..])] {
        let error = open(&path, present, old).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        let other = if present == FIRST { SECOND } else { FIRST };
        assert!(error.message().contains(&id_of(other)), "{error}");
    }
    raw(&path).execute_batch("DROP TRIGGER stop").unwrap();
    // Either way round.
    let store = open(&path, FIRST, &[SECOND]).unwrap();
    (1..=250).for_each(|hook| sends_its_own_secret(&store, hook));
    drop(store);
    assert_eq!(under(FIRST), 250);
    assert!(files_with(&folder, &sealed_with(SECOND)).is_empty());
    drop(open(&path, FIRST, &[]).expect("the other one is not needed"));
}

#[test]
fn a_sealed_value_that_was_moved_or_changed_fails_for_its_hook_alone() {
    let (_folder, path) = clear_store(3);
    drop(open(&path, FIRST, &[]).unwrap());
    raw(&path)
        .execute_batch(
            "UPDATE hook SET destination_headers = (SELECT destination_headers FROM hook WHERE id = 1) WHERE id = 2;
             UPDATE hook SET destination_headers = substr(destination_headers, 1, 60) WHERE id = 3;",
        )
        .unwrap();
    let store = open(&path, FIRST, &[]).expect("the other hooks can be used");
    for hook in [2, 3] {
        let told = message_of(store.hook(&company(), HookId(hook)), ErrorKind::Storage);
        assert!(told.contains(&format!("hook {hook}")) && told.contains("cannot be opened"), "{told}");
        assert!(!told.contains("secret-token"), "{told}");
    }
    let listed = store.hooks(&company(), &HookQuery::default(), &page(0, None)).unwrap().items;
    let statuses: Vec<_> = listed.iter().map(|hook| (hook.status.as_str(), hook.destination_headers.len())).collect();
    assert_eq!(statuses, [("active", 2), ("unreadable", 0), ("unreadable", 0)]);

    // Loaded together, the one that can be read is not held up by the others.
    let request = |hook| LoadRequest { hook: HookId(hook), after: DeliveryId(0), limit: 10, bytes: 1 << 20 };
    let lanes = store.load(&[request(2), request(1), request(3)]).unwrap();
    let open = lanes.iter().map(|lane| (lane.hook.0, lane.control.gate, lane.destination.is_some()));
    assert_eq!(open.collect::<Vec<_>>(), [(2, Gate::Held, false), (1, Gate::Open, true), (3, Gate::Held, false)]);
    assert!(lanes[0].unreadable.as_deref().is_some_and(|why| why.contains("hook 2")), "{:?}", lanes[0].unreadable);
    sends_its_own_secret(&store, 1);

    // Disabled or deleted it can be, and given its headers again it is whole.
    let off = HookUpdate { active: Some(false), ..HookUpdate::default() };
    store.update_hook(&company(), HookId(3), &off, at(1)).unwrap();
    store.delete_hook(&company(), HookId(3), at(2)).unwrap();
    let again = HookUpdate { destination_headers: Some(headers("Bearer secret-token-2")), ..HookUpdate::default() };
    let mended = store.update_hook(&company(), HookId(2), &again, at(3)).unwrap();
    assert_eq!(mended.status, HookStatus::Active);
    sends_its_own_secret(&store, 2);
}

/// A damaged row does not keep a change of keys from ending either.
#[test]
fn a_sealed_value_that_does_not_open_does_not_hold_up_a_change_of_keys() {
    let (_folder, path) = clear_store(3);
    drop(open(&path, FIRST, &[]).unwrap());
    raw(&path).execute_batch("UPDATE hook SET destination_headers = destination_headers || 'A' WHERE id = 2").unwrap();
    let store = open(&path, SECOND, &[FIRST]).unwrap();
    sends_its_own_secret(&store, 1);
    sends_its_own_secret(&store, 3);
    refused(store.hook(&company(), HookId(2)), ErrorKind::Storage);
    drop(store);
    drop(open(&path, SECOND, &[]).expect("the old key is not needed"));
}

/// Another program (a second tieback, in time) reads the file: its view may hold old pages.
#[test]
fn a_reader_that_keeps_old_pages_alive_keeps_the_sealing_from_ending() {
    let (folder, path) = clear_store(1);
    let other = raw(&path);
    other.execute_batch("BEGIN; SELECT * FROM hook").unwrap();
    let error = open(&path, FIRST, &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.message().contains("cannot be sealed to the end"), "{error}");
    other.execute_batch("COMMIT").unwrap();
    drop(other);
    sends_its_own_secret(&open(&path, FIRST, &[]).unwrap(), 1);
    assert!(files_with(&folder, SECRET).is_empty());
}

/// As another process does that opens the file with other keys while this one has it open.
#[test]
fn nothing_is_written_under_a_key_that_the_store_has_given_up_meanwhile() {
    let (folder, path) = clear_store(1);
    let key = HookUpdate { destination_headers: Some(headers("Bearer secret-token-9")), ..HookUpdate::default() };
    let in_clear = reopened(|| SqliteStore::open(&path)).unwrap();
    let sealed_by_another = "DELETE FROM store_key; INSERT INTO store_key (key_id, complete) VALUES (?1, 1)";
    let seal = |key: &str| {
        let file = raw(&path);
        for statement in sealed_by_another.replace("?1", &format!("'{}'", id_of(key))).split(';') {
            file.execute(statement, []).unwrap();
        }
    };
    seal(FIRST);
    let told = message_of(in_clear.update_hook(&company(), HookId(1), &key, at(1)), ErrorKind::Conflict);
    assert!(told.contains(&id_of(FIRST)), "{told}");
    refused(in_clear.insert_hook(&company(), &hook("two"), at(1)), ErrorKind::Conflict);
    drop(in_clear);
    assert!(files_with(&folder, b"secret-token-9").is_empty());

    let sealed = open(&path, FIRST, &[]).unwrap();
    seal(SECOND);
    refused(sealed.update_hook(&company(), HookId(1), &key, at(1)), ErrorKind::Conflict);
}

/// Whoever has it open with other keys could not read what it would get to see.
#[test]
fn a_file_is_not_sealed_anew_while_another_engine_has_it_open() {
    let (folder, path) = clear_store(2);
    let other = SqliteStore::open(&path).unwrap();
    let sealing = SqliteStore::open_sealed(&path, keys(FIRST, &[]), Arc::new(SeededRandom::new(7)));
    assert_eq!(sealing.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(!files_with(&folder, SECRET).is_empty() && files_with(&folder, &sealed_with(FIRST)).is_empty());
    assert!(load(&other, HookId(1)).destination.is_some());
    drop(other);
    let stores = [open(&path, FIRST, &[]).unwrap(), open(&path, FIRST, &[]).expect("with one key it is shared")];
    assert!(stores.iter().all(|store| load(store, HookId(1)).destination.is_some()));
    assert!(files_with(&folder, SECRET).is_empty());
}
