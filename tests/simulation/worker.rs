//! One worker: the real state machine, its store operations in order, and beside it the plain model of every lane,
//! which says of each thing that the machine does whether it may.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use tieback::policy::dispatch::{Answer, Dispatch, Effect, Input, Limits, Sending};
use tieback::policy::lane::{Gate, Verdict};
use tieback::policy::lease::LEASE;
use tieback::policy::queue::{Colleague, Commit, Committed, LoadRequest, Loaded, Settled, Tenure};
use tieback::policy::retry::RetryPolicy;
use tieback::time::Moment;
use tieback::types::{DeliveryId, HookId, NoticeKind, WorkerId};

use crate::ledger::{Ledger, Status};
use crate::model::{Allowed, Fate, Mode, Numbers};
use crate::owners::Owners;
use crate::told::{Told, micros};
use crate::totals::Totals;

/// What all workers of a run share, and what outlives them.
pub struct Truth {
    pub policy: RetryPolicy,
    pub numbers: Numbers,
    pub limits: Limits,
    pub ledger: Ledger,
    /// The models of lanes as their last durable commits left them.
    pub durable: BTreeMap<HookId, Told>,
    /// Who holds which lane.
    pub owners: Owners,
    /// When each hook's last delivery was queued, on the world's clock.
    pub last_news: BTreeMap<HookId, Duration>,
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
    Look {
        worker: Option<WorkerId>,
        seen: u64,
        bury: Vec<Colleague>,
    },
    /// With the models of the lanes that it keeps.
    Commit(Commit, Vec<(HookId, Told)>),
    Sweep,
}

struct InFlight {
    hook: HookId,
    era: u32,
    /// How many attempts the worker had been told of when it started.
    attempts: u32,
}

/// What the world knows of the process and this worker does not.
pub struct Outside {
    /// Every change of before this moment has been told to the worker.
    pub told_until: Duration,
    /// Up to when the store had been looked at when the worker last heard what others had done.
    pub looked_at: Duration,
}

pub struct Worker {
    dispatch: Dispatch,
    pub operations: VecDeque<Operation>,
    pub operating: bool,
    /// The store has been asked, and has not answered yet.
    pub in_store: bool,
    pub alarm: Option<Duration>,
    pub answers: Vec<Answer>,
    lanes: BTreeMap<HookId, Told>,
    /// Lanes as they were kept when this worker claimed them.
    pub claimed: BTreeMap<HookId, Option<Told>>,
    /// How often each lane was said to have changed, and how often when a load of it was asked for.
    changes: BTreeMap<HookId, u64>,
    loads: VecDeque<Vec<(LoadRequest, u64)>>,
    fresh: BTreeSet<HookId>,
    /// Hooks that it was told have work.
    heard_of: BTreeSet<HookId>,
    in_flight: HashMap<(DeliveryId, Tenure), InFlight>,
    /// Attempts of each delivery, as its tenure was told of them and has made them.
    attempts: HashMap<(DeliveryId, Tenure), u32>,
    /// What the next commit must say.
    fates: Vec<(HookId, Tenure, DeliveryId, Option<Fate>)>,
    /// The models that go with a commit that has failed and will come again.
    failed_commit: Option<Vec<(HookId, Told)>>,
    /// The last commit failed.
    stalled: bool,
    is_stopping: bool,
    abandoned: bool,
    /// When the enlisting or renewal that now counts was asked for, and the one under way.
    leased_from: Option<Duration>,
    asked_at: Duration,
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
            in_store: false,
            alarm: None,
            answers: Vec::new(),
            lanes: BTreeMap::new(),
            claimed: BTreeMap::new(),
            changes: BTreeMap::new(),
            loads: VecDeque::new(),
            fresh: BTreeSet::new(),
            heard_of: BTreeSet::new(),
            in_flight: HashMap::new(),
            attempts: HashMap::new(),
            fates: Vec::new(),
            failed_commit: None,
            stalled: false,
            is_stopping: false,
            abandoned: false,
            leased_from: None,
            asked_at: Duration::ZERO,
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
        self.in_flight.keys().any(|(other, _)| *other == delivery)
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Who it is in the store.
    pub fn id(&self) -> Option<WorkerId> {
        self.dispatch.worker()
    }

    pub fn watches_others(&self) -> bool {
        self.dispatch.watches_others()
    }

