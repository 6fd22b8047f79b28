//! A folder with a store, the shim for the process that uses it, and the power cut.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::process::Process;
use crate::support::shim;
use crate::{ENDPOINT, ROLE, STORE};

/// The shim's variable for its list of syncs.
pub const LOG: &str = "SHIM_LOG";

/// The suffixes of the files in which SQLite keeps a store.
const FILES: [&str; 2] = ["", "-wal"];

/// Where a process is started and cut off.
pub struct Bench {
    folder: TempDir,
    notes: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        let bench = Self { folder: folder(), notes: folder() };
        fs::write(bench.log_path(), "").expect("the log is made");
        bench
    }

    pub fn store(&self) -> PathBuf {
        self.folder.path().join("hooks.db")
    }

    fn log_path(&self) -> PathBuf {
        self.notes.path().join("syncs")
    }

    /// Starts the process on the shim. With `lies`, its disk syncs nothing.
    pub fn start(&self, role: &str, endpoint: &str, lies: bool) -> Process {
        let text = |path: PathBuf| path.display().to_string();
        let mut variables = vec![
            ("LD_PRELOAD", text(shim().to_owned())),
            (LOG, text(self.log_path())),
            (STORE, text(self.store())),
            (ROLE, role.to_owned()),
            (ENDPOINT, endpoint.to_owned()),
        ];
        variables.extend(lies.then(|| ("SHIM_IGNORE", "1".to_owned())));
        Process::start("a_process_that_publishes", variables)
    }

    /// What was synced, and what the process noted in between, in order.
    pub fn log(&self) -> Vec<String> {
        fs::read_to_string(self.log_path()).expect("the log").lines().map(str::to_owned).collect()
    }

    /// Leaves of the store what was synced, under names that were synced; the shared memory goes in any case.
    pub fn cut_power(&self) {
        let beside = |suffix: &str| PathBuf::from(format!("{}{suffix}", self.store().display()));
        for file in FILES {
            let (path, synced) = (beside(file), beside(&format!("{file}.synced")));
            if synced.exists() && beside(&format!("{file}.named")).exists() {
                fs::rename(&synced, &path).expect("the synced content takes its place");
            } else if path.exists() {
                fs::remove_file(&path).expect("what was never synced is gone");
            }
        }
        let _ = fs::remove_file(beside("-shm"));
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The shim, compiled once.
fn shim() -> &'static Path {
    shim::compiled("tests/durability/shim.c")
}
