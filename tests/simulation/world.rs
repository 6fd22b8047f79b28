//! The world of one run: a store, processes with workers, endpoints, publishers, operators, accidents, on one agenda.

use std::collections::BTreeMap;
use std::time::Duration;

use tieback::policy::dispatch::{Answer, Input, Limits, Sending};
use tieback::policy::lease::LEASE;
use tieback::policy::queue::Tenure;
use tieback::policy::retry::RetryPolicy;
use tieback::store::Publishing;
use tieback::store::memory::MemoryStore;
use tieback::time::{Moment, Timestamp};
use tieback::types::{HookId, Scope};

use crate::dice::Dice;
use crate::ledger::{Ledger, Request};
use crate::life::Accident;
use crate::model::Numbers;
use crate::network::{Course, Phase};
use crate::operations::{Done, OPERATION_TAKES, OPERATION_WAITS};
use crate::owners::Owners;
use crate::process::{LOOK_INTERVAL, Process};
use crate::told::micros;
use crate::totals::Totals;
use crate::worker::{Outside, Truth};

/// What is going to happen.
pub enum Happening {
    /// Somebody publishes these, or tries again.
    Publish(Vec<Publishing>),
    /// A worker is woken: something was signalled in its process.
    Signal {
        process: u64,
    },
    Alarm {
        process: u64,
        at: Duration,
    },
    Reaches {
        hook: HookId,
        request: Request,
    },
    Ends {
        process: u64,
        answer: Box<Answer>,
    },
    /// All answers that have come are handed over together.
    Answers {
        process: u64,
    },
    /// The store does a worker's next operation; the answer comes later.
    Operates {
        process: u64,
    },
    Operated {
        process: u64,
        done: Box<Done>,
    },
    /// It is time to see what others have done.
    Looks {
        process: u64,
        at: Duration,
    },
    RunEnds {
        process: u64,
    },
    PatienceEnds {
        process: u64,
    },
    Back {
        process: u64,
    },
    PhaseEnds(HookId),
    StoreFails(bool),
    WallJumps,
    Operator,
    Undo(HookId, Undo),
    Accident(Accident),
    /// This happens as soon as attempts are in flight.
    WhenBusy(Box<Happening>),
    Starts,
    Calm,
}

impl Happening {
    /// The process in which it happens; nothing does while that is away.
    fn inside(&self) -> Option<u64> {
        match self {
            Self::Signal { process }
            | Self::Alarm { process, .. }
            | Self::Ends { process, .. }
            | Self::Answers { process }
            | Self::Operates { process }
            | Self::Operated { process, .. }
            | Self::Looks { process, .. }
            | Self::RunEnds { process }
            | Self::PatienceEnds { process } => Some(*process),
            _ => None,
        }
    }
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
    /// When something else was last wanted of its lane, and in which worker's process, if in one.
    pub changed_at: Duration,
    pub changed_by: Option<u64>,
    pub phase: Phase,
}

/// Since when a lane has had work and nobody who would do it, and since when nobody has had anything else to do.
#[derive(Clone, Copy)]
struct Unattended {
    tenure: Option<Tenure>,
    since: Duration,
    idle_since: Duration,
    /// How often an operation that failed has put it off.
    excuses: u32,
}

