//! One worker: the real state machine, its store operations in order, and beside it the plain model of every lane,
//! which says of each thing that the machine does whether it may.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use tieback::policy::dispatch::{Answer, Dispatch, Effect, Input, Limits, Sending};
use tieback::policy::lane::{Control, Gate, Verdict};
use tieback::policy::queue::{Colleague, Commit, Committed, LaneWrite, LoadRequest, Loaded, Tenure};
use tieback::policy::retry::RetryPolicy;
use tieback::time::{Moment, Timestamp};
use tieback::types::{DeliveryId, HookId, NoticeKind, WorkerId};

use crate::ledger::{Ledger, Status};
use crate::model::{Allowed, Fate, Micros, Mode, Model, Numbers};
use crate::totals::Totals;

/// What all workers of a run share, and what outlives them.
pub struct Truth {
    pub policy: RetryPolicy,
    pub numbers: Numbers,
    pub limits: Limits,
    pub ledger: Ledger,
    /// The models of lanes as their last durable commits left them.
    pub durable: BTreeMap<HookId, Told>,
    /// Hooks of which the living worker has still to hear something.
    pub unheard: Vec<HookId>,
    pub totals: Totals,
    /// Whether every input and effect is printed.
    pub told_aloud: bool,
}

impl Truth {
    fn tell(&self, now: Moment, arrow: &str, what: &dyn std::fmt::Debug) {
        if self.told_aloud {
            let text = format!("{what:?}").chars().take(600).collect::<String>();
            println!("{:?} {arrow} {text}", now.monotonic);
        }
    }
}

/// A store operation that waits for its turn.
#[derive(Clone, Debug)]
pub enum Operation {
    Enlist,
    Renew(WorkerId),
    Claim(WorkerId, Vec<LoadRequest>),
    Load(Vec<LoadRequest>),
    Release(Vec<(HookId, Tenure)>),
    Retire(WorkerId),
    Look(Vec<Colleague>),
    /// With the models of the lanes that it keeps.
    Commit(Commit, Vec<(HookId, Told)>),
    Sweep,
}

/// What a worker has been told of a lane, and what the model makes of it.
#[derive(Clone, Debug)]
pub struct Told {
    pub model: Model,
    control: Control,
    url: String,
    /// Up to when the model's counters have ticked.
    as_of: Duration,
    wall_at_pause: Timestamp,
    /// The probe may have been given up: whoever is first may stand in for it.
    vague_probe: bool,
    /// What the worker knows to be settled.
    settled: BTreeSet<DeliveryId>,
}

impl Told {
    fn new(now: Moment) -> Self {
        Self {
            model: Model::new(),
            control: Control::default(),
            url: String::new(),
            as_of: now.monotonic,
            wall_at_pause: now.wall,
            vague_probe: false,
            settled: BTreeSet::new(),
        }
    }

    fn tick(&mut self, now: Moment) {
        self.model.pass(micros(now.monotonic - self.as_of));
        self.as_of = now.monotonic;
    }

    /// A new worker reads the lane.
    fn restart(&mut self, now: Moment) {
        let by_the_wall = now.wall.as_micros() - self.wall_at_pause.as_micros();
        self.model.restart(by_the_wall);
        self.wall_at_pause = self.wall_at_pause.min(now.wall);
        self.as_of = now.monotonic;
    }

    fn check_state(&self, write: &LaneWrite, policy: &RetryPolicy) {
        assert_eq!(write.flush, self.model.mode == Mode::Flushing);
        match (&self.model.mode, &write.state.pause) {
            (Mode::Paused(outage) | Mode::Probing(outage), Some(pause)) => {
                assert_eq!(pause.step + 1, outage.failures, "hook {}", write.hook);
                assert_eq!(micros(pause.streak), outage.failing_for);
                assert_eq!(micros(pause.wait), outage.wait);
                assert!(self.vague_probe || pause.probe == outage.probe, "{pause:?} {outage:?}");
                assert!(pause.wait <= policy.backoff_max && pause.streak < policy.give_up_after);
            }
            (Mode::Open { .. } | Mode::Flushing, None) => {}
            (mode, pause) => panic!("hook {}: model {mode:?}, lane {pause:?}", write.hook),
        }
    }

    fn hear(&mut self, control: &Control) {
        let before = std::mem::replace(&mut self.control, control.clone());
        self.model.enabled = control.gate == Gate::Open;
        self.model.suspend(control.suspended);
        if control.resets > before.resets {
            self.model.open();
        }
        if control.nudges > before.nudges {
            self.model.nudge();
        }
    }
}

pub fn micros(span: Duration) -> Micros {
    Micros::try_from(span.as_micros()).expect("spans of a run are short")
}

struct InFlight {
    hook: HookId,
    era: u32,
}

