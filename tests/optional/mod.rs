//! Tools that a test would like to have and a user's machine need not: a missing one is said aloud and skipped there,
//! and is an error where `TIEBACK_CI` is set, since that machine has been given all of them.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Command, Stdio};

/// Whether `tool` can be run; if not, the caller skips `what`, and the end of `make test` says so.
pub fn has(tool: &str, what: &str) -> bool {
    // Whatever it answers: only one that is not there cannot be started.
    can(tool, what, || Command::new(tool).arg("--version").stdin(Stdio::null()).output().is_ok())
}

/// Whether `tool` works here, by trying; if not, the same.
#[allow(dead_code, reason = "most tests need only know that a tool is there")]
#[expect(clippy::print_stderr, reason = "whoever runs a test alone reads it there")]
pub fn can(tool: &str, what: &str, try_it: impl FnOnce() -> bool) -> bool {
    if try_it() {
        return true;
    }
    assert!(env::var_os("TIEBACK_CI").is_none(), "{tool} is missing, and {what} needs it");
    let line = format!("{what} (no {tool})");
    eprintln!("skipped: {line}");
    if let Some(list) = env::var_os("TIEBACK_SKIPPED") {
        let file = OpenOptions::new().create(true).append(true).open(&list);
        let written = file.and_then(|mut file| writeln!(file, "{line}"));
        written.unwrap_or_else(|error| panic!("{} cannot be written: {error}", list.display()));
    }
    false
}
