//! An engine while it is open. Closing it lets go of its file, although Python may keep the object.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tieback::embedded::Embedded;
use tieback::engine::Engine;
use tieback::error::{Error, ErrorKind, Result};
use tieback::runtime::Process;

use crate::report::is_inside;

/// The engine's service until it is closed. Clones are the same engine.
#[derive(Clone)]
pub struct Opened {
    state: Arc<State>,
    process: Process,
}

/// No call is made under the lock: a call may come back in here, from a line that it logs.
struct State {
    slot: Mutex<Slot>,
    ended: Condvar,
}

struct Slot {
    service: Option<Arc<Embedded>>,
    /// How many calls have it.
    under_way: usize,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Opened {
    /// This engine, just opened.
    pub fn new(engine: Engine) -> Self {
        let service = Some(Arc::new(Embedded::new(Arc::new(engine))));
        let state = State { slot: Mutex::new(Slot { service, under_way: 0 }), ended: Condvar::new() };
        Self { state: Arc::new(state), process: Process::current() }
    }

    /// Whether this is a forked child of the process that opened it.
    pub fn is_foreign(&self) -> bool {
        self.process.check().is_err()
    }

    /// Makes a call on it. Any number of threads may do so at once.
    pub fn call<T>(&self, call: impl FnOnce(&Embedded) -> Result<T>) -> Result<T> {
        // Before the lock: in a forked child, a thread that only the parent has may hold it for ever.
        self.process.check()?;
        let begun = Call::begin(&self.state)?;
        call(&begun.service)
    }

    /// Closes it. When this returns, its file can be opened again. In a forked child it does nothing; in the middle of
    /// a line that the engine logs it waits for nothing.
    pub fn close(&self) -> Result<()> {
        if self.is_foreign() {
            return Ok(());
        }
        let Some(service) = self.state.lock().service.take() else { return Ok(()) };
        service.engine().close();
        if is_inside() {
            self.let_go_later(service);
        } else {
            self.let_go(service);
        }
        Ok(())
    }

    /// Closes it without waiting: where Python collects it, perhaps on one of the engine's own threads, and with the
    /// GIL, which those may wait for.
    pub fn close_later(&self) {
        if self.is_foreign() {
            return;
        }
        let service = self.state.lock().service.take();
        service.into_iter().for_each(|service| self.let_go_later(service));
    }

    fn let_go(&self, service: Arc<Embedded>) {
        // Calls under way end soon. The last of them lets go of the store.
        service.engine().close();
        let waited = self.state.ended.wait_while(self.state.lock(), |slot| slot.under_way > 0);
        drop(waited);
        drop(service);
    }

    fn let_go_later(&self, service: Arc<Embedded>) {
        let (opened, spare) = (self.clone(), Arc::clone(&service));
        let begun = thread::Builder::new().name("tieback-close".to_owned()).spawn(move || opened.let_go(service));
        if begun.is_err() {
            // The process has no thread left. What the engine has on disk is whole at every moment.
            mem::forget(spare);
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if self.is_foreign() {
            // In a forked child. Ending the engine could wait for threads and locks that only the parent has, and could
            // touch the parent's file: it is left as it is.
            mem::forget(Arc::clone(&self.state));
        }
    }
}

/// A call under way, and the service that it is made on.
struct Call<'a> {
    state: &'a State,
    service: Arc<Embedded>,
}

impl<'a> Call<'a> {
    fn begin(state: &'a State) -> Result<Self> {
        let mut slot = state.lock();
        let Some(service) = slot.service.clone() else {
            return Err(Error::new(ErrorKind::Closed, "the engine is closed: open it again to use it"));
        };
        slot.under_way += 1;
        drop(slot);
        Ok(Self { state, service })
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.state.lock().under_way -= 1;
        self.state.ended.notify_all();
    }
}
