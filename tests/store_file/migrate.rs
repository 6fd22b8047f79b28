//! Files of earlier schemas: brought up to date with all that is in them, at once or not at all.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tieback::error::ErrorKind;
use tieback::policy::seal::StoreKeys;
use tieback::random::SystemRandom;
use tieback::store::sqlite::SqliteStore;
use tieback::store::{Log, Queue, Registry, Upkeep};
use tieback::time::Cancel;
use tieback::types::{HookId, Purged};

use crate::given::*;
use crate::schemas::{self, written_by_the_first};

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

/// Whatever its content was made of, a file of each earlier schema has all of it in the newest.
#[test]
fn a_store_of_every_earlier_schema_is_brought_to_the_newest() {
    let newest = schemas::newest() as usize;
    assert!(newest >= 4);
    for version in 1..newest {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hooks.db");
        schemas::written_in(version, &path);
        assert_eq!(columns_and_version(&path).1, version as i64);
        let store = SqliteStore::open(&path).unwrap();
        let report = store.check_integrity(false, &Cancel::new()).unwrap();
        assert!(report.is_sound(), "schema {version}: {report:?}");
        let stats = store.stats(at(31)).unwrap();
        assert_eq!((stats.hooks, stats.queued, stats.delivered, stats.discarded), (1, 1, 1, 1), "schema {version}");
        let standings: Vec<_> = listed(&store, HookId(1)).into_iter().map(|one| one.status).collect();
        let words: Vec<_> = standings.iter().map(|status| status.as_str()).collect();
        assert_eq!(words, ["enqueued", "discarded", "delivered"], "schema {version}");
        drop(store);
        assert_eq!(columns_and_version(&path).1, newest as i64);
    }
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

/// Options came later: a hook of before is not signed and not limited, and can be both from then on.
#[test]
fn a_hook_of_an_earlier_schema_has_no_options_and_takes_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    written_by_the_first(&path);
    let store = SqliteStore::open(&path).unwrap();
    let hook = store.hook(&company(), HookId(1)).unwrap();
    assert_eq!((hook.signing_secrets.len(), hook.rate_limit), (0, None));
    let secrets = tieback::types::SigningSecrets::parse(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]).unwrap();
    let limit = tieback::types::RateLimit::new(1, std::time::Duration::from_secs(10)).unwrap();
    let change = tieback::types::HookUpdate {
        signing_secrets: Some(secrets),
        rate_limit: Some(Some(limit)),
        ..Default::default()
    };
    store.update_hook(&company(), HookId(1), &change, at(1)).unwrap();
    drop(store);
    let hook = SqliteStore::open(&path).unwrap().hook(&company(), HookId(1)).unwrap();
    assert_eq!((&hook.signing_secrets[..], hook.rate_limit), (&["*****aLaSw".to_owned()][..], Some(limit)));
}
