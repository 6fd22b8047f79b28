//! The engine: publishes events, matches them to triggers, and delivers them, on a store.
//!
//! ```text
//!   publish --> Store (events + deliveries, one transaction) --> signal --> worker
//!   worker  --> policy::dispatch decides --> net::send --> Store (attempts + states, one transaction)
//! ```
//!
//! The worker runs on threads of its own after [`Engine::start`], or on the caller's thread inside [`Engine::pump`] and
//! [`Engine::run_until_idle`]. Every method may be called from any thread.

mod cancellable;
mod each;
mod lookout;
mod open;
mod publish;
mod retention;
mod signals;
mod status;
mod telling;
mod upkeep;
mod worker;

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

pub use cancellable::Cancellable;
pub(crate) use each::only_answer;
pub use each::{check_count, each_during, one_answer_each};
pub use open::EngineOptions;
#[cfg(feature = "capi")]
pub(crate) use open::limits;

use crate::error::{Error, ErrorKind, Result};
use crate::net::client::Outbound;
use crate::policy::catalogue::Catalogue;
use crate::policy::dispatch::Limits;
use crate::policy::egress::Egress;
use crate::policy::retry::RetryPolicy;
use crate::random::Random;
use crate::report::LogLevel;
use crate::runtime::{Process, Runtime};
use crate::store::{LaneOrder, QueueBounds, Store};
use crate::time::{Cancel, Clock};
use crate::types::{DeliveryId, HookId, Id, IdleReport, Notice, NoticeKind, Scope, Stats};
use publish::Ulids;
use signals::Signals;
use status::{Running, Status, StatusBoard, Until};
use telling::{Telling, is_inside, refuse_inside};
use worker::Worker;

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
    /// `None` once the engine is closed, so that the file can be opened again whoever still holds the closed engine.
    store: Mutex<Option<Arc<dyn Store>>>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    catalogue: Catalogue,
    outbound: Outbound,
    policy: RetryPolicy,
    limits: Limits,
    retention: Duration,
    bounds: QueueBounds,
    ulids: Ulids,
    signals: Signals,
    telling: Telling,
    status: Arc<StatusBoard>,
    /// Requested once the engine is being closed.
    closing: Cancel,
}

/// Who runs the worker. The worker is declared before its runtime, and so dropped before it.
enum Driver {
    Nobody,
    Caller { worker: Box<Worker>, runtime: Runtime },
    Threads { task: tokio::task::JoinHandle<()>, runtime: Runtime },
    Closed,
}

impl Engine {
    /// The engine on a store that is open already; the path and the store keys of the options are not used.
    ///
    /// # Errors
    /// `invalid_argument` for options that make no sense; `storage` when the store cannot be read.
    pub fn on(store: Arc<dyn Store>, options: EngineOptions) -> Result<Self> {
        options.check()?;
        let restored: u64 = store.restored_lanes()?.iter().map(|lane| lane.queued).sum();
        let shared = Shared {
            store: Mutex::new(Some(store)),
            telling: Telling::new(options.report, Arc::clone(&options.clock)),
            clock: options.clock,
            random: options.random,
            catalogue: options.catalogue,
            outbound: Outbound {
                egress: options.egress,
                lookup: options.lookup,
                tls: options.tls,
                proxy: options.proxy,
                max_idle_connections: options.max_idle_connections,
            },
            policy: options.policy,
            limits: options.limits,
            retention: options.retention,
            bounds: options.bounds,
            ulids: Ulids::default(),
            signals: Signals::default(),
            status: Arc::default(),
            closing: Cancel::new(),
        };
        if restored > 0 {
            shared.telling.happened(None, NoticeKind::Restored { queued: restored });
        }
        Ok(Self { shared: Arc::new(shared), driver: Mutex::new(Driver::Nobody), process: Process::current() })
    }

