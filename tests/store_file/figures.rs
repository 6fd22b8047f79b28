//! Figures that cost the same however much is kept: what SQLite plans to read for them.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tieback::store::sqlite::SqliteStore;

/// The steps of a statement's plan.
fn plan(database: &Connection, name: &str) -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/store/sqlite/sql/{name}.sql"));
    let statement = fs::read_to_string(&file).unwrap();
    let mut plan = database.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    plan.query_map([], |row| row.get("detail")).unwrap().map(|detail| detail.unwrap()).collect()
}

/// Whether a step reads one table or index from end to end. Lanes and hooks are few; the queue and the log are not.
fn reads_much(step: &str) -> bool {
    let few = ["lane", "hook", "store", "pragma_page_count", "pragma_page_size", "pragma_freelist_count"];
    match step.split_once(' ') {
        Some(("SCAN", rest)) => rest != "CONSTANT ROW" && !few.iter().any(|table| rest.starts_with(table)),
        // For the least of a column without an index.
        Some(("SEARCH", rest)) => !rest.contains(" USING "),
        _ => false,
    }
}

#[test]
fn figures_read_nothing_that_grows_with_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    drop(SqliteStore::open(&path).unwrap());
    let database = Connection::open(&path).unwrap();
    for name in ["stats_lanes", "stats_paused", "stats_hooks", "stats_oldest_kept", "stats_disk"] {
        let plan = plan(&database, name);
        assert!(!plan.is_empty() && !plan.iter().any(|step| reads_much(step)), "{name}: {plan:?}");
    }
    // The index holds those alone that were restored and are queued: mostly none.
    let steps = plan(&database, "restored_queued");
    assert!(steps[0].contains("INDEX delivery_restored"), "{steps:?}");

    database.execute_batch("DROP INDEX delivery_ended").unwrap();
    assert!(plan(&database, "stats_oldest_kept").iter().any(|step| reads_much(step)), "the rule sees a long way");
}
