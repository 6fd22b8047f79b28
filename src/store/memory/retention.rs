//! Retention in the memory store.

use super::State;
use crate::time::Timestamp;
use crate::types::Purged;

impl State {
    /// Removes up to `limit` ended deliveries, events without deliveries and deleted hooks.
    pub(super) fn purge(&mut self, ended_before: Timestamp, limit: usize) -> (Purged, bool) {
        let is_old = |at: Option<Timestamp>| at.is_some_and(|at| at < ended_before);
        let old = self.deliveries.iter().filter(|(_, row)| is_old(row.ended_at));
        let deliveries: Vec<_> = old.map(|(id, row)| (*id, row.event)).take(limit).collect();
        let mut purged = Purged { deliveries: deliveries.len() as u64, ..Purged::default() };
        for (id, event) in deliveries {
            self.deliveries.remove(&id);
            if self.deliveries.values().all(|row| row.event != event) && self.events.remove(&event).is_some() {
                purged.events += 1;
            }
        }

        let old = self.events.iter().filter(|(_, row)| row.no_delivery.is_some() && row.published_at < ended_before);
        let events: Vec<usize> = old.map(|(row, _)| *row).take(limit).collect();
        events.iter().for_each(|row| drop(self.events.remove(row)));

        let is_empty = |hook| self.deliveries.values().all(|row| row.hook != hook);
        let old = self.hooks.iter().filter(|(hook, row)| is_old(row.deleted_at) && is_empty(**hook));
        let hooks: Vec<_> = old.map(|(hook, _)| *hook).take(limit).collect();
        hooks.iter().for_each(|hook| drop(self.hooks.remove(hook)));

        let more = [purged.deliveries as usize, events.len(), hooks.len()].contains(&limit);
        purged.events += events.len() as u64;
        purged.hooks = hooks.len() as u64;
        (purged, more)
    }
}
