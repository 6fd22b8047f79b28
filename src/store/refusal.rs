//! The words in which every store refuses, so that callers read the same whichever store answers.

use crate::error::{Error, ErrorKind, Result};
use crate::types::{
    DeliveryId, DeliveryStatus, DestinationUrl, Event, HookId, HookUpdate, Namespace, PageRequest, Published, Scope,
    TriggerCreate, TriggerId,
};

/// There is no such hook in the scope.
pub fn no_hook(scope: &Scope, hook: HookId) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("hook {hook} is not there in {scope}: list the scope's hooks, or name the scope that owns it"),
    )
}

/// The scope has a hook of this namespace already.
pub fn namespace_taken(scope: &Scope, namespace: &Namespace) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!(
            "namespace `{namespace}` has already been taken in {scope}: there is one hook per scope and namespace; \
             update that hook, or use another namespace"
        ),
    )
}

/// Headers that nobody gave again stay with the receiver that they were given for: who may change a URL, and sees only
/// masks, must not have them sent to a server of his own.
///
/// # Errors
/// `invalid_argument` when the change leaves the headers and moves the URL to another receiver, unless it says so.
pub fn check_kept_headers(hook: HookId, present: &DestinationUrl, change: &HookUpdate) -> Result<()> {
    match &change.destination_url {
        Some(url)
            if change.destination_headers.is_none() && !change.danger_keep_headers && !url.is_receiver_of(present) =>
        {
            Err(Error::invalid(format!(
                "the URL of hook {hook} would move from {} to {}, and its destination_headers with it: give \
                 destination_headers anew, or say danger_keep_headers to send the present ones there",
                present.receiver(),
                url.receiver()
            )))
        }
        _ => Ok(()),
    }
}

/// The hook has this trigger already.
pub fn trigger_exists(trigger: &TriggerCreate) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!(
            "the trigger `{}` on `{}` already exists on this hook: nothing to do",
            trigger.event_type, trigger.resource_name
        ),
    )
}

/// There is no such trigger on the hook.
pub fn no_trigger(hook: HookId, trigger: TriggerId) -> Error {
    Error::new(ErrorKind::NotFound, format!("trigger {trigger} is not there on hook {hook}: list the hook's triggers"))
}

/// There is no such delivery of the hook.
pub fn no_delivery(hook: HookId, delivery: DeliveryId) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("delivery {delivery} is not there on hook {hook}: list the hook's deliveries"),
    )
}

/// The delivery cannot be skipped any more.
pub fn has_outcome(delivery: DeliveryId, status: &DeliveryStatus) -> Error {
    Error::new(ErrorKind::Conflict, format!("delivery {delivery} cannot be skipped: it is {} already", status.as_str()))
}

/// The delivery cannot be redelivered yet.
pub fn still_queued(delivery: DeliveryId) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!("delivery {delivery} cannot be redelivered: it is still queued and will be sent by itself"),
    )
}

/// Another event has this one's ULID or id: `known` is what was answered for it.
pub fn event_conflict(given: &Event, known: &Published) -> Error {
    let name = if given.ulid.as_ref() == Some(&known.ulid) {
        format!("ulid `{}`", known.ulid)
    } else {
        format!("id {}", known.id)
    };
    Error::new(
        ErrorKind::Conflict,
        format!("an event with {name} was published before with other content: give each event its own"),
    )
}

/// The hook's queue is as long as it may be.
pub fn hook_queue_full(hook: HookId, queued: u64) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!(
            "hook {hook} has {queued} deliveries queued, and max_queued_per_hook allows no more: nothing of this event \
             was kept; see why its endpoint does not take them, disable or delete the hook if it is not used, or \
             raise the bound; then publish the event again"
        ),
    )
}

/// The queues together are as long as they may be.
pub fn queues_full(queued: u64, wanted: u64, bound: u64) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!(
            "{queued} deliveries are queued on all hooks together, and with the {wanted} of this event there would be \
             more than the {bound} that max_queued allows: nothing of it was kept; see which endpoints do not take \
             theirs, or raise the bound; then publish the event again"
        ),
    )
}

/// Where a page begins.
///
/// # Errors
/// `invalid_argument` when the cursor is not one that a page of this store gave.
pub fn cursor(page: &PageRequest) -> Result<Option<i64>> {
    let wrong = |after: &str| {
        Error::invalid(format!("`{after}` is not a place in this list: give back the `next` of the page before"))
    };
    page.after.as_ref().map(|after| after.number().ok_or_else(|| wrong(after.as_str()))).transpose()
}
