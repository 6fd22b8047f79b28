//! What happened, told at once to whoever listens, and kept until somebody asks.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, ErrorKind, Result};
use crate::report::{LogLevel, LogLine, Report};
use crate::time::Clock;
use crate::types::{HookId, Notice, NoticeKind};

/// Log lines and notices of one engine.
pub struct Telling {
    report: Arc<dyn Report>,
    clock: Arc<dyn Clock>,
    /// The newest notices, for callers who poll.
    kept: Mutex<VecDeque<Notice>>,
}

impl Telling {
    /// How many notices are kept for a caller who does not ask.
    const MAX: usize = 1024;

    /// Tells this listener.
    pub fn new(report: Arc<dyn Report>, clock: Arc<dyn Clock>) -> Self {
        Self { report, clock, kept: Mutex::default() }
    }

    /// Tells a line for the log, which is made only if somebody wants it. What a listener does itself is not logged:
    /// its line would be told to it again, and so on without end.
    pub fn log(&self, level: LogLevel, hook: Option<HookId>, message: impl FnOnce() -> String) {
        if !is_inside() && self.report.level().is_some_and(|most| level <= most) {
            let line = LogLine { level, at: self.clock.now().wall, hook, message: message() };
            inside(|| self.report.log(&line));
        }
    }

    /// Tells a notice of this moment, of one hook or of all.
    pub fn happened(&self, hook: Option<HookId>, kind: NoticeKind) {
        self.notice(Notice { hook, at: self.clock.now().wall, kind });
    }

    /// Tells a notice, and keeps it; the oldest goes when there are too many.
    pub fn notice(&self, notice: Notice) {
        self.log(level_of(&notice.kind), notice.hook, || notice.kind.to_string());
        inside(|| self.report.notice(&notice));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == Self::MAX {
            kept.pop_front();
        }
        kept.push_back(notice);
    }

    /// All notices that are kept, oldest first; they are not given twice.
    pub fn take(&self) -> Vec<Notice> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }
}

fn level_of(kind: &NoticeKind) -> LogLevel {
    match kind {
        NoticeKind::Flushed { .. } | NoticeKind::StoreFailed { .. } => LogLevel::Error,
        NoticeKind::Paused { .. } | NoticeKind::OutOfDescriptors { .. } | NoticeKind::Restored { .. } => LogLevel::Warn,
        NoticeKind::Resumed => LogLevel::Info,
    }
}

thread_local! {
    /// How many listeners this thread is inside of.
    static INSIDE: Cell<u32> = const { Cell::new(0) };
}

fn inside(tell: impl FnOnce()) {
    struct Depth;
    impl Drop for Depth {
        fn drop(&mut self) {
            INSIDE.set(INSIDE.get() - 1);
        }
    }
    INSIDE.set(INSIDE.get() + 1);
    let _depth = Depth;
    tell();
}

/// Whether this thread is inside of somebody who is being told: what waits for the worker would wait for itself.
pub fn is_inside() -> bool {
    INSIDE.get() > 0
}

/// Refuses what waits for the worker.
pub fn refuse_inside() -> Result<()> {
    if !is_inside() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Conflict,
        "an engine cannot be started, stopped or run from inside its own log line or notice: note what is to be done, \
         and do it after the callback has returned",
    ))
}
