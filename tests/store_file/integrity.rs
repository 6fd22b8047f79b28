//! Looking for damage: files with bytes overwritten and rows changed by another program, each really damaged.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
use tieback::error::ErrorKind;
use tieback::policy::lane::Verdict;
use tieback::store::Upkeep;
use tieback::store::sqlite::SqliteStore;
use tieback::time::Cancel;
use tieback::types::{Check, IntegrityReport, Why};

use crate::given::*;

/// A closed store with something of everything.
fn closed_store() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let store = SqliteStore::open(&path).unwrap();
    let hook = rfi_hook(&store, "acme");
    let all = queue(&store, hook, 1..=60);
    settle(&store, hook, all[0], Verdict::Delivered);
    settle(&store, hook, all[1], Verdict::Queued);
    settle(&store, hook, all[2], Verdict::Discarded(Why::MaxAttempts));
    (folder, path)
}

fn look(path: &Path, quick: bool) -> IntegrityReport {
    SqliteStore::open(path)
        .expect("the store opens")
        .check_integrity(quick, &Cancel::new())
        .expect("the store can be looked at")
}

/// Another program that keeps no rule.
fn changed(path: &Path, statements: &str) {
    let other = Connection::open(path).unwrap();
    other.pragma_update(None, "foreign_keys", false).unwrap();
    other.pragma_update(None, "ignore_check_constraints", true).unwrap();
    other.execute_batch(statements).unwrap();
    other.close().unwrap();
}

#[test]
fn a_sound_store_has_no_findings() {
    let (_folder, path) = closed_store();
    for quick in [true, false] {
        assert_eq!(look(&path, quick), IntegrityReport::default());
    }
}

#[test]
fn every_rule_finds_the_row_that_breaks_it() {
    // What is done to the file, whether a quick look sees it, the rule, and words of the finding.
    let cases: &[(&str, bool, Check, &[&str])] = &[
        (
            "DELETE FROM payload WHERE event_id = (SELECT min(event_id) FROM payload)",
            true,
            Check::References,
            &["delivery 1", "payload"],
        ),
        ("DELETE FROM hook", true, Check::References, &["hook_trigger 1", "hook"]),
        ("DROP TRIGGER delivery_is_queued; DELETE FROM lane", true, Check::Lanes, &["hook 1", "no lane"]),
        ("UPDATE lane SET queued = queued + 1", true, Check::Counts, &["lane of hook 1", "queue"]),
        ("UPDATE lane SET delivered = 7", false, Check::Counts, &["lane of hook 1", "outcomes"]),
        ("UPDATE sqlite_sequence SET seq = 5 WHERE name = 'delivery'", true, Check::Ids, &["table delivery"]),
        ("UPDATE lane SET discard_through = 1000000", true, Check::Ids, &["lane of hook 1", "yet to come"]),
        ("UPDATE delivery SET ended_at = NULL WHERE id = 1", false, Check::Outcomes, &["delivery 1", "for ever"]),
        ("DELETE FROM attempt WHERE delivery_id = 2", false, Check::Outcomes, &["delivery 2", "attempts"]),
        ("UPDATE event SET given = substr(given, 2)", false, Check::Content, &["event ", "JSON"]),
        ("UPDATE payload SET body = x'7b' WHERE rowid = 1 OR true", false, Check::Content, &["payload v2.0"]),
        ("UPDATE hook SET destination_headers = 'Bearer s3cret'", true, Check::Content, &["hook 1", "secrets"]),
        ("UPDATE hook SET destination_url = 'ftp://s3cret'", true, Check::Content, &["hook 1", "destination"]),
        ("UPDATE delivery SET status = 'lost' WHERE id = 9", true, Check::File, &["CHECK", "delivery"]),
    ];
    for (statements, seen_quickly, check, words) in cases {
        let (_folder, path) = closed_store();
        changed(&path, &statements.replace(" WHERE rowid = 1 OR true", ""));
        for quick in [false, true] {
            let report = look(&path, quick);
            let found = report
                .findings
                .iter()
                .any(|found| found.check == *check && words.iter().all(|word| found.message.contains(word)));
            assert_eq!(found, !quick || *seen_quickly, "{statements}, quick {quick}: {report:?}");
            assert!(!format!("{report:?}").contains("s3cret"), "{report:?}");
        }
    }
}

#[test]
fn overwritten_bytes_are_found_wherever_they_hit_a_page() {
    let (_folder, path) = closed_store();
    let whole = fs::read(&path).unwrap();
    let pages = whole.len() / 4096;
    assert!(pages > 20, "{pages} pages");
    let (mut refused, mut found) = (0, 0);
    // The first page is the header, and the schema: a store without them is refused when it is opened.
    for page in 1..pages {
        let mut damaged = whole.clone();
        damaged[page * 4096..page * 4096 + 64].fill(0xA5);
        fs::write(&path, &damaged).unwrap();
        match SqliteStore::open(&path) {
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
                assert!(error.message().contains("damaged"), "{error}");
                refused += 1;
            }
            Ok(store) => {
                let report = store.check_integrity(false, &Cancel::new()).unwrap();
                assert!(!report.is_sound(), "page {page} is damaged and nothing is found");
                assert!(report.findings.iter().any(|found| found.check == Check::File), "{report:?}");
                found += 1;
            }
        }
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{suffix}", path.display()));
        }
    }
    assert!(found > 0 && found + refused == pages - 1, "{found} found, {refused} refused of {pages}");
    fs::write(&path, &whole).unwrap();
    assert!(look(&path, false).is_sound());
}

/// An index that has lost a row: reads by it would miss what is there. Only the thorough look compares the two.
#[test]
fn an_index_that_misses_a_row_is_found() {
    let (_folder, path) = closed_store();
    changed(
        &path,
        "PRAGMA writable_schema = ON;
         CREATE TABLE apart AS SELECT rootpage FROM sqlite_schema WHERE name = 'attempt_of_delivery';
         UPDATE sqlite_schema SET sql = 'CREATE INDEX attempt_of_delivery ON attempt (delivery_id, id) WHERE id > 1'
             WHERE name = 'attempt_of_delivery';
         DROP TABLE apart;
         PRAGMA writable_schema = RESET;",
    );
    changed(
        &path,
        "INSERT INTO attempt SELECT 1000, delivery_id, started_at, completed_at, response_status,
        response_headers, response_body, response_body_truncated, response_error FROM attempt WHERE id = 1;
        UPDATE attempt SET id = 0 WHERE id = 1; UPDATE delivery SET attempts = attempts + 1 WHERE id = 1",
    );
    changed(
        &path,
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE INDEX attempt_of_delivery ON attempt (delivery_id, id)'
             WHERE name = 'attempt_of_delivery';
         PRAGMA writable_schema = RESET;",
    );
    let report = look(&path, false);
    assert!(
        report.findings.iter().any(|found| found.check == Check::File && found.message.contains("attempt_of_delivery")),
        "{report:?}"
    );
}

#[test]
fn a_report_has_at_most_a_hundred_findings_and_says_that_there_are_more() {
    let (_folder, path) = closed_store();
    changed(&path, "UPDATE event SET given = 'x'; UPDATE payload SET body = x'7b'");
    let report = look(&path, false);
    assert_eq!((report.findings.len(), report.more), (IntegrityReport::MAX_FINDINGS, true));
}