    /// Starts delivering on threads of the engine's own. Starting a started engine changes nothing. While another
    /// thread delivers in [`Engine::run_until_idle`] or [`Engine::pump`], it waits for that.
    ///
    /// # Errors
    /// `closed`; `storage` when the queue cannot be read; `unavailable` when the system gives no threads.
    pub fn start(&self) -> Result<()> {
        let mut driver = self.driver()?;
        match &*driver {
            Driver::Threads { .. } => return Ok(()),
            Driver::Caller { .. } => finish(&self.shared, &mut driver, self.shared.policy.attempt_limit())?,
            Driver::Nobody | Driver::Closed => {}
        }
        // One for the worker and its attempts, which are cheap; the store's part runs on the blocking pool beside it.
        let runtime = Runtime::with_threads(1)?;
        let worker = Worker::on_threads(Arc::clone(&self.shared))?;
        let task = runtime.spawn(worker.work(self.shared.status.running()))?;
        *driver = Driver::Threads { task, runtime };
        self.tell(LogLevel::Info, None, || "delivers on threads of its own".to_owned());
        Ok(())
    }

    /// Stops delivering: nothing starts any more, and attempts in flight get `grace` to end and be recorded. What has
    /// not ended by then is queued again. Whoever waits in [`Engine::run_until_idle`] on another thread returns.
    /// Stopping a stopped engine changes nothing.
    ///
    /// # Errors
    /// `closed`.
    pub fn stop(&self, grace: Duration) -> Result<()> {
        self.check()?;
        refuse_inside()?;
        // A run on another caller's thread holds the driver: it sees the signal and returns.
        self.shared.signals.stop(after(grace));
        let mut driver = self.driver()?;
        let stopped = finish(&self.shared, &mut driver, grace);
        self.shared.signals.stopped();
        self.tell(LogLevel::Info, None, || "has stopped delivering".to_owned());
        stopped
    }

    /// Delivers on the caller's thread what is due, for about `budget`; returns early when nothing is in flight or due.
    /// Without a budget it does what can be done without waiting.
    ///
    /// For hosts without threads: call it often, at least every second while `idle` is false, since attempts in flight
    /// go on at the next call and their time limits run meanwhile.
    ///
    /// # Errors
    /// `closed`; `conflict` when the engine is started; `storage` when the queue cannot be read.
    pub fn pump(&self, budget: Duration) -> Result<IdleReport> {
        self.pump_until(budget, &Cancel::new())
    }

    fn pump_until(&self, budget: Duration, cancel: &Cancel) -> Result<IdleReport> {
        let until = Until { deadline: after(budget), wait_paused: false, cancel };
        match self.turn(until)? {
            Turn::Over(report) => Ok(report),
            Turn::Mine(driver) if matches!(*driver, Driver::Threads { .. }) => Err(Error::new(
                ErrorKind::Conflict,
                "the engine is started and delivers by itself: stop it first, or do not pump",
            )),
            Turn::Mine(driver) => self.run_here(driver, until),
        }
    }

    /// Delivers until nothing is in flight or due, or `timeout` has passed, or the engine is stopped. Lanes in back-off
    /// are waited for only with `wait_paused`; otherwise the report says how many there are. On a started engine, and
    /// while another thread delivers, it waits; else it works on the caller's thread.
    ///
    /// # Errors
    /// `closed`; `storage` when the queue cannot be read.
    pub fn run_until_idle(&self, timeout: Duration, wait_paused: bool) -> Result<IdleReport> {
        self.run_until(timeout, wait_paused, &Cancel::new())
    }

    fn run_until(&self, timeout: Duration, wait_paused: bool, cancel: &Cancel) -> Result<IdleReport> {
        let until = Until { deadline: after(timeout), wait_paused, cancel };
        match self.turn(until)? {
            Turn::Over(report) => Ok(report),
            Turn::Mine(driver) if matches!(*driver, Driver::Threads { .. }) => {
                drop(driver);
                let Shared { status, signals, clock, .. } = &*self.shared;
                Ok(status.wait_until_idle(signals, &**clock, &until)?.report)
            }
            Turn::Mine(driver) => self.run_here(driver, until),
        }
    }

