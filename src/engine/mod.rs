//! The engine: publishes events, matches them to triggers, and delivers them, on a store.
//!
//! ```text
//!   publish --> Store (events + deliveries, one transaction) --> signal --> worker
//!   worker  --> policy::dispatch decides --> net::send --> Store (attempts + states, one transaction)
//! ```
//!
//! The worker runs on threads of its own after [`Engine::start`], or on the caller's thread inside [`Engine::pump`] and
//! [`Engine::run_until_idle`]. Every method may be called from any thread.

mod each;
mod notices;
mod open;
mod publish;
mod signals;
mod status;
mod worker;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub(crate) use each::{check_count, one_answer_each, only_answer};
pub use open::EngineOptions;

use crate::error::{Error, ErrorKind, Result};
use crate::policy::catalogue::Catalogue;
use crate::policy::dispatch::Limits;
use crate::policy::egress::Egress;
use crate::policy::retry::RetryPolicy;
use crate::random::Random;
use crate::runtime::{Process, Runtime};
use crate::store::{LaneOrder, Store};
use crate::time::Clock;
use crate::types::{DeliveryId, HookId, Id, IdleReport, Notice, Scope, Stats};
use notices::Notices;
use publish::Ulids;
use signals::Signals;
use status::{Status, StatusBoard};
use worker::{Until, Worker};

/// An embedded webhook engine on one store.
///
/// Dropping it stops it as [`Engine::close`] does.
pub struct Engine {
    shared: Arc<Shared>,
    driver: Mutex<Driver>,
    process: Process,
}

/// What the engine's methods and its worker both use.
struct Shared {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    catalogue: Catalogue,
    egress: Egress,
    policy: RetryPolicy,
    limits: Limits,
    ulids: Ulids,
    signals: Signals,
    notices: Notices,
    status: StatusBoard,
}

/// Who runs the worker. The worker is declared before its runtime, and so dropped before it.
enum Driver {
    Nobody,
    Caller { worker: Box<Worker>, runtime: Runtime },
    Threads { task: tokio::task::JoinHandle<()>, runtime: Runtime },
    Closed,
}

impl Engine {
    /// The engine on a store that is open already; the path of the options is not used.
    ///
    /// # Errors
    /// `invalid_argument` for options that make no sense.
    pub fn on(store: Arc<dyn Store>, options: EngineOptions) -> Result<Self> {
        options.policy.check()?;
        let shared = Shared {
            store,
            clock: options.clock,
            random: options.random,
            catalogue: options.catalogue,
            egress: options.egress,
            policy: options.policy,
            limits: options.limits,
            ulids: Ulids::default(),
            signals: Signals::default(),
            notices: Notices::default(),
            status: StatusBoard::default(),
        };
        Ok(Self { shared: Arc::new(shared), driver: Mutex::new(Driver::Nobody), process: Process::current() })
    }

    /// Starts delivering on threads of the engine's own. Starting a started engine changes nothing.
    ///
    /// # Errors
    /// `closed`; `storage` when the queue cannot be read; `unavailable` when the system gives no threads.
    pub fn start(&self) -> Result<()> {
        let mut driver = self.driver()?;
        match &*driver {
            Driver::Threads { .. } => return Ok(()),
            Driver::Caller { .. } => self.finish(&mut driver, self.shared.policy.attempt_limit())?,
            Driver::Nobody | Driver::Closed => {}
        }
        let runtime = Runtime::with_threads(1)?;
        let worker = Worker::on_threads(Arc::clone(&self.shared))?;
        let task = runtime.spawn(worker.work())?;
        *driver = Driver::Threads { task, runtime };
        Ok(())
    }

    /// Stops delivering: nothing starts any more, and attempts in flight get `grace` to end and be recorded. What has
    /// not ended by then is queued again. Stopping a stopped engine changes nothing.
    ///
    /// # Errors
    /// `closed`.
    pub fn stop(&self, grace: Duration) -> Result<()> {
        self.check()?;
        // A run on another caller's thread holds the driver: it sees the signal and returns.
        self.shared.signals.stop(after(grace));
        let mut driver = self.driver()?;
        let stopped = self.finish(&mut driver, grace);
        self.shared.signals.stopped();
        stopped
    }

