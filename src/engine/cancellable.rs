//! Calls on an engine that take long, and a token that ends them.

use std::path::Path;
use std::time::Duration;

use super::{Engine, retention};
use crate::error::{ErrorKind, Result};
use crate::time::Cancel;
use crate::types::{IdleReport, IntegrityReport, Purged};

impl Engine {
    /// The engine's long calls, which the token ends: [`Engine::with_cancel`] and then the call.
    ///
    /// A call whose token is requested before it begins does nothing. One that is under way ends soon, and leaves the
    /// engine and its store as they are between two calls. Calls that are short have no such form: they run to their
    /// end, so that nobody has to guess what became of them.
    ///
    /// # Errors
    /// Those of the call; `cancelled` when it was ended by the token before it was done.
    pub fn with_cancel<'a>(&'a self, cancel: &'a Cancel) -> Cancellable<'a> {
        Cancellable { engine: self, cancel }
    }
}

/// See [`Engine::with_cancel`].
#[derive(Clone, Copy)]
pub struct Cancellable<'a> {
    engine: &'a Engine,
    cancel: &'a Cancel,
}

impl Cancellable<'_> {
    /// See [`Engine::pump`].
    ///
    /// # Errors
    /// Those of [`Engine::pump`], and `cancelled`.
    pub fn pump(&self, budget: Duration) -> Result<IdleReport> {
        self.run(|| self.engine.pump_until(budget, self.cancel))
    }

    /// See [`Engine::run_until_idle`].
    ///
    /// # Errors
    /// Those of [`Engine::run_until_idle`], and `cancelled`. What is in flight then goes on at the next run.
    pub fn run_until_idle(&self, timeout: Duration, wait_paused: bool) -> Result<IdleReport> {
        let report = self.run(|| self.engine.run_until(timeout, wait_paused, self.cancel))?;
        let done = report.idle && !(wait_paused && report.paused_lanes > 0);
        if done { Ok(report) } else { self.cancel.check().map(|()| report) }
    }

    /// See [`Engine::purge`].
    ///
    /// # Errors
    /// Those of [`Engine::purge`], and `cancelled`. What was removed until then stays removed.
    pub fn purge(&self) -> Result<Purged> {
        self.run(|| retention::purge(self.engine, self.cancel))
    }

    /// See [`Engine::backup`].
    ///
    /// # Errors
    /// Those of [`Engine::backup`], and `cancelled`. Nothing is left of the backup then.
    pub fn backup(&self, path: &Path, replace: bool) -> Result<()> {
        let now = self.engine.clock().now().wall;
        self.until_closed(|cancel| self.engine.store()?.backup(path, replace, now, cancel))
    }

    /// See [`Engine::check_integrity`].
    ///
    /// # Errors
    /// Those of [`Engine::check_integrity`], and `cancelled`.
    pub fn check_integrity(&self, quick: bool) -> Result<IntegrityReport> {
        self.until_closed(|cancel| self.engine.store()?.check_integrity(quick, cancel))
    }

    /// See [`Engine::compact`].
    ///
    /// # Errors
    /// Those of [`Engine::compact`], and `cancelled`.
    pub fn compact(&self) -> Result<()> {
        self.until_closed(|cancel| self.engine.store()?.compact(cancel))
    }

    /// Makes a call; somebody who waits inside the engine is woken when the token is requested.
    fn run<T>(&self, call: impl FnOnce() -> Result<T>) -> Result<T> {
        self.cancel.check()?;
        let shared = std::sync::Arc::downgrade(&self.engine.shared);
        let _listening = self.cancel.listen(move || {
            if let Some(shared) = shared.upgrade() {
                shared.signals.wake();
                shared.status.wake();
            }
        });
        call()
    }

    /// Makes a call on the store, which ends too when the engine is closed.
    fn until_closed<T>(&self, call: impl FnOnce(&Cancel) -> Result<T>) -> Result<T> {
        self.cancel.check()?;
        let either = Cancel::new();
        let closing = &self.engine.shared.closing;
        let _listening = [self.cancel, closing].map(|cancel| {
            let either = either.clone();
            cancel.listen(move || either.request())
        });
        call(&either).map_err(|error| match error.kind() {
            ErrorKind::Cancelled if closing.is_requested() => self.engine.check().err().unwrap_or(error),
            _ => error,
        })
    }
}