pub struct Worker {
    dispatch: Dispatch,
    pub operations: VecDeque<Operation>,
    pub operating: bool,
    pub alarm: Option<Duration>,
    pub answers: Vec<Answer>,
    lanes: BTreeMap<HookId, Told>,
    /// How often each lane was said to have changed, and how often when a load of it was asked for.
    changes: BTreeMap<HookId, u64>,
    loads: VecDeque<Vec<(LoadRequest, u64)>>,
    fresh: BTreeSet<HookId>,
    /// Hooks that it was told have work.
    heard_of: BTreeSet<HookId>,
    in_flight: BTreeMap<DeliveryId, InFlight>,
    /// Attempts that ended here; those that the store kept from before are added.
    attempts: BTreeMap<DeliveryId, u32>,
    /// What the next commit must say.
    fates: Vec<(HookId, DeliveryId, Fate)>,
    /// The models that go with a commit that has failed and will come again.
    failed_commit: Option<Vec<(HookId, Told)>>,
    /// The last commit failed.
    stalled: bool,
    /// What was settled when this worker began.
    settled_before: BTreeSet<DeliveryId>,
}

impl Worker {
    pub fn new(truth: &Truth) -> Self {
        let settled = truth.ledger.rows.iter().filter(|(_, row)| row.status != Status::Queued);
        Self {
            dispatch: Dispatch::new(truth.policy.clone(), truth.limits),
            operations: VecDeque::new(),
            operating: false,
            alarm: None,
            answers: Vec::new(),
            lanes: BTreeMap::new(),
            changes: BTreeMap::new(),
            loads: VecDeque::new(),
            fresh: BTreeSet::new(),
            heard_of: BTreeSet::new(),
            in_flight: BTreeMap::new(),
            attempts: BTreeMap::new(),
            fates: Vec::new(),
            failed_commit: None,
            stalled: false,
            settled_before: settled.map(|(id, _)| *id).collect(),
        }
    }

    pub fn is_idle(&self) -> bool {
        self.dispatch.is_idle() && self.operations.is_empty() && !self.operating
    }

    /// The store did not do it.
    pub fn commit_failed(&mut self, models: Vec<(HookId, Told)>) {
        self.failed_commit = Some(models);
    }

    pub fn is_in_flight(&self, delivery: DeliveryId) -> bool {
        self.in_flight.contains_key(&delivery)
    }

    /// Gives the machine an input. What it wants sent is given back; the rest is kept here.
    pub fn on(&mut self, input: Input, now: Moment, truth: &mut Truth) -> Vec<Sending> {
        let had_operations = self.operations.len();
        truth.tell(now, "<-", &input);
        self.hear(&input, now, truth);
        let mut sendings = Vec::new();
        for effect in self.dispatch.on(input, now) {
            truth.tell(now, "->", &effect);
            match effect {
                Effect::Enlist => self.operations.push_back(Operation::Enlist),
                Effect::Renew(worker) => self.operations.push_back(Operation::Renew(worker)),
                Effect::Claim(worker, requests) => {
                    truth.totals.claims += 1;
                    self.expect_load(&requests);
                    self.operations.push_back(Operation::Claim(worker, requests));
                }
                Effect::Load(requests) => {
                    truth.totals.loads += 1;
                    self.expect_load(&requests);
                    self.operations.push_back(Operation::Load(requests));
                }
                Effect::Release(lanes) => {
                    truth.totals.releases += lanes.len() as u64;
                    self.operations.push_back(Operation::Release(lanes));
                }
                Effect::Retire(worker) => {
                    truth.totals.retirements += 1;
                    self.operations.push_back(Operation::Retire(worker));
                }
                Effect::Bury(others) => {
                    truth.totals.burials += others.len() as u64;
                    self.operations.push_back(Operation::Look(others));
                }
                Effect::Commit(commit) => {
                    let models = self.check_commit(&commit, now, truth);
                    self.operations.push_back(Operation::Commit(commit, models));
                }
                Effect::Sweep => self.operations.push_back(Operation::Sweep),
                Effect::Send(sending) => {
                    self.check_send(&sending, now, truth);
                    sendings.push(sending);
                }
                Effect::WakeAt(at) => self.alarm = Some(at),
                Effect::Notice(notice) => match notice.kind {
                    NoticeKind::Paused { .. } => truth.totals.pauses += 1,
                    NoticeKind::Resumed => truth.totals.resumes += 1,
                    _ => {}
                },
            }
        }
        assert!(self.operations.len() <= had_operations + 3, "one input asks for a bounded number of operations");
        let commits = self.operations.iter().filter(|operation| matches!(operation, Operation::Commit(..))).count();
        assert!(commits <= 1, "one commit at a time");
        assert_eq!(self.dispatch.in_flight(), self.in_flight.len());
        self.check_idle(now, truth);
        sendings
    }

