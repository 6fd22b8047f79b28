//! Log lines of the command: JSON lines on standard error.

use std::io::{self, Write};

use serde_json::json;

use crate::report::{LogLevel, LogLine, Report};
use crate::wire::own;

/// Writes what an engine tells.
pub struct StderrLog {
    level: Option<LogLevel>,
    /// The store that it is about.
    path: String,
}

impl StderrLog {
    /// For the engine on the store at this path; without a level nothing is written.
    pub fn new(level: Option<LogLevel>, path: &str) -> Self {
        Self { level, path: path.to_owned() }
    }
}

impl Report for StderrLog {
    fn level(&self) -> Option<LogLevel> {
        self.level
    }

    fn log(&self, line: &LogLine) {
        let mut written = own::log_line_to_json(line);
        written["path"] = json!(self.path);
        // In one piece, so that lines of several threads do not mix. Whoever was to read them may have gone.
        let _ = io::stderr().write_all(format!("{written}\n").as_bytes());
    }
}
