//! Files of earlier schemas. A migration that was released is never changed, so they are what an earlier tieback made.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tieback::wire::payload;

use crate::given::*;

/// The migrations, in order.
pub fn migrations() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/store/sqlite/schema");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.collect();
    files.sort();
    files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

/// The newest schema's version: how many migrations a file has had.
pub fn newest() -> i64 {
    migrations().len() as i64
}

/// The same content in the schema of this version.
pub fn written_in(version: usize, path: &Path) {
    written_by_the_first(path);
    let file = Connection::open(path).unwrap();
    for migration in &migrations()[1..version] {
        file.execute_batch(migration).unwrap();
    }
    file.pragma_update(None, "user_version", version as i64).unwrap();
    file.close().unwrap();
}

/// A store of the first schema: a hook with a trigger and a delivery in each state, delivered with two attempts,
/// discarded without one, and queued; and an event that made none.
pub fn written_by_the_first(path: &Path) {
    let file = Connection::open(path).unwrap();
    file.pragma_update(None, "journal_mode", "WAL").unwrap();
    file.execute_batch(&migrations()[0]).unwrap();
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
