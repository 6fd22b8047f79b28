//! The world of one run: a store, a worker, endpoints, publishers, operators and accidents, on one agenda.

use std::collections::BTreeMap;
use std::time::Duration;

use tieback::policy::dispatch::{Answer, Input, Limits, Sending};
use tieback::policy::retry::RetryPolicy;
use tieback::store::memory::MemoryStore;
use tieback::store::{LoadRequest, Loaded, Publishing, Queue, Workers};
use tieback::time::{Moment, Timestamp};
use tieback::types::{DeliveryId, HookId, Scope, WorkerId};

use crate::dice::Dice;
use crate::ledger::Ledger;
use crate::model::Numbers;
use crate::network::{Course, Phase};
use crate::totals::Totals;
use crate::worker::{Operation, Truth, Worker, micros};

/// What is going to happen.
pub enum Happening {
    /// Somebody publishes these, or tries again.
    Publish(Vec<Publishing>),
    /// The worker hears that a hook has work, or has changed.
    Signal {
        hook: HookId,
        changed: bool,
    },
    Alarm {
        worker: u64,
        at: Duration,
    },
    Reaches {
        worker: u64,
        delivery: DeliveryId,
        taken: bool,
    },
    Ends {
        worker: u64,
        answer: Box<Answer>,
    },
    /// All answers that have come are handed over together.
    Answers {
        worker: u64,
    },
    /// The store does the worker's next operation; the answer comes later.
    Operates {
        worker: u64,
    },
    Operated {
        worker: u64,
        input: Box<Input>,
    },
    PhaseEnds(HookId),
    StoreFails(bool),
    WallJumps,
    Operator,
    Undo(HookId, Undo),
    Crash,
    Starts,
    Calm,
}

/// What an operator does later to end what he began.
#[derive(Clone, Copy, Debug)]
pub enum Undo {
    Pause,
    Disabling,
}

/// A hook as its owner knows it.
pub struct Owned {
    pub id: HookId,
    pub resource_names: Vec<&'static str>,
    pub enabled: bool,
    pub suspended: bool,
    pub deleted: bool,
    pub urls: u32,
    pub phase: Phase,
}

