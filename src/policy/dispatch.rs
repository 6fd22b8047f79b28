//! All lanes of one worker, as one state machine: `on(input, now)` gives effects. It never does I/O, reads a clock or
//! rolls dice; three drivers run it (tokio, the caller's own thread, the simulator).
//!
//! ```text
//!   Work, Changed ----> Load ------> Loaded
//!                                      |  in order, one per resource, as wide as the lane allows
//!                                    Send ------> Ended
//!                                                   |  lane step
//!                                                 Commit ----> Committed: the next one of that resource may start
//! ```
//!
//! Two rules keep it right and simple:
//!
//! * Store operations (`Load`, `Commit`, `Sweep`) are done one after the other, in the order in which they were asked
//!   for, and their answers come back in that order. So what a load brings is either still in the window, and skipped,
//!   or really queued.
//! * One commit is under way at a time. What ends meanwhile goes into the next one: the busier, the larger the batch.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::lane::{Ended, Gate, Lane, Start, Turn, Verdict};
use super::queue::{Commit, Committed, Destination, LaneWrite, LoadRequest, Loaded, Queued, Settled};
use super::retry::RetryPolicy;
use crate::time::Moment;
use crate::types::{Attempt, DeliveryId, HookId, Notice, NoticeKind};

/// What has happened.
#[derive(Debug)]
pub enum Input {
    /// These hooks may have new deliveries.
    Work(Vec<HookId>),
    /// These hooks, or what operators want of their lanes, have changed.
    Changed(Vec<HookId>),
    /// A [`Effect::Load`] was answered.
    Loaded(Vec<Loaded>),
    /// A [`Effect::Load`] failed.
    LoadFailed,
    /// These [`Effect::Send`] have ended.
    Ended(Vec<Answer>),
    /// A [`Effect::Commit`] is durable.
    Committed(Committed),
    /// A [`Effect::Commit`] failed and has changed nothing.
    CommitFailed(Commit),
    /// A [`Effect::Sweep`] was done; whether more is left.
    Swept(bool),
    /// The moment of [`Effect::WakeAt`] has come, or may have.
    Woke,
    /// Start nothing any more; what is in flight is still waited for and kept.
    Stop,
}

/// What is to be done.
#[derive(Debug)]
pub enum Effect {
    /// Ask the store for lanes and the next parts of their queues.
    Load(Vec<LoadRequest>),
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
    /// To be given back in [`Answer::epoch`].
    pub epoch: u64,
    /// Where to send.
    pub destination: Arc<Destination>,
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
    /// The most attempts in flight, over all lanes.
    pub in_flight: usize,
    /// The most deliveries of one lane that are held in memory.
    pub window: u32,
    /// About how many bytes of payload are held in memory; a lane with nothing to send is still given one part.
    pub buffered_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { in_flight: 256, window: 64, buffered_bytes: 32 * 1024 * 1024 }
    }
}

/// How long to wait before a store operation that failed is tried again.
const STORE_RETRY: Duration = Duration::from_secs(1);

/// What a load is taken to bring until it has: a full window of ordinary payloads (about 500 bytes each).
const LOAD_BYTES_EXPECTED: usize = 32 * 1024;

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
    woken_at: Option<Duration>,
    in_flight: usize,
    buffered_bytes: usize,
    /// Lanes that want a load while too much payload is in memory.
    hungry: VecDeque<HookId>,
    /// Hooks of the loads under way, oldest first.
    loading: VecDeque<Vec<HookId>>,
    /// What has ended since the last commit began.
    settled: Vec<Settled>,
    /// Lanes whose state has changed since the last commit began.
    dirty: BTreeSet<HookId>,
    committing: Committing,
    /// A load failed: until this moment, when it is tried again, nobody knows whether there is work.
    unread_until: Option<Duration>,
    /// The last commit failed: until one succeeds nothing starts, since every attempt would be one to repeat.
    stalled: bool,
    sweeping: bool,
    stopping: bool,
}

