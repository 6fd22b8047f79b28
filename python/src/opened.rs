//! An engine while it is open. Closing it lets go of its file, although Python may keep the object.

use std::mem;
use std::sync::{Arc, PoisonError, RwLock};

use tieback::embedded::Embedded;
use tieback::engine::Engine;
use tieback::error::{Error, ErrorKind, Result};
use tieback::runtime::Process;

/// The engine's service until it is closed. Clones are the same engine.
#[derive(Clone)]
pub struct Opened {
    service: Arc<RwLock<Option<Embedded>>>,
    process: Process,
}

impl Opened {
    /// This engine, just opened.
    pub fn new(engine: Engine) -> Self {
        let service = Embedded::new(Arc::new(engine));
        Self { service: Arc::new(RwLock::new(Some(service))), process: Process::current() }
    }

    /// Whether this is a forked child of the process that opened it.
    pub fn is_foreign(&self) -> bool {
        self.process.check().is_err()
    }

    /// Makes a call on it. Any number of threads may do so at once.
    pub fn call<T>(&self, call: impl FnOnce(&Embedded) -> Result<T>) -> Result<T> {
        // Before the lock: in a forked child, a thread that only the parent has may hold it for ever.
        self.process.check()?;
        match &*self.service.read().unwrap_or_else(PoisonError::into_inner) {
            Some(service) => call(service),
            None => Err(Error::new(ErrorKind::Closed, "the engine is closed: open it again to use it")),
        }
    }

    /// Closes it. When this returns, its file can be opened again. In a forked child it does nothing.
    pub fn close(&self) -> Result<()> {
        if self.is_foreign() {
            return Ok(());
        }
        // This makes calls under way end, and the lock is free when they have.
        self.call(|service| {
            service.engine().close();
            Ok(())
        })?;
        *self.service.write().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if self.is_foreign() {
            // In a forked child. Ending the engine could wait for threads and locks that only the parent has, and could
            // touch the parent's file: it is left as it is.
            mem::forget(Arc::clone(&self.service));
        }
    }
}
