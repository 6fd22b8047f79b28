//! What the store does for the workers, each operation held against what should come of it.

use tieback::policy::dispatch::Input;
use tieback::policy::lease::LEASE;
use tieback::policy::queue::{Colleague, Tenure};
use tieback::store::{LoadRequest, Loaded, Queue, Workers};
use tieback::types::{HookId, WorkerId};

use std::time::Duration;

use crate::worker::Operation;
use crate::world::{Happening, World};

/// How long an operation waits before it is begun, and its answer before it is heard; each at most.
pub const OPERATION_WAITS: Duration = Duration::from_millis(50);
pub const OPERATION_TAKES: Duration = Duration::from_millis(800);

/// The answer of an operation on its way to the worker.
pub struct Done {
    pub input: Option<Input>,
    /// It failed, and no more is known.
    pub failed: bool,
    /// It was a look, done at this moment.
    pub looked_at: Option<Duration>,
}

impl Done {
    fn heard(input: Input) -> Option<Self> {
        Some(Self { input: Some(input), failed: false, looked_at: None })
    }
}

impl World {
    /// Has the store begin a process's next operation, unless one is under way.
    pub fn operate(&mut self, number: u64) {
        let Some(process) = self.process(number) else { return };
        if !process.worker.operating && !process.worker.operations.is_empty() {
            process.worker.operating = true;
            let most = OPERATION_WAITS.min(self.truth.policy.backoff_min / 4);
            let after = self.dice.span(most);
            self.plan(after, Happening::Operates { process: number });
        }
    }

    pub fn operates(&mut self, number: u64) {
        let Some(process) = self.process(number) else { return };
        if process.worker.in_store {
            // A worker has one operation done at a time; the next begins when it has heard of this one.
            return;
        }
        let Some(operation) = process.worker.operations.pop_front() else {
            process.worker.operating = false;
            return self.end_if_done(number);
        };
        process.worker.in_store = true;
        let Some(done) = self.carry_out(number, operation) else { return };
        let most = self.truth.policy.backoff_min.min(OPERATION_TAKES / 8) * if self.dice.one_in(6) { 8 } else { 1 };
        let after = self.dice.span(most);
        self.plan(after, Happening::Operated { process: number, done: Box::new(done) });
    }

    /// The worker hears of it.
    pub fn carried_out(&mut self, number: u64, done: Done) {
        let Some(process) = self.process(number) else { return };
        process.worker.operating = false;
        process.worker.in_store = false;
        if let Some(at) = done.looked_at {
            process.looked_at = at;
        }
        if done.failed {
            process.changes_seen = None;
        }
        if let Some(input) = done.input {
            self.on(number, input);
        }
        self.operate(number);
        self.end_if_done(number);
    }

    /// Whether the store fails the operation that is now asked of it.
    pub fn fails(&mut self) -> bool {
        self.store_fails || (!self.calm && self.dice.one_in(60))
    }

    /// The store does it; `None` if nobody is left to hear of it.
    pub fn carry_out(&mut self, number: u64, operation: Operation) -> Option<Done> {
        if self.fails() {
            return self.fail(number, operation);
        }
        let now = self.now;
        match operation {
            Operation::Enlist => {
                let worker = self.store.enlist(now.wall).unwrap();
                self.truth.owners.enlist(worker, number, now);
                self.process(number)?.enlisted.push(worker);
                self.wrote(Some(number));
                Done::heard(Input::Enlisted(Some(worker)))
            }
            Operation::Renew(worker) => {
                let made = self.store.renew(worker, now.wall).unwrap();
                assert_eq!(made, self.truth.owners.renew(worker, now));
                self.wrote(Some(number).filter(|_| made));
                Done::heard(Input::Renewed(Some(made)))
            }
            Operation::Load(requests) => {
                let loaded = self.store.load(&requests).unwrap();
                self.check_loads(&requests, &loaded);
                Done::heard(Input::Loaded(loaded))
            }
            Operation::Claim(worker, requests) => {
                let loaded = self.store.claim(worker, &requests).unwrap();
                for request in &requests {
                    let (_, tenure) = self.truth.owners.claim(worker, request.hook);
                    let kept = self.truth.durable.get(&request.hook).cloned();
                    self.process(number)?.worker.claimed.insert(request.hook, kept);
                    self.wrote(Some(number).filter(|_| tenure.is_some_and(|tenure| tenure.worker == worker)));
                }
                self.check_loads(&requests, &loaded);
                Done::heard(Input::Loaded(loaded))
            }
            Operation::Release(lanes) => {
                self.store.release(&lanes).unwrap();
                lanes.iter().for_each(|(hook, tenure)| self.release(number, *hook, *tenure));
                Some(Done { input: None, failed: false, looked_at: None })
            }
            Operation::Retire(worker) => {
                self.retire(number, worker, true);
                Some(Done { input: None, failed: false, looked_at: None })
            }
            Operation::Look { worker, seen, bury } => {
                if !bury.is_empty() {
                    self.bury(number, &bury);
                }
                let look = self.store.look(worker, seen).unwrap();
                self.truth.owners.check_look(worker, &look);
                Some(Done { input: Some(Input::Looked(look)), failed: false, looked_at: Some(now.monotonic) })
            }
            Operation::Commit(commit, models) => {
                let committed = self.store.commit(&commit).unwrap();
                if !self.calm && self.dice.one_in(400) {
                    self.truth.totals.crashes_before_sync += 1;
                    self.power_cut();
                    return None;
                }
                self.sync();
                self.wrote(Some(number));
                let truth = &mut self.truth;
                truth.totals.commits += 1;
                truth.ledger.commit(&commit, &committed, &truth.owners, now.monotonic, &mut truth.totals);
                let owners = &truth.owners;
                let kept =
                    models.into_iter().filter(|(hook, told)| told.tenure.is_some_and(|own| owners.holds(*hook, own)));
                truth.durable.extend(kept);
                Done::heard(Input::Committed(committed))
            }
            Operation::Sweep => {
                self.truth.totals.sweeps += 1;
                let more = self.store.sweep_flushed(1 + self.dice.below(5) as u32, now.wall).unwrap();
                self.sync();
                Done::heard(Input::Swept(more))
            }
        }
    }

