//! From the worker to the engine's methods: how busy it is, and whether the engine is still to be used.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::signals::Signals;
use crate::error::{Error, ErrorKind, Result};
use crate::time::Clock;
use crate::types::IdleReport;

/// What the worker last said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Status {
    /// Nothing is in flight, due or waiting to be kept.
    pub idle: bool,
    /// Attempts on the wire.
    pub in_flight: u64,
    /// Lanes in back-off.
    pub paused_lanes: u64,
    /// Attempts that have ended.
    pub attempts: u64,
    /// [`Signals::given`] when the worker last looked.
    pub signals_seen: u64,
    /// When the worker has something to do next, on the monotonic clock.
    pub alarm: Option<Duration>,
}

/// Where the worker writes its status and callers wait for it.
#[derive(Debug, Default)]
pub struct StatusBoard {
    board: Mutex<Board>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Board {
    status: Status,
    closed: bool,
    failed: bool,
}

impl StatusBoard {
    /// What the worker last said.
    pub fn read(&self) -> Status {
        self.lock().status
    }

    /// Says it.
    pub fn write(&self, status: Status) {
        self.lock().status = status;
        self.changed.notify_all();
    }

    /// The engine is closed: every call from now on says so, and whoever waits is told.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// The worker met a defect: every call from now on says so, and whoever waits is told.
    pub fn fail(&self) {
        self.lock().failed = true;
        self.changed.notify_all();
    }

    /// While this is held, a panic counts as [`StatusBoard::fail`].
    pub fn fail_on_panic(&self) -> FailOnPanic<'_> {
        FailOnPanic(self)
    }

    /// Refuses when the engine is closed or its worker met a defect.
    pub fn check(&self) -> Result<()> {
        self.lock().check()
    }

    /// Waits for a worker on other threads.
    pub fn wait_until_idle(
        &self,
        signals: &Signals,
        clock: &dyn Clock,
        deadline: Instant,
        wait_paused: bool,
    ) -> Result<IdleReport> {
        let mut board = self.lock();
        let before = board.status.attempts;
        loop {
            board.check()?;
            let status = board.status;
            // What the worker has not seen yet, a signal or its own alarm, still has to be done.
            let due = status.alarm.is_some_and(|at| at <= clock.now().monotonic);
            let idle = status.idle && !due && status.signals_seen == signals.given();
            let now = Instant::now();
            if (idle && !(wait_paused && status.paused_lanes > 0)) || now >= deadline {
                return Ok(IdleReport {
                    idle,
                    paused_lanes: status.paused_lanes,
                    attempts: status.attempts.saturating_sub(before),
                });
            }
            board = self.changed.wait_timeout(board, deadline - now).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board {
    fn check(&self) -> Result<()> {
        if self.failed {
            let message = "the engine's worker met a defect in tieback and has ended; what is queued is kept: close \
                           the engine and open it again";
            return Err(Error::new(ErrorKind::Internal, message));
        }
        if self.closed {
            return Err(Error::new(ErrorKind::Closed, "the engine is closed: open it again to use it"));
        }
        Ok(())
    }
}

/// See [`StatusBoard::fail_on_panic`].
pub struct FailOnPanic<'a>(&'a StatusBoard);

impl Drop for FailOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail();
        }
    }
}
