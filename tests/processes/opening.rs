//! The first moments of a file, with many processes at it.

use std::path::Path;

use tieback::store::Registry;
use tieback::store::sqlite::SqliteStore;
use tieback::types::HookQuery;

use crate::actor::{Actor, scope};

const PROCESSES: usize = 8;

/// Has many processes open one file at the same moment; each must get it, and have it beside all others.
fn race(path: &Path) {
    let mut actors: Vec<Actor> = (0..PROCESSES).map(|_| Actor::cast(path)).collect();
    actors.iter_mut().for_each(|actor| actor.tell("open"));
    actors.iter_mut().for_each(|actor| drop(actor.answer()));
    actors.iter_mut().for_each(|actor| drop(actor.ask("publish 1 1")));
    actors.iter_mut().for_each(|actor| actor.tell("close"));
    actors.iter_mut().for_each(|actor| drop(actor.answer()));
    // Of several that close in one moment none may be the last to SQLite; then the next one that is tidies up.
    drop(SqliteStore::open(path).unwrap());
    let names = std::fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["hooks.db"], "closed by all, it is one file");
}

fn published(path: &Path) -> i64 {
    let file = rusqlite::Connection::open(path).unwrap();
    let said: String = file.pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
    file.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap()
}

#[test]
fn many_processes_that_open_a_new_file_at_once_all_have_it() {
    for _ in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hooks.db");
        race(&path);
        assert_eq!(published(&path), PROCESSES as i64);
    }
}

#[test]
fn many_processes_that_open_an_old_file_at_once_all_have_it_brought_up_to_date_once() {
    for _ in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hooks.db");
        let old = rusqlite::Connection::open(&path).unwrap();
        old.pragma_update(None, "journal_mode", "WAL").unwrap();
        old.execute_batch(include_str!("../../src/store/sqlite/schema/0001_begin.sql")).unwrap();
        old.execute_batch(
            "INSERT INTO store VALUES (1, '0.1.0', 4);
             INSERT INTO hook VALUES
                 (1, 1, NULL, 'acme', 'v2.0', 'active', 'https://erp.example.com/', '[]', 1, 1, NULL);
             INSERT INTO lane (hook_id) VALUES (1);
             PRAGMA application_id = 0x74696562; PRAGMA user_version = 1",
        )
        .unwrap();
        old.close().unwrap();
        race(&path);
        assert_eq!(published(&path), PROCESSES as i64);
        let hooks = SqliteStore::open(&path).unwrap().hooks(&scope(1), &HookQuery::default(), &Default::default());
        assert_eq!(hooks.unwrap().items.len(), 1);
    }
}