    /// The store does nothing, and says so.
    fn fail(&mut self, number: u64, operation: Operation) -> Option<Done> {
        let now = self.now.monotonic;
        let process = self.process(number)?;
        process.failed_at = now;
        let input = match operation {
            Operation::Enlist => Some(Input::Enlisted(None)),
            Operation::Renew(_) => Some(Input::Renewed(None)),
            Operation::Load(_) | Operation::Claim(..) => {
                self.truth.totals.failed_loads += 1;
                Some(Input::LoadFailed)
            }
            Operation::Commit(commit, models) => {
                process.worker.commit_failed(models);
                self.truth.totals.failed_commits += 1;
                Some(Input::CommitFailed(commit))
            }
            Operation::Sweep => Some(Input::Swept(false)),
            Operation::Retire(worker) => {
                // Its lock is free all the same.
                self.truth.totals.failed_retirements += 1;
                self.store.kill(worker);
                None
            }
            Operation::Release(_) | Operation::Look { .. } => None,
        };
        Some(Done { failed: input.is_none(), input, looked_at: None })
    }

    fn release(&mut self, number: u64, hook: HookId, tenure: Tenure) {
        if self.truth.owners.release(hook, tenure) {
            self.wrote(Some(number));
            self.truth.ledger.let_go.insert((hook, (number, tenure)));
        }
    }

    /// A worker ends itself; `clean` if it left nothing in the air.
    pub fn retire(&mut self, number: u64, worker: WorkerId, clean: bool) {
        self.store.retire(worker).unwrap();
        for hook in self.hooks.iter().map(|owned| owned.id).filter(|_| clean) {
            let held = self.truth.owners.lane(hook).1.filter(|tenure| tenure.worker == worker);
            self.truth.ledger.let_go.extend(held.map(|tenure| (hook, (number, tenure))));
        }
        if self.truth.owners.end(worker) {
            self.wrote(Some(number));
        }
    }

    /// One worker ends others: dead ones, those that have not renewed their lease, and after the wall clock was set
    /// ahead anybody.
    fn bury(&mut self, number: u64, others: &[Colleague]) {
        self.store.bury(others).unwrap();
        for other in others.iter().filter(|other| self.truth.owners.is_as_seen(other)).copied().collect::<Vec<_>>() {
            let Some(enlisted) = self.truth.owners.enlisted(other.worker) else { continue };
            let has_run_out = self.now.monotonic - enlisted.renewed_at >= LEASE;
            let is_excused = has_run_out || self.jumped_at.is_some_and(|at| at >= enlisted.renewed_at);
            let process = self.processes.iter().find(|process| process.number == enlisted.process);
            // A worker may end while its process lives: when its retirement could not be written.
            let lives = process.filter(|process| process.worker.id() == Some(other.worker));
            let totals = &mut self.truth.totals;
            match lives {
                None => totals.takeovers_from_the_dead += 1,
                Some(_) if !is_excused => panic!("{other:?} is buried alive: {enlisted:?}"),
                Some(process) if process.away.is_some() => totals.takeovers_from_the_stalled += 1,
                Some(_) => totals.spurious_takeovers += 1,
            }
            self.truth.owners.end(other.worker);
            self.wrote(Some(number));
        }
    }

    fn check_loads(&self, requests: &[LoadRequest], loaded: &[Loaded]) {
        for part in loaded {
            let request = requests.iter().find(|request| request.hook == part.hook).unwrap();
            self.truth.ledger.check_load(request, part);
            assert_eq!((part.fence, part.tenure), self.truth.owners.lane(part.hook), "hook {}", part.hook);
        }
    }
}
