//! What only a store in a file has to do: keep what it was given, refuse files that are not its own or not whole, share
//! its file with other engines, seal secrets in it, commit together what waits, come through a full disk, and live
//! long: backups, restoring them, looking for damage.

#[path = "../store/given.rs"]
mod given;
#[path = "../store/schemas.rs"]
mod schemas;

mod backup;
mod bad_files;
mod disk;
mod figures;
mod integrity;
mod migrate;
mod modes;
mod options;
mod restore;
mod rules;
mod sealing;
mod sharing;
mod together;

use std::time::{Duration, Instant};

use tieback::error::{ErrorKind, Result};
use tieback::store::sqlite::SqliteStore;

/// Opens a store that was closed just now. A process that another test starts holds the locks of this one until it
/// executes its own program, so that it can be taken for a moment.
fn reopened(open: impl Fn() -> Result<SqliteStore>) -> Result<SqliteStore> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match open() {
            Err(error)
                if error.kind() == ErrorKind::Unavailable
                    && error.message().contains("another tieback engine")
                    && Instant::now() < deadline =>
            {
                std::thread::yield_now();
            }
            done => return done,
        }
    }
}