pub struct World {
    pub dice: Dice,
    pub now: Moment,
    pub scope: Scope,
    pub store: MemoryStore,
    pub truth: Truth,
    pub hooks: Vec<Owned>,
    pub published: u64,
    /// A typical span of this run: a fraction of its policy's patience.
    pub pace: Duration,
    /// No more publishing and no more accidents.
    pub calm: bool,
    pub worker: Option<Worker>,
    /// The number of the living worker, or of the next.
    number: u64,
    store_fails: bool,
    /// The workers that were enlisted by living processes.
    enlisted: Vec<WorkerId>,
    agenda: BTreeMap<(Duration, u64), Happening>,
    planned: u64,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let policy = policy(&mut dice);
        policy.check().unwrap();
        let numbers = Numbers {
            first_wait: micros(policy.backoff_min),
            longest_wait: micros(policy.backoff_max),
            patience: micros(policy.give_up_after),
            attempt_limit: micros(policy.attempt_limit()),
            most_in_flight: policy.max_in_flight,
            most_attempts: policy.max_attempts,
            honours_retry_after: policy.honor_retry_after,
        };
        let limits = Limits {
            in_flight: 1 + dice.below(24) as usize,
            window: 1 + dice.below(12) as u32,
            buffered_bytes: [1, 800, 3_000, 1_000_000][dice.below(4) as usize],
        };
        let pace = policy.give_up_after / 40;
        let mut world = Self {
            now: Moment { wall: Timestamp::parse("2025-02-06T23:34:12Z").unwrap(), monotonic: Duration::ZERO },
            scope: Scope::company(5_358_233).unwrap(),
            store: MemoryStore::unsynced(),
            truth: Truth {
                policy,
                numbers,
                limits,
                ledger: Ledger::default(),
                durable: BTreeMap::new(),
                unheard: Vec::new(),
                totals: Totals::default(),
                told_aloud: false,
            },
            hooks: Vec::new(),
            published: 0,
            pace,
            calm: false,
            worker: None,
            number: 0,
            store_fails: false,
            enlisted: Vec::new(),
            agenda: BTreeMap::new(),
            planned: 0,
            dice,
        };
        world.make_hooks();
        world.plan_accidents();
        world
    }

    fn plan_accidents(&mut self) {
        let end = self.pace * 100;
        self.plan(Duration::ZERO, Happening::Starts);
        for _ in 0..10 + self.dice.below(20) {
            let at = self.within(end);
            self.plan_publishing(at);
        }
        for _ in 0..self.dice.below(6) {
            let at = self.within(end);
            self.plan(at, Happening::Crash);
        }
        for _ in 0..self.dice.below(4) {
            let at = self.within(end);
            self.plan(at, Happening::WallJumps);
        }
        for _ in 0..self.dice.below(16) {
            let at = self.within(end);
            self.plan(at, Happening::Operator);
        }
        for _ in 0..self.dice.below(3) {
            let at = self.within(end);
            self.plan(at, Happening::StoreFails(true));
        }
        for hook in self.hooks.iter().map(|hook| hook.id).collect::<Vec<_>>() {
            self.plan(Duration::ZERO, Happening::PhaseEnds(hook));
        }
        self.plan(end, Happening::Calm);
    }

    pub fn within(&mut self, span: Duration) -> Duration {
        span.mul_f64(self.dice.fraction())
    }

    pub fn plan(&mut self, after: Duration, happening: Happening) {
        self.planned += 1;
        // Whole microseconds, as wall clocks have them.
        let at = Duration::from_micros(micros(self.now.monotonic + after));
        self.agenda.insert((at, self.planned), happening);
    }

    /// Runs until everything is drained; it must be, in bounded time after the calm.
    pub fn run(&mut self) {
        let mut bound = None;
        while let Some(((at, _), happening)) = self.agenda.pop_first() {
            let passed = at - self.now.monotonic;
            self.now = Moment { wall: self.now.wall.plus(passed), monotonic: at };
            self.truth.totals.steps += 1;
            self.happen(happening);
            if self.calm {
                let bound = *bound.get_or_insert(self.now.monotonic + self.time_to_drain());
                let waiting = self.truth.ledger.waiting_hooks();
                assert!(self.now.monotonic <= bound || waiting.is_empty(), "not drained: {waiting:?}");
            }
        }
        assert_eq!(self.truth.ledger.waiting_hooks().len(), 0, "nothing more will happen, but something is queued");
        assert!(self.worker.as_ref().is_some_and(Worker::is_idle), "drained, but not idle");
        self.check_store();
        for row in self.truth.ledger.rows.values() {
            let totals = &mut self.truth.totals;
            crate::ledger::count(row.status, totals);
        }
    }

    /// One longest wait for each lane, a store that comes back, and time to send everything one by one.
    fn time_to_drain(&self) -> Duration {
        let policy = &self.truth.policy;
        let one = policy.attempt_limit() + Duration::from_millis(200);
        let queued = self.truth.ledger.rows.len() as u32 + 10;
        policy.backoff_max + Duration::from_secs(10) + one * queued
    }

    fn happen(&mut self, happening: Happening) {
        let alive = |worker: u64, world: &Self| world.worker.is_some() && worker == world.number;
        match happening {
            Happening::Publish(events) => self.publish(events),
            Happening::Signal { hook, changed } => {
                if let Some(at) = self.truth.unheard.iter().position(|unheard| *unheard == hook) {
                    self.truth.unheard.remove(at);
                    let input = if changed { Input::Changed(vec![hook]) } else { Input::Work(vec![hook]) };
                    self.on(input);
                }
            }
            Happening::Alarm { worker, at } if alive(worker, self) => {
                let due = self.worker.as_mut().is_some_and(|worker| worker.alarm.take_if(|set| *set == at).is_some());
                if due {
                    self.on(Input::Woke);
                }
            }
            Happening::Reaches { worker, delivery, taken } => {
                let from_the_dead = worker != self.number;
                self.truth.totals.attempts_that_arrived_after_a_crash += u64::from(from_the_dead);
                self.truth.ledger.sees(delivery, from_the_dead, &mut self.truth.totals);
                self.truth.ledger.row(delivery).taken |= taken;
            }
            Happening::Ends { worker, answer } if alive(worker, self) => self.ends(*answer),
            Happening::Answers { worker } if alive(worker, self) => {
                let answers = self.worker.as_mut().map(|worker| std::mem::take(&mut worker.answers));
                if let Some(answers) = answers.filter(|answers| !answers.is_empty()) {
                    self.on(Input::Ended(answers));
                }
            }
            Happening::Operates { worker } if alive(worker, self) => self.operates(),
            Happening::Operated { worker, input } if alive(worker, self) => {
                if let Some(worker) = &mut self.worker {
                    worker.operating = false;
                }
                self.on(*input);
            }
            Happening::PhaseEnds(hook) => self.phase_ends(hook),
            Happening::StoreFails(fails) if !self.calm => {
                self.store_fails = fails;
                if fails {
                    let span = self.within(Duration::from_secs(20));
                    self.plan(span, Happening::StoreFails(false));
                }
            }
            Happening::StoreFails(_) => self.store_fails = false,
            Happening::WallJumps => {
                self.truth.totals.wall_clock_jumps += 1;
                let span = Duration::from_secs([3_600, 86_400, 31_536_000][self.dice.below(3) as usize]);
                let ahead = self.dice.one_in(2);
                self.now.wall = if ahead { self.now.wall.plus(span) } else { self.now.wall.minus(span) };
            }
            Happening::Operator => self.operator(),
            Happening::Undo(hook, undo) => self.undo(hook, undo),
            Happening::Crash if !self.calm => self.crash(),
            Happening::Starts => self.starts(),
            Happening::Calm => {
                self.calm = true;
                self.calm_down();
            }
            // Of a worker that is dead.
            _ => {}
        }
    }

    /// Tells the living worker; lost if there is none.
    pub fn signal(&mut self, hook: HookId, changed: bool) {
        if self.worker.is_some() {
            self.truth.unheard.push(hook);
            let after = if self.dice.one_in(2) { Duration::ZERO } else { self.dice.span(Duration::from_millis(20)) };
            self.plan(after, Happening::Signal { hook, changed });
        }
    }

    fn on(&mut self, input: Input) {
        let Some(worker) = &mut self.worker else { return };
        let before = worker.alarm;
        let sendings = worker.on(input, self.now, &mut self.truth);
        let alarm = worker.alarm.filter(|_| worker.alarm != before);
        let number = self.number;
        if let Some(at) = alarm {
            let late = self.dice.span(Duration::from_millis(2));
            let after = at.saturating_sub(self.now.monotonic) + Duration::from_micros(1) + late;
            self.plan(after, Happening::Alarm { worker: number, at });
        }
        for sending in sendings {
            self.send(sending);
        }
        self.operate();
    }

    fn send(&mut self, sending: Sending) {
        let Sending { hook, delivery, tenure, epoch, .. } = sending;
        let phase = self.hooks.iter().find(|owned| owned.id == hook).map_or(Phase::Down, |owned| owned.phase);
        let course = Course::of(phase, &self.truth.policy, &mut self.dice);
        let attempt = course.attempt(self.now.wall);
        let worker = self.number;
        if let Some(after) = course.reaches_after {
            self.plan(after, Happening::Reaches { worker, delivery, taken: attempt.success() });
        }
        let dice = self.dice.fraction();
        let answer = Box::new(Answer { hook, delivery, tenure, epoch, attempt, dice });
        self.plan(course.ends_after + Duration::from_micros(1), Happening::Ends { worker, answer });
    }

    fn ends(&mut self, answer: Answer) {
        let Some(worker) = &mut self.worker else { return };
        worker.answers.push(answer);
        let after = if self.dice.one_in(2) { Duration::ZERO } else { self.dice.span(Duration::from_millis(5)) };
        self.plan(after, Happening::Answers { worker: self.number });
    }

    /// Has the store begin the next operation, unless one is under way.
    fn operate(&mut self) {
        let Some(worker) = &mut self.worker else { return };
        if !worker.operating && !worker.operations.is_empty() {
            worker.operating = true;
            let after = self.dice.span(self.truth.policy.backoff_min / 4);
            self.plan(after, Happening::Operates { worker: self.number });
        }
    }

    fn operates(&mut self) {
        let Some(operation) = self.worker.as_mut().and_then(|worker| worker.operations.pop_front()) else { return };
        let fails = self.store_fails || (!self.calm && self.dice.one_in(60));
        let input = match operation {
            Operation::Enlist if fails => Input::Enlisted(None),
            Operation::Enlist => {
                let worker = self.store.enlist(self.now.wall).unwrap();
                self.enlisted.push(worker);
                Input::Enlisted(Some(worker))
            }
            Operation::Renew(_) if fails => Input::Renewed(None),
            Operation::Renew(worker) => Input::Renewed(Some(self.store.renew(worker, self.now.wall).unwrap())),
            Operation::Load(_) | Operation::Claim(..) if fails => {
                self.truth.totals.failed_loads += 1;
                Input::LoadFailed
            }
            Operation::Load(requests) => {
                let loaded = self.store.load(&requests).unwrap();
                self.check_loads(&requests, &loaded);
                Input::Loaded(loaded)
            }
            Operation::Claim(worker, requests) => {
                let loaded = self.store.claim(worker, &requests).unwrap();
                self.check_loads(&requests, &loaded);
                Input::Loaded(loaded)
            }
            Operation::Retire(worker) if fails => {
                // Its lock is free all the same, and that is seen at the next look.
                self.store.kill(worker);
                self.worker.iter_mut().for_each(|worker| worker.operations.push_back(Operation::Look(Vec::new())));
                Input::Woke
            }
            Operation::Release(_) if fails => Input::Woke,
            Operation::Release(lanes) => {
                self.store.release(&lanes).unwrap();
                Input::Woke
            }
            Operation::Retire(worker) => {
                self.store.retire(worker).unwrap();
                Input::Woke
            }
            Operation::Look(bury) if fails => {
                // It is made again soon.
                self.worker.iter_mut().for_each(|worker| worker.operations.push_back(Operation::Look(bury.clone())));
                Input::Woke
            }
            Operation::Look(bury) => {
                self.store.bury(&bury).unwrap();
                let (worker, seen) = self.worker.as_ref().map(Worker::looks_as).unwrap_or_default();
                Input::Looked(self.store.look(worker, seen).unwrap())
            }
            Operation::Commit(commit, models) if fails => {
                self.truth.totals.failed_commits += 1;
                self.worker.iter_mut().for_each(|worker| worker.commit_failed(models.clone()));
                Input::CommitFailed(commit)
            }
            Operation::Commit(commit, models) => {
                let committed = self.store.commit(&commit).unwrap();
                if !self.calm && self.dice.one_in(150) {
                    self.truth.totals.crashes_before_sync += 1;
                    return self.crash();
                }
                self.store.sync();
                self.truth.totals.commits += 1;
                self.truth.ledger.commit(&commit, &committed, &mut self.truth.totals);
                self.truth.durable.extend(models);
                Input::Committed(committed)
            }
            Operation::Sweep => {
                self.truth.totals.sweeps += 1;
                let more = self.store.sweep_flushed(1 + self.dice.below(5) as u32, self.now.wall).unwrap();
                self.store.sync();
                Input::Swept(more)
            }
        };
        let most = self.truth.policy.backoff_min * if self.dice.one_in(6) { 8 } else { 1 };
        let after = self.dice.span(most);
        self.plan(after, Happening::Operated { worker: self.number, input: Box::new(input) });
    }

    fn check_loads(&self, requests: &[LoadRequest], loaded: &[Loaded]) {
        for part in loaded {
            let request = requests.iter().find(|request| request.hook == part.hook).unwrap();
            self.truth.ledger.check_load(request, part);
        }
    }

    /// The process dies: its memory and what is not synced are lost. What is on the wire may still arrive.
    pub fn crash(&mut self) {
        if self.worker.take().is_none() {
            return;
        }
        self.truth.totals.crashes += 1;
        self.truth.unheard.clear();
        self.store.crash();
        std::mem::take(&mut self.enlisted).into_iter().for_each(|worker| self.store.kill(worker));
        self.number += 1;
        let number = self.number;
        let (dice, totals) = (&mut self.dice, &mut self.truth.totals);
        self.agenda.retain(|_, happening| match happening {
            Happening::Reaches { worker, .. } if *worker < number => {
                let arrives = dice.one_in(2);
                totals.attempts_lost_in_a_crash += u64::from(!arrives);
                arrives
            }
            _ => true,
        });
        self.check_store();
        let most = if self.dice.one_in(4) { self.truth.policy.give_up_after * 2 } else { Duration::from_secs(5) };
        let after = self.within(most);
        self.plan(after, Happening::Starts);
    }

    fn starts(&mut self) {
        if self.worker.is_none() {
            self.worker = Some(Worker::new(&self.truth));
            let look = self.store.look(None, 0).unwrap();
            self.on(Input::Looked(look));
        }
    }

    fn check_store(&self) {
        for hook in self.hooks.iter().filter(|hook| !hook.deleted) {
            self.truth.ledger.check_store(&self.store, &self.scope, hook.id);
        }
    }

    fn phase_ends(&mut self, hook: HookId) {
        let outage = self.dice.one_in(6);
        let phase = match self.calm {
            true => Phase::Up,
            false if outage => Phase::bad(&mut self.dice),
            false => Phase::any(&mut self.dice),
        };
        if let Some(owned) = self.hooks.iter_mut().find(|owned| owned.id == hook) {
            owned.phase = phase;
        }
        if !self.calm {
            // An outage may outlast all patience.
            let most = if outage { self.truth.policy.give_up_after * 2 } else { self.pace * 10 };
            let after = self.within(most);
            self.plan(after, Happening::PhaseEnds(hook));
        }
    }
}

/// Procore's numbers, or small ones that make other proportions.
fn policy(dice: &mut Dice) -> RetryPolicy {
    let procore = RetryPolicy::default();
    let milli = Duration::from_millis;
    let mut policy = match dice.below(4) {
        0 => procore,
        1 => RetryPolicy {
            connect_timeout: milli(50),
            response_timeout: milli(100),
            backoff_min: milli(10),
            backoff_max: Duration::from_secs(1),
            give_up_after: Duration::from_secs(30),
            ..procore
        },
        2 => RetryPolicy {
            backoff_min: milli(100),
            backoff_max: Duration::from_secs(60),
            give_up_after: Duration::from_secs(600),
            ..procore
        },
        // Attempts take longer than the waits, and sometimes than all patience.
        _ => RetryPolicy {
            backoff_min: milli(500),
            backoff_max: Duration::from_secs(2),
            give_up_after: Duration::from_secs(8),
            ..procore
        },
    };
    policy.max_in_flight = [1, 2, 5, 8, 16][dice.below(5) as usize];
    policy.max_attempts = dice.one_in(5).then(|| 1 + dice.below(6) as u32);
    policy.honor_retry_after = dice.one_in(3);
    policy
}
