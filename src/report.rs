//! What an engine tells the program that it lives in, as it happens: lines for its log, and notices. No secret is in
//! either.

use std::fmt;

use crate::error::{Error, Result, shown};
use crate::time::Timestamp;
use crate::types::{HookId, Notice};

/// How much a line matters; later ones are more talkative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something is lost or stands still: a queue was discarded, the store fails.
    Error,
    /// Something is in the way and is tried again: a lane is paused.
    Warn,
    /// What an operator wants to have read afterwards: opened, started, hooks created, lanes that go on.
    Info,
    /// Each publish and each attempt.
    Debug,
}

impl LogLevel {
    /// Every level, in the order of their numbers in C, which begin with 1.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::Debug];

    /// `error`, `warn`, `info` or `debug`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }

    /// Reads one of these words.
    ///
    /// # Errors
    /// `invalid_argument`.
    pub fn parse(word: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word).ok_or_else(|| {
            Error::invalid(format!("log level `{}` is none: use error, warn, info or debug", shown(word)))
        })
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One line for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// When, by the engine's clock.
    pub at: Timestamp,
    /// The hook that it is about; `None` when it concerns all.
    pub hook: Option<HookId>,
    /// What happened, in one line.
    pub message: String,
}

/// Who is told. What is left out is not told.
///
/// An engine calls it on whichever thread something happens: its own, or one that is inside a call of the engine. It
/// holds no lock meanwhile and waits for the answer. Inside of it the engine may be read, managed and published to, but
/// not run: `start`, `stop`, `pump` and `run_until_idle` are a `conflict`. What is done inside of it is not logged. A
/// panic in it counts as a defect.
pub trait Report: Send + Sync {
    /// The most talkative level that is wanted; `None` for no lines at all.
    fn level(&self) -> Option<LogLevel> {
        None
    }

    /// A line of a wanted level.
    fn log(&self, line: &LogLine) {
        let _ = line;
    }

    /// A notice. [`Engine::notices`](crate::engine::Engine::notices) tells it as well.
    fn notice(&self, notice: &Notice) {
        let _ = notice;
    }
}

/// Nobody is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Report for Silent {}
