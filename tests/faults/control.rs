//! What a test tells the shim, and what the shim tells back.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::shim;

/// Calls that write.
pub const WRITE: i64 = 1;
/// Calls that sync.
pub const SYNC: i64 = 2;
/// Calls that read.
pub const READ: i64 = 4;
/// Calls that change a file's length.
pub const CUT: i64 = 8;
/// Calls that change names.
pub const NAME: i64 = 16;

/// The numbers of errno(3).
pub const EIO: i64 = 5;
pub const ENOSPC: i64 = 28;
/// Instead of an error.
pub const SIGKILL: i64 = -1;

/// As many calls as come.
pub const ALL: i64 = i64::MAX / 2;

/// The shim's file of numbers.
pub struct Control(File);

impl Control {
    /// Makes the file, with no fault in it.
    pub fn make(path: &Path) -> Self {
        let control = Self(File::create_new(path).expect("the control file is made"));
        control.arm(0, 0, 0, 0);
        control
    }

    /// The file that was made before.
    pub fn open(path: &Path) -> Self {
        Self(OpenOptions::new().read(true).write(true).open(path).expect("the control file is there"))
    }

    /// From now on, `pass` calls of these kinds pass and `fail` calls after them fail.
    pub fn arm(&self, kinds: i64, what: i64, pass: i64, fail: i64) {
        let bytes: Vec<u8> = [kinds, what, pass, fail, 0, 0].iter().flat_map(|number| number.to_ne_bytes()).collect();
        self.0.write_all_at(&bytes, 0).expect("the control file is written");
    }

    /// No more faults; gives how many there were.
    pub fn disarm(&self) -> i64 {
        self.0.write_all_at(&0i64.to_ne_bytes(), 0).expect("the control file is written");
        self.failed()
    }

    /// How many calls have failed.
    pub fn failed(&self) -> i64 {
        let mut bytes = [0; 8];
        self.0.read_exact_at(&mut bytes, 32).expect("the control file is read");
        i64::from_ne_bytes(bytes)
    }
}

/// A test of this program, to be started again in a process of its own that runs on the shim.
pub fn on_shim(test: &str, watched: &Path, notes: &Path) -> Command {
    fs::create_dir_all(notes.join("copies")).expect("a folder for copies");
    let mut command = Command::new(std::env::current_exe().expect("the test program"));
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env("LD_PRELOAD", shim::compiled("tests/faults/shim.c"))
        .env("SHIM_CONTROL", notes.join("control"))
        .env("SHIM_COPIES", notes.join("copies"))
        .env("SHIM_PREFIX", watched)
        .stdin(Stdio::null());
    command
}