    fn expect_load(&mut self, requests: &[LoadRequest]) {
        let changes = |hook| self.changes.get(&hook).copied().unwrap_or(0);
        self.loads.push_back(requests.iter().map(|request| (*request, changes(request.hook))).collect());
    }

    /// Who it is in the store, and what it has seen there.
    pub fn looks_as(&self) -> (Option<WorkerId>, u64) {
        (self.dispatch.worker(), self.dispatch.seen())
    }

    pub fn watches_others(&self) -> bool {
        self.dispatch.watches_others()
    }

    fn hear(&mut self, input: &Input, now: Moment, truth: &mut Truth) {
        match input {
            Input::Changed(hooks) => {
                for hook in hooks {
                    *self.changes.entry(*hook).or_default() += 1;
                    self.fresh.remove(hook);
                    if let Some(told) = self.lanes.get_mut(hook) {
                        let settled = truth.ledger.of(*hook).filter(|(_, row)| row.status != Status::Queued);
                        told.settled.extend(settled.map(|(id, _)| id));
                    }
                }
            }
            Input::Loaded(parts) => {
                for (request, changes) in self.loads.pop_front().expect("a load was asked for") {
                    if let Some(part) = parts.iter().find(|part| part.hook == request.hook) {
                        self.loaded(part, changes, now, truth);
                    }
                }
            }
            Input::LoadFailed => {
                self.loads.pop_front().expect("a load was asked for");
            }
            Input::Ended(answers) => answers.iter().for_each(|answer| self.ended(answer, now, truth)),
            Input::Committed(committed) => self.committed(committed, truth),
            Input::CommitFailed(_) => self.stalled = true,
            Input::Looked(look) => {
                self.heard_of.extend(&look.work);
                for hook in &look.changed {
                    *self.changes.entry(*hook).or_default() += 1;
                    self.fresh.remove(hook);
                }
            }
            Input::Work(hooks) => self.heard_of.extend(hooks),
            Input::Enlisted(_) | Input::Renewed(_) | Input::Swept(_) => {}
            Input::Rest | Input::Woke | Input::Stop => {}
        }
    }

    fn loaded(&mut self, part: &Loaded, changes: u64, now: Moment, truth: &mut Truth) {
        let told = self.lanes.entry(part.hook).or_insert_with(|| {
            let mut told = truth.durable.get(&part.hook).cloned().unwrap_or_else(|| Told::new(now));
            told.restart(now);
            told.settled = self.settled_before.clone();
            truth.totals.takeovers_of_paused_lanes += u64::from(matches!(told.model.mode, Mode::Paused(_)));
            told
        });
        told.tick(now);
        told.hear(&part.control);
        if let Some(destination) = &part.destination {
            told.url = destination.url.as_str().to_owned();
        }
        if let Mode::Paused(outage) | Mode::Probing(outage) = &told.model.mode {
            told.vague_probe |= outage.probe.is_some_and(|probe| !truth.ledger.is_queued(probe));
        }
        if changes == self.changes.get(&part.hook).copied().unwrap_or(0) {
            self.fresh.insert(part.hook);
        }
    }

    fn ended(&mut self, answer: &Answer, now: Moment, truth: &mut Truth) {
        let in_flight = self.in_flight.remove(&answer.delivery).expect("what ends has been started");
        let told = self.lanes.get_mut(&in_flight.hook).expect("its lane is known");
        told.tick(now);
        let attempts = self.attempts.entry(answer.delivery).or_insert(truth.ledger.rows[&answer.delivery].attempts);
        *attempts += 1;
        let fresh = in_flight.era == told.model.era;
        let before = told.model.mode.clone();
        let fate = if answer.attempt.success() {
            truth.totals.late_successes += u64::from(!fresh);
            told.model.success(fresh, &truth.numbers)
        } else {
            truth.totals.failed_attempts += 1;
            truth.totals.late_failures += u64::from(!fresh);
            let asked = answer.attempt.retry_after().map(micros);
            told.model.failure(answer.delivery, fresh, *attempts, asked, &truth.numbers)
        };
        if fresh {
            told.vague_probe = false;
            if matches!(told.model.mode, Mode::Paused(_)) {
                told.wall_at_pause = now.wall;
            }
        } else if told.model.mode != before {
            truth.totals.late_failures_that_became_the_probe += 1;
        }
        self.fates.push((in_flight.hook, answer.delivery, fate));
    }

    fn committed(&mut self, committed: &Committed, truth: &Truth) {
        self.stalled = false;
        for delivery in &committed.gone {
            for told in self.lanes.values_mut() {
                told.model.forget(*delivery);
            }
        }
        for (hook, through, _) in &committed.flushed {
            let told = self.lanes.get_mut(hook).expect("its lane is known");
            told.model.flushed();
            told.settled.extend(truth.ledger.of(*hook).map(|(id, _)| id).take_while(|id| id <= through));
        }
        for (hook, told) in &mut self.lanes {
            // What this worker has committed it knows.
            let kept = truth.ledger.of(*hook).filter(|(id, row)| {
                row.status == Status::Delivered && self.attempts.contains_key(id) && !self.in_flight.contains_key(id)
            });
            told.settled.extend(kept.map(|(id, _)| id));
        }
    }

