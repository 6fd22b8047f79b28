//! All lanes of one worker, as one state machine: `on(input, now)` gives effects. It never does I/O, reads a clock or
//! rolls dice; three drivers run it (tokio, the caller's own thread, the simulator).
//!
//! ```text
//!   Work, Changed ----> Claim -----> Loaded
//!                                      |  in order, one per resource, as wide as the lane allows
//!                                    Send ------> Ended
//!                                                   |  lane step
//!                                                 Commit ----> Committed: the next one of that resource may start
//! ```
//!
//! Two rules keep it right and simple:
//!
//! * Store operations (`Claim`, `Load`, `Commit`, ...) are done one after the other, in the order in which they were
//!   asked for, and their answers come back in that order. So what a load brings is either still in the window, and
//!   skipped, or really queued.
//! * One commit is under way at a time. What ends meanwhile goes into the next one: the busier, the larger the batch.

mod run;
mod slots;
mod tenure;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use self::run::{Load, Next, Phase, Run};
use self::slots::{Slots, Trust};
use self::tenure::Standing;
use super::lane::{Ended, Start, Turn, Verdict};
use super::lease::Watch;
use super::queue::{Colleague, Commit, Committed, Destination, LaneWrite, LoadRequest, Loaded, Look, Settled, Tenure};
use super::retry::RetryPolicy;
use crate::time::Moment;
use crate::types::{Attempt, DeliveryId, Event, HookId, Notice, NoticeKind, WorkerId};

/// What has happened.
#[derive(Debug)]
pub enum Input {
    /// These hooks may have new deliveries.
    Work(Vec<HookId>),
    /// These hooks, or what operators want of their lanes, have changed.
    Changed(Vec<HookId>),
    /// A [`Effect::Claim`] or [`Effect::Load`] was answered.
    Loaded(Vec<Loaded>),
    /// A [`Effect::Claim`] or [`Effect::Load`] failed.
    LoadFailed,
    /// These [`Effect::Send`] have ended.
    Ended(Vec<Answer>),
    /// A [`Effect::Commit`] is durable.
    Committed(Committed),
    /// A [`Effect::Commit`] failed and has changed nothing.
    CommitFailed(Commit),
    /// A [`Effect::Sweep`] was done; whether more is left.
    Swept(bool),
    /// The [`Effect::Enlist`] was answered; `None` when it failed.
    Enlisted(Option<WorkerId>),
    /// The [`Effect::Renew`] was answered: whether this worker still is one; `None` when it failed.
    Renewed(Option<bool>),
    /// What others have done. It may come at any time; at the latest, soon after they did it.
    Looked(Look),
    /// Let go of all lanes on which nothing is in flight: for a while nobody will carry out effects.
    Rest,
    /// The moment of [`Effect::WakeAt`] has come, or may have.
    Woke,
    /// Start nothing any more; what is in flight is still waited for and kept.
    Stop,
}

/// What is to be done.
#[derive(Debug)]
pub enum Effect {
    /// Become one of the store's workers.
    Enlist,
    /// Renew this worker's lease.
    Renew(WorkerId),
    /// Have this worker hold lanes, and ask for the first parts of their queues.
    Claim(WorkerId, Vec<LoadRequest>),
    /// Ask for lanes that this worker holds and the next parts of their queues.
    Load(Vec<LoadRequest>),
    /// Let go of lanes.
    Release(Vec<(HookId, Tenure)>),
    /// This worker holds nothing more; end it.
    Retire(WorkerId),
    /// Look at what others have done.
    Look,
    /// End other workers, and look again.
    Bury(Vec<Colleague>),
    /// Make an attempt.
    Send(Sending),
    /// Have the store keep this.
    Commit(Commit),
    /// Have the store turn flush-marked deliveries into discarded ones, a part at a time.
    Sweep,
    /// Send [`Input::Woke`] at this monotonic time; replaces an earlier wish.
    WakeAt(Duration),
    /// Tell whoever asks.
    Notice(Notice),
}

