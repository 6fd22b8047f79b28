//! A host that lives long takes no more memory, file descriptors or threads for it.
#![cfg(target_os = "linux")]

use std::path::Path;

use crate::compile::{Library, Workshop};
use crate::support::sink::{Answer, Sink};

/// How many cycles `make test` can afford; `make cycles` makes 100,000.
const CYCLES: u64 = 1_000;

#[test]
#[expect(clippy::print_stdout, reason = "the figures")]
fn cycles_of_open_publish_and_close_take_nothing_for_good() {
    let cycles = std::env::var("TIEBACK_CYCLES").ok();
    let cycles = cycles.map_or(CYCLES, |text| text.parse().expect("TIEBACK_CYCLES is a number"));
    let workshop = Workshop::open();
    let program = workshop.build(Path::new("tests/c/cycles.c"), Library::Shared, &[]);
    // In memory where there is such a folder: this is not about the disk.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let store = folder.path().join("cycles.db");
    let sink = Sink::start(|_, _| Answer::Status(204));
    let arguments = [store.to_str().unwrap(), &sink.url("/events"), &cycles.to_string()];
    let printed = workshop.run(&program, &[], &arguments);
    assert!(printed.contains(&format!("{cycles} cycles: ")), "{printed}");
    println!("{printed}");
}