    /// Delivers on the caller's thread what is due, for about `budget`; returns early when nothing is in flight or due.
    ///
    /// For hosts without threads: call it often, at least every second while `idle` is false, since attempts in flight
    /// go on at the next call and their time limits run meanwhile.
    ///
    /// # Errors
    /// `closed`; `conflict` when the engine is started; `storage` when the queue cannot be read.
    pub fn pump(&self, budget: Duration) -> Result<IdleReport> {
        let mut driver = self.driver()?;
        if matches!(*driver, Driver::Threads { .. }) {
            return Err(Error::new(
                ErrorKind::Conflict,
                "the engine is started and delivers by itself: stop it first, or do not pump",
            ));
        }
        self.run_here(&mut driver, Until { deadline: after(budget), wait_paused: false })
    }

    /// Delivers until nothing is in flight or due, or `timeout` has passed. Lanes in back-off are waited for only with
    /// `wait_paused`; otherwise the report says how many there are. On a started engine it waits; else it works on the
    /// caller's thread.
    ///
    /// # Errors
    /// `closed`; `storage` when the queue cannot be read.
    pub fn run_until_idle(&self, timeout: Duration, wait_paused: bool) -> Result<IdleReport> {
        let until = Until { deadline: after(timeout), wait_paused };
        let mut driver = self.driver()?;
        if !matches!(*driver, Driver::Threads { .. }) {
            return self.run_here(&mut driver, until);
        }
        drop(driver);
        let Shared { status, signals, clock, .. } = &*self.shared;
        status.wait_until_idle(signals, &**clock, until.deadline, wait_paused)
    }

    /// What happened to lanes since the last call: pauses, resumes, flushes. At most 1,024 are kept; the oldest go
    /// first.
    ///
    /// # Errors
    /// `closed`.
    pub fn notices(&self) -> Result<Vec<Notice>> {
        self.check()?;
        Ok(self.shared.notices.take())
    }

    /// How much there is to do.
    ///
    /// # Errors
    /// `closed`, `storage`.
    pub fn stats(&self) -> Result<Stats> {
        self.check()?;
        let stats = self.shared.store.stats(self.shared.clock.now().wall)?;
        Ok(Stats { in_flight: self.shared.status.read().in_flight, ..stats })
    }

    /// Starts nothing on a hook's lane until [`Engine::resume`]; new events still queue.
    ///
    /// # Errors
    /// `not_found`, `closed`, `storage`.
    pub fn pause(&self, scope: &Scope, hook_id: &Id) -> Result<()> {
        self.order(scope, hook_id, LaneOrder::Pause)
    }

    /// Lets a paused lane go on. A back-off that was under way goes on too.
    ///
    /// # Errors
    /// `not_found`, `closed`, `storage`.
    pub fn resume(&self, scope: &Scope, hook_id: &Id) -> Result<()> {
        self.order(scope, hook_id, LaneOrder::Resume)
    }

    /// Ends the present wait of a lane in back-off: it probes at once. The time it has failed still counts.
    ///
    /// # Errors
    /// `not_found`, `closed`, `storage`.
    pub fn retry_now(&self, scope: &Scope, hook_id: &Id) -> Result<()> {
        self.order(scope, hook_id, LaneOrder::RetryNow)
    }

    fn order(&self, scope: &Scope, hook_id: &Id, order: LaneOrder) -> Result<()> {
        self.check()?;
        let hook = hook_row(scope, hook_id)?;
        self.shared.store.order(scope, hook, order)?;
        self.shared.signals.changed(hook);
        Ok(())
    }

    /// Gives one queued delivery up, so that an event which its endpoint cannot take does not hold up the rest. If the
    /// lane was waiting to try it again, the next one is tried at once. An attempt that is on the wire already is not
    /// called back.
    ///
    /// # Errors
    /// `not_found`; `conflict` when it has an outcome already; `closed`, `storage`.
    pub fn skip(&self, scope: &Scope, hook_id: &Id, delivery_id: &Id) -> Result<()> {
        self.check()?;
        let (hook, delivery) = (hook_row(scope, hook_id)?, delivery_row(hook_id, delivery_id)?);
        self.shared.store.skip(scope, hook, delivery, self.shared.clock.now().wall)?;
        self.shared.signals.changed(hook);
        Ok(())
    }