    /// What happened since the last call: lanes that paused, resumed or were flushed, a store that failed or was
    /// restored. At most 1,024 are kept; the oldest go first.
    ///
    /// # Errors
    /// `closed`.
    pub fn notices(&self) -> Result<Vec<Notice>> {
        self.check()?;
        Ok(self.shared.telling.take())
    }

    /// How much there is to do, what is kept, and what that takes on the disk. Cheap, however much there is.
    ///
    /// # Errors
    /// `closed`, `storage`.
    pub fn stats(&self) -> Result<Stats> {
        let stats = self.store()?.stats(self.shared.clock.now().wall)?;
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
        let store = self.store()?;
        let hook = hook_row(scope, hook_id)?;
        store.order(scope, hook, order)?;
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
        let store = self.store()?;
        let (hook, delivery) = (hook_row(scope, hook_id)?, delivery_row(hook_id, delivery_id)?);
        store.skip(scope, hook, delivery, self.shared.clock.now().wall)?;
        self.shared.signals.changed(hook);
        Ok(())
    }

    /// Sends the event of a delivery that has an outcome again, as a new delivery in the hook's present payload
    /// version, and gives its id. On a disabled hook it is queued until the hook is active.
    ///
    /// # Errors
    /// `not_found`; `conflict` while the old one is still queued; `invalid_argument` when the payload version cannot
    /// carry the event's ids; `closed`, `storage`.
    pub fn redeliver(&self, scope: &Scope, hook_id: &Id, delivery_id: &Id) -> Result<Id> {
        let store = self.store()?;
        let (hook, delivery) = (hook_row(scope, hook_id)?, delivery_row(hook_id, delivery_id)?);
        let made = store.redeliver(scope, hook, delivery, self.shared.clock.now().wall)?;
        self.shared.signals.work([hook]);
        Ok(made.into())
    }

    /// How long an attempt can take at the most: the time limits of the policy together.
    pub fn attempt_limit(&self) -> Duration {
        self.shared.policy.attempt_limit()
    }

    /// Ends everything and lets go of the store. Attempts in flight are abandoned and queued again; use
    /// [`Engine::stop`] first to let them end. Every later call is `closed`; a [`Engine::run_until_idle`] under way on
    /// another thread returns. Closing twice changes nothing. After a fork it does nothing. From inside a
    /// [`Report`](crate::report::Report) it waits for nothing: the engine ends there, and lets go of its store when it
    /// is dropped.
    pub fn close(&self) {
        if self.process.check().is_err() {
            // A lock may have been held by a thread that only the parent has.
            return;
        }
        self.shared.status.close();
        self.shared.closing.request();
        self.shared.signals.stop(Instant::now());
        if is_inside() {
            return;
        }
        let mut driver = self.hold(self.driver.lock().unwrap_or_else(PoisonError::into_inner));
        // Closing has no one to report to, and the store keeps what was not finished.
        let _ = finish(&self.shared, &mut driver, Duration::ZERO);
        *driver = Driver::Closed;
        if self.shared.lock_store().take().is_some() {
            self.tell(LogLevel::Info, None, || "is closed".to_owned());
        }
    }

    /// The store, for the service that manages hooks on it.
    pub(crate) fn store(&self) -> Result<Arc<dyn Store>> {
        self.check()?;
        self.shared.store()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.shared.clock
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.shared.catalogue
    }

    pub(crate) fn egress(&self) -> &Egress {
        &self.shared.outbound.egress
    }

    /// Tells a line for the log.
    pub(crate) fn tell(&self, level: LogLevel, hook: Option<HookId>, message: impl FnOnce() -> String) {
        self.shared.telling.log(level, hook, message);
    }

    /// Tells the worker that a hook has changed.
    pub(crate) fn hook_changed(&self, hook: HookId) {
        self.shared.signals.changed(hook);
    }

    fn check(&self) -> Result<()> {
        self.process.check()?;
        self.shared.status.check()
    }