    /// Has the store looked at, once the operations before it are done.
    pub fn look(&mut self, bury: Vec<Colleague>) {
        let (worker, seen) = (self.dispatch.worker(), self.dispatch.seen());
        self.operations.push_back(Operation::Look { worker, seen, bury });
    }

    /// Gives up what is in flight, and all operations but the keeping of what is known.
    pub fn abandon(&mut self) {
        self.in_flight.clear();
        self.answers.clear();
        self.abandoned = true;
        self.operations.retain(|operation| matches!(operation, Operation::Commit(..)));
    }

    /// Gives the machine an input. What it wants sent is given back; the rest is kept here.
    pub fn on(&mut self, input: Input, now: Moment, outside: &Outside, truth: &mut Truth) -> Vec<Sending> {
        let had_operations = self.operations.len();
        truth.tell(now, "<-", &input);
        self.hear(&input, now, truth);
        let mut sendings = Vec::new();
        for effect in self.dispatch.on(input, now) {
            truth.tell(now, "->", &effect);
            match effect {
                Effect::Enlist => {
                    self.asked_at = now.monotonic;
                    self.operations.push_back(Operation::Enlist);
                }
                Effect::Renew(worker) => {
                    self.asked_at = now.monotonic;
                    self.operations.push_back(Operation::Renew(worker));
                }
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
                    lanes.iter().for_each(|(hook, tenure)| self.let_go(*hook, *tenure));
                    self.operations.push_back(Operation::Release(lanes));
                }
                Effect::Retire(worker) => {
                    truth.totals.retirements += 1;
                    let held = self.lanes.iter().filter_map(|(hook, told)| Some((*hook, told.tenure?)));
                    held.collect::<Vec<_>>().into_iter().for_each(|(hook, tenure)| self.let_go(hook, tenure));
                    self.leased_from = None;
                    self.operations.push_back(Operation::Retire(worker));
                }
                Effect::Look => self.look(Vec::new()),
                Effect::Bury(others) => self.look(others),
                Effect::Commit(commit) => {
                    let models = self.check_commit(&commit, now, truth);
                    self.operations.push_back(Operation::Commit(commit, models));
                }
                Effect::Sweep => self.operations.push_back(Operation::Sweep),
                Effect::Send(sending) => {
                    self.check_send(&sending, now, outside, truth);
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
        assert!(self.operations.len() <= had_operations + 6, "one input asks for a bounded number of operations");
        let commits = self.operations.iter().filter(|operation| matches!(operation, Operation::Commit(..))).count();
        assert!(commits <= 1, "one commit at a time");
        assert!(self.abandoned || self.dispatch.in_flight() == self.in_flight.len());
        sendings
    }

    fn expect_load(&mut self, requests: &[LoadRequest]) {
        let changes = |hook| self.changes.get(&hook).copied().unwrap_or(0);
        self.loads.push_back(requests.iter().map(|request| (*request, changes(request.hook))).collect());
    }

    /// The worker gives a lane back: nothing of it may be under way.
    fn let_go(&mut self, hook: HookId, tenure: Tenure) {
        let in_flight =
            self.in_flight.iter().find(|((_, other), in_flight)| *other == tenure && in_flight.hook == hook);
        assert_eq!(in_flight.map(|(key, _)| key), None, "hook {hook} is let go with this in flight");
        let unkept = self.fates.iter().find(|(of, other, ..)| (*of, *other) == (hook, tenure));
        assert!(unkept.is_none(), "hook {hook} is let go before this is kept: {unkept:?}");
        let commits = self.operations.iter().filter_map(|operation| match operation {
            Operation::Commit(commit, _) => Some(commit),
            _ => None,
        });
        let is_of_it = |settled: &Settled| (settled.hook, settled.tenure) == (hook, tenure);
        let is_kept = commits.flat_map(|commit| &commit.settled).all(|settled| !is_of_it(settled));
        assert!(is_kept, "hook {hook} is let go too soon");
        let told = self.lanes.get_mut(&hook).expect("its lane is known");
        assert_eq!(told.tenure.take(), Some(tenure));
    }

    /// The lane is another worker's. What is in flight runs on.
    fn forget(&mut self, hook: HookId) {
        self.lanes.remove(&hook);
        self.heard_of.remove(&hook);
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
                if self.dispatch.worker().is_some() && parts.iter().any(|part| part.tenure.is_none()) {
                    // Nobody holds what it has claimed: it is no worker any more.
                    self.ousted(truth);
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
                    truth.totals.changes_seen_by_looking += 1;
                    *self.changes.entry(*hook).or_default() += 1;
                    self.fresh.remove(hook);
                }
            }
            Input::Work(hooks) => self.heard_of.extend(hooks),
            Input::Enlisted(Some(_)) | Input::Renewed(Some(true)) => self.leased_from = Some(self.asked_at),
            Input::Renewed(Some(false)) if self.dispatch.worker().is_some() => self.ousted(truth),
            Input::Enlisted(None) | Input::Renewed(_) | Input::Swept(_) => {}
            Input::Stop => self.is_stopping = true,
            Input::Rest | Input::Woke => {}
        }
    }