/// An attempt to make.
#[derive(Clone, Debug)]
pub struct Sending {
    /// The hook.
    pub hook: HookId,
    /// The delivery.
    pub delivery: DeliveryId,
    /// To be given back in [`Answer::tenure`].
    pub tenure: Tenure,
    /// To be given back in [`Answer::epoch`].
    pub epoch: u64,
    /// Where to send.
    pub destination: Arc<Destination>,
    /// The event's ULID, by which a signed delivery is known.
    pub ulid: Arc<str>,
    /// What to send.
    pub payload: Bytes,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The hook.
    pub hook: HookId,
    /// The delivery.
    pub delivery: DeliveryId,
    /// [`Sending::tenure`].
    pub tenure: Tenure,
    /// [`Sending::epoch`].
    pub epoch: u64,
    /// What the endpoint did.
    pub attempt: Attempt,
    /// A number from 0 to 1 for the jitter.
    pub dice: f64,
}

/// How much a worker does at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most attempts in flight, over all lanes. Those in back-off, slow or new may not have them all.
    pub in_flight: usize,
    /// The most deliveries of one lane that are held in memory.
    pub window: u32,
    /// How many bytes of payload are held in memory, give or take one payload.
    pub buffered_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { in_flight: 256, window: 64, buffered_bytes: 32 * 1024 * 1024 }
    }
}

/// How long to wait before a store operation that failed is tried again.
const STORE_RETRY: Duration = Duration::from_secs(1);

/// The most that one load brings: a full window of ordinary payloads (about 500 bytes each), or one of the largest.
const LOAD_BYTES: usize = Event::MAX_PAYLOAD_BYTES;

/// The lanes of one worker.
#[derive(Debug)]
pub struct Dispatch {
    policy: RetryPolicy,
    limits: Limits,
    lanes: HashMap<HookId, Run>,
    /// Lanes to look at: something about them changed. Taken in turn, one start each, so that none starves the rest.
    ready: VecDeque<HookId>,
    /// Lanes that wait for a moment.
    timers: BTreeSet<(Duration, HookId)>,
    /// Lanes whose load failed, with when to try again. Unlike those in `timers` they have work that is due.
    load_again: BTreeSet<(Duration, HookId)>,
    /// Lanes that their rate limit holds up, with until when. Their work is due as well.
    limited: BTreeSet<(Duration, HookId)>,
    woken_at: Option<Duration>,
    slots: Slots,
    buffered_bytes: usize,
    /// What the loads under way may bring.
    expected_bytes: usize,
    /// Lanes that want a load, in turn: they get it while there is room. They go on starting what they have.
    hungry: VecDeque<HookId>,
    /// Lanes whose control and destination are to be read.
    refreshing: Vec<HookId>,
    /// The loads under way, oldest first.
    loading: VecDeque<Vec<LoadRequest>>,
    /// What has ended since the last commit began.
    settled: Vec<Settled>,
    /// Lanes whose state has changed since the last commit began.
    dirty: BTreeSet<HookId>,
    committing: Committing,
    /// The last commit failed: until one succeeds nothing starts, since every attempt would be one to repeat.
    stalled: bool,
    sweeping: bool,
    stopping: bool,
    standing: Standing,
    /// When lanes are next looked at for rest; only while enlisted, and there may be one.
    rest_at: Option<Duration>,
    watch: Watch,
    seen: u64,
}

#[derive(Debug)]
enum Committing {
    No,
    UnderWay(Vec<(HookId, Tenure, DeliveryId, Verdict)>),
    Failed { commit: Commit, retry_at: Duration },
}

impl Dispatch {
    /// A worker without lanes. Tell it of those with work by [`Input::Work`].
    pub fn new(policy: RetryPolicy, limits: Limits) -> Self {
        Self {
            policy,
            limits,
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            hungry: VecDeque::new(),
            refreshing: Vec::new(),
            timers: BTreeSet::new(),
            load_again: BTreeSet::new(),
            limited: BTreeSet::new(),
            woken_at: None,
            slots: Slots::new(limits.in_flight),
            buffered_bytes: 0,
            expected_bytes: 0,
            loading: VecDeque::new(),
            settled: Vec::new(),
            dirty: BTreeSet::new(),
            committing: Committing::No,
            stalled: false,
            sweeping: false,
            stopping: false,
            standing: Standing::Off { not_before: Duration::ZERO },
            rest_at: None,
            watch: Watch::default(),
            seen: 0,
        }
    }