    fn driver(&self) -> Result<Held<'_>> {
        self.check()?;
        refuse_inside()?;
        let driver = self.hold(self.driver.lock().unwrap_or_else(PoisonError::into_inner));
        self.check()?;
        Ok(driver)
    }

    fn hold<'a>(&self, driver: MutexGuard<'a, Driver>) -> Held<'a> {
        Held { driver, _running: self.shared.status.running() }
    }

    /// Waits for the driver while another thread delivers, starts or stops; no longer than for what it would be used
    /// for.
    fn turn(&self, until: Until<'_>) -> Result<Turn<'_>> {
        refuse_inside()?;
        let Shared { status, signals, clock, .. } = &*self.shared;
        loop {
            self.check()?;
            match self.driver.try_lock() {
                Ok(driver) => return Ok(Turn::Mine(self.hold(driver))),
                Err(TryLockError::Poisoned(driver)) => return Ok(Turn::Mine(self.hold(driver.into_inner()))),
                Err(TryLockError::WouldBlock) => {}
            }
            let waited = status.wait_until_idle(signals, &**clock, &until)?;
            if waited.done {
                return Ok(Turn::Over(waited.report));
            }
            // It has let go in this moment, or has not begun yet.
            std::thread::yield_now();
        }
    }

    fn run_here(&self, mut driver: Held<'_>, until: Until<'_>) -> Result<IdleReport> {
        if !matches!(*driver, Driver::Caller { .. }) {
            let runtime = Runtime::on_this_thread()?;
            let worker = Box::new(Worker::on_this_thread(Arc::clone(&self.shared))?);
            *driver = Driver::Caller { worker, runtime };
        }
        match &mut *driver {
            Driver::Caller { worker, runtime } => runtime.block_on(worker.run(until)),
            _ => Err(Error::new(ErrorKind::Closed, "the engine is closed")),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
        let driver = self.driver.get_mut().unwrap_or_else(PoisonError::into_inner);
        if self.process.check().is_err() {
            // After a fork: the worker's threads, the connections and SQLite's locks are the parent's. To let go of
            // them here would disturb it.
            std::mem::forget(std::mem::replace(driver, Driver::Closed));
            std::mem::forget(Arc::clone(&self.shared));
        } else if is_inside() {
            // The worker, which may be waiting for this very thread, is ended by another one.
            let (shared, mut driver) = (Arc::clone(&self.shared), std::mem::replace(driver, Driver::Closed));
            std::thread::spawn(move || {
                let _ = finish(&shared, &mut driver, Duration::ZERO);
                drop(shared.lock_store().take());
            });
        }
    }
}

/// Ends whoever runs the worker, giving attempts in flight some time.
fn finish(shared: &Shared, driver: &mut Driver, grace: Duration) -> Result<()> {
    let deadline = after(grace);
    match std::mem::replace(driver, Driver::Nobody) {
        Driver::Caller { mut worker, runtime } => {
            runtime.block_on(worker.wind_up(deadline))?;
            drop(worker);
        }
        Driver::Threads { task, runtime } => {
            shared.signals.stop(deadline);
            let ended = runtime.block_on(task)?;
            if ended.is_err() {
                shared.status.fail();
            }
        }
        Driver::Nobody => {}
        Driver::Closed => *driver = Driver::Closed,
    }
    shared.status.write(Status::default());
    Ok(())
}

impl Shared {
    fn store(&self) -> Result<Arc<dyn Store>> {
        self.lock_store().clone().ok_or_else(|| Error::new(ErrorKind::Closed, "the engine is closed"))
    }

    fn lock_store(&self) -> MutexGuard<'_, Option<Arc<dyn Store>>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The driver in one thread's hands. The lock is let go before those who wait for it are told.
struct Held<'a> {
    driver: MutexGuard<'a, Driver>,
    _running: Running,
}

impl Deref for Held<'_> {
    type Target = Driver;

    fn deref(&self) -> &Driver {
        &self.driver
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut Driver {
        &mut self.driver
    }
}

/// What a caller who wants to deliver gets.
enum Turn<'a> {
    /// The driver.
    Mine(Held<'a>),
    /// Another thread has delivered what was to be delivered, or the time is over.
    Over(IdleReport),
}

/// The moment after a span; one beyond the clock's range is for ever, that is, a year.
fn after(span: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    Instant::now() + span.min(YEAR)
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
