//! Several stores on one file, and nothing forgotten in between.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use tieback::error::ErrorKind;
use tieback::policy::lane::{LaneState, Verdict};
use tieback::store::sqlite::SqliteStore;
use tieback::store::{LaneOrder, Queue, Registry, Workers};
use tieback::types::{HookQuery, Stats};

use crate::given::*;

#[test]
fn a_reopened_store_has_everything_that_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let store = SqliteStore::open(&path).unwrap();
    let hook = rfi_hook(&store, "acme");
    let all = queue(&store, hook, 1..=3);
    settle(&store, hook, all[0], Verdict::Delivered);
    settle(&store, hook, all[1], Verdict::Queued);
    write_lane(&store, hook, LaneState { epoch: 3, ..LaneState::default() });
    store.order(&company(), hook, LaneOrder::Pause).unwrap();
    let hooks = |store: &SqliteStore| store.hooks(&company(), &HookQuery::default(), &page(0, None)).unwrap();
    let triggers = |store: &SqliteStore| store.triggers(&company(), hook, &page(0, None)).unwrap();
    let lane = |store: &SqliteStore| {
        let lane = load(store, hook);
        (lane.control, lane.state, lane.destination, lane.deliveries)
    };
    // How much of it is still in the WAL is another matter.
    let stats = |store: &SqliteStore| Stats { wal_bytes: 0, ..store.stats(at(9)).unwrap() };
    let before = (hooks(&store), triggers(&store), listed(&store, hook), lane(&store), stats(&store));
    drop(store);

    let store = SqliteStore::open(&path).unwrap();
    let after = (hooks(&store), triggers(&store), listed(&store, hook), lane(&store), stats(&store));
    assert_eq!(after, before);
    assert!(publish(&store, event(1)).duplicate);
    let made = publish_at(&store, event(4), at(-100)).id.number();
    assert!(made > publish(&store, event(3)).id.number(), "made ids go on where they were");
}

#[test]
fn what_lies_beside_the_file_for_its_workers_is_for_this_user_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let store = SqliteStore::open(&path).unwrap();
    let worker = store.enlist(at(0)).unwrap();
    for suffix in ["-lock", &format!("-worker-{worker}")] {
        let file = folder.path().join(format!("hooks.db{suffix}"));
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn when_all_have_closed_only_the_file_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let stores = [SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap()];
    let workers: Vec<_> = stores.iter().map(|store| store.enlist(at(0)).unwrap()).collect();
    rfi_hook(&stores[0], "acme");
    for (store, worker) in stores.into_iter().zip(workers) {
        assert!(names_in(folder.path()).contains(&"hooks.db-lock".to_owned()), "it is open still");
        store.retire(worker).unwrap();
    }
    assert_eq!(names_in(folder.path()), ["hooks.db"]);
}

/// A worker that never wakes again has nobody else who would remove its file.
#[test]
fn the_file_of_a_buried_worker_goes_and_that_of_one_that_has_renewed_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let (frozen, other) = (SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap());
    let worker = frozen.enlist(at(0)).unwrap();
    let name = format!("hooks.db-worker-{worker}");
    let seen = || other.look(None, 0).unwrap().others;
    let before = seen();
    assert!(before.iter().all(|one| !one.is_dead), "its lock is held: {before:?}");

    assert!(frozen.renew(worker, at(10)).unwrap());
    other.bury(&before).unwrap();
    assert!(names_in(folder.path()).contains(&name));
    assert!(seen().iter().all(|one| !one.is_dead), "it has renewed and lives");

    other.bury(&seen()).unwrap();
    assert!(!names_in(folder.path()).contains(&name));
    assert!(!frozen.renew(worker, at(20)).unwrap(), "it hears that it was taken for dead");
}

