//! Which hooks get an event, and why none does. Pure: stores bring the candidates.

use crate::policy::lane::Gate;
use crate::types::{Event, HookId, Id, NoDelivery, PayloadVersion};

/// A hook in the event's scope.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// The hook.
    pub hook: HookId,
    /// The version of its payloads.
    pub payload_version: PayloadVersion,
    /// What its status lets happen.
    pub gate: Gate,
    /// Whether it has a trigger for this resource and event.
    pub triggered: bool,
}

/// Whether a payload of this version can carry the event: v2.0 and v3.0 hold every id as a number.
pub fn can_carry(version: PayloadVersion, event: &Event) -> bool {
    let is_number = |id: &Id| id.number().is_some();
    let is_number_if_any = |id: &Option<Id>| id.as_ref().is_none_or(is_number);
    let numbered = is_number(&event.resource_id)
        && is_number_if_any(&event.user_id)
        && event.metadata.as_ref().is_none_or(|metadata| {
            is_number_if_any(&metadata.source_user_id)
                && is_number_if_any(&metadata.source_project_id)
                && is_number_if_any(&metadata.source_company_id)
        });
    match version {
        PayloadVersion::V2 => numbered,
        PayloadVersion::V3 => numbered && event.related_resources.iter().all(|related| is_number(&related.id)),
        PayloadVersion::V4 => true,
    }
}

/// The hooks to deliver to, in the order given; or the reason why there is none.
///
/// # Errors
/// The reason is the one of the candidate that came closest to a delivery.
pub fn recipients(
    event: &Event,
    deprecated: bool,
    candidates: &[Candidate],
) -> Result<Vec<(HookId, PayloadVersion)>, NoDelivery> {
    let mut closest = NoDelivery::NoHookInScope;
    let mut chosen = Vec::new();
    for candidate in candidates {
        let reason = if !candidate.triggered {
            NoDelivery::NoTrigger
        } else if deprecated {
            NoDelivery::EventDeprecated
        } else if candidate.gate != Gate::Open {
            NoDelivery::HookDisabled
        } else if !can_carry(candidate.payload_version, event) {
            NoDelivery::VersionCannotCarryId
        } else {
            chosen.push((candidate.hook, candidate.payload_version));
            continue;
        };
        if rank(reason) > rank(closest) {
            closest = reason;
        }
    }
    if chosen.is_empty() { Err(closest) } else { Ok(chosen) }
}

/// How close to a delivery a candidate came before this reason stopped it.
fn rank(reason: NoDelivery) -> u8 {
    match reason {
        NoDelivery::NoHookInScope => 0,
        NoDelivery::NoTrigger => 1,
        NoDelivery::EventDeprecated => 2,
        NoDelivery::HookDisabled => 3,
        NoDelivery::VersionCannotCarryId => 4,
    }
}
