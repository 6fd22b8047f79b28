//! The numbers of delivering: time limits, back-off, the end of patience. The defaults are Procore's.

use std::time::Duration;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::wire::own::Members;

/// How deliveries are tried. Every field can be changed; the default of each is Procore's where Procore has one.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Time to connect, TLS included. 5 s (Procore states none).
    pub connect_timeout: Duration,
    /// Time from connected to the answer's headers. 5 s (Procore's guide, "Timeouts").
    pub response_timeout: Duration,
    /// The first wait after a failure; it doubles with every further one. 1 s (Procore: "starting at 1 second").
    pub backoff_min: Duration,
    /// The longest wait. 1 h (Procore: "up to 1 hour").
    pub backoff_max: Duration,
    /// How long an endpoint may fail before its queue is discarded. 12 h (Procore: "after 12 hours").
    pub give_up_after: Duration,
    /// The most attempts of one delivery; `None`, as with Procore, leaves it to `give_up_after`.
    pub max_attempts: Option<u32>,
    /// The most attempts in flight per hook. 8; with 1, a hook's deliveries go out strictly in order.
    pub max_in_flight: u32,
    /// Lengthens every wait by up to this fraction of itself, at random. 0, as with Procore.
    pub jitter: f64,
    /// Waits at least as long as the endpoint's `Retry-After` asks, up to `backoff_max`. Off, as with Procore.
    pub honor_retry_after: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(5),
            backoff_min: Duration::from_secs(1),
            backoff_max: Duration::from_secs(60 * 60),
            give_up_after: Duration::from_secs(12 * 60 * 60),
            max_attempts: None,
            max_in_flight: 8,
            jitter: 0.0,
            honor_retry_after: false,
        }
    }
}

impl RetryPolicy {
    /// Reads a policy from tieback's own JSON, spans in milliseconds (`connect_timeout_ms`); what is absent is the
    /// default.
    ///
    /// # Errors
    /// `invalid_argument` for an unknown member, another type, or numbers that make no sense together.
    pub fn from_json(input: &Value) -> Result<Self> {
        let mut members = Members::of(input)?;
        let default = Self::default();
        let policy = Self {
            connect_timeout: members.millis("connect_timeout_ms")?.unwrap_or(default.connect_timeout),
            response_timeout: members.millis("response_timeout_ms")?.unwrap_or(default.response_timeout),
            backoff_min: members.millis("backoff_min_ms")?.unwrap_or(default.backoff_min),
            backoff_max: members.millis("backoff_max_ms")?.unwrap_or(default.backoff_max),
            give_up_after: members.millis("give_up_after_ms")?.unwrap_or(default.give_up_after),
            max_attempts: members.whole32("max_attempts")?.or(default.max_attempts),
            max_in_flight: members.whole32("max_in_flight")?.unwrap_or(default.max_in_flight),
            jitter: members.fraction("jitter")?.unwrap_or(default.jitter),
            honor_retry_after: members.flag("honor_retry_after")?.unwrap_or(default.honor_retry_after),
        };
        members.end()?;
        policy.check()?;
        Ok(policy)
    }

    /// Checks that the numbers make sense together.
    ///
    /// # Errors
    /// `invalid_argument` that names the field.
    pub fn check(&self) -> Result<()> {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let spans = [
            ("connect_timeout", self.connect_timeout, Duration::from_millis(1), DAY / 24),
            ("response_timeout", self.response_timeout, Duration::from_millis(1), DAY / 24),
            ("backoff_min", self.backoff_min, Duration::from_millis(1), DAY),
            ("backoff_max", self.backoff_max, self.backoff_min, DAY),
            ("give_up_after", self.give_up_after, Duration::from_millis(1), DAY * 30),
        ];
        for (name, value, least, most) in spans {
            if value < least || value > most {
                return Err(Error::invalid(format!("{name} of {value:?} is out of range: {least:?} to {most:?}")));
            }
        }
        if !(1..=256).contains(&self.max_in_flight) {
            return Err(Error::invalid(format!("max_in_flight {} is out of range: 1 to 256", self.max_in_flight)));
        }
        if self.max_attempts == Some(0) {
            return Err(Error::invalid("max_attempts 0 would never send: leave it out for no limit"));
        }
        if !(0.0..=1.0).contains(&self.jitter) {
            return Err(Error::invalid(format!("jitter {} is out of range: 0 to 1", self.jitter)));
        }
        Ok(())
    }

    /// The wait that belongs to a step: doubled each time, at most `backoff_max`.
    pub fn backoff(&self, step: u32) -> Duration {
        let factor = 1u32.checked_shl(step).unwrap_or(u32::MAX);
        self.backoff_min.checked_mul(factor).map_or(self.backoff_max, |wait| wait.min(self.backoff_max))
    }

    /// The longest that one attempt can take.
    pub fn attempt_limit(&self) -> Duration {
        self.connect_timeout + self.response_timeout
    }
}
