//! One lane in a worker's memory: the part of its queue that was loaded, and what is to be started or loaded next.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::slots::Trust;
use super::{LOAD_BYTES, Sending};
use crate::policy::lane::{Gate, Lane, Start};
use crate::policy::queue::{Destination, LoadRequest, Loaded, Queued, Tenure};
use crate::policy::rate::Bucket;
use crate::time::Moment;
use crate::types::{DeliveryId, HookId, RateLimit, WorkerId};

/// One lane with the part of its queue that is in memory.
#[derive(Debug, Default)]
pub struct Run {
    /// By what right this worker acts on the lane; `None` while it does not hold it, and then nothing starts.
    pub tenure: Option<Tenure>,
    /// The fence of the last tenure.
    pub last_fence: u64,
    /// `None` until the store has told. Of a lane that was let go it is what was known then.
    pub lane: Option<Lane>,
    pub destination: Option<Arc<Destination>>,
    /// The next deliveries, in order, with those in flight and those whose outcome is not durable yet.
    pub window: BTreeMap<DeliveryId, Item>,
    pub in_flight: u32,
    pub waiting: u32,
    /// Every queued delivery up to this one is in the window, if it waits there at all (a probe is there by itself).
    pub loaded_through: DeliveryId,
    /// The store may have queued deliveries after `loaded_through`.
    pub more: bool,
    /// The store has said so, and nothing has happened since that could have changed it.
    pub more_is_sure: bool,
    pub load: Load,
    /// New deliveries were told of since the load began: it may not have seen them.
    pub news: bool,
    /// Somebody has told of work or of a change since the lane was let go: what was known of it may be out of date.
    pub asked: bool,
    /// It had nothing to do when rest was last looked for, nor since.
    pub is_resting: bool,
    /// The window was dropped since the load began: the deliveries that it brings do not count.
    pub stale: bool,
    /// The control and the destination are out of date: nothing starts before they are read again.
    pub refresh: bool,
    /// Everything queued is to be discarded with the next commit.
    pub flush: bool,
    pub listed: bool,
    pub hungry: bool,
    /// What is used of the hook's rate limit.
    pub bucket: Bucket,
    /// When the rate limit lets the next attempt start, while it is that which holds the lane up.
    pub limited_until: Option<Duration>,
    pub trust: Trust,
    /// It is listed among those that wait for a slot.
    pub waits_for_slot: bool,
}

/// What a load that is under way is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Load {
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
pub struct Item {
    pub queued: Queued,
    pub phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Waiting,
    InFlight,
    /// The outcome is known but not durable: its resource stays busy.
    Settling,
}

/// A lane under a rate limit has in memory what it may start within this time: what waits for longer would take the
/// room of others. Longer than a load takes, so that the full rate is reached.
const AHEAD: Duration = Duration::from_secs(1);

pub enum Next {
    Start(DeliveryId),
    NotBefore(Duration),
    /// The rate limit lets nothing start before. What waits for that is due, unlike what waits in back-off.
    Limited(Duration),
    Nothing,
}

impl Run {
    /// The delivery that may start now, if one may.
    pub fn next_start(&self, now: Moment) -> Next {
        let Some(lane) = &self.lane else { return Next::Nothing };
        if self.refresh || self.load == Load::Refresh || self.destination.is_none() {
            return Next::Nothing;
        }
        let start = lane.may_start(now);
        if self.tenure.is_none() {
            return match start {
                Start::NotBefore(at) if self.has_work() => Next::NotBefore(at),
                _ => Next::Nothing,
            };
        }
        if let Some(limit) = self.rate_limit()
            && match start {
                Start::Any(width) => self.in_flight < width && (self.waiting > 0 || self.more),
                Start::Probe(_) => self.has_work(),
                Start::NotBefore(_) | Start::None => false,
            }
            && let at = self.bucket.not_before(limit)
            && at > now.monotonic
        {
            return Next::Limited(at);
        }
        let candidate = match start {
            Start::NotBefore(at) if self.has_work() => return Next::NotBefore(at),
            Start::Any(width) if self.in_flight < width => self.first_ready(),
            Start::Probe(None) => self.first_ready(),
            Start::Probe(Some(probe)) => {
                self.window.get(&probe).filter(|item| item.phase == Phase::Waiting).map(|_| probe)
            }
            Start::Any(_) | Start::NotBefore(_) | Start::None => None,
        };
        candidate.map_or(Next::Nothing, Next::Start)
    }

