//! How fast a hook's deliveries may go out.

use std::time::Duration;

use crate::error::{Error, Result};

/// At most this many attempts in a span of time, for one hook: first attempts and repeated ones alike. They are spaced
/// evenly; `burst` says how many may go at once after a quiet time.
///
/// In any span `t` there are at most `burst + t * attempts / per` of them. With a burst of one that is: never more than
/// `attempts` in any `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    attempts: u32,
    per: Duration,
    burst: u32,
}

impl RateLimit {
    /// The most attempts that a limit may name.
    pub const MAX_ATTEMPTS: u32 = 1_000_000;
    /// The shortest span.
    pub const MIN_PER: Duration = Duration::from_millis(1);
    /// The longest span: a day.
    pub const MAX_PER: Duration = Duration::from_secs(24 * 60 * 60);

    /// So many attempts in that span, one at a time: `new(1, 10 s)` is one each ten seconds.
    ///
    /// # Errors
    /// `invalid_argument` for a number or a span out of range.
    pub fn new(attempts: u32, per: Duration) -> Result<Self> {
        Self::with_burst(attempts, per, 1)
    }

    /// The same with up to `burst` at once.
    ///
    /// # Errors
    /// As [`RateLimit::new`]; also when `burst` is zero or more than `attempts`.
    pub fn with_burst(attempts: u32, per: Duration, burst: u32) -> Result<Self> {
        if !(1..=Self::MAX_ATTEMPTS).contains(&attempts) {
            return Err(Error::invalid(format!(
                "a rate limit of {attempts} attempts is out of range: give 1 to {}; to send nothing, disable or pause \
                 the hook",
                Self::MAX_ATTEMPTS
            )));
        }
        if !(Self::MIN_PER..=Self::MAX_PER).contains(&per) {
            return Err(Error::invalid(format!(
                "a rate limit per {per:?} is out of range: {:?} to {:?} (a day)",
                Self::MIN_PER,
                Self::MAX_PER
            )));
        }
        if !(1..=attempts).contains(&burst) {
            return Err(Error::invalid(format!(
                "a burst of {burst} is out of range: give 1 to {attempts}, the attempts of the rate limit"
            )));
        }
        Ok(Self { attempts, per, burst })
    }

    /// The most attempts in [`RateLimit::per`].
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The span.
    pub fn per(&self) -> Duration {
        self.per
    }

    /// How many may go at once after a quiet time.
    pub fn burst(&self) -> u32 {
        self.burst
    }
}
