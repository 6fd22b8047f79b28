//! The worker: carries out what `policy::dispatch` decides, and tells it what happened. It decides nothing itself.
//!
//! ```text
//!   signals --+
//!   timer ----+--> Dispatch::on --> Send   --> a task per attempt ------> Ended
//!   answers --+                 --> Claim  \
//!   looks ----+                 --> Commit  > store operations, FIFO --> Loaded, Committed, ...
//!                               --> ...    /
//! ```
//!
//! Store operations block. A worker with threads does them on tokio's blocking pool, one at a time; a worker on the
//! caller's thread does them in place.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, JoinSet};

use super::Shared;
use super::lookout::Lookout;
use super::retention::Rounds;
use super::status::{Running, Status, Until};
use crate::error::{Error, Result};
use crate::net::send::Sender;
use crate::policy::dispatch::{Answer, Dispatch, Effect, Input, Sending};
use crate::policy::queue::{Colleague, Commit, LoadRequest, Loaded, Tenure};
use crate::report::LogLevel;
use crate::store::Store;
use crate::time::Timestamp;
use crate::types::{HookId, IdleReport, NoticeKind, WorkerId};

/// How many flush-marked deliveries one sweep turns into discarded ones.
const SWEEP: u32 = 1000;

/// One worker: the lanes of its store that no other holds.
pub struct Worker {
    shared: Arc<Shared>,
    store: Arc<dyn Store>,
    dispatch: Dispatch,
    sender: Sender,
    sends: JoinSet<Answer>,
    operations: VecDeque<Operation>,
    operating: Option<JoinHandle<Operated>>,
    /// The last store operation failed, and callers have been told.
    store_failed: bool,
    /// Hooks whose secrets cannot be read, of which callers have been told.
    unreadable: HashSet<HookId>,
    /// How many lanes wait in back-off, if it was counted since something happened.
    paused_lanes: Option<u64>,
    rounds: Rounds,
    lookout: Lookout,
    in_place: bool,
    alarm: Option<Duration>,
    attempts: u64,
    signals_seen: u64,
}

/// A store operation that waits for its turn.
enum Operation {
    Enlist,
    Renew(WorkerId),
    Claim(WorkerId, Vec<LoadRequest>),
    Load(Vec<LoadRequest>),
    Commit(Commit),
    Sweep,
    Release(Vec<(HookId, Tenure)>),
    Retire(WorkerId),
    Look { worker: Option<WorkerId>, seen: u64, bury: Vec<Colleague> },
}

/// What an operation tells the state machine, and the error if it failed.
type Operated = (Option<Input>, Option<Error>);

impl Operation {
    fn run(self, store: &dyn Store, now: Timestamp) -> Operated {
        // What failed, and what the state machine is told then.
        let (outcome, otherwise) = match self {
            Self::Enlist => {
                (store.enlist(now).map(|worker| Input::Enlisted(Some(worker))), Some(Input::Enlisted(None)))
            }
            Self::Renew(worker) => {
                (store.renew(worker, now).map(|made| Input::Renewed(Some(made))), Some(Input::Renewed(None)))
            }
            Self::Claim(worker, requests) => {
                (store.claim(worker, &requests).map(Input::Loaded), Some(Input::LoadFailed))
            }
            Self::Load(requests) => (store.load(&requests).map(Input::Loaded), Some(Input::LoadFailed)),
            Self::Commit(commit) => (store.commit(&commit).map(Input::Committed), Some(Input::CommitFailed(commit))),
            // A sweep that fails is tried again after the next flush; reading never depends on it.
            Self::Sweep => (store.sweep_flushed(SWEEP, now).map(Input::Swept), Some(Input::Swept(false))),
            // The lanes are let go all the same: this worker may claim them again, and others once its lease is over.
            Self::Release(lanes) => return (None, store.release(&lanes).err()),
            Self::Retire(worker) => return (None, store.retire(worker).err()),
            Self::Look { worker, seen, bury } => {
                let buried = if bury.is_empty() { Ok(()) } else { store.bury(&bury) };
                (buried.and_then(|()| store.look(worker, seen)).map(Input::Looked), None)
            }
        };
        match outcome {
            Ok(input) => (Some(input), None),
            Err(error) => (otherwise, Some(error)),
        }
    }
}

impl Worker {
    /// A worker that runs inside [`Worker::run`], on whichever thread calls that.
    pub fn on_this_thread(shared: Arc<Shared>) -> Result<Self> {
        Self::new(shared, true)
    }