    /// The first waiting delivery before which none of its resource is in the window.
    pub fn first_ready(&self) -> Option<DeliveryId> {
        if self.waiting == 0 {
            return None;
        }
        let mut busy: HashSet<&str> = HashSet::with_capacity(self.window.len());
        for (delivery, item) in &self.window {
            let first_of_resource = busy.insert(&item.queued.resource);
            if first_of_resource && item.phase == Phase::Waiting {
                return Some(*delivery);
            }
        }
        None
    }

    fn rate_limit(&self) -> Option<&RateLimit> {
        self.destination.as_ref()?.rate_limit.as_ref()
    }

    /// How many deliveries the rate limit lets start soon enough to have them in memory.
    fn starts_ahead(&self, now: Moment) -> u32 {
        let soon = now.monotonic + AHEAD;
        self.rate_limit().map_or(u32::MAX, |limit| self.bucket.starts_until(limit, now.monotonic, soon))
    }

    pub fn start(&mut self, hook: HookId, delivery: DeliveryId, now: Moment) -> Option<Sending> {
        let (tenure, lane, item) = (self.tenure?, self.lane.as_mut()?, self.window.get_mut(&delivery)?);
        let destination = self.destination.clone()?;
        if let Some(limit) = &destination.rate_limit {
            self.bucket.take(limit, now.monotonic);
        }
        item.phase = Phase::InFlight;
        self.in_flight += 1;
        self.waiting -= 1;
        let epoch = lane.start(delivery);
        let Queued { ulid, payload, .. } = &item.queued;
        Some(Sending { hook, delivery, tenure, epoch, destination, ulid: Arc::clone(ulid), payload: payload.clone() })
    }

