//! Retention: what has had its outcome for long enough is removed, a little at a time, beside the delivering.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::{Engine, Shared};
use crate::error::{Error, Result};
use crate::report::LogLevel;
use crate::store::Store;
use crate::time::Cancel;
use crate::types::Purged;

/// How many deliveries one step removes: small, so that whoever else wants to write does not wait long.
const STEP: u32 = 250;

/// Between two steps, for whoever else wants to write.
const PAUSE: Duration = Duration::from_millis(50);

/// From the end of one round to the next.
const ROUND: Duration = Duration::from_secs(60 * 60);

impl Engine {
    /// How long deliveries are kept after their outcome, unless the options say otherwise: 28 days, as with Procore.
    pub const RETENTION: Duration = Duration::from_secs(28 * 24 * 60 * 60);

    /// Removes at once what has been kept for longer than the options' `retention`, and says what went. A worker does
    /// the same when it starts and every hour, so this is for those who have none, or who want the space now. It works
    /// in small transactions; publishing and delivering go on beside it.
    ///
    /// # Errors
    /// `closed`, `storage`. What was removed until then stays removed.
    pub fn purge(&self) -> Result<Purged> {
        purge(self, &Cancel::new())
    }
}

/// Removes, step by step, all that has been kept for long enough.
pub fn purge(engine: &Engine, cancel: &Cancel) -> Result<Purged> {
    let mut all = Purged::default();
    loop {
        cancel.check()?;
        let (purged, more) = step(&engine.shared, &*engine.store()?)?;
        all = all.plus(purged);
        if !more {
            engine.tell(LogLevel::Info, None, || {
                let Purged { deliveries, events, hooks } = all;
                format!(
                    "has removed {deliveries} deliveries, {events} events, {hooks} hooks that were kept long enough"
                )
            });
            return Ok(all);
        }
        std::thread::sleep(PAUSE / 10);
    }
}

/// Refuses a retention that would remove what has only just ended.
pub fn check_retention(retention: Duration) -> Result<()> {
    if retention.is_zero() {
        return Err(Error::invalid(
            "retention 0 would keep nothing: give the time to keep deliveries, such as 28 days",
        ));
    }
    Ok(())
}

fn step(shared: &Shared, store: &dyn Store) -> Result<(Purged, bool)> {
    store.purge(shared.clock.now().wall.minus(shared.retention), STEP)
}

/// The rounds of one worker.
pub struct Rounds {
    /// When the next step is due, on the monotonic clock; `None` once the worker winds up.
    due: Option<Duration>,
    /// A step under way; gives whether more is left.
    under_way: Option<JoinHandle<bool>>,
}

impl Rounds {
    /// A round is due at once.
    pub fn new() -> Self {
        Self { due: Some(Duration::ZERO), under_way: None }
    }

    /// Takes a step on this thread, if one is due.
    pub fn step_here(&mut self, shared: &Shared, store: &dyn Store) {
        if self.is_due(shared) {
            let more = more_is_left(shared, store);
            self.plan(shared, more);
        }
    }

    /// Begins a step on the blocking pool, if one is due and none is under way.
    pub fn begin_step(&mut self, shared: &Arc<Shared>, store: &Arc<dyn Store>) {
        if self.under_way.is_none() && self.is_due(shared) {
            let (shared, store) = (Arc::clone(shared), Arc::clone(store));
            self.under_way = Some(tokio::task::spawn_blocking(move || more_is_left(&shared, &*store)));
        }
    }

    /// Waits until a step has ended, or until one is due. May be dropped and called again.
    pub async fn stir(&mut self, shared: &Shared) {
        match &mut self.under_way {
            Some(step) => {
                // One that panicked counts as done: the rows are still there in the next round.
                let more = step.await.unwrap_or(false);
                self.under_way = None;
                self.plan(shared, more);
            }
            None => match self.due {
                Some(due) => shared.clock.sleep_until(due).await,
                None => std::future::pending().await,
            },
        }
    }

    /// Leaves no step under way, and begins no other.
    pub async fn finish(&mut self) {
        self.due = None;
        if let Some(step) = self.under_way.take() {
            let _ = step.await;
        }
    }

    /// Whether a step is under way on another thread. One that is only due does not count.
    pub fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    fn is_due(&self, shared: &Shared) -> bool {
        self.due.is_some_and(|due| due <= shared.clock.now().monotonic)
    }

    fn plan(&mut self, shared: &Shared, more: bool) {
        self.due = Some(shared.clock.now().monotonic + if more { PAUSE } else { ROUND });
    }
}

/// A step that fails is tried again in the next round; delivering never depends on it.
fn more_is_left(shared: &Shared, store: &dyn Store) -> bool {
    match step(shared, store) {
        Ok((_, more)) => more,
        Err(error) => {
            shared.telling.log(LogLevel::Warn, None, || {
                format!("could not remove what has been kept for long enough, and tries again later: {error}")
            });
            false
        }
    }
}