    /// Takes what has happened; gives what is to be done, in this order.
    pub fn on(&mut self, input: Input, now: Moment) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Work(hooks) => self.work(hooks),
            Input::Changed(hooks) => self.changed(hooks),
            Input::Loaded(loaded) => self.loaded(loaded, now, &mut effects),
            Input::LoadFailed => self.load_failed(now),
            Input::Ended(answers) => {
                for answer in answers {
                    self.ended(answer, now, &mut effects);
                }
            }
            Input::Committed(committed) => self.committed(committed, now, &mut effects),
            Input::CommitFailed(commit) => {
                self.stalled = true;
                self.committing = Committing::Failed { commit, retry_at: now.monotonic + STORE_RETRY };
            }
            Input::Swept(more) => {
                self.sweeping = more;
                if more {
                    effects.push(Effect::Sweep);
                }
            }
            Input::Enlisted(worker) => self.enlisted(worker, now),
            Input::Renewed(made) => self.renewed(made, now, &mut effects),
            Input::Looked(look) => self.looked(look, now, &mut effects),
            Input::Rest => self.let_go(true, now, &mut effects),
            Input::Woke => self.woken_at = None,
            Input::Stop => self.stopping = true,
        }
        self.wake_lanes(now);
        self.keep_tenure(now, &mut effects);
        if !self.stopping && !self.stalled && self.is_leased(now) {
            self.look_at_lanes(now, &mut effects);
            self.load(now, &mut effects);
        }
        self.commit(now, &mut effects);
        self.set_alarm(&mut effects);
        effects
    }

    /// Whether nothing is in flight, due, or waiting to be kept. Lanes in back-off do not count; those that wait for
    /// their rate limit do.
    pub fn is_idle(&self) -> bool {
        let nothing_due =
            self.ready.is_empty() && self.hungry.is_empty() && self.load_again.is_empty() && self.limited.is_empty();
        (self.stopping || nothing_due) && self.is_quiet() && !self.sweeping
    }

    /// Whether nothing is under way.
    fn is_quiet(&self) -> bool {
        self.slots.taken() == 0
            && self.loading.is_empty()
            && self.settled.is_empty()
            && self.dirty.is_empty()
            && matches!(self.committing, Committing::No)
    }

    /// How many attempts are in flight.
    pub fn in_flight(&self) -> usize {
        self.slots.taken()
    }

    /// How many lanes with queued deliveries wait for the end of a back-off.
    pub fn paused_lanes(&self) -> usize {
        self.lanes.values().filter(|run| run.waits_for_backoff()).count()
    }

    fn work(&mut self, hooks: Vec<HookId>) {
        for hook in hooks {
            let run = self.lanes.entry(hook).or_default();
            run.more = true;
            run.news = run.load != Load::None;
            run.asked = true;
            run.is_resting = false;
            list(&mut self.ready, run, hook);
        }
    }

    fn changed(&mut self, hooks: Vec<HookId>) {
        for hook in hooks {
            let run = self.lanes.entry(hook).or_default();
            self.buffered_bytes -= run.drop_waiting();
            run.refresh = true;
            run.asked = true;
            list(&mut self.ready, run, hook);
        }
    }

    fn loaded(&mut self, loaded: Vec<Loaded>, now: Moment, effects: &mut Vec<Effect>) {
        let worker = self.worker();
        // A lane is held after a claim, by whomever. Where it is not, who claimed it is no worker any more.
        let is_over = loaded.iter().any(|part| part.tenure.is_none());
        let mut loaded: HashMap<HookId, Loaded> = loaded.into_iter().map(|part| (part.hook, part)).collect();
        for LoadRequest { hook, bytes, .. } in self.loading.pop_front().unwrap_or_default() {
            self.expected_bytes -= bytes;
            let Some(run) = self.lanes.get_mut(&hook) else { continue };
            let part = loaded.remove(&hook);
            if part.as_ref().is_some_and(|part| run.is_anothers(part, worker)) {
                // Another worker has it, and does what there is to do.
                run.load = Load::None;
                forget(run, &mut self.slots, &mut self.buffered_bytes);
            } else if run.loaded(part, now, &mut self.buffered_bytes) {
                self.dirty.insert(hook);
            }
            list(&mut self.ready, run, hook);
        }
        if is_over {
            self.oust(effects);
        }
    }

    fn load_failed(&mut self, now: Moment) {
        for LoadRequest { hook, bytes, .. } in self.loading.pop_front().unwrap_or_default() {
            self.expected_bytes -= bytes;
            let Some(run) = self.lanes.get_mut(&hook) else { continue };
            run.refresh |= run.load == Load::Refresh;
            run.load = Load::None;
            run.news = false;
            run.stale = false;
            self.load_again.insert((now.monotonic + STORE_RETRY, hook));
        }
    }

    fn ended(&mut self, answer: Answer, now: Moment, effects: &mut Vec<Effect>) {
        let Answer { hook, tenure, delivery, epoch, attempt, dice } = answer;
        let held = self.lanes.get_mut(&hook).filter(|run| run.tenure == Some(tenure));
        let Some(run) = held else {
            // The lane is another worker's by now: that it was tried is a fact, what follows is for the other to say.
            self.slots.free(Trust::Doubted);
            self.settled.push(Settled { hook, tenure, delivery, verdict: Verdict::Queued, attempt });
            return;
        };
        let (Some(lane), Some(item)) = (&mut run.lane, run.window.get_mut(&delivery)) else { return };
        run.in_flight -= 1;
        self.slots.free(run.trust);
        item.phase = Phase::Settling;
        item.queued.attempts += 1;
        let ended = Ended {
            delivery,
            epoch,
            success: attempt.success(),
            attempts: item.queued.attempts,
            retry_after: attempt.retry_after(),
            dice,
        };
        let (verdict, turn) = lane.end(ended, now, &self.policy);
        let trust = Trust::after(&attempt, lane);
        self.slots.change(run.trust, trust, run.in_flight as usize);
        run.trust = trust;
        let kind = match turn {
            Turn::Paused => Some(NoticeKind::Paused { reason: attempt.reason() }),
            Turn::Resumed => Some(NoticeKind::Resumed),
            Turn::Flush => {
                run.flush = true;
                None
            }
            Turn::None | Turn::Changed => None,
        };
        effects.extend(kind.map(|kind| Effect::Notice(Notice { hook: Some(hook), at: now.wall, kind })));
        if turn != Turn::None {
            self.dirty.insert(hook);
        }
        if lane.is_paused() || run.flush {
            // A paused lane holds no payloads: its probe is loaded when its time has come, and the rest, from the start
            // of the queue, when it has resumed. What a flush discards must not start.
            self.buffered_bytes -= run.drop_waiting();
        }
        self.settled.push(Settled { hook, tenure, delivery, verdict, attempt });
        list(&mut self.ready, run, hook);
    }

    fn committed(&mut self, committed: Committed, now: Moment, effects: &mut Vec<Effect>) {
        let Committing::UnderWay(settled) = std::mem::replace(&mut self.committing, Committing::No) else { return };
        self.stalled = false;
        if !committed.lost.is_empty() {
            self.doubt_lease(now);
        }
        for (hook, tenure) in committed.lost {
            if let Some(run) = self.lanes.get_mut(&hook).filter(|run| run.tenure == Some(tenure)) {
                forget(run, &mut self.slots, &mut self.buffered_bytes);
            }
        }
        let gone: HashSet<DeliveryId> = committed.gone.into_iter().collect();
        for (hook, tenure, delivery, verdict) in settled {
            let Some(run) = self.lanes.get_mut(&hook).filter(|run| run.tenure == Some(tenure)) else { continue };
            let gone = gone.contains(&delivery);
            let open = run.lane.as_ref().is_some_and(|lane| matches!(lane.may_start(now), Start::Any(_)));
            if verdict == Verdict::Queued && !gone && open {
                if let Some(item) = run.window.get_mut(&delivery) {
                    item.phase = Phase::Waiting;
                    run.waiting += 1;
                }
            } else if let Some(item) = run.window.remove(&delivery) {
                self.buffered_bytes -= item.queued.payload.len();
                if verdict == Verdict::Queued && !gone {
                    // Still queued, but in memory no more: what waits behind it must not overtake it.
                    self.buffered_bytes -= run.drop_waiting();
                }
            }
            if gone && let Some(lane) = &mut run.lane {
                lane.forget(delivery);
            }
            list(&mut self.ready, run, hook);
        }
        for (hook, through, discarded) in committed.flushed {
            let kind = NoticeKind::Flushed { discarded };
            effects.push(Effect::Notice(Notice { hook: Some(hook), at: now.wall, kind }));
            if !self.sweeping {
                self.sweeping = true;
                effects.push(Effect::Sweep);
            }
            let Some(run) = self.lanes.get_mut(&hook) else { continue };
            run.flush = false;
            if let Some(lane) = &mut run.lane {
                lane.flushed(through);
            }
            list(&mut self.ready, run, hook);
        }
    }

    /// Lists the lanes whose moment has come.
    fn wake_lanes(&mut self, now: Moment) {
        for waiting in [&mut self.timers, &mut self.load_again, &mut self.limited] {
            while let Some(&(at, hook)) = waiting.first() {
                if at > now.monotonic {
                    break;
                }
                waiting.pop_first();
                if let Some(run) = self.lanes.get_mut(&hook) {
                    list(&mut self.ready, run, hook);
                }
            }
        }
    }

    /// Gives every listed lane its turn: one start, or a wish for a load, or nothing; again, until nobody can start
    /// more. A lane that waited for a slot comes first when there is one for it.
    fn look_at_lanes(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        while !self.slots.are_full()
            && let Some((hook, called)) = self.next_lane()
        {
            let Some(run) = self.lanes.get_mut(&hook) else { continue };
            if called {
                run.waits_for_slot = false;
            } else {
                run.listed = false;
            }
            if let Some(at) = run.limited_until.take() {
                self.limited.remove(&(at, hook));
            }
            match run.next_start(now) {
                Next::Start(delivery) if self.slots.has_room(run.trust) => {
                    if let Some(sending) = run.start(hook, delivery, now) {
                        self.slots.take(run.trust);
                        effects.push(Effect::Send(sending));
                    }
                    list(&mut self.ready, run, hook);
                    continue;
                }
                Next::Start(_) if !run.waits_for_slot => {
                    run.waits_for_slot = true;
                    self.slots.wait(hook, run.trust);
                }
                Next::Start(_) => {}
                Next::NotBefore(at) => {
                    self.timers.insert((at, hook));
                }
                Next::Limited(at) => {
                    run.limited_until = Some(at);
                    self.limited.insert((at, hook));
                }
                Next::Nothing => {}
            }
            match run.next_load(hook, self.limits.window, now) {
                // What operators want is read at once: it takes no room.
                Some((Load::Refresh, _)) => self.refreshing.push(hook),
                Some(_) if !run.hungry => {
                    run.hungry = true;
                    self.hungry.push_back(hook);
                }
                _ => {}
            }
            if run.is_over() {
                self.lanes.remove(&hook);
            }
            self.await_rest(hook, now);
        }
    }

    /// The lane to look at now, and whether it was called because there is a slot for it.
    fn next_lane(&mut self) -> Option<(HookId, bool)> {
        let called = self.slots.call().map(|hook| (hook, true));
        called.or_else(|| self.ready.pop_front().map(|hook| (hook, false)))
    }

    /// Gives lanes their loads; hungry ones while there is room for what these may bring.
    fn load(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let Some(worker) = self.worker() else {
            if !self.hungry.is_empty() {
                self.enlist(now, effects);
            }
            return;
        };
        let (mut claims, mut loads) = (Vec::new(), Vec::new());
        for hook in std::mem::take(&mut self.refreshing) {
            loads.extend(self.begin_load(hook, 0, now));
        }
        while let Some(room) = self.room()
            && let Some(hook) = self.hungry.pop_front()
        {
            let Some(run) = self.lanes.get_mut(&hook) else { continue };
            run.hungry = false;
            let requests = if run.tenure.is_none() { &mut claims } else { &mut loads };
            requests.extend(self.begin_load(hook, room, now));
        }
        if !claims.is_empty() {
            self.loading.push_back(claims.clone());
            effects.push(Effect::Claim(worker, claims));
        }
        if !loads.is_empty() {
            self.loading.push_back(loads.clone());
            effects.push(Effect::Load(loads));
        }
    }

    /// How many bytes of payload may still be loaded, if any.
    fn room(&self) -> Option<usize> {
        let taken = self.buffered_bytes + self.expected_bytes;
        self.limits.buffered_bytes.checked_sub(taken).filter(|room| *room > 0)
    }

    fn begin_load(&mut self, hook: HookId, room: usize, now: Moment) -> Option<LoadRequest> {
        let run = self.lanes.get_mut(&hook)?;
        let (load, mut request) = run.next_load(hook, self.limits.window, now)?;
        run.load = load;
        run.refresh = false;
        request.bytes = request.bytes.min(room);
        self.expected_bytes += request.bytes;
        Some(request)
    }

    /// Begins a commit of all that has ended, unless one is under way.
    fn commit(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let commit = match std::mem::replace(&mut self.committing, Committing::No) {
            Committing::Failed { commit, retry_at } if retry_at <= now.monotonic => commit,
            Committing::No if !self.settled.is_empty() || !self.dirty.is_empty() => {
                let settled = std::mem::take(&mut self.settled);
                let lanes = std::mem::take(&mut self.dirty).into_iter().filter_map(|hook| {
                    let run = self.lanes.get(&hook)?;
                    let (tenure, lane) = (run.tenure?, run.lane.as_ref()?);
                    Some(LaneWrite { hook, tenure, state: lane.state().clone(), flush: run.flush })
                });
                Commit { settled, lanes: lanes.collect() }
            }
            other => {
                self.committing = other;
                return;
            }
        };
        let settled = commit.settled.iter().map(|one| (one.hook, one.tenure, one.delivery, one.verdict)).collect();
        self.committing = Committing::UnderWay(settled);
        effects.push(Effect::Commit(commit));
    }

    fn set_alarm(&mut self, effects: &mut Vec<Effect>) {
        let lanes = [&self.timers, &self.load_again, &self.limited];
        let lanes = lanes.into_iter().filter_map(|waiting| waiting.first().map(|(at, _)| *at));
        let store = match &self.committing {
            Committing::Failed { retry_at, .. } => Some(*retry_at),
            _ => None,
        };
        let next = lanes.chain(store).chain(self.next_of_tenure()).min();
        if let Some(at) = next
            && self.woken_at.is_none_or(|set| at < set)
        {
            self.woken_at = Some(at);
            effects.push(Effect::WakeAt(at));
        }
    }
}

/// Puts a lane on the list of those to look at, once.
fn list(ready: &mut VecDeque<HookId>, run: &mut Run, hook: HookId) {
    if !run.listed {
        run.listed = true;
        ready.push_back(hook);
    }
}

/// The lane is another worker's, whatever is still in flight. Nobody will learn what that says of its endpoint.
fn forget(run: &mut Run, slots: &mut Slots, buffered_bytes: &mut usize) {
    slots.change(run.trust, Trust::Doubted, run.in_flight as usize);
    *buffered_bytes -= run.forget();
}
