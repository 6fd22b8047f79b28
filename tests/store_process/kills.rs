//! A sealing that is killed.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tieback::policy::seal::StoreKeys;
use tieback::random::SystemRandom;
use tieback::store::Registry;
use tieback::store::sqlite::SqliteStore;
use tieback::types::HookId;

use crate::alone;
use crate::given::*;
use crate::process::{Process, end_with_parent, tell};

const HOOKS: i64 = 400;

fn open(path: &Path) -> SqliteStore {
    let keys = StoreKeys::chosen(Some(&"5ea1".repeat(16)), []).unwrap();
    SqliteStore::open_sealed(path, keys, Arc::new(SystemRandom)).unwrap()
}

fn secret(hook: i64) -> String {
    format!("Bearer secret-token-{hook}")
}

/// A closed store in clear text.
fn clear_store(path: &Path) {
    let store = SqliteStore::open(path).unwrap();
    for number in 1..=HOOKS {
        let mut create = hook(&format!("acme-{number}"));
        create.destination_headers = headers(&secret(number));
        store.insert_hook(&company(), &create, at(0)).unwrap();
    }
}

fn is_in_a_file(folder: &TempDir, bytes: &[u8]) -> bool {
    let mut files = fs::read_dir(folder.path()).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    files.any(|content| content.windows(bytes.len()).any(|window| window == bytes))
}

const STORE: &str = "TIEBACK_TEST_SEALING_STORE";

/// Not a claim: the process that is killed. Without its variable it does nothing.
#[test]
fn a_process_that_seals() {
    let Some(path) = std::env::var_os(STORE) else { return };
    end_with_parent();
    tell("begun");
    let store = open(Path::new(&path));
    tell("open");
    drop(store);
    std::thread::sleep(std::time::Duration::from_secs(60));
}

/// SIGKILL at moments all over the sealing: whatever was done, the next opening with the key ends it.
#[test]
fn a_sealing_that_is_killed_is_finished_by_the_next_opening() {
    let _alone = alone();
    let template = tempfile::tempdir().unwrap();
    let clear = template.path().join("hooks.db");
    clear_store(&clear);
    let mut unfinished = 0;
    for round in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hooks.db");
        fs::copy(&clear, &path).unwrap();
        assert!(is_in_a_file(&folder, b"secret-token"));
        let mut process = Process::start("kills::a_process_that_seals", [(STORE, path.display().to_string())]);
        process.wait_for("begun");
        std::thread::sleep(std::time::Duration::from_millis(round * 4));
        let told = process.kill();
        unfinished += i32::from(!told.iter().any(|line| line == "open"));
        let store = open(&path);
        for hook in 1..=HOOKS {
            let destination = load(&store, HookId(hook)).destination.expect("its secrets can be read");
            assert_eq!(destination.headers, headers(&secret(hook)), "hook {hook}");
        }
        assert!(!is_in_a_file(&folder, b"secret-token"), "round {round}");
    }
    assert!(unfinished > 0, "no kill came before the end: nothing was shown");
}