    /// A worker for a runtime with threads.
    pub fn on_threads(shared: Arc<Shared>) -> Result<Self> {
        Self::new(shared, false)
    }

    fn new(shared: Arc<Shared>, in_place: bool) -> Result<Self> {
        // What was signalled before is found by the scan.
        let signals_seen = shared.signals.take().given;
        let store = shared.store()?;
        let look = store.look(None, 0)?;
        let mut worker = Self {
            store,
            dispatch: Dispatch::new(shared.policy.clone(), shared.limits),
            sender: sender(&shared)?,
            sends: JoinSet::new(),
            operations: VecDeque::new(),
            operating: None,
            store_failed: false,
            unreadable: HashSet::new(),
            paused_lanes: None,
            rounds: Rounds::new(),
            lookout: Lookout::default(),
            in_place,
            alarm: None,
            attempts: 0,
            signals_seen,
            shared,
        };
        // No runtime yet: the first effects are store operations, which only queue here.
        worker.on(Input::Looked(look));
        // What a flush has marked and a process that died has not swept.
        worker.operations.push_back(Operation::Sweep);
        Ok(worker)
    }

    /// Runs until nothing is to be done, or the deadline.
    pub async fn run(&mut self, until: Until<'_>) -> IdleReport {
        self.lookout.wake();
        let report = self.run_until(until).await;
        if report.idle {
            // Nobody knows when the host comes back: until then other workers may have the lanes.
            self.on(Input::Rest);
            self.operate();
        }
        report
    }

    async fn run_until(&mut self, until: Until<'_>) -> IdleReport {
        let before = self.attempts;
        let mut went_on = false;
        loop {
            let stop = self.take_signals().is_some();
            self.take_alarm();
            self.look_out();
            self.operate();
            self.rounds.step_here(&self.shared, &*self.store);
            let Status { idle, paused_lanes, .. } = self.tell();
            let done = idle && !(until.wait_paused && paused_lanes > 0);
            let late = Instant::now() >= until.deadline || until.cancel.is_requested();
            if done || stop || (late && went_on) {
                return IdleReport { idle, paused_lanes, attempts: self.attempts - before };
            }
            if late {
                // Once, however small the budget: a host that only ever pumps without one delivers too.
                self.go_on().await;
                went_on = true;
            } else {
                self.wait(Some(until.deadline)).await;
            }
        }
    }

    /// Runs until it is told to stop.
    pub async fn work(mut self, _running: Running) {
        loop {
            if let Some(deadline) = self.take_signals() {
                return self.wind_up(deadline).await;
            }
            self.look_out();
            self.operate();
            self.rounds.begin_step(&self.shared, &self.store);
            self.tell();
            self.wait(None).await;
        }
    }

    /// Starts nothing more and waits for what is in flight, until the deadline; keeps what has ended by then.
    pub async fn wind_up(&mut self, deadline: Instant) {
        self.rounds.finish().await;
        self.on(Input::Stop);
        loop {
            self.operate();
            if self.is_idle() {
                return self.retire().await;
            }
            if Instant::now() >= deadline {
                if let Some(answer) = self.sends.try_join_next() {
                    self.take_answers(answer);
                }
                // Abandoned: they are queued still.
                self.sends.shutdown().await;
                self.finish_commits().await;
                return self.retire().await;
            }
            self.wait(Some(deadline)).await;
        }
    }

    /// Has every outcome that is known kept, and leaves no store operation under way.
    async fn finish_commits(&mut self) {
        loop {
            self.operations.retain(|operation| matches!(operation, Operation::Commit(_)));
            self.operate();
            let Some(operating) = self.operating.take() else { return };
            let Ok(operated) = operating.await else { return };
            self.operated(operated);
        }
    }

    /// Lets go of everything, whatever was abandoned.
    async fn retire(&mut self) {
        let Some(worker) = self.dispatch.worker() else { return };
        let store = Arc::clone(&self.store);
        if self.in_place {
            // Where it fails the others see that this worker's lock is free.
            let _ = store.retire(worker);
        } else {
            let _ = tokio::task::spawn_blocking(move || store.retire(worker)).await;
        }
    }

    /// Has the store looked at for what others have done, when it is time.
    fn look_out(&mut self) {
        if self.lookout.is_wanted(&self.shared, &*self.store, self.dispatch.watches_others()) {
            self.look(Vec::new());
        }
    }