/// How many single failures of the store may put off that a lane is taken.
const MOST_EXCUSES: u32 = 5;

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
    pub processes: Vec<Process>,
    pub most_processes: usize,
    /// The number of the last process.
    pub number: u64,
    pub store_fails: bool,
    /// Who held what when the store was last synced.
    pub synced_owners: Owners,
    /// How often the store was changed.
    writes: u64,
    pub jumped_at: Option<Duration>,
    when_busy: Vec<Happening>,
    /// Since when each lane has had work and nobody who would do it.
    unattended: BTreeMap<HookId, Unattended>,
    pub agenda: BTreeMap<(Duration, u64), Happening>,
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
                owners: Owners::default(),
                last_news: BTreeMap::new(),
                totals: Totals::default(),
                told_aloud: false,
            },
            hooks: Vec::new(),
            published: 0,
            pace,
            calm: false,
            processes: Vec::new(),
            most_processes: [2, 2, 2, 2, 1, 3][dice.below(6) as usize],
            number: 0,
            store_fails: false,
            synced_owners: Owners::default(),
            writes: 0,
            jumped_at: None,
            when_busy: Vec::new(),
            unattended: BTreeMap::new(),
            agenda: BTreeMap::new(),
            planned: 0,
            dice,
        };
        world.make_hooks();
        world.plan_accidents();
        world
    }

    fn plan_accidents(&mut self) {
        // Long enough for leases to run out.
        let end = (self.pace * 100).max(LEASE * 5);
        for _ in 0..self.most_processes {
            let after = self.dice.span(Duration::from_secs(5));
            self.plan(after, Happening::Starts);
        }
        for _ in 0..10 + self.dice.below(20) {
            let at = self.within(end);
            self.plan_publishing(at);
        }
        for (accident, most) in
            [(Accident::Kill, 4), (Accident::Freeze, 5), (Accident::Stop, 3), (Accident::PowerCut, 2)]
        {
            for _ in 0..self.dice.below(most) {
                let at = self.within(end);
                self.plan_mishap(at, Happening::Accident(accident));
            }
        }
        for _ in 0..self.dice.below(4) {
            let at = self.within(end);
            self.plan_mishap(at, Happening::WallJumps);
        }
        for _ in 0..self.dice.below(16) {
            let at = self.within(end);
            self.plan_mishap(at, Happening::Operator);
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

    /// Half of them hit upon something that is under way.
    fn plan_mishap(&mut self, at: Duration, happening: Happening) {
        let waits = self.dice.one_in(2);
        self.plan(at, if waits { Happening::WhenBusy(Box::new(happening)) } else { happening });
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

    /// Runs until everything is drained and everybody is at rest; it must be, in bounded time after the calm.
    pub fn run(&mut self) {
        let mut bound = None;
        while let Some(((at, _), happening)) = self.agenda.pop_first() {
            let passed = at - self.now.monotonic;
            self.now = Moment { wall: self.now.wall.plus(passed), monotonic: at };
            self.truth.totals.steps += 1;
            self.happen(happening);
            let is_busy = |process: &Process| process.is_at_work() && process.worker.in_flight() > 0;
            if !self.when_busy.is_empty() && self.processes.iter().any(is_busy) && self.dice.one_in(3) {
                let happening = self.when_busy.remove(0);
                self.happen(happening);
            }
            self.plan_looks();
            self.check_attendance();
            if self.calm {
                let bound = *bound.get_or_insert(self.now.monotonic + self.time_to_drain());
                let waiting: Vec<_> = self.truth.ledger.waiting_hooks().collect();
                assert!(self.now.monotonic <= bound || waiting.is_empty(), "not drained: {waiting:?}");
            }
        }
        assert_eq!(self.truth.ledger.waiting_hooks().count(), 0, "nothing more will happen, but something is queued");
        assert!(self.processes.iter().all(|process| process.worker.is_idle()), "drained, but not idle");
        let enlisted: Vec<_> = self.truth.owners.workers().collect();
        assert!(enlisted.is_empty(), "nothing is to be done, but there are workers: {enlisted:?}");
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
        policy.backoff_max + LEASE + Duration::from_secs(10) + one * queued
    }

    fn happen(&mut self, happening: Happening) {
        if let Some(number) = happening.inside() {
            let Some(process) = self.process(number) else { return };
            if process.away.is_some() {
                process.held_up.push_back(happening);
                return;
            }
        }
        match happening {
            Happening::Publish(events) => self.publish(events),
            Happening::Signal { process: number } => {
                if self.process(number).is_some_and(|process| !process.work.is_empty() || !process.changed.is_empty()) {
                    self.on(number, Input::Woke);
                }
            }
            Happening::Alarm { process: number, at } => {
                let due = |process: &mut Process| process.worker.alarm.take_if(|set| *set == at).is_some();
                if self.process(number).is_some_and(due) {
                    self.on(number, Input::Woke);
                    self.end_if_done(number);
                }
            }
            Happening::Reaches { hook, request } => self.reaches(hook, request),
            Happening::Ends { process: number, answer } => self.ends(number, *answer),
            Happening::Answers { process: number } => {
                let answers = self.process(number).map(|process| std::mem::take(&mut process.worker.answers));
                if let Some(answers) = answers.filter(|answers| !answers.is_empty()) {
                    self.on(number, Input::Ended(answers));
                    self.end_if_done(number);
                }
            }
            Happening::Operates { process } => self.operates(process),
            Happening::Operated { process, done } => self.carried_out(process, *done),
            Happening::Looks { process, at } => self.looks(process, at),
            Happening::RunEnds { process } => self.run_ends(process),
            Happening::PatienceEnds { process } => self.patience_ends(process),
            Happening::Back { process } => self.back(process),
            Happening::PhaseEnds(hook) => self.phase_ends(hook),
            Happening::StoreFails(fails) if !self.calm => {
                self.store_fails = fails;
                if fails {
                    let span = self.within(Duration::from_secs(20));
                    self.plan(span, Happening::StoreFails(false));
                }
            }
            Happening::StoreFails(_) => self.store_fails = false,
            Happening::WallJumps if !self.calm => self.wall_jumps(),
            Happening::WallJumps => {}
            Happening::Operator if !self.calm => self.operator(),
            Happening::Operator => {}
            Happening::Undo(hook, undo) => self.undo(hook, undo),
            Happening::Accident(accident) => self.befall(accident),
            Happening::WhenBusy(happening) => self.when_busy.push(*happening),
            Happening::Starts => self.starts(),
            Happening::Calm => {
                self.calm = true;
                self.when_busy.clear();
                self.calm_down();
            }
        }
    }

    pub fn process(&mut self, number: u64) -> Option<&mut Process> {
        self.processes.iter_mut().find(|process| process.number == number)
    }

    /// Makes everything durable.
    pub fn sync(&mut self) {
        self.store.sync();
        self.synced_owners = self.truth.owners.clone();
    }

    /// The store was changed, by somebody in this process or by nobody who works.
    pub fn wrote(&mut self, by: Option<u64>) {
        self.writes += 1;
        if let Some(process) = by.and_then(|number| self.process(number)) {
            process.own_writes += 1;
        }
    }

    /// Tells a worker; before that, what was signalled in its process.
    pub fn on(&mut self, number: u64, input: Input) {
        let Some(process) = self.process(number) else { return };
        let (work, changed) = (std::mem::take(&mut process.work), std::mem::take(&mut process.changed));
        if !changed.is_empty() {
            self.tell(number, Input::Changed(changed.into_iter().collect()));
        }
        if !work.is_empty() {
            self.tell(number, Input::Work(work.into_iter().collect()));
        }
        self.tell(number, input);
        if let Some(at) = self.processes.iter().position(|process| process.number == number) {
            let (now, outside) = self.seen_from(at);
            self.processes[at].worker.check_idle(now, &outside, &self.truth);
        }
    }

    /// The present moment on a process's own clocks, and what it cannot see.
    fn seen_from(&self, at: usize) -> (Moment, Outside) {
        let process = &self.processes[at];
        let now = Moment { wall: self.now.wall, monotonic: self.now.monotonic + process.offset };
        (now, Outside { told_until: process.told_until(self.now.monotonic), looked_at: process.looked_at })
    }

    fn tell(&mut self, number: u64, input: Input) {
        let Some(at) = self.processes.iter().position(|process| process.number == number) else { return };
        let (now, outside) = self.seen_from(at);
        let process = &mut self.processes[at];
        let before = process.worker.alarm;
        let sendings = process.worker.on(input, now, &outside, &mut self.truth);
        let alarm = process.worker.alarm.filter(|_| process.worker.alarm != before);
        let offset = process.offset;
        if let Some(at) = alarm {
            let late = self.dice.span(Duration::from_millis(2));
            let after = at.saturating_sub(offset).saturating_sub(self.now.monotonic) + Duration::from_micros(1) + late;
            self.plan(after, Happening::Alarm { process: number, at });
        }
        for sending in sendings {
            self.send(number, outside.told_until, sending);
        }
        self.operate(number);
    }

    fn send(&mut self, number: u64, told_until: Duration, sending: Sending) {
        let Sending { hook, delivery, tenure, epoch, .. } = sending;
        if let Some(owned) = self.hooks.iter().find(|owned| owned.id == hook) {
            let is_closed = owned.suspended || owned.deleted || !owned.enabled;
            let url = sending.destination.url.as_str();
            if is_closed || !url.ends_with(&format!("/{}", owned.urls)) {
                self.truth.totals.starts_before_a_change_was_seen += 1;
                assert_ne!(
                    owned.changed_by,
                    Some(number),
                    "{delivery} starts against a change made in its own process"
                );
                let late = owned.changed_at >= told_until;
                assert!(
                    late,
                    "{delivery} starts at {:?} against a change of {:?}",
                    self.now.monotonic, owned.changed_at
                );
            }
        }
        let phase = self.hooks.iter().find(|owned| owned.id == hook).map_or(Phase::Down, |owned| owned.phase);
        let course = Course::of(phase, &self.truth.policy, &mut self.dice);
        let attempt = course.attempt(self.now.wall);
        if let Some(after) = course.reaches_after {
            let request = Request { delivery, sent: (number, tenure), taken: attempt.success(), is_stale: false };
            self.plan(after, Happening::Reaches { hook, request });
        }
        let dice = self.dice.fraction();
        let answer = Box::new(Answer { hook, delivery, tenure, epoch, attempt, dice });
        self.plan(course.ends_after + Duration::from_micros(1), Happening::Ends { process: number, answer });
    }

    fn reaches(&mut self, hook: HookId, request: Request) {
        let (process, tenure) = request.sent;
        let is_dead = self.process(process).is_none();
        let is_stale = is_dead || !self.truth.owners.holds(hook, tenure);
        self.truth.totals.requests_that_outlived_their_process += u64::from(is_dead);
        self.truth.ledger.sees(Request { is_stale, ..request }, &mut self.truth.totals);
    }

    fn ends(&mut self, number: u64, answer: Answer) {
        let Some(process) = self.process(number).filter(|process| !process.abandoned) else { return };
        process.worker.answers.push(answer);
        let after = if self.dice.one_in(2) { Duration::ZERO } else { self.dice.span(Duration::from_millis(5)) };
        self.plan(after, Happening::Answers { process: number });
    }

    /// Plans when each worker next looks at the store, as `engine/lookout.rs` has it: within the interval when others
    /// have changed it, and all the time while there are others to watch. Of the latter only those looks are made that
    /// can see something.
    fn plan_looks(&mut self) {
        let now = self.now.monotonic;
        for at in 0..self.processes.len() {
            let process = &self.processes[at];
            if !process.is_at_work() {
                continue;
            }
            let wanted_at = if process.changes_seen != Some(self.writes - process.own_writes) {
                process.look_due
            } else if process.worker.watches_others() {
                process.look_due.max(self.next_end_of_a_lease(process))
            } else {
                continue;
            };
            let wanted_at = wanted_at.max(now);
            if process.look_planned.is_none_or(|planned| wanted_at < planned) {
                let number = process.number;
                self.processes[at].look_planned = Some(wanted_at);
                let late = self.dice.span(Duration::from_millis(2));
                self.plan(wanted_at - now + late, Happening::Looks { process: number, at: wanted_at });
            }
        }
    }

    /// When a look of this process could find that another worker is gone.
    fn next_end_of_a_lease(&self, process: &Process) -> Duration {
        let now = self.now.monotonic;
        let others = self.truth.owners.workers().filter(|(worker, _)| Some(*worker) != process.worker.id());
        let ends = others.map(|(_, other)| {
            let is_alive = self.processes.iter().any(|process| process.number == other.process);
            let by_the_wall = now + other.lease_until.since(self.now.wall);
            if is_alive { by_the_wall.min(other.renewed_at + LEASE) } else { now }
        });
        ends.min().unwrap_or(process.looked_at + LEASE)
    }

    fn looks(&mut self, number: u64, at: Duration) {
        let (now, writes) = (self.now.monotonic, self.writes);
        let Some(process) = self.process(number).filter(|process| process.look_planned == Some(at)) else { return };
        process.look_planned = None;
        if process.stopping {
            return;
        }
        process.look_due = now + LOOK_INTERVAL;
        process.changes_seen = Some(writes - process.own_writes);
        process.worker.look(Vec::new());
        self.operate(number);
    }

    /// Every lane with work that may go on is held by somebody at work, or soon will be: at once when its holder has
    /// died, after the lease when it stands still.
    fn check_attendance(&mut self) {
        let now = self.now.monotonic;
        if self.store_fails || !self.processes.iter().any(Process::is_at_work) {
            return self.unattended.clear();
        }
        let waiting: Vec<HookId> = self.truth.ledger.waiting_hooks().collect();
        self.unattended.retain(|hook, _| waiting.contains(hook));
        for hook in waiting {
            let is_open = |owned: &Owned| owned.id == hook && owned.enabled && !owned.suspended && !owned.deleted;
            let holder = self.truth.owners.holder(hook);
            let process = holder.and_then(|holder| self.processes.iter().find(|one| one.number == holder.process));
            let is_attended = match (holder, process) {
                (Some(_), Some(process)) if process.is_at_work() => true,
                (Some(holder), Some(_)) => now <= holder.renewed_at + LEASE,
                _ => false,
            };
            if is_attended || !self.hooks.iter().any(is_open) {
                self.unattended.remove(&hook);
                continue;
            }
            let at_work = || self.processes.iter().filter(|process| process.is_at_work());
            let back_at = at_work().map(|process| process.back_at).max().unwrap_or(now);
            let failed_at = at_work().map(|process| process.failed_at).max().unwrap_or(now);
            let is_busy = at_work().any(|process| !process.worker.is_idle());
            let tenure = self.truth.owners.lane(hook).1;
            let from_now = Unattended { tenure, since: now, idle_since: now, excuses: 0 };
            let unattended = self.unattended.entry(hook).or_insert(from_now);
            if unattended.tenure != tenure {
                *unattended = from_now;
            }
            unattended.since = unattended.since.max(back_at);
            if failed_at > unattended.since && unattended.excuses < MOST_EXCUSES {
                unattended.since = failed_at;
                unattended.excuses += 1;
            }
            let idle_since = unattended.idle_since.max(unattended.since);
            unattended.idle_since = if is_busy { now } else { idle_since };
            let mut most = LOOK_INTERVAL + store_time();
            if let (None, Some(told)) = (holder, self.truth.durable.get(&hook)) {
                // Let go in its back-off by somebody who will come back for it.
                most += told.wait();
            }
            if holder.is_some_and(|holder| self.jumped_at.is_some_and(|at| at >= holder.renewed_at)) {
                // Under a clock that was set back, a newcomer sees only by its own that the lease is over.
                most += LEASE;
            }
            let with_others_first = most + self.truth.policy.attempt_limit() * 4;
            let is_late = now > unattended.idle_since + most || now > unattended.since + with_others_first;
            assert!(!is_late, "hook {hook} has had work since {:?}, and nobody for it: {holder:?}", unattended.since);
        }
    }

    fn wall_jumps(&mut self) {
        self.truth.totals.wall_clock_jumps += 1;
        self.jumped_at = Some(self.now.monotonic);
        let spans = [5, 20, 40, 3_600, 86_400, 31_536_000];
        let span = Duration::from_secs(spans[self.dice.below(6) as usize]);
        let ahead = self.dice.one_in(2);
        self.now.wall = if ahead { self.now.wall.plus(span) } else { self.now.wall.minus(span) };
    }

    pub fn check_store(&self) {
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
        0 if dice.one_in(2) => procore,
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

/// The most that the operations take that are in front of a look, and itself, and a claim after it.
pub fn store_time() -> Duration {
    (OPERATION_WAITS + OPERATION_TAKES) * 8
}