    /// The load that this lane needs now, if any.
    pub fn next_load(&self, hook: HookId, window: u32, now: Moment) -> Option<(Load, LoadRequest)> {
        let request = |after, limit| LoadRequest { hook, after, limit, bytes: LOAD_BYTES };
        if self.load != Load::None {
            return None;
        }
        if self.tenure.is_none() {
            let lane = self.lane.as_ref();
            let is_due = lane.is_none_or(|lane| matches!(lane.may_start(now), Start::Any(_) | Start::Probe(_)));
            let wanted = (self.asked || is_due) && (self.more || self.refresh);
            return wanted.then(|| (Load::Queue, request(DeliveryId(0), window)));
        }
        let Some(lane) = &self.lane else {
            return (self.more || self.refresh).then(|| (Load::Queue, request(DeliveryId(0), window)));
        };
        if self.refresh {
            return Some((Load::Refresh, LoadRequest { bytes: 0, ..request(DeliveryId(0), 0) }));
        }
        let window = window.min(self.starts_ahead(now));
        match lane.may_start(now) {
            // Nothing may start soon, so nothing is loaded; but whether there is anything to wait for has to be known.
            Start::Any(_) | Start::Probe(None) if window == 0 => {
                let unsure = self.more && !self.more_is_sure && self.window.is_empty();
                unsure.then(|| (Load::Queue, LoadRequest { bytes: 0, ..request(self.loaded_through, 0) }))
            }
            _ if window == 0 => None,
            Start::Any(_) if self.more && self.waiting < window.div_ceil(2) => {
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

    /// Whether the store says that this worker does not hold the lane, or not by the right that it had.
    pub fn is_anothers(&self, part: &Loaded, worker: Option<WorkerId>) -> bool {
        part.tenure.is_none_or(|held| Some(held.worker) != worker)
            || self.tenure.is_some_and(|known| part.tenure != Some(known))
    }

    /// Takes what the store told (`None`: there never was such a hook). Says whether the lane's state is another than
    /// the store has.
    pub fn loaded(&mut self, part: Option<Loaded>, now: Moment, buffered_bytes: &mut usize) -> bool {
        let load = std::mem::take(&mut self.load);
        let stale = std::mem::take(&mut self.stale);
        let news = std::mem::take(&mut self.news);
        let Some(part) = part else {
            self.more = news;
            self.refresh = false;
            return false;
        };
        let claimed = self.tenure.is_none();
        if claimed {
            self.claimed(&part);
        }
        self.destination = part.destination;
        if let Some(limit) = self.destination.as_ref().and_then(|destination| destination.rate_limit) {
            self.bucket.fit(&limit, now.monotonic);
        }
        let ahead = self.starts_ahead(now);
        let kept = self.lane.as_ref().filter(|_| !claimed).map_or(&part.state, Lane::state).clone();
        let lane = match &mut self.lane {
            Some(lane) => {
                lane.control(part.control);
                lane
            }
            none => {
                if part.state.pause.is_some() {
                    self.trust = Trust::Doubted;
                }
                none.insert(Lane::take_over(part.state, part.control, now))
            }
        };
        let changed = *lane.state() != kept;
        let startable = match lane.may_start(now) {
            Start::Any(_) | Start::Probe(None) => true,
            Start::Probe(Some(_)) => load != Load::Queue,
            Start::NotBefore(_) | Start::None => false,
        };
        if !startable {
            // What may not start is not held in memory, where it would take the room of what may. A probe is loaded
            // when its time has come.
            if self.waiting > 0 {
                *buffered_bytes -= self.drop_waiting();
            } else if load == Load::Queue && !stale && part.deliveries.is_empty() {
                self.more = news;
            }
            return changed;
        }
        match load {
            _ if stale => return changed,
            Load::Refresh | Load::None => return changed,
            Load::Probe(probe) => {
                if part.deliveries.first().is_none_or(|first| first.delivery != probe) {
                    // It is queued no longer; whichever is first takes its place.
                    lane.forget(probe);
                    return changed;
                }
            }
            Load::Queue => {
                self.more_is_sure = part.more;
                self.more = part.more || news;
            }
        }
        for queued in part.deliveries {
            let entry = self.window.entry(queued.delivery);
            // The first load of all was asked for when the limit was not known.
            if load == Load::Queue && matches!(entry, Entry::Vacant(_)) && self.waiting >= ahead {
                (self.more, self.more_is_sure) = (true, true);
                break;
            }
            if load == Load::Queue {
                self.loaded_through = queued.delivery;
            }
            if let Entry::Vacant(free) = entry {
                *buffered_bytes += queued.payload.len();
                self.waiting += 1;
                free.insert(Item { queued, phase: Phase::Waiting });
            }
        }
        changed
    }

    /// The lane is this worker's. What it knew of it still holds if nobody had it in between, and is more than the
    /// store knows.
    fn claimed(&mut self, part: &Loaded) {
        if part.fence != self.last_fence + 1 {
            self.lane = None;
        }
        self.tenure = part.tenure;
        self.last_fence = part.fence;
        self.asked = false;
        self.is_resting = false;
    }

    /// Whether the lane can be let go: nothing of it is under way, and nothing more can start; or, `at_once`, nothing
    /// has to.
    pub fn is_at_rest(&self, at_once: bool) -> bool {
        let can_go_on = self.lane.as_ref().is_none_or(Lane::can_go_on);
        let is_under_way = self.waiting as usize != self.window.len() || self.load != Load::None;
        !is_under_way
            && !self.refresh
            && !self.flush
            && (at_once || !self.listed && !self.hungry)
            && (at_once || !self.has_work() || !can_go_on)
    }

    /// Lets go of the lane. Gives the bytes freed.
    pub fn release(&mut self) -> usize {
        let has_work = self.has_work();
        let freed = self.drop_waiting();
        self.more = has_work;
        self.tenure = None;
        self.asked = false;
        self.is_resting = false;
        freed
    }

    /// The lane is another worker's: nothing known of it counts. Gives the bytes freed.
    pub fn forget(&mut self) -> usize {
        let freed = self.window.values().map(|item| item.queued.payload.len()).sum();
        let Self { listed, hungry, load, waits_for_slot, limited_until, bucket, .. } = *self;
        let stale = load != Load::None;
        *self = Self { listed, hungry, load, stale, waits_for_slot, limited_until, bucket, ..Self::default() };
        freed
    }

    /// Forgets the deliveries that wait; the next load begins at the start of the queue. Gives the bytes freed.
    pub fn drop_waiting(&mut self) -> usize {
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
        (self.more, self.more_is_sure) = (true, false);
        self.stale = self.load != Load::None;
        freed
    }

    pub fn has_work(&self) -> bool {
        self.more || !self.window.is_empty()
    }

    pub fn waits_for_backoff(&self) -> bool {
        self.has_work() && self.lane.as_ref().is_some_and(Lane::waits_for_backoff)
    }

    /// Whether the hook is deleted, or never was, and nothing of it is under way.
    pub fn is_over(&self) -> bool {
        let gone = self.lane.as_ref().map_or(!self.more, |lane| lane.gate() == Gate::Gone);
        gone && self.tenure.is_none()
            && self.window.is_empty()
            && self.load == Load::None
            && !self.refresh
            && !self.flush
    }
}