#[test]
fn two_stores_in_one_process_share_a_file_also_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("hooks.db"), folder.path().join("link.db"));
    let one = SqliteStore::open(&path).unwrap();
    symlink(&path, &link).unwrap();
    let hook = rfi_hook(&one, "acme");
    for name in [&path, &link] {
        let two = SqliteStore::open(name).unwrap();
        let before = two.others_changes();
        let number = 1 + queued(&two, hook).len() as i64;
        assert!(!publish(&one, event(number)).duplicate);
        assert!(publish(&two, event(number)).duplicate, "each sees what the other has kept");
        assert_ne!(two.others_changes(), before, "and hears that it has");
    }
    assert!(!names_in(folder.path()).iter().any(|name| name.starts_with("link.db-")), "one file has one lock");
    drop(one);
    assert_eq!(names_in(folder.path()), ["hooks.db", "link.db"]);
}

#[test]
fn own_changes_are_not_those_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("hooks.db")).unwrap();
    let hook = rfi_hook(&store, "acme");
    let before = store.others_changes();
    for number in 1..=50 {
        publish(&store, event(number));
        refused(store.insert_hook(&company(), &crate::given::hook("acme"), at(0)), ErrorKind::Conflict);
        listed(&store, hook);
    }
    assert_eq!(store.others_changes(), before);
}

#[test]
fn another_process_shares_the_file_and_its_kill_leaves_nothing_that_keeps_others_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let mut holder = start_holder(&path);
    let store = SqliteStore::open(&path).expect("beside the other");
    let hook = rfi_hook(&store, "acme");

    holder.kill().unwrap();
    holder.wait().unwrap();
    drop(store);
    assert_eq!(names_in(folder.path()), ["hooks.db"]);
    let store = SqliteStore::open(&path).expect("the lock ended with its process");
    assert_eq!(queue(&store, hook, 1..=1).len(), 1);
}

/// A file of the first schema, and somebody who has it open in the way that `take` says.
fn old_file_held(take: fn(&File) -> std::io::Result<()>) -> (TempDir, PathBuf, File) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    crate::schemas::written_by_the_first(&path);
    let lock = File::create(folder.path().join("hooks.db-lock")).unwrap();
    take(&lock).unwrap();
    (folder, path, lock)
}

#[test]
fn a_file_that_must_be_brought_up_to_date_is_unavailable_while_another_engine_has_it_open() {
    let (_folder, path, lock) = old_file_held(File::lock_shared);
    let before = fs::read(&path).unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let message = error.message();
    assert!(message.contains("hooks.db") && message.contains("another tieback engine"), "{message}");
    assert!(fs::read(&path).unwrap() == before, "it was not touched");
    lock.unlock().unwrap();
    SqliteStore::open(&path).expect("the other has closed");
}

/// Whoever opens meanwhile waits, and finds it done; none of them finds that another is faster, and gives up.
#[test]
fn openings_wait_for_whoever_brings_the_file_up_to_date() {
    let (_folder, path, lock) = old_file_held(File::lock);
    let opened = AtomicUsize::new(0);
    let all = Barrier::new(5);
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let store = SqliteStore::open(&path).unwrap();
                opened.fetch_add(1, Ordering::SeqCst);
                // All have it open at once.
                all.wait();
                drop(store);
            });
        }
        thread::sleep(Duration::from_millis(100));
        assert_eq!(opened.load(Ordering::SeqCst), 0, "another has it alone");
        lock.unlock().unwrap();
        all.wait();
    });
}

const HOLD: &str = "TIEBACK_TEST_HOLD_STORE";

/// Another process, which has the store open.
fn start_holder(path: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sharing::a_process_that_holds_a_store", "--nocapture"])
        .env(HOLD, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("holding")), "the other process opens the store");
    child
}

/// Not a claim: what [`start_holder`] runs. Without its variable it does nothing.
#[test]
fn a_process_that_holds_a_store() {
    let Some(path) = std::env::var_os(HOLD) else { return };
    let _store = SqliteStore::open(Path::new(&path)).unwrap();
    writeln!(std::io::stdout(), "holding").unwrap();
    // Until it is killed, or whoever started it is gone.
    let _ = std::io::stdin().read_line(&mut String::new());
}
