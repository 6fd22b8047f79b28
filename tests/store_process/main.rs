//! Stores in other processes than this one: killed, under another umask, as another user.
//!
//! A program apart from `tests/store_file`: a process that is being started holds the locks of its parent until it
//! executes its own program, and the tests there open stores again as soon as they have closed them.

#[path = "../store/given.rs"]
mod given;
#[path = "../optional/mod.rs"]
mod optional;
#[path = "../support/process.rs"]
mod process;

mod kills;
mod modes;

/// Held by each test that starts processes, for the same reason.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn alone() -> std::sync::MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
