//! Figures about an engine.

use std::time::Duration;

use crate::time::Timestamp;

/// How much an engine has to do, what it keeps, and what that takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Deliveries without an outcome, including those in flight.
    pub queued: u64,
    /// Attempts that are on the wire now.
    pub in_flight: u64,
    /// Lanes that wait after a failure, and lanes that an operator paused.
    pub paused_lanes: u64,
    /// How long the oldest queued delivery has waited; zero when none is queued.
    pub oldest_queued_age: Duration,
    /// Hooks that are not deleted.
    pub hooks: u64,
    /// Deliveries in the log that were delivered.
    pub delivered: u64,
    /// Deliveries in the log that were given up, for whatever reason.
    pub discarded: u64,
    /// When the oldest delivery of the log got its outcome; `None` when none has one.
    pub oldest_kept_at: Option<Timestamp>,
    /// How long the database file is, in bytes.
    pub database_bytes: u64,
    /// How much of that is free, and used again before the file grows.
    pub reusable_bytes: u64,
    /// How long the write-ahead log beside it is. It is moved into the file every 16 MiB or so; one that grows far
    /// beyond that tells of a reader that holds it back, or of a disk that fails.
    pub wal_bytes: u64,
}

/// How a wait for idleness ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdleReport {
    /// Nothing is in flight or due. `false` means that the time ran out first.
    pub idle: bool,
    /// How many lanes wait for the end of their back-off.
    pub paused_lanes: u64,
    /// How many attempts ended while waiting.
    pub attempts: u64,
}

/// What was removed because it had been kept long enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Deliveries with an outcome, each with its attempts.
    pub deliveries: u64,
    /// Events that no delivery needed any more.
    pub events: u64,
    /// Deleted hooks that nothing in the log belonged to any more.
    pub hooks: u64,
}

impl Purged {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            deliveries: self.deliveries + other.deliveries,
            events: self.events + other.events,
            hooks: self.hooks + other.hooks,
        }
    }
}
