//! What an engine tells, passed on to Python: lines to `logging`, notices to a callback.
//!
//! An engine's threads are none of Python's. They wait for the GIL here and hold no lock meanwhile; when the
//! interpreter is about to end they get none, and what they have to tell is dropped.

use std::cell::Cell;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Instant;

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use tieback::report::{LogLevel, LogLine, Report};
use tieback::types::Notice;
use tieback::wire::own::notice_to_json;

use crate::convert::to_python;

/// How long an answer of `logging` about its levels is believed, in milliseconds. Asking takes the GIL.
const BELIEVED: u64 = 1_000;

thread_local! {
    /// Whether this thread is inside of somebody who is being told.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside of somebody who is being told: what waits for the engine there would wait for itself.
pub fn is_inside() -> bool {
    INSIDE.get()
}

/// Tells Python.
pub struct ToPython {
    /// Gives the most talkative level that `logging` wants, 1 to 4, or 0.
    wanted: Py<PyAny>,
    /// Takes a level, the hook's id and the message.
    log: Py<PyAny>,
    /// Takes a notice as a dict.
    notice: Option<Py<PyAny>>,
    level: AtomicU8,
    /// When `wanted` is to be asked again, in milliseconds since `start`.
    ask_at: AtomicU64,
    start: Instant,
}

impl ToPython {
    /// Tells these functions.
    pub fn new(wanted: Py<PyAny>, log: Py<PyAny>, notice: Option<Py<PyAny>>) -> Self {
        let (level, ask_at) = (AtomicU8::new(0), AtomicU64::new(0));
        Self { wanted, log, notice, level, ask_at, start: Instant::now() }
    }

    /// Asks `logging` for its level, where that was some time ago; one thread does it for all.
    fn look(&self) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let due = self.ask_at.load(Ordering::Relaxed);
        let next = now.saturating_add(BELIEVED);
        if now >= due && self.ask_at.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            let asked = |py: Python<'_>| self.wanted.call0(py).and_then(|level| level.extract::<u8>(py));
            if let Some(level) = told(asked) {
                self.level.store(level, Ordering::Relaxed);
            }
        }
    }
}

impl Report for ToPython {
    fn level(&self) -> Option<LogLevel> {
        // What a listener does is not logged: its line would be told to it again, and so on.
        if is_inside() {
            return None;
        }
        self.look();
        let level = usize::from(self.level.load(Ordering::Relaxed));
        level.checked_sub(1).and_then(|index| LogLevel::ALL.get(index)).copied()
    }

    fn log(&self, line: &LogLine) {
        let level = LogLevel::ALL.into_iter().position(|level| level == line.level).map_or(0, |index| index + 1);
        let hook = line.hook.map(|hook| hook.to_string());
        told(|py| self.log.call1(py, (level, hook, &line.message)));
    }

    fn notice(&self, notice: &Notice) {
        if let Some(call) = &self.notice {
            told(|py| call.call1(py, (to_python(py, &notice_to_json(notice))?,)));
        }
    }
}

/// Calls Python, if there is one still. What it raises has nobody to go to but `sys.unraisablehook`; Ctrl-C alone goes
/// where it was meant to, to the main thread.
fn told<T>(call: impl FnOnce(Python<'_>) -> PyResult<T>) -> Option<T> {
    let within = Within(INSIDE.replace(true));
    let answer = Python::try_attach(|py| match call(py) {
        Ok(answer) => Some(answer),
        Err(raised) if raised.is_instance_of::<PyKeyboardInterrupt>(py) => {
            let again = py.import("_thread").and_then(|thread| thread.call_method0("interrupt_main"));
            again.err().into_iter().for_each(|failure| failure.write_unraisable(py, None));
            None
        }
        Err(raised) => {
            raised.write_unraisable(py, None);
            None
        }
    });
    drop(within);
    answer.flatten()
}

/// Ends being inside, also when something panics.
struct Within(bool);

impl Drop for Within {
    fn drop(&mut self) {
        INSIDE.set(self.0);
    }
}
