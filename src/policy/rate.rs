//! When a lane under a rate limit may start its next attempt: the generic cell rate algorithm, a token bucket that is
//! one moment.

use std::time::Duration;

use crate::types::RateLimit;

/// What a lane has used of its rate limit. A new one is full, and so is that of a lane that was just taken over: after
/// a restart there may be one burst that the worker before had used already, never more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// When the bucket is full again, if nothing starts till then (monotonic). Each start puts it off by one interval.
    full_at: Duration,
}

impl Bucket {
    /// When the next attempt may start, on the monotonic clock; it may have been long ago.
    pub fn not_before(&self, limit: &RateLimit) -> Duration {
        self.full_at.saturating_sub(interval(limit) * (limit.burst() - 1))
    }

    /// Notes that an attempt starts.
    pub fn take(&mut self, limit: &RateLimit, now: Duration) {
        self.full_at = self.full_at.max(now) + interval(limit);
    }

    /// Takes a limit on, which may be another one: what was used under the old one counts for no more than an empty
    /// bucket under this.
    pub fn fit(&mut self, limit: &RateLimit, now: Duration) {
        self.full_at = self.full_at.min(now + interval(limit) * limit.burst());
    }

    /// How many attempts may start from now until `until`.
    pub fn starts_until(&self, limit: &RateLimit, now: Duration, until: Duration) -> u32 {
        let first = self.not_before(limit).max(now);
        let Some(rest) = until.checked_sub(first) else { return 0 };
        // Of what the bucket holds at the first one, with those that come in as time passes.
        let saved = (first + interval(limit) * limit.burst()).saturating_sub(self.full_at.max(first));
        let starts = (saved + rest).as_nanos() / interval(limit).as_nanos();
        u32::try_from(starts).unwrap_or(u32::MAX)
    }
}

/// The time between two attempts at the full rate, rounded up: never faster than the limit.
fn interval(limit: &RateLimit) -> Duration {
    let nanos = limit.per().as_nanos().div_ceil(u128::from(limit.attempts()));
    // The longest span is a day: its nanoseconds are far within 64 bits.
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
