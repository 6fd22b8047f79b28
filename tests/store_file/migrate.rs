//! Files of earlier schemas: brought up to date with all that is in them, at once or not at all.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tieback::error::ErrorKind;
use tieback::policy::seal::StoreKeys;
use tieback::random::SystemRandom;
use tieback::store::sqlite::SqliteStore;
use tieback::store::{Log, Queue, Registry};
use tieback::types::{HookId, Purged};
use tieback::wire::payload;

use crate::given::*;

/// The first schema, as the first tieback wrote it.
const FIRST: &str = include_str!("../../src/store/sqlite/schema/0001_begin.sql");

/// A store of the first schema: a hook with a trigger and a delivery in each state, delivered with two attempts,
/// discarded without one, and queued; and an event that made none.
pub fn written_by_the_first(path: &Path) {
    let file = Connection::open(path).unwrap();
    file.pragma_update(None, "journal_mode", "WAL").unwrap();
    file.execute_batch(FIRST).unwrap();
    file.execute_batch(
        "INSERT INTO store VALUES (1, '0.1.0', 4);
         INSERT INTO hook VALUES
             (1, 5358233, NULL, 'acme', 'v2.0', 'active', 'https://erp.example.com/', '[]', 1, 1, NULL),
             (2, 5358233, NULL, 'old', 'v2.0', 'deleted', 'https://erp.example.com/', '[]', 1, 1, 2);
         INSERT INTO hook_trigger VALUES (1, 1, 'RFIs', 'update', 'rfis', 'update', 1);
         INSERT INTO lane (hook_id) VALUES (1), (2);",
    )
    .unwrap();
    for number in 1..=4 {
        let tieback::store::Publishing { mut event, given, .. } = event(number);
        event.id = Some(number.into());
        event.timestamp = Some(at(0));
        let (made, why) = if number < 4 { (1, None) } else { (0, Some("no_trigger")) };
        file.execute(
            "INSERT INTO event VALUES (?1, 'rfi', ?2, 'rfis', 'update', ?3, ?3, ?4, ?5, ?6)",
            rusqlite::params![number, ulid(number), at(0).as_micros(), made, why, given],
        )
        .unwrap();
        let body = payload::render(&event, tieback::types::PayloadVersion::V2).unwrap();
        file.execute("INSERT INTO payload VALUES (?1, 'v2.0', ?2)", rusqlite::params![number, body]).unwrap();
    }
    let queue = "INSERT INTO delivery (hook_id, event_id, version, queued_at, attempts, status, why)
        VALUES (1, ?1, 'v2.0', ?2, ?3, ?4, ?5)";
    let at = |seconds| at(seconds).as_micros();
    file.execute(queue, rusqlite::params![1, at(10), 2, "delivered", None::<&str>]).unwrap();
    file.execute(queue, rusqlite::params![2, at(20), 0, "discarded", "operator"]).unwrap();
    file.execute(queue, rusqlite::params![3, at(30), 0, "queued", None::<&str>]).unwrap();
    for ended in [at(12), at(15)] {
        file.execute("INSERT INTO attempt VALUES (NULL, 1, ?1, ?1, 204, '[]', x'', 0, NULL)", [ended]).unwrap();
    }
    file.execute_batch("PRAGMA application_id = 0x74696562; PRAGMA user_version = 1").unwrap();
    file.close().unwrap();
}

#[test]
fn a_store_of_the_first_schema_opens_with_everything_that_was_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    written_by_the_first(&path);
    let store = SqliteStore::open(&path).unwrap();
    let hook = HookId(1);
    let statuses: Vec<_> = listed(&store, hook).into_iter().map(|one| (one.status, one.attempts.len())).collect();
    let words: Vec<_> = statuses.iter().map(|(status, attempts)| (status.as_str(), *attempts)).collect();
    assert_eq!(words, [("enqueued", 0), ("discarded", 0), ("delivered", 2)]);
    assert_eq!(store.hook(&company(), hook).unwrap().trigger_count, Some(1));
    assert_eq!(queued(&store, hook).len(), 1);
    assert!(publish(&store, event(1)).duplicate);
    // One is queued still, and counted.
    let bounds = tieback::store::QueueBounds { per_hook: Some(1), total: None };
    let full = store.publish(&[tieback::store::Publishing { bounds, ..event(5) }], at(0)).unwrap().remove(0);
    assert_eq!(full.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(publish(&store, event(5)).hooks, [hook]);

    // A delivery ended with its last attempt; one without attempts is as old as it can be.
    let purge = |seconds| store.purge(at(seconds), 10).unwrap().0;
    assert_eq!(purge(15), Purged { deliveries: 0, events: 1, hooks: 1 }, "the event without a delivery, the old hook");
    assert_eq!(purge(16), Purged { deliveries: 1, events: 1, hooks: 0 });
    assert_eq!(purge(20), Purged::default());
    assert_eq!(purge(21), Purged { deliveries: 1, events: 1, hooks: 0 });
    assert_eq!(queued(&store, hook).len(), 2);
    drop(store);
    SqliteStore::open(&path).expect("a migrated store opens again");
}