    fn ousted(&mut self, truth: &mut Truth) {
        truth.totals.ousted_workers += 1;
        self.leased_from = None;
        self.lanes.retain(|_, told| told.tenure.is_none());
    }

    fn loaded(&mut self, part: &Loaded, changes: u64, now: Moment, truth: &mut Truth) {
        let hook = part.hook;
        let tenure = part.tenure.filter(|tenure| Some(tenure.worker) == self.dispatch.worker());
        let known = self.lanes.get(&hook);
        let before = known.and_then(|told| told.tenure);
        if tenure.is_none() || (before.is_some() && before != tenure) {
            truth.totals.refused_claims += u64::from(before.is_none());
            return self.forget(hook);
        }
        if before.is_none() && known.is_none_or(|told| told.last_fence + 1 != part.fence) {
            let mut told = self.claimed.remove(&hook).flatten().unwrap_or_else(|| Told::new(now));
            told.restart(now);
            told.settled = self.settled_before.clone();
            truth.totals.takeovers_of_paused_lanes += u64::from(matches!(told.model.mode, Mode::Paused(_)));
            self.lanes.insert(hook, told);
        } else if before.is_none() {
            truth.totals.lanes_claimed_again += 1;
        }
        let told = self.lanes.get_mut(&hook).expect("it was there, or was made");
        (told.tenure, told.last_fence) = (tenure, part.fence);
        told.tick(now);
        told.hear(&part.control);
        if let Some(destination) = &part.destination {
            told.url = destination.url.as_str().to_owned();
        }
        if let Mode::Paused(outage) | Mode::Probing(outage) = &told.model.mode {
            told.vague_probe |= outage.probe.is_some_and(|probe| !truth.ledger.is_queued(probe));
        }
        if changes == self.changes.get(&hook).copied().unwrap_or(0) {
            self.fresh.insert(hook);
        }
        for (brought, tenure) in part.deliveries.iter().zip(std::iter::repeat(tenure).flatten()) {
            self.attempts.entry((brought.delivery, tenure)).or_insert(brought.attempts);
        }
    }

    fn ended(&mut self, answer: &Answer, now: Moment, truth: &mut Truth) {
        let Answer { hook, delivery, tenure, .. } = *answer;
        let in_flight = self.in_flight.remove(&(delivery, tenure)).expect("what ends has been started");
        let Some(told) = self.lanes.get_mut(&hook).filter(|told| told.tenure == Some(tenure)) else {
            // The lane is no longer this worker's: a fact, and no more.
            truth.totals.stray_answers += 1;
            self.fates.push((hook, tenure, delivery, Some(Fate::StaysQueued)));
            return;
        };
        told.tick(now);
        // What is told is one behind for each attempt that a worker before this one had still in flight.
        let most = truth.ledger.rows[&delivery].attempts + 1;
        let attempts = in_flight.attempts + 1;
        self.attempts.insert((delivery, tenure), attempts);
        let is_vague = truth.policy.max_attempts.is_some_and(|limit| attempts < limit && limit <= most.max(attempts));
        let fresh = in_flight.era == told.model.era;
        let before = told.model.mode.clone();
        let fate = if answer.attempt.success() {
            truth.totals.late_successes += u64::from(!fresh);
            told.model.success(fresh, &truth.numbers)
        } else {
            truth.totals.failed_attempts += 1;
            truth.totals.late_failures += u64::from(!fresh);
            let asked = answer.attempt.retry_after().map(micros);
            told.model.failure(delivery, fresh, attempts, asked, &truth.numbers)
        };
        if fresh {
            told.vague_probe = false;
            if matches!(told.model.mode, Mode::Paused(_)) {
                told.wall_at_pause = now.wall;
            }
        } else if told.model.mode != before {
            truth.totals.late_failures_that_became_the_probe += 1;
        }
        let is_vague = is_vague && !answer.attempt.success();
        told.vague_probe |= is_vague;
        self.fates.push((hook, tenure, delivery, (!is_vague).then_some(fate)));
    }