#[derive(Debug)]
enum Committing {
    No,
    UnderWay(Vec<(HookId, DeliveryId, Verdict)>),
    Failed { commit: Commit, retry_at: Duration },
}

/// One lane with the part of its queue that is in memory.
#[derive(Debug, Default)]
struct Run {
    /// `None` until the store has told.
    lane: Option<Lane>,
    destination: Option<Arc<Destination>>,
    /// The next deliveries, in order, with those in flight and those whose outcome is not durable yet.
    window: BTreeMap<DeliveryId, Item>,
    in_flight: u32,
    waiting: u32,
    /// Every queued delivery up to this one is in the window, if it waits there at all (a probe is there by itself).
    loaded_through: DeliveryId,
    /// The store may have queued deliveries after `loaded_through`.
    more: bool,
    load: Load,
    /// The window was dropped since the load began: the deliveries that it brings do not count.
    stale: bool,
    /// There may be new deliveries since the load began: it need not have seen them.
    renewed: bool,
    /// The control and the destination are out of date: nothing starts before they are read again.
    refresh: bool,
    /// Everything queued is to be discarded with the next commit.
    flush: bool,
    listed: bool,
}

/// What a load that is under way is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Load {
    #[default]
    None,
    /// The next part of the queue.
    Queue,
    /// This delivery alone.
    Probe(DeliveryId),
    /// Control and destination alone.
    Refresh,
}

