//! Group commit, and reading beside it.

use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tieback::error::ErrorKind;
use tieback::store::sqlite::SqliteStore;
use tieback::store::{Queue, Registry};

use crate::given::*;

fn new_store() -> (TempDir, PathBuf, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let store = SqliteStore::open(&path).unwrap();
    (folder, path, store)
}

/// Another program that holds the file's write lock until it is dropped.
fn hold(path: &Path) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

/// How many transactions the WAL has: frames that say how large the database is after them (SQLite's file format,
/// section 4.1: a header of 32 bytes, then frames of 24 bytes and a page).
fn transactions(path: &Path) -> usize {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    let wal = std::fs::read(wal).unwrap();
    let page_size = u32::from_be_bytes(wal[8..12].try_into().unwrap()) as usize;
    wal[32..].chunks(24 + page_size).filter(|frame| frame[4..8] != [0; 4]).count()
}

#[test]
fn threads_that_publish_at_once_all_get_their_own_answers() {
    const THREADS: i64 = 8;
    const EVENTS: i64 = 20;
    let (_folder, _path, store) = new_store();
    let hook = rfi_hook(&store, "acme");
    let start = Barrier::new(THREADS as usize);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (store, start) = (&store, &start);
            scope.spawn(move || {
                start.wait();
                for number in 0..EVENTS {
                    let number = thread * EVENTS + number;
                    // Each event is published by two threads: one of them makes it, the other hears so.
                    let answers = store.publish(&[event(number), event(number ^ 1)], at(0)).unwrap();
                    for (answer, number) in answers.into_iter().zip([number, number ^ 1]) {
                        let answer = answer.unwrap();
                        assert_eq!((answer.ulid, answer.deliveries), (ulid(number), 1));
                    }
                    refused(store.insert_hook(&company(), &crate::given::hook("acme"), at(0)), ErrorKind::Conflict);
                }
            });
        }
    });
    let all = listed(&store, hook);
    let mut numbers: Vec<i64> = all.iter().map(|one| one.event.resource_id.number().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..THREADS * EVENTS).collect::<Vec<_>>());
}

/// Waits until the store's `Debug` form says this.
fn until(store: &SqliteStore, says: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !format!("{store:?}").contains(says) {
        assert!(Instant::now() < deadline, "{store:?} never says `{says}`");
        thread::yield_now();
    }
}

#[test]
fn what_waits_is_committed_together_and_what_fails_takes_back_only_itself() {
    const PUBLISHERS: i64 = 12;
    const CREATORS: usize = 12;
    let (_folder, path, store) = new_store();
    let hook = rfi_hook(&store, "acme");
    let before = transactions(&path);
    let other = hold(&path);
    let (published, refusals) = thread::scope(|scope| {
        let store = &store;
        let first = scope.spawn(move || publish(store, event(0)));
        until(store, "writing: true, waiting: 0");
        let publishers: Vec<_> =
            (1..PUBLISHERS).map(|number| scope.spawn(move || publish(store, event(number)))).collect();
        let creators: Vec<_> = (0..CREATORS)
            .map(|_| scope.spawn(move || store.insert_hook(&company(), &crate::given::hook("new"), at(0))))
            .collect();
        until(store, &format!("waiting: {}", publishers.len() + creators.len()));
        other.execute_batch("ROLLBACK").unwrap();
        let published: Vec<_> = [first].into_iter().chain(publishers).map(|thread| thread.join().unwrap()).collect();
        let refusals: Vec<_> = creators.into_iter().filter_map(|thread| thread.join().unwrap().err()).collect();
        (published, refusals)
    });
    assert!(published.iter().all(|answer| answer.deliveries == 1));
    assert_eq!(refusals.len(), CREATORS - 1, "one of them made the hook");
    assert!(refusals.iter().all(|error| error.kind() == ErrorKind::Conflict));
    assert_eq!(queued(&store, hook).len(), PUBLISHERS as usize);
    assert_eq!(transactions(&path) - before, 2, "the first call, and all that waited for it");
}

#[test]
fn a_call_that_fails_half_way_leaves_nothing_of_itself_and_everything_of_its_neighbours() {
    let (_folder, path, store) = new_store();
    let (one, two) = (rfi_hook(&store, "one"), rfi_hook(&store, "two"));
    let elsewhere = rfi_hook_in(&store, &other_company(), &crate::given::hook("one"));
    let other = rusqlite::Connection::open(&path).unwrap();
    let fail_for_two = format!(
        "CREATE TRIGGER fail BEFORE INSERT ON delivery WHEN NEW.hook_id = {two} BEGIN SELECT RAISE(ABORT, 'no'); END"
    );
    other.execute_batch(&fail_for_two).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    thread::scope(|scope| {
        let store = &store;
        let leader = scope.spawn(move || publish(store, event_in(&other_company(), "RFIs", 9.into(), "update", 9)));
        until(store, "writing: true, waiting: 0");
        let fails = scope.spawn(move || store.publish(&[event(1)], at(0)));
        until(store, "waiting: 1");
        let neighbour = scope.spawn(move || publish(store, event_in(&other_company(), "RFIs", 2.into(), "update", 2)));
        until(store, "waiting: 2");
        other.execute_batch("ROLLBACK").unwrap();
        refused(fails.join().unwrap(), ErrorKind::Storage);
        assert_eq!((leader.join().unwrap().deliveries, neighbour.join().unwrap().deliveries), (1, 1));
    });
    assert_eq!((queued(&store, one).len(), queued(&store, elsewhere).len()), (0, 2));
    other.execute_batch("DROP TRIGGER fail").unwrap();
    assert!(!publish(&store, event(1)).duplicate);
    assert_eq!((queued(&store, one).len(), queued(&store, two).len()), (1, 1));
}

#[test]
fn readers_do_not_wait_for_writers() {
    let (_folder, path, store) = new_store();
    let hook = rfi_hook(&store, "acme");
    let other = hold(&path);
    thread::scope(|scope| {
        let writing = scope.spawn(|| publish(&store, event(1)));
        assert_eq!(store.hook(&company(), hook).unwrap().namespace, "acme");
        assert_eq!(load(&store, hook).deliveries, []);
        assert!(!writing.is_finished());
        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(writing.join().unwrap().hooks, [hook]);
    });
    assert_eq!(load(&store, hook).deliveries.len(), 1);
}

#[test]
fn a_file_that_another_program_does_not_let_go_is_unavailable_and_not_changed() {
    let (_folder, path, store) = new_store();
    let hook = rfi_hook(&store, "acme");
    let other = hold(&path);
    let error = store.publish(&[event(1)], at(0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("another program"), "{error}");
    drop(other);
    assert!(!publish(&store, event(1)).duplicate);
    assert_eq!(queued(&store, hook).len(), 1);
}