    fn look(&mut self, bury: Vec<Colleague>) {
        let (worker, seen) = (self.dispatch.worker(), self.dispatch.seen());
        self.operations.push_back(Operation::Look { worker, seen, bury });
    }

    /// Lets attempts go on as far as they can without waiting, and takes the answers that are there.
    async fn go_on(&mut self) {
        tokio::task::yield_now().await;
        if let Some(answer) = self.sends.try_join_next() {
            self.take_answers(answer);
        }
    }

    /// Waits for something to happen, and takes it in.
    async fn wait(&mut self, deadline: Option<Instant>) {
        let shared = Arc::clone(&self.shared);
        let Self { sends, operating, alarm, rounds, lookout, .. } = self;
        let (alarm, busy) = (*alarm, operating.is_some());
        tokio::select! {
            Some(answer) = sends.join_next(), if !sends.is_empty() => self.take_answers(answer),
            operated = async { operating.as_mut()?.await.ok() }, if busy => {
                self.operating = None;
                // The pool lost the operation only if it panicked; then this worker cannot go on safely.
                self.operated(operated.expect("a store operation does not panic"));
            }
            () = shared.signals.given_some() => {}
            () = async { shared.clock.sleep_until(alarm.unwrap_or_default()).await }, if alarm.is_some() => {
                self.take_alarm();
            }
            () = rounds.stir(&shared) => {}
            () = lookout.stir(&shared) => {}
            () = sleep_until(deadline) => {}
        }
    }

    /// Takes one answer and all that have come beside it, so that one commit keeps them all.
    fn take_answers(&mut self, first: Result<Answer, tokio::task::JoinError>) {
        let mut answers = Vec::new();
        let mut next = Some(first);
        while let Some(answer) = next {
            // A lost attempt (a panic in the network stack) has no outcome: this worker cannot go on safely.
            let answer = answer.expect("an attempt does not panic");
            self.tell_attempt(&answer);
            answers.push(answer);
            next = self.sends.try_join_next();
        }
        self.attempts += answers.len() as u64;
        self.happened(Input::Ended(answers));
    }

    fn tell_attempt(&self, Answer { hook, delivery, attempt, .. }: &Answer) {
        self.shared.telling.log(LogLevel::Debug, Some(*hook), || {
            let took = attempt.completed_at.since(attempt.started_at).as_millis();
            format!("an attempt of delivery {delivery} took {took} ms: {}", attempt.reason())
        });
    }

    /// Takes what callers have signalled; gives the deadline if they want the worker to stop.
    fn take_signals(&mut self) -> Option<Instant> {
        let pending = self.shared.signals.take();
        self.signals_seen = pending.given;
        if !pending.changed.is_empty() {
            self.on(Input::Changed(pending.changed.into_iter().collect()));
        }
        if !pending.work.is_empty() {
            self.on(Input::Work(pending.work.into_iter().collect()));
        }
        pending.stop
    }

    /// Wakes the state machine when its moment has come.
    fn take_alarm(&mut self) {
        if self.alarm.is_some_and(|at| at <= self.shared.clock.now().monotonic) {
            self.alarm = None;
            self.happened(Input::Woke);
        }
    }

    /// Does store operations that wait: all of them in place, or the next one on the blocking pool.
    fn operate(&mut self) {
        while self.in_place
            && let Some(operation) = self.operations.pop_front()
        {
            let operated = operation.run(&*self.store, self.shared.clock.now().wall);
            self.operated(operated);
        }
        if self.operating.is_none()
            && let Some(operation) = self.operations.pop_front()
        {
            let (store, shared) = (Arc::clone(&self.store), Arc::clone(&self.shared));
            self.operating = Some(tokio::task::spawn_blocking(move || operation.run(&*store, shared.clock.now().wall)));
        }
    }

    /// Takes the end of a store operation; the first failure of several is told.
    fn operated(&mut self, (input, failure): Operated) {
        if let Some(error) = &failure
            && !self.store_failed
        {
            let kind = NoticeKind::StoreFailed { reason: error.message().to_owned() };
            self.shared.telling.happened(None, kind);
        }
        // That the store can be read does not mean that it can keep outcomes.
        let keeps = input.as_ref().is_some_and(|input| !matches!(input, Input::Looked(_)));
        self.store_failed = failure.is_some() || (self.store_failed && !keeps);
        if let Some(Input::Loaded(lanes)) = &input {
            self.tell_unreadable(lanes);
        }
        match input {
            Some(input) => self.happened(input),
            None if failure.is_some() => self.lookout.failed(),
            None => {}
        }
    }