#[derive(Debug)]
struct Item {
    queued: Queued,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Waiting,
    InFlight,
    /// The outcome is known but not durable: its resource stays busy.
    Settling,
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
            timers: BTreeSet::new(),
            woken_at: None,
            in_flight: 0,
            buffered_bytes: 0,
            loading: VecDeque::new(),
            settled: Vec::new(),
            dirty: BTreeSet::new(),
            committing: Committing::No,
            unread_until: None,
            stalled: false,
            sweeping: false,
            stopping: false,
        }
    }

    /// Takes what has happened; gives what is to be done, in this order.
    pub fn on(&mut self, input: Input, now: Moment) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Work(hooks) => self.work(hooks),
            Input::Changed(hooks) => self.changed(hooks),
            Input::Loaded(loaded) => self.loaded(loaded, now),
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
            Input::Woke => self.woken_at = None,
            Input::Stop => self.stopping = true,
        }
        self.wake_lanes(now);
        self.look_at_lanes(now, &mut effects);
        self.commit(now, &mut effects);
        self.set_alarm(&mut effects);
        effects
    }

    /// Whether nothing is in flight, due, or waiting to be kept. Lanes in back-off do not count.
    pub fn is_idle(&self) -> bool {
        (self.stopping || (self.ready.is_empty() && self.hungry.is_empty() && self.unread_until.is_none()))
            && self.in_flight == 0
            && self.loading.is_empty()
            && self.settled.is_empty()
            && self.dirty.is_empty()
            && matches!(self.committing, Committing::No)
            && !self.sweeping
    }

    /// How many attempts are in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How many lanes with queued deliveries wait for the end of a back-off.
    pub fn paused_lanes(&self) -> usize {
        self.lanes.values().filter(|run| run.waits_for_backoff()).count()
    }

    fn work(&mut self, hooks: Vec<HookId>) {
        for hook in hooks {
            let run = self.lanes.entry(hook).or_default();
            run.more = true;
            run.renewed = run.load != Load::None;
            list(&mut self.ready, run, hook);
        }
    }

    fn changed(&mut self, hooks: Vec<HookId>) {
        for hook in hooks {
            let run = self.lanes.entry(hook).or_default();
            self.buffered_bytes -= run.drop_waiting();
            run.refresh = true;
            list(&mut self.ready, run, hook);
        }
    }

    fn loaded(&mut self, loaded: Vec<Loaded>, now: Moment) {
        let mut loaded: HashMap<HookId, Loaded> = loaded.into_iter().map(|part| (part.hook, part)).collect();
        for hook in self.loading.pop_front().unwrap_or_default() {
            let Some(run) = self.lanes.get_mut(&hook) else { continue };
            let part = loaded.remove(&hook);
            let kept = run.lane.as_ref().map(Lane::state).or(part.as_ref().map(|part| &part.state)).cloned();
            self.buffered_bytes += run.loaded(part, now);
            if run.lane.as_ref().map(Lane::state) != kept.as_ref() {
                // Enabling a hook ends its back-off: that is kept too, for whoever asks the store.
                self.dirty.insert(hook);
            }
            list(&mut self.ready, run, hook);
        }
    }

    fn load_failed(&mut self, now: Moment) {
        self.unread_until = Some(now.monotonic + STORE_RETRY);
        for hook in self.loading.pop_front().unwrap_or_default() {
            let Some(run) = self.lanes.get_mut(&hook) else { continue };
            run.refresh |= run.load == Load::Refresh;
            run.load = Load::None;
            run.stale = false;
            run.renewed = false;
            self.timers.insert((now.monotonic + STORE_RETRY, hook));
        }
    }

    fn ended(&mut self, answer: Answer, now: Moment, effects: &mut Vec<Effect>) {
        let Answer { hook, delivery, epoch, attempt, dice } = answer;
        let Some(run) = self.lanes.get_mut(&hook) else { return };
        let (Some(lane), Some(item)) = (&mut run.lane, run.window.get_mut(&delivery)) else { return };
        self.in_flight -= 1;
        run.in_flight -= 1;
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
        let kind = match turn {
            Turn::Paused => Some(NoticeKind::Paused { reason: attempt.reason() }),
            Turn::Resumed => Some(NoticeKind::Resumed),
            Turn::Flush => {
                run.flush = true;
                None
            }
            Turn::None | Turn::Changed => None,
        };
        effects.extend(kind.map(|kind| Effect::Notice(Notice { hook, at: now.wall, kind })));
        if turn != Turn::None {
            self.dirty.insert(hook);
        }
        if lane.is_paused() || turn == Turn::Resumed || run.flush {
            // A paused lane holds no payloads: its probe is loaded when its time has come. One that resumes begins
            // again at the start of its queue.
            self.buffered_bytes -= run.drop_waiting();
        }
        self.settled.push(Settled { hook, delivery, verdict, attempt });
        list(&mut self.ready, run, hook);
    }

    fn committed(&mut self, committed: Committed, now: Moment, effects: &mut Vec<Effect>) {
        let Committing::UnderWay(settled) = std::mem::replace(&mut self.committing, Committing::No) else { return };
        self.stalled = false;
        let gone: HashSet<DeliveryId> = committed.gone.into_iter().collect();
        for (hook, delivery, verdict) in settled {
            let Some(run) = self.lanes.get_mut(&hook) else { continue };
            let gone = gone.contains(&delivery);
            let paused = run.lane.as_ref().is_none_or(Lane::is_paused);
            if verdict == Verdict::Queued && !gone && !paused && !run.flush {
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
            effects.push(Effect::Notice(Notice { hook, at: now.wall, kind: NoticeKind::Flushed { discarded } }));
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
        self.unread_until = self.unread_until.filter(|at| *at > now.monotonic);
        while let Some(&(at, hook)) = self.timers.first() {
            if at > now.monotonic {
                break;
            }
            self.timers.pop_first();
            if let Some(run) = self.lanes.get_mut(&hook) {
                list(&mut self.ready, run, hook);
            }
        }
    }

    /// Gives every listed lane its turn: one start, or a load, or nothing; again, until nobody can start more.
    fn look_at_lanes(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if self.stopping || self.stalled {
            return;
        }
        let mut loads = Vec::new();
        let mut expected_bytes = 0;
        while self.in_flight < self.limits.in_flight {
            let room = self.buffered_bytes + expected_bytes < self.limits.buffered_bytes;
            let next = self.ready.pop_front().or_else(|| if room { self.hungry.pop_front() } else { None });
            let Some(hook) = next else { break };
            let Some(run) = self.lanes.get_mut(&hook) else { continue };
            run.listed = false;
            match run.next_start(now) {
                Next::Start(delivery) => {
                    if let Some(sending) = run.start(hook, delivery) {
                        self.in_flight += 1;
                        effects.push(Effect::Send(sending));
                    }
                    list(&mut self.ready, run, hook);
                    continue;
                }
                Next::NotBefore(at) => {
                    self.timers.insert((at, hook));
                }
                Next::Nothing => {}
            }
            if let Some((load, request)) = run.next_load(hook, self.limits.window, now) {
                if room {
                    run.load = load;
                    run.refresh = false;
                    expected_bytes += LOAD_BYTES_EXPECTED;
                    loads.push(request);
                } else {
                    run.listed = true;
                    self.hungry.push_back(hook);
                }
            }
            if run.is_over() {
                self.lanes.remove(&hook);
            }
        }
        if !loads.is_empty() {
            self.loading.push_back(loads.iter().map(|load| load.hook).collect());
            effects.push(Effect::Load(loads));
        }
    }

    /// Begins a commit of all that has ended, unless one is under way.
    fn commit(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        let commit = match std::mem::replace(&mut self.committing, Committing::No) {
            Committing::Failed { commit, retry_at } if retry_at <= now.monotonic => commit,
            Committing::No if !self.settled.is_empty() || !self.dirty.is_empty() => {
                let settled = std::mem::take(&mut self.settled);
                let lanes = std::mem::take(&mut self.dirty).into_iter().filter_map(|hook| {
                    let run = self.lanes.get(&hook)?;
                    Some(LaneWrite { hook, state: run.lane.as_ref()?.state().clone(), flush: run.flush })
                });
                Commit { settled, lanes: lanes.collect() }
            }
            other => {
                self.committing = other;
                return;
            }
        };
        let settled = commit.settled.iter().map(|one| (one.hook, one.delivery, one.verdict)).collect();
        self.committing = Committing::UnderWay(settled);
        effects.push(Effect::Commit(commit));
    }

    fn set_alarm(&mut self, effects: &mut Vec<Effect>) {
        let lane = self.timers.first().map(|(at, _)| *at);
        let store = match &self.committing {
            Committing::Failed { retry_at, .. } => Some(*retry_at),
            _ => None,
        };
        let next = lane.into_iter().chain(store).min();
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

enum Next {
    Start(DeliveryId),
    NotBefore(Duration),
    Nothing,
}

impl Run {
    /// The delivery that may start now, if one may.
    fn next_start(&self, now: Moment) -> Next {
        let Some(lane) = &self.lane else { return Next::Nothing };
        if self.refresh || self.load == Load::Refresh || self.destination.is_none() {
            return Next::Nothing;
        }
        let candidate = match lane.may_start(now) {
            Start::Any(width) if self.in_flight < width => self.first_ready(),
            Start::Probe(None) => self.first_ready(),
            Start::Probe(Some(probe)) => {
                self.window.get(&probe).filter(|item| item.phase == Phase::Waiting).map(|_| probe)
            }
            Start::NotBefore(at) if self.has_work() => return Next::NotBefore(at),
            Start::Any(_) | Start::NotBefore(_) | Start::None => None,
        };
        candidate.map_or(Next::Nothing, Next::Start)
    }

    /// The first waiting delivery before which none of its resource is in the window.
    fn first_ready(&self) -> Option<DeliveryId> {
        if self.waiting == 0 {
            return None;
        }
        let mut busy: HashSet<&str> = HashSet::new();
        for (delivery, item) in &self.window {
            let first_of_resource = busy.insert(&item.queued.resource);
            if first_of_resource && item.phase == Phase::Waiting {
                return Some(*delivery);
            }
        }
        None
    }

    fn start(&mut self, hook: HookId, delivery: DeliveryId) -> Option<Sending> {
        let (lane, item) = (self.lane.as_mut()?, self.window.get_mut(&delivery)?);
        let destination = self.destination.clone()?;
        item.phase = Phase::InFlight;
        self.in_flight += 1;
        self.waiting -= 1;
        let epoch = lane.start(delivery);
        Some(Sending { hook, delivery, epoch, destination, payload: item.queued.payload.clone() })
    }

    /// The load that this lane needs now, if any.
    fn next_load(&self, hook: HookId, window: u32, now: Moment) -> Option<(Load, LoadRequest)> {
        let request = |after, limit| LoadRequest { hook, after, limit };
        if self.load != Load::None {
            return None;
        }
        let Some(lane) = &self.lane else {
            return (self.more || self.refresh).then(|| (Load::Queue, request(DeliveryId(0), window)));
        };
        if self.refresh {
            return Some((Load::Refresh, request(DeliveryId(0), 0)));
        }
        match lane.may_start(now) {
            Start::Any(_) if self.more && self.waiting < window / 2 => {
                Some((Load::Queue, request(self.loaded_through, window - self.waiting)))
            }
            Start::Probe(None) if self.more && self.waiting == 0 => {
                Some((Load::Queue, request(self.loaded_through, 1)))
            }
            Start::Probe(Some(probe)) if !self.window.contains_key(&probe) => {
                Some((Load::Probe(probe), request(DeliveryId(probe.0 - 1), 1)))
            }
            _ => None,
        }
    }

    /// Takes what the store told (`None`: there never was such a hook). Gives the bytes of payload it now holds more.
    fn loaded(&mut self, part: Option<Loaded>, now: Moment) -> usize {
        let load = std::mem::take(&mut self.load);
        let stale = std::mem::take(&mut self.stale);
        let renewed = std::mem::take(&mut self.renewed);
        let Some(part) = part else {
            self.more = renewed;
            self.refresh = false;
            return 0;
        };
        self.destination = part.destination;
        match &mut self.lane {
            Some(lane) => lane.control(part.control, now),
            None => self.lane = Some(Lane::take_over(part.state, part.control, now)),
        }
        let Some(lane) = &mut self.lane else { return 0 };
        match load {
            _ if stale => return 0,
            Load::Refresh | Load::None => return 0,
            Load::Probe(probe) => {
                if part.deliveries.first().is_none_or(|first| first.delivery != probe) {
                    // It is queued no longer; whichever is first takes its place.
                    lane.forget(probe);
                    return 0;
                }
            }
            Load::Queue => {
                // A paused lane holds no payloads: its probe is loaded when its time has come.
                let startable = matches!(lane.may_start(now), Start::Any(_) | Start::Probe(None));
                if lane.gate() == Gate::Gone || part.deliveries.is_empty() {
                    self.more = renewed;
                    return 0;
                }
                if !startable {
                    return 0;
                }
                self.more = part.more || renewed;
            }
        }
        let mut bytes = 0;
        for queued in part.deliveries {
            if load == Load::Queue {
                self.loaded_through = queued.delivery;
            }
            if let Entry::Vacant(free) = self.window.entry(queued.delivery) {
                bytes += queued.payload.len();
                self.waiting += 1;
                free.insert(Item { queued, phase: Phase::Waiting });
            }
        }
        bytes
    }

    /// Forgets the deliveries that wait; the next load begins at the start of the queue. Gives the bytes freed.
    fn drop_waiting(&mut self) -> usize {
        let mut freed = 0;
        self.window.retain(|_, item| {
            let keep = item.phase != Phase::Waiting;
            if !keep {
                freed += item.queued.payload.len();
            }
            keep
        });
        self.waiting = 0;
        self.loaded_through = DeliveryId(0);
        self.more = true;
        self.stale = self.load != Load::None;
        freed
    }

    fn has_work(&self) -> bool {
        self.more || !self.window.is_empty()
    }

    fn waits_for_backoff(&self) -> bool {
        self.has_work() && self.lane.as_ref().is_some_and(Lane::waits_for_backoff)
    }

    /// Whether the hook is deleted, or never was, and nothing of it is under way.
    fn is_over(&self) -> bool {
        let gone = self.lane.as_ref().map_or(!self.more, |lane| lane.gate() == Gate::Gone);
        gone && self.window.is_empty() && self.load == Load::None && !self.refresh && !self.flush
    }
}