#[test]
fn a_store_of_the_first_schema_can_be_sealed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    written_by_the_first(&path);
    let file = Connection::open(&path).unwrap();
    let headers = r#"[["Authorization","Bearer secret-token"],["X-Tenant","7"]]"#;
    file.execute("UPDATE hook SET destination_headers = ?1 WHERE id = 1", [headers]).unwrap();
    file.close().unwrap();
    let keys = || StoreKeys::chosen(Some(&"5ea1".repeat(16)), []).unwrap();
    let open = || SqliteStore::open_sealed(&path, keys(), Arc::new(SystemRandom)).unwrap();
    let store = open();
    assert_eq!(load(&store, HookId(1)).destination.unwrap().headers, crate::given::headers("Bearer secret-token"));
    drop(store);
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.windows(12).any(|window| window == b"secret-token"));
    assert_eq!(load(&open(), HookId(1)).deliveries.len(), 1);
}

fn columns_and_version(path: &Path) -> (Vec<String>, i64) {
    let file = Connection::open(path).unwrap();
    let mut columns = file.prepare("SELECT name FROM pragma_table_info('delivery')").unwrap();
    let columns = columns.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap();
    (columns, file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap())
}

/// The last migration meets something in its way after its first statements.
#[test]
fn a_migration_that_fails_half_way_leaves_the_first_schema() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    written_by_the_first(&path);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TRIGGER lane_is_flushed AFTER DELETE ON hook BEGIN SELECT 1; END").unwrap();
    other.close().unwrap();
    let before = columns_and_version(&path);
    assert_eq!(before.1, 1);

    SqliteStore::open(&path).expect_err("the migration cannot end");
    assert_eq!(columns_and_version(&path), before);

    let other = Connection::open(&path).unwrap();
    other.execute_batch("DROP TRIGGER lane_is_flushed").unwrap();
    other.close().unwrap();
    let store = SqliteStore::open(&path).expect("then it can be migrated");
    assert_eq!(listed(&store, HookId(1)).len(), 3);
}

/// Another process reads the file while it is migrated: it sees the first schema or the newest, nothing between.
#[test]
fn nobody_sees_half_a_migration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    written_by_the_first(&path);
    let first = columns_and_version(&path);
    let done = std::sync::atomic::AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let file = Connection::open(&path).unwrap();
            file.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
            let mut seen = std::collections::BTreeSet::new();
            loop {
                let last = done.load(std::sync::atomic::Ordering::SeqCst);
                let look = "SELECT (SELECT user_version FROM pragma_user_version),
                    (SELECT count(*) FROM pragma_table_info('delivery')), (SELECT count(*) FROM sqlite_schema)";
                let row = |row: &rusqlite::Row<'_>| Ok::<(i64, i64, i64), _>((row.get(0)?, row.get(1)?, row.get(2)?));
                seen.insert(file.query_row(look, [], row).unwrap());
                if last {
                    return seen;
                }
            }
        });
        let opened = SqliteStore::open(&path);
        done.store(true, std::sync::atomic::Ordering::SeqCst);
        drop(opened.unwrap());
        looking.join().unwrap()
    });
    let last = columns_and_version(&path);
    assert!(seen.len() <= 2, "{seen:?}");
    for (version, columns, _) in &seen {
        let known = [(first.1, first.0.len() as i64), (last.1, last.0.len() as i64)];
        assert!(known.contains(&(*version, *columns)), "{seen:?}");
    }
}
