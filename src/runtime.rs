//! The private tokio runtimes, and the guard against use after a fork.
//!
//! Nothing here starts a thread before it is asked to. A forked child has none of its parent's threads: what belongs to
//! the parent is refused there, and left alone when dropped.

use std::mem;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime as Tokio};

use crate::error::{Error, ErrorKind, Result};

/// The process that made something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(u32);

impl Process {
    /// The present process.
    pub fn current() -> Self {
        Self(std::process::id())
    }

    /// Refuses when this is another process, that is, after a fork.
    ///
    /// # Errors
    /// `closed`.
    pub fn check(self) -> Result<()> {
        if self == Self::current() {
            return Ok(());
        }
        let message = format!(
            "this engine belongs to process {} and cannot be used after a fork: open one in the child process",
            self.0
        );
        Err(Error::new(ErrorKind::Closed, message))
    }
}

/// A tokio runtime of our own.
#[derive(Debug)]
pub struct Runtime {
    tokio: Option<Tokio>,
    owner: Process,
}

impl Runtime {
    /// One that runs on the caller's thread, while it is in [`Runtime::block_on`].
    ///
    /// # Errors
    /// `unavailable` when the system gives no event queue (too many open files).
    pub fn on_this_thread() -> Result<Self> {
        Self::build(&mut Builder::new_current_thread())
    }

    /// One with threads of its own.
    ///
    /// # Errors
    /// `unavailable` when the system gives no threads or no event queue.
    pub fn with_threads(count: usize) -> Result<Self> {
        Self::build(Builder::new_multi_thread().worker_threads(count).thread_name("tieback"))
    }

    fn build(builder: &mut Builder) -> Result<Self> {
        let tokio = builder.enable_all().build().map_err(|cause| {
            Error::new(ErrorKind::Unavailable, format!("the system gives no resources for network I/O: {cause}"))
                .caused_by(cause)
        })?;
        Ok(Self { tokio: Some(tokio), owner: Process::current() })
    }

    /// Runs a future to its end.
    ///
    /// # Errors
    /// `closed` after a fork.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> Result<T> {
        self.owner.check()?;
        match &self.tokio {
            Some(tokio) => Ok(tokio.block_on(future)),
            None => Err(Error::new(ErrorKind::Closed, "the engine is closed")),
        }
    }

    /// Starts a task.
    ///
    /// # Errors
    /// `closed` after a fork.
    pub fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<tokio::task::JoinHandle<T>> {
        self.owner.check()?;
        match &self.tokio {
            Some(tokio) => Ok(tokio.spawn(future)),
            None => Err(Error::new(ErrorKind::Closed, "the engine is closed")),
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        let Some(tokio) = self.tokio.take() else { return };
        if self.owner == Process::current() {
            // A name look-up cannot be interrupted; it is not waited for longer than this.
            tokio.shutdown_timeout(Duration::from_millis(200));
        } else {
            // Its threads live in the parent: joining them here would wait for ever.
            mem::forget(tokio);
        }
    }
}