    /// Tells callers of hooks whose secrets cannot be read: once each, until they can.
    fn tell_unreadable(&mut self, lanes: &[Loaded]) {
        for lane in lanes {
            match &lane.unreadable {
                None => _ = self.unreadable.remove(&lane.hook),
                Some(reason) if self.unreadable.insert(lane.hook) => {
                    let kind = NoticeKind::StoreFailed { reason: reason.clone() };
                    self.shared.telling.happened(Some(lane.hook), kind);
                }
                Some(_) => {}
            }
        }
    }

    /// Tells the state machine what happened, and before that what callers have signalled: once a call that pauses,
    /// disables, deletes or skips has returned, nothing starts against it.
    fn happened(&mut self, input: Input) {
        self.take_signals();
        self.on(input);
    }

    /// Tells the state machine, and begins what it asks for.
    fn on(&mut self, input: Input) {
        self.paused_lanes = None;
        let now = self.shared.clock.now();
        for effect in self.dispatch.on(input, now) {
            match effect {
                Effect::Enlist => self.operations.push_back(Operation::Enlist),
                Effect::Renew(worker) => self.operations.push_back(Operation::Renew(worker)),
                Effect::Claim(worker, requests) => self.operations.push_back(Operation::Claim(worker, requests)),
                Effect::Release(lanes) => self.operations.push_back(Operation::Release(lanes)),
                Effect::Retire(worker) => self.operations.push_back(Operation::Retire(worker)),
                Effect::Look => self.look(Vec::new()),
                Effect::Bury(others) => {
                    self.shared.telling.log(LogLevel::Warn, None, || {
                        format!("takes over from {} worker(s) that died or stand still", others.len())
                    });
                    self.look(others);
                }
                Effect::Load(requests) => self.operations.push_back(Operation::Load(requests)),
                Effect::Commit(commit) => self.operations.push_back(Operation::Commit(commit)),
                Effect::Sweep => self.operations.push_back(Operation::Sweep),
                Effect::Send(sending) => self.send(sending),
                Effect::WakeAt(at) => self.alarm = Some(at),
                Effect::Notice(notice) => self.shared.telling.notice(notice),
            }
        }
    }

    fn send(&mut self, sending: Sending) {
        let (sender, shared) = (self.sender.clone(), Arc::clone(&self.shared));
        self.sends.spawn(async move {
            let Sending { hook, delivery, tenure, epoch, destination, ulid, payload } = sending;
            let attempt = sender.send(&destination, &ulid, payload, &*shared.clock).await;
            Answer { hook, delivery, tenure, epoch, attempt, dice: shared.random.fraction() }
        });
    }

    fn is_idle(&self) -> bool {
        self.dispatch.is_idle()
            && self.operations.is_empty()
            && self.operating.is_none()
            && self.sends.is_empty()
            && !self.rounds.is_under_way()
    }

    /// Puts the present status where callers see it.
    fn tell(&mut self) -> Status {
        let idle = self.is_idle();
        // Counting looks at every lane: done when somebody may be waiting for it, and once until something happens.
        let paused =
            if idle { *self.paused_lanes.get_or_insert_with(|| self.dispatch.paused_lanes() as u64) } else { 0 };
        let status = Status {
            idle,
            in_flight: self.dispatch.in_flight() as u64,
            paused_lanes: paused,
            attempts: self.attempts,
            signals_seen: self.signals_seen,
            alarm: self.alarm,
        };
        self.shared.status.write(status);
        status
    }
}

/// The sender, which tells when it waits for file descriptors.
fn sender(shared: &Arc<Shared>) -> Result<Sender> {
    let sender = Sender::new(&shared.policy, shared.outbound.clone())?;
    let shared = Arc::downgrade(shared);
    Ok(sender.telling(move || {
        let Some(shared) = shared.upgrade() else { return };
        let reason = "this process may open no more files: allow it more (ulimit -n), or lower max_attempts_in_flight \
                      and max_idle_connections; attempts wait meanwhile";
        shared.telling.happened(None, NoticeKind::OutOfDescriptors { reason: reason.to_owned() });
    }))
}

/// Ends at the deadline, or never.
async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
