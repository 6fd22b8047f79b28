//! What a worker and its store tell one another about the queue: plain data, no behaviour.

use std::sync::Arc;

use bytes::Bytes;

use super::lane::{Control, LaneState, Verdict};
use crate::types::{Attempt, DeliveryId, DestinationHeaders, DestinationUrl, Event, HookId, RateLimit, SigningSecrets};

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

/// Where a lane's deliveries go, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The endpoint.
    pub url: DestinationUrl,
    /// The headers of every delivery.
    pub headers: DestinationHeaders,
    /// What every delivery is signed with.
    pub signing_secrets: SigningSecrets,
    /// How fast deliveries may go out.
    pub rate_limit: Option<RateLimit>,
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
    /// The event's ULID, by which a signed delivery is known.
    pub ulid: Arc<str>,
    /// The payload, byte for byte.
    pub payload: Bytes,
}

/// A lane as the store has it, with the next part of its queue in order.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The hook.
    pub hook: HookId,
    /// What operators and the service want of the lane.
    pub control: Control,
    /// The lane's retry state as last committed.
    pub state: LaneState,
    /// Where to send; `None` once the hook is deleted.
    pub destination: Option<Arc<Destination>>,
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
    /// The delivery.
    pub delivery: DeliveryId,
    /// What became of it; it takes effect only if the delivery is still queued.
    pub verdict: Verdict,
    /// The attempt. It is a fact and always kept.
    pub attempt: Attempt,
}

/// A lane's new state.
#[derive(Clone, Debug)]
pub struct LaneWrite {
    /// The hook.
    pub hook: HookId,
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
}

/// The [`Queued::resource`] of an event: two deliveries of one hook with the same never overtake one another.
pub fn resource_key(event: &Event) -> String {
    let project = event.project_id.as_ref().map_or("", |id| id.as_str());
    // The unit separator cannot occur in an id or a name, so different parts never make the same key.
    format!("{project}\u{1f}{}\u{1f}{}", event.resource_name.to_lowercase(), event.resource_id)
}
