//! The tables that are written with every event: their rules hold, checking them is cheap, and what is queued is found
//! without a look at what has ended.

use rusqlite::{Connection, Error};
use tieback::store::sqlite::SqliteStore;
use tieback::store::{Publishing, Queue};

use crate::given::*;

/// A store with a hook and an event that made a delivery; and another way into its file.
fn store_and_file() -> (tempfile::TempDir, SqliteStore, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let store = SqliteStore::open(&path).unwrap();
    let hook = rfi_hook(&store, "acme");
    assert_eq!(publish(&store, event(1)).hooks, [hook]);
    let file = Connection::open(&path).unwrap();
    file.pragma_update(None, "foreign_keys", true).unwrap();
    (folder, store, file)
}

#[test]
fn rows_that_no_state_makes_are_refused() {
    let (_folder, _store, file) = store_and_file();
    for (statement, rule) in [
        ("UPDATE delivery SET status = 'lost'", "a delivery is queued, delivered or discarded"),
        ("UPDATE delivery SET why = 'mood'", "why a delivery was discarded is one of the known reasons"),
        ("UPDATE payload SET version = 'v9.0'", "payloads are v2.0, v3.0 or v4.0"),
        ("UPDATE event SET no_delivery = 'mood'", "why an event made no delivery is one of the known reasons"),
        ("UPDATE delivery SET hook_id = 9", "FOREIGN KEY constraint failed"),
        ("UPDATE delivery SET event_id = 9", "FOREIGN KEY constraint failed"),
    ] {
        let refused = file.execute(statement, []).expect_err(statement).to_string();
        assert!(refused.contains(rule), "{statement}: {refused}");
    }
    for statement in ["UPDATE delivery SET status = 'discarded', why = 'operator'", "UPDATE event SET deliveries = 1"] {
        file.execute(statement, []).expect(statement);
    }
}

/// SQLite makes a table in memory for some ways to write a check, for every row anew.
#[test]
fn checking_a_row_builds_no_table() {
    let (_folder, _store, file) = store_and_file();
    for statement in [
        include_str!("../../src/store/sqlite/sql/event_insert.sql"),
        include_str!("../../src/store/sqlite/sql/payload_insert.sql"),
        include_str!("../../src/store/sqlite/sql/delivery_insert.sql"),
        include_str!("../../src/store/sqlite/sql/delivery_settle.sql"),
        include_str!("../../src/store/sqlite/sql/attempt_insert.sql"),
    ] {
        let mut explained = file.prepare(&format!("EXPLAIN {statement}")).unwrap();
        let steps = explained.raw_query().mapped(|row| row.get::<_, String>("opcode"));
        let steps: Vec<String> = steps.collect::<Result<_, Error>>().unwrap();
        assert!(steps.len() > 10, "{steps:?}");
        assert!(!steps.iter().any(|step| step == "OpenEphemeral"), "{statement}");
    }
}

/// A statement that fails need not take back its own part: the savepoint of its call does.
#[test]
fn a_statement_that_fails_half_way_leaves_nothing_of_its_call() {
    let (_folder, store, file) = store_and_file();
    let fail = "CREATE TRIGGER in_the_way AFTER UPDATE OF queued ON lane WHEN NEW.queued = 3
        BEGIN SELECT RAISE(FAIL, 'in the way'); END";
    file.execute_batch(fail).unwrap();
    let events: Vec<Publishing> = (2..=3).map(event).collect();
    let refused = store.publish(&events, at(0)).expect_err("the third does not fit");
    assert_eq!(refused.kind(), tieback::error::ErrorKind::Storage, "{refused}");
    let rows = |table: &str| -> i64 {
        file.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!(["event", "payload", "delivery"].map(rows), [1, 1, 1]);
    assert_eq!(file.query_row("SELECT queued FROM lane", [], |row| row.get::<_, i64>(0)).unwrap(), 1);

    file.execute_batch("DROP TRIGGER in_the_way").unwrap();
    let published = store.publish(&events, at(0)).unwrap();
    assert!(published.into_iter().all(|one| !one.unwrap().duplicate));
    assert_eq!(["event", "payload", "delivery"].map(rows), [3, 3, 3]);
}

#[test]
fn what_is_queued_is_found_without_a_look_at_what_has_ended() {
    let (_folder, _store, file) = store_and_file();
    for statement in [
        include_str!("../../src/store/sqlite/sql/deliveries_of_deleted_hook.sql"),
        include_str!("../../src/store/sqlite/sql/deliveries_to_sweep.sql"),
        include_str!("../../src/store/sqlite/sql/delivery_load.sql"),
        include_str!("../../src/store/sqlite/sql/lane_queue.sql"),
    ] {
        let mut plan = file.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let steps = plan.raw_query().mapped(|row| row.get::<_, String>("detail"));
        let steps: Vec<String> = steps.collect::<Result<_, Error>>().unwrap();
        // The newest delivery of a hook, whatever became of it, is the one other thing that is looked for.
        let by_all = |step: &&String| step.contains("delivery_of_hook") && !step.contains("COVERING");
        assert!(steps.iter().any(|step| step.contains("INDEX delivery_queued")), "{statement}: {steps:?}");
        assert_eq!(steps.iter().find(by_all), None, "{statement}: {steps:?}");
    }
}

/// The rules are rewritten where SQLite keeps them, so SQLite itself is asked.
#[test]
fn sqlite_finds_the_store_whole() {
    let (_folder, _store, file) = store_and_file();
    let found: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(found, "ok");
    let references = "SELECT count(*) FROM pragma_foreign_key_list('delivery')";
    assert_eq!(file.query_row(references, [], |row| row.get::<_, i64>(0)).unwrap(), 3);
}
