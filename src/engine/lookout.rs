//! When a worker looks at what others have done to the store: their events, their orders, and whether they still live.

use std::time::Duration;

use super::Shared;
use crate::store::Store;

/// How soon it is noticed.
const INTERVAL: Duration = Duration::from_millis(250);

/// The looks of one worker.
#[derive(Debug, Default)]
pub struct Lookout {
    /// When the store is next asked, on the monotonic clock.
    due: Duration,
    /// [`Workers::others_changes`](crate::store::Workers::others_changes) at the last look; `None` if it must be made
    /// again.
    seen: Option<u64>,
}

impl Lookout {
    /// Whether to look now. While others are watched it is every time: a worker that dies changes nothing.
    pub fn is_wanted(&mut self, shared: &Shared, store: &dyn Store, watches_others: bool) -> bool {
        let now = shared.clock.now().monotonic;
        if now < self.due {
            return false;
        }
        self.due = now + INTERVAL;
        let changes = store.others_changes();
        let wanted = watches_others || self.seen != Some(changes);
        self.seen = Some(changes);
        wanted
    }

    /// Asks at once: nobody has for a while.
    pub fn wake(&mut self) {
        self.due = Duration::ZERO;
    }

    /// A look failed: it is made again.
    pub fn failed(&mut self) {
        self.seen = None;
    }

    /// Waits until it is time to ask.
    pub async fn stir(&self, shared: &Shared) {
        shared.clock.sleep_until(self.due).await;
    }
}