    fn check_send(&mut self, sending: &Sending, now: Moment, truth: &mut Truth) {
        let Sending { hook, delivery, .. } = *sending;
        assert!(!self.stalled, "{delivery} starts, though outcomes cannot be kept");
        assert!(self.fresh.contains(&hook), "{delivery} starts before its lane's change was read");
        let told = self.lanes.get_mut(&hook).expect("a lane is read before it starts anything");
        told.tick(now);
        assert_eq!(
            (told.control.gate, told.control.suspended),
            (Gate::Open, false),
            "{delivery} starts on a closed lane"
        );
        assert_eq!(sending.destination.url.as_str(), told.url);
        assert!(!told.settled.contains(&delivery), "{delivery} starts again after its outcome is known");
        let own: Vec<DeliveryId> =
            self.in_flight.iter().filter(|(_, other)| other.hook == hook).map(|(id, _)| *id).collect();
        assert!(!own.contains(&delivery), "{delivery} is in flight already");
        match told.model.allowed() {
            Allowed::Any(width) => {
                assert!(own.len() < width as usize, "{delivery}: {} in flight of {width}", own.len())
            }
            Allowed::Probe(probe) => {
                truth.totals.probes += 1;
                let as_said = told.vague_probe || probe.is_none_or(|probe| probe == delivery);
                assert!(as_said, "{delivery} is tried, though {probe:?} is the probe");
                if let Some(given_up) = probe.filter(|probe| *probe != delivery) {
                    told.model.forget(given_up);
                }
            }
            other => panic!("{delivery} starts, though {other:?}: {:?}", told.model),
        }
        let ledger = &truth.ledger;
        if let Some(earlier) = ledger.in_front_of(delivery) {
            panic!("{delivery} starts, though the outcome of {earlier} of its resource is not durable");
        }
        let resource = &ledger.rows[&delivery].resource;
        let beside = own.iter().find(|id| ledger.rows[id].resource == *resource);
        assert_eq!(beside, None, "{delivery} starts beside another one of its resource");
        told.model.start();
        self.in_flight.insert(delivery, InFlight { hook, era: told.model.era });
        assert!(self.in_flight.len() <= truth.limits.in_flight, "too many in flight");
        truth.totals.attempts += 1;
        truth.totals.sends_side_by_side += u64::from(!own.is_empty());
    }

    /// A commit says what the model says. Gives the models as the commit will leave them.
    fn check_commit(&mut self, commit: &Commit, now: Moment, truth: &Truth) -> Vec<(HookId, Told)> {
        if let Some(models) = self.failed_commit.take() {
            // The same commit again, with the lanes as they were.
            return models;
        }
        let said: Vec<_> = commit.settled.iter().map(|one| (one.hook, one.delivery, fate(one.verdict))).collect();
        assert_eq!(said, std::mem::take(&mut self.fates));
        let models = commit.lanes.iter().map(|write| {
            let told = self.lanes.get_mut(&write.hook).expect("its lane is known");
            told.tick(now);
            told.check_state(write, &truth.policy);
            let mut told = told.clone();
            if write.flush {
                told.model.flushed();
            }
            (write.hook, told)
        });
        models.collect()
    }

    /// Idle is who has nothing to do now and will be woken for what is to be done later.
    fn check_idle(&mut self, now: Moment, truth: &Truth) {
        if !self.is_idle() {
            return;
        }
        assert!(self.in_flight.is_empty() && self.fates.is_empty());
        for hook in truth.ledger.waiting_hooks() {
            if truth.unheard.contains(&hook) {
                continue;
            }
            let Some(told) = self.lanes.get_mut(&hook) else {
                assert!(!self.heard_of.contains(&hook), "hook {hook} has work, and was never looked at");
                continue;
            };
            told.tick(now);
            let due = match told.model.allowed() {
                Allowed::Nothing => continue,
                Allowed::After(left) => now.monotonic + Duration::from_micros(left),
                Allowed::Any(_) | Allowed::Probe(_) => now.monotonic,
            };
            assert!(self.alarm.is_some_and(|at| at <= due), "hook {hook}: idle, and nothing will wake the worker");
        }
    }
}

fn fate(verdict: Verdict) -> Fate {
    match verdict {
        Verdict::Delivered => Fate::Delivered,
        Verdict::Queued => Fate::StaysQueued,
        Verdict::Discarded(_) => Fate::GivenUp,
    }
}