    fn committed(&mut self, committed: &Committed, truth: &Truth) {
        self.stalled = false;
        for (hook, tenure) in &committed.lost {
            if self.lanes.get(hook).is_some_and(|told| told.tenure == Some(*tenure)) {
                self.forget(*hook);
            }
        }
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
            let Some(tenure) = told.tenure else { continue };
            let kept = truth.ledger.of(*hook).filter(|(id, row)| {
                let key = (*id, tenure);
                row.status == Status::Delivered && row.settled_by == Some(tenure) && !self.in_flight.contains_key(&key)
            });
            told.settled.extend(kept.map(|(id, _)| id));
        }
    }

    fn check_send(&mut self, sending: &Sending, now: Moment, outside: &Outside, truth: &mut Truth) {
        let Sending { hook, delivery, tenure, .. } = *sending;
        assert!(!self.stalled, "{delivery} starts, though outcomes cannot be kept");
        assert!(self.fresh.contains(&hook), "{delivery} starts before its lane's change was read");
        let leased_from = self.leased_from.expect("who starts attempts is enlisted");
        let spent = now.monotonic - leased_from;
        assert!(spent < LEASE * 2 / 3, "{delivery} starts, though {spent:?} of the lease are gone");
        let told = self.lanes.get_mut(&hook).expect("a lane is read before it starts anything");
        assert_eq!(told.tenure, Some(tenure), "{delivery} starts on a lane that is not held");
        told.tick(now);
        assert_eq!(
            (told.control.gate, told.control.suspended),
            (Gate::Open, false),
            "{delivery} starts on a closed lane"
        );
        assert_eq!(sending.destination.url.as_str(), told.url);
        assert!(!told.settled.contains(&delivery), "{delivery} starts again after its outcome is known");
        let own = self.in_flight.iter().filter(|((_, other), in_flight)| *other == tenure && in_flight.hook == hook);
        let own: Vec<DeliveryId> = own.map(|((id, _), _)| *id).collect();
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
        let resource = &ledger.rows[&delivery].resource;
        let beside = own.iter().find(|id| ledger.rows[id].resource == *resource);
        assert_eq!(beside, None, "{delivery} starts beside another one of its resource");
        if truth.owners.holds(hook, tenure) {
            if let Some(earlier) = ledger.in_front_of(delivery) {
                panic!("{delivery} starts, though the outcome of {earlier} of its resource is not durable");
            }
            let row = &ledger.rows[&delivery];
            if row.status != Status::Queued {
                truth.totals.starts_before_a_change_was_seen += 1;
                assert!(row.settled_at >= outside.told_until, "{delivery} starts long after {:?}", row.status);
            }
        } else {
            truth.totals.starts_under_a_lost_tenure += 1;
        }
        told.model.start();
        let attempts = self.attempts[&(delivery, tenure)];
        self.in_flight.insert((delivery, tenure), InFlight { hook, era: told.model.era, attempts });
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
        let fates = std::mem::take(&mut self.fates);
        assert_eq!(commit.settled.len(), fates.len());
        for (one, (hook, tenure, delivery, expected)) in commit.settled.iter().zip(fates) {
            assert_eq!((one.hook, one.tenure, one.delivery), (hook, tenure, delivery));
            let said = fate(one.verdict);
            assert!(expected.is_none_or(|expected| said == expected), "{delivery}: {said:?}, not {expected:?}");
        }
        let models = commit.lanes.iter().map(|write| {
            let told = self.lanes.get_mut(&write.hook).expect("its lane is known");
            assert_eq!(told.tenure, Some(write.tenure));
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
    pub fn check_idle(&mut self, now: Moment, outside: &Outside, truth: &Truth) {
        if self.is_stopping || !self.is_idle() {
            return;
        }
        assert!(self.in_flight.is_empty() && self.fates.is_empty());
        for hook in truth.ledger.waiting_hooks() {
            if truth.last_news.get(&hook).is_some_and(|at| *at >= outside.looked_at) {
                continue;
            }
            let Some(told) = self.lanes.get_mut(&hook) else { continue };
            if !told.tenure.is_some_and(|tenure| truth.owners.holds(hook, tenure)) {
                continue;
            }
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
