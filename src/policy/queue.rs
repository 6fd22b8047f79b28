//! What a worker and its store tell one another about the queue: plain data, no behaviour.

use std::sync::Arc;

use bytes::Bytes;

use super::lane::{Control, LaneState, Verdict};
use crate::time::Timestamp;
use crate::types::{Attempt, DeliveryId, DestinationHeaders, DestinationUrl, Event, HookId, WorkerId};

/// By what right a worker acts on a lane. What it writes under a tenure that is over changes no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tenure {
    /// The worker.
    pub worker: WorkerId,
    /// The lane's fence: it grows with every claim.
    pub fence: u64,
}

/// A lane whose queue is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadRequest {
    /// The hook.
    pub hook: HookId,
    /// Only deliveries after this one.
    pub after: DeliveryId,
    /// How many at the most.
    pub limit: u32,
    /// How many bytes of payload at the most; the first delivery is given however large it is.
    pub bytes: usize,
}

/// Where a lane's deliveries go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The endpoint.
    pub url: DestinationUrl,
    /// The headers of every delivery.
    pub headers: DestinationHeaders,
}

/// A delivery that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its id; publish order is id order.
    pub delivery: DeliveryId,
    /// How many attempts it has had.
    pub attempts: u32,
    /// Its resource: project, resource name in lower case and resource id. Two of the same never overtake one another.
    pub resource: Arc<str>,
    /// The payload, byte for byte.
    pub payload: Bytes,
}

/// A lane as the store has it, with the next part of its queue in order.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The hook.
    pub hook: HookId,
    /// Who holds the lane, if anybody does.
    pub tenure: Option<Tenure>,
    /// How often the lane was claimed.
    pub fence: u64,
    /// What operators and the service want of the lane.
    pub control: Control,
    /// The lane's retry state as last committed.
    pub state: LaneState,
    /// Where to send; `None` once the hook is deleted, and while `unreadable`.
    pub destination: Option<Arc<Destination>>,
    /// Why the hook's secrets cannot be read, when they cannot: then the lane is held, whatever its hook's status is.
    pub unreadable: Option<String>,
    /// The next deliveries in order, after [`LoadRequest::after`].
    pub deliveries: Vec<Queued>,
    /// Whether there may be more after them.
    pub more: bool,
}

/// An attempt that has ended, with what it means for its delivery.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The hook.
    pub hook: HookId,
    /// The tenure under which it was started.
    pub tenure: Tenure,
    /// The delivery.
    pub delivery: DeliveryId,
    /// What became of it; it takes effect only if the delivery is still queued and the tenure holds.
    pub verdict: Verdict,
    /// The attempt. It is a fact and always kept.
    pub attempt: Attempt,
}

/// A lane's new state.
#[derive(Clone, Debug)]
pub struct LaneWrite {
    /// The hook.
    pub hook: HookId,
    /// The tenure under which it became so.
    pub tenure: Tenure,
    /// The state to keep. Its `discard_through` never lowers the store's.
    pub state: LaneState,
    /// Discard everything queued up to now: the store sets `discard_through` to the hook's newest delivery.
    pub flush: bool,
}

/// What a worker wants kept, in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// Ended attempts, in the order in which they ended.
    pub settled: Vec<Settled>,
    /// New lane states, at most one per hook; they apply after `settled`.
    pub lanes: Vec<LaneWrite>,
}

/// What a commit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Deliveries of `settled` that were queued no longer (skipped by an operator, hook deleted).
    pub gone: Vec<DeliveryId>,
    /// For each flush: the hook, the newest delivery discarded, and how many were.
    pub flushed: Vec<(HookId, DeliveryId, u64)>,
    /// Tenures that are over. Attempts made under them were kept, verdicts and states were not.
    pub lost: Vec<(HookId, Tenure)>,
}

impl Committed {
    /// Notes that a tenure is over.
    pub fn lose(&mut self, hook: HookId, tenure: Tenure) {
        if !self.lost.contains(&(hook, tenure)) {
            self.lost.push((hook, tenure));
        }
    }
}

/// Another worker on the same store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colleague {
    /// Which.
    pub worker: WorkerId,
    /// Until when it holds its lanes, by the wall clock.
    pub lease_until: Timestamp,
    /// It has ended without saying so: the operating system has let go of its lock.
    pub is_dead: bool,
}

/// What a worker finds when it looks around: what others did to the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Hooks with deliveries that may be sent and that no other worker holds.
    pub work: Vec<HookId>,
    /// Hooks whose lanes this worker holds, and whose control or destination has changed since the last look.
    pub changed: Vec<HookId>,
    /// To be given to the next look.
    pub seen: u64,
    /// The other workers.
    pub others: Vec<Colleague>,
}

/// The [`Queued::resource`] of an event: two deliveries of one hook with the same never overtake one another.
pub fn resource_key(event: &Event) -> String {
    let project = event.project_id.as_ref().map_or("", |id| id.as_str());
    // The unit separator cannot occur in an id or a name, so different parts never make the same key.
    format!("{project}\u{1f}{}\u{1f}{}", event.resource_name.to_lowercase(), event.resource_id)
}
