//! From the worker to the engine's methods: how busy it is, and whether the engine is still to be used.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::signals::Signals;
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Cancel, Clock};
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
    /// How many threads deliver, or are about to begin or to end it.
    running: u32,
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

    /// While this is held somebody delivers; whoever waits for that is told when it ends.
    pub fn running(self: &Arc<Self>) -> Running {
        self.lock().running += 1;
        Running(Arc::clone(self))
    }

    /// Refuses when the engine is closed or its worker met a defect.
    pub fn check(&self) -> Result<()> {
        self.lock().check()
    }

    /// Has everybody who waits look again.
    pub fn wake(&self) {
        // With the lock, so that nobody has looked already and does not wait yet.
        let _board = self.lock();
        self.changed.notify_all();
    }

    /// Waits for a worker on another thread, as long as there is one.
    pub fn wait_until_idle(&self, signals: &Signals, clock: &dyn Clock, until: &Until<'_>) -> Result<Waited> {
        let mut board = self.lock();
        let before = board.status.attempts;
        loop {
            board.check()?;
            let status = board.status;
            // What the worker has not seen yet, a signal or its own alarm, still has to be done.
            let due = status.alarm.is_some_and(|at| at <= clock.now().monotonic);
            let idle = status.idle && !due && status.signals_seen == signals.given();
            let now = Instant::now();
            let over = now >= until.deadline || until.cancel.is_requested();
            let done = over || (idle && !(until.wait_paused && status.paused_lanes > 0));
            if done || board.running == 0 {
                let attempts = status.attempts.saturating_sub(before);
                return Ok(Waited { report: IdleReport { idle, paused_lanes: status.paused_lanes, attempts }, done });
            }
            let left = until.deadline - now;
            board = self.changed.wait_timeout(board, left).unwrap_or_else(PoisonError::into_inner).0;
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

/// When a wait or a run is over.
#[derive(Clone, Copy, Debug)]
pub struct Until<'a> {
    /// At this time at the latest.
    pub deadline: Instant,
    /// Not while a lane is in back-off.
    pub wait_paused: bool,
    /// Or when this is requested.
    pub cancel: &'a Cancel,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug)]
pub struct Waited {
    /// What there was to do at the end.
    pub report: IdleReport,
    /// What was waited for is there, or the time is over. `false` means that nobody delivers any more.
    pub done: bool,
}

/// See [`StatusBoard::running`]. A panic while it is held counts as [`StatusBoard::fail`].
pub struct Running(Arc<StatusBoard>);

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail();
        }
        self.0.lock().running -= 1;
        self.0.changed.notify_all();
    }
}
