//! Moments, clocks, and ending a wait. Decisions take a [`Moment`] as an argument; only a [`Clock`] reads the time.

mod cancel;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub use cancel::{Cancel, Listening};

use crate::error::{Error, Result, shown};

/// A moment in UTC, in whole microseconds since 1970: the resolution of Procore's `timestamp`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970-01-01T00:00:00Z.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// Parses RFC 3339 (`2025-02-06T23:34:12.246562Z`, any offset).
    ///
    /// # Errors
    /// `invalid_argument` when the text is no RFC 3339 date and time, or is outside [`Timestamp::FIRST`] to
    /// [`Timestamp::LAST`].
    pub fn parse(text: &str) -> Result<Self> {
        let parsed = text.parse::<jiff::Timestamp>().map(|moment| Self(moment.as_microsecond()));
        parsed.ok().filter(|moment| (Self::FIRST..=Self::LAST).contains(moment)).ok_or_else(|| {
            Error::invalid(format!(
                "`{}` is not a moment from the year 1 to 9999-12-30: write it as RFC 3339, such as \
                 2025-02-06T23:34:12.246562Z",
                shown(text)
            ))
        })
    }

    /// The first moment that is taken: year 1, as RFC 3339 and most languages have none before.
    pub const FIRST: Self = Self(-62_135_596_800_000_000);
    /// The last moment that is taken: 9999-12-30T22:00:00Z, which is within the year in every time zone.
    pub const LAST: Self = Self(253_402_207_200_000_000);

    /// The moment this much later. Saturates at the ends of the range.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }

    /// The moment this much earlier. Saturates at the ends of the range.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(micros(span)))
    }

    /// How long after `earlier` this is; zero when it is not after.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    /// RFC 3339 with six decimals and `Z`, as in Procore's payload samples.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => write!(f, "{timestamp:.6}"),
            Err(_) => write!(f, "{} us since 1970", self.0),
        }
    }
}

/// What a clock says at one moment.
///
/// `wall` is kept in stores and shown to people; `monotonic` measures spans inside this process and never jumps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The time of day; it can jump either way.
    pub wall: Timestamp,
    /// Time since the clock was made; it never goes back.
    pub monotonic: Duration,
}

/// Where the time comes from. The engine is given one, so that a test can own it.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Moment;

    /// Ends when [`Moment::monotonic`] has reached `until`. Called inside a tokio runtime.
    fn sleep_until(&self, until: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let wall = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => micros(since),
            Err(before) => -micros(before.duration()),
        };
        Moment { wall: Timestamp(wall), monotonic: self.start.elapsed() }
    }

    fn sleep_until(&self, until: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep_until((self.start + until).into()))
    }
}

/// A clock that stands still until somebody moves it: for tests and rehearsals of long outages.
///
/// Time limits of network calls are not measured by it; those need real sockets and real time.
#[derive(Clone, Debug)]
pub struct ManualClock {
    now: Arc<tokio::sync::watch::Sender<Moment>>,
}

impl ManualClock {
    /// A clock that shows this time of day.
    pub fn at(wall: Timestamp) -> Self {
        let moment = Moment { wall, monotonic: Duration::ZERO };
        Self { now: Arc::new(tokio::sync::watch::Sender::new(moment)) }
    }

    /// Moves both times forward and wakes whoever waits for a moment that has come.
    pub fn advance(&self, span: Duration) {
        self.now.send_modify(|now| {
            now.wall = now.wall.plus(span);
            now.monotonic += span;
        });
    }

    /// Sets the time of day alone, as an operator or NTP does; spans are not touched.
    pub fn set_wall(&self, wall: Timestamp) {
        self.now.send_modify(|now| now.wall = wall);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        *self.now.borrow()
    }

    fn sleep_until(&self, until: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut watcher = self.now.subscribe();
        Box::pin(async move {
            // The sender lives in `self`, which outlives this future: the wait cannot fail.
            let _ = watcher.wait_for(|now| now.monotonic >= until).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_prints_as_procore_writes_it() {
        let sample = "2025-02-06T23:34:12.246562Z";
        assert_eq!(Timestamp::parse(sample).unwrap().to_string(), sample);
        assert_eq!(Timestamp::parse("2025-02-06T23:34:12Z").unwrap().to_string(), "2025-02-06T23:34:12.000000Z");
    }

    #[test]
    fn moments_that_others_cannot_read_are_refused() {
        for (text, moment) in
            [("0001-01-01T00:00:00Z", Timestamp::FIRST), ("9999-12-30T23:30:00+01:30", Timestamp::LAST)]
        {
            assert_eq!(Timestamp::parse(text).unwrap(), moment);
        }
        for text in ["0000-12-31T23:59:59Z", "-000001-01-01T00:00:00Z", "9999-12-30T22:00:01Z", "2025-02-06", "today\n"]
        {
            let refused = Timestamp::parse(text).unwrap_err();
            assert!(refused.message().contains(&shown(text)), "{}", refused.message());
            assert!(!refused.message().contains('\n'));
        }
    }
}