    /// Sends the event of a delivery that has an outcome again, as a new delivery in the hook's present payload
    /// version, and gives its id.
    ///
    /// # Errors
    /// `not_found`; `conflict` while the old one is still queued; `closed`, `storage`.
    pub fn redeliver(&self, scope: &Scope, hook_id: &Id, delivery_id: &Id) -> Result<Id> {
        self.check()?;
        let (hook, delivery) = (hook_row(scope, hook_id)?, delivery_row(hook_id, delivery_id)?);
        let made = self.shared.store.redeliver(scope, hook, delivery, self.shared.clock.now().wall)?;
        self.shared.signals.work([hook]);
        Ok(made.into())
    }

    /// Ends everything. Attempts in flight are abandoned and queued again; use [`Engine::stop`] first to let them end.
    /// Every later call is `closed`; a [`Engine::run_until_idle`] under way on another thread returns. Closing twice
    /// changes nothing. After a fork it only lets go.
    pub fn close(&self) {
        if self.process.check().is_ok() {
            self.shared.signals.stop(Instant::now());
        }
        let mut driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner);
        if self.process.check().is_ok() {
            // Closing has no one to report to, and the store keeps what was not finished.
            let _ = self.finish(&mut driver, Duration::ZERO);
        }
        *driver = Driver::Closed;
        self.shared.status.close();
    }

    /// The store, for the service that manages hooks on it.
    pub(crate) fn store(&self) -> Result<&dyn Store> {
        self.check()?;
        Ok(&*self.shared.store)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.shared.clock
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.shared.catalogue
    }

    pub(crate) fn egress(&self) -> Egress {
        self.shared.egress
    }

    /// Tells the worker that a hook has changed.
    pub(crate) fn hook_changed(&self, hook: HookId) {
        self.shared.signals.changed(hook);
    }

    fn check(&self) -> Result<()> {
        self.process.check()?;
        self.shared.status.check()
    }

    fn driver(&self) -> Result<MutexGuard<'_, Driver>> {
        self.check()?;
        let driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner);
        self.check()?;
        Ok(driver)
    }

    fn run_here(&self, driver: &mut Driver, until: Until) -> Result<IdleReport> {
        if !matches!(driver, Driver::Caller { .. }) {
            let runtime = Runtime::on_this_thread()?;
            let worker = Box::new(Worker::on_this_thread(Arc::clone(&self.shared))?);
            *driver = Driver::Caller { worker, runtime };
        }
        let _guard = self.shared.status.fail_on_panic();
        match driver {
            Driver::Caller { worker, runtime } => runtime.block_on(worker.run(until)),
            _ => Err(Error::new(ErrorKind::Closed, "the engine is closed")),
        }
    }

    /// Ends whoever runs the worker, giving attempts in flight some time.
    fn finish(&self, driver: &mut Driver, grace: Duration) -> Result<()> {
        let deadline = after(grace);
        match std::mem::replace(driver, Driver::Nobody) {
            Driver::Caller { mut worker, runtime } => {
                runtime.block_on(worker.wind_up(deadline))?;
                drop(worker);
            }
            Driver::Threads { task, runtime } => {
                self.shared.signals.stop(deadline);
                let ended = runtime.block_on(task)?;
                if ended.is_err() {
                    self.shared.status.fail();
                }
            }
            Driver::Nobody => {}
            Driver::Closed => *driver = Driver::Closed,
        }
        self.shared.status.write(Status::default());
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}

/// The moment this much later. A wait without end is one of a century: clocks do not reach further.
fn after(span: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);
    Instant::now() + span.min(CENTURY)
}

/// The row of a hook's id. An id that no row can have is `not_found`, like any other that is not there.
pub(crate) fn hook_row(scope: &Scope, id: &Id) -> Result<HookId> {
    HookId::from_id(id).ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("hook {id} is not there in {scope}: list the scope's hooks"))
    })
}

fn delivery_row(hook: &Id, id: &Id) -> Result<DeliveryId> {
    DeliveryId::from_id(id).ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            format!("delivery {id} is not there on hook {hook}: list the hook's deliveries"),
        )
    })
}
