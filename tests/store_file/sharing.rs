//! One engine per file, and nothing forgotten in between.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tieback::error::ErrorKind;
use tieback::policy::lane::{LaneState, Verdict};
use tieback::store::sqlite::SqliteStore;
use tieback::store::{LaneOrder, Queue, Registry};
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
fn a_second_opening_is_unavailable_until_the_first_has_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let link = folder.path().join("link.db");
    let store = SqliteStore::open(&path).unwrap();
    symlink(&path, &link).unwrap();
    for name in [&path, &link] {
        let error = SqliteStore::open(name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let message = error.message();
        assert!(message.contains("hooks.db") && message.contains("another tieback engine"), "{message}");
        assert!(message.contains("in this process"), "{message}");
    }
    rfi_hook(&store, "acme");
    drop(store);
    SqliteStore::open(&link).unwrap();
}

#[test]
fn another_process_is_kept_out_and_told_by_whom_until_this_one_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let mut holder = start_holder(&path);
    let error = SqliteStore::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains(&format!("process {}", holder.id())), "{}", error.message());

    // However it ends: this is SIGKILL.
    holder.kill().unwrap();
    holder.wait().unwrap();
    SqliteStore::open(&path).expect("the lock ended with its process");
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
