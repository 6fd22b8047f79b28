//! Bounds of the queues in the memory store.

use super::State;
use crate::error::Result;
use crate::store::{QueueBounds, refusal};
use crate::types::{HookId, PayloadVersion};

impl State {
    /// Refuses what would make a queue longer than it may be.
    pub(super) fn check_room(&self, bounds: QueueBounds, hooks: &[(HookId, PayloadVersion)]) -> Result<()> {
        let queued = |hook| self.queued(hook).count() as u64;
        let full = |hook: &HookId| bounds.per_hook.is_some_and(|most| queued(*hook) >= most);
        if let Some(hook) = hooks.iter().map(|(hook, _)| *hook).find(full) {
            return Err(refusal::hook_queue_full(hook, queued(hook)));
        }
        let (all, wanted): (u64, u64) = (self.hooks.keys().map(|hook| queued(*hook)).sum(), hooks.len() as u64);
        match bounds.total {
            Some(most) if wanted > 0 && all + wanted > most => Err(refusal::queues_full(all, wanted, most)),
            _ => Ok(()),
        }
    }
}
