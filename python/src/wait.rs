//! Waiting on Python's behalf: Ctrl-C is seen at least every 100 ms.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use tieback::error::{Error, ErrorKind, Result};
use tieback::types::IdleReport;

use crate::boundary::{detached, exception, guarded};
use crate::cancel::Ending;
use crate::report::is_inside;

/// How long a wait goes on before Python's signals are looked at. A little less than the 100 ms that are promised.
const SLICE: Duration = Duration::from_millis(80);

/// Counts the calls that end runs on other threads: a run that is between two slices would miss them.
#[derive(Default)]
pub struct Endings(AtomicUsize);

impl Endings {
    /// Runs under way are to end.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Runs the engine by `step`, slice by slice, until `done`, the time is over, or somebody ends it. The engine keeps its
/// state in between.
pub fn in_slices(
    py: Python<'_>,
    operation: &'static str,
    endings: &Endings,
    span: Duration,
    step: impl Fn(Duration) -> Result<IdleReport> + Send + Sync,
    done: impl Fn(&IdleReport) -> bool,
) -> PyResult<IdleReport> {
    let start = Instant::now();
    let before = endings.count();
    let mut attempts = 0;
    loop {
        let slice = SLICE.min(span.saturating_sub(start.elapsed()));
        let report = detached(py, operation, || step(slice))?;
        py.check_signals()?;
        attempts += report.attempts;
        if done(&report) || start.elapsed() >= span || endings.count() != before {
            return Ok(IdleReport { attempts, ..report });
        }
    }
}

/// Makes a call that cannot be cut in slices on a thread of its own, and waits for it. Ctrl-C ends the wait, and the
/// call too where it carries the token of its ending; else that goes on to its end.
///
/// In the middle of a line that the engine logs, the call is made on this thread: there the engine refuses what would
/// wait for the line to end.
pub fn on_a_thread<T: Send + 'static>(
    py: Python<'_>,
    operation: &'static str,
    ending: &Ending,
    call: impl FnOnce() -> Result<T> + Send + 'static,
) -> PyResult<T> {
    if is_inside() {
        return detached(py, operation, call);
    }
    let (done, mut answer) = mpsc::sync_channel(1);
    let begun = thread::Builder::new().name(format!("tieback-{operation}")).spawn(move || {
        // Nobody listens any more after Ctrl-C.
        let _ = done.send(guarded(call));
    });
    let begun = match begun {
        Ok(begun) => begun,
        Err(cause) => {
            let message = format!("the system gives no thread: {cause}");
            return Err(exception(py, &Error::new(ErrorKind::Unavailable, message).during(operation)));
        }
    };
    loop {
        let came;
        (answer, came) = py.detach(move || {
            let came = answer.recv_timeout(SLICE);
            (answer, came)
        });
        match came {
            Ok(result) => {
                // It is gone when this returns: whoever forks next has one thread less. What it might have panicked
                // with is in its answer.
                let _ = py.detach(|| begun.join());
                return result.map_err(|error| exception(py, &error.during(operation)));
            }
            Err(RecvTimeoutError::Timeout) => py.check_signals().inspect_err(|_| ending.interrupt.request())?,
            Err(RecvTimeoutError::Disconnected) => {
                let error = Error::new(ErrorKind::Internal, "the call ended without an answer").during(operation);
                return Err(exception(py, &error));
            }
        }
    }
}
