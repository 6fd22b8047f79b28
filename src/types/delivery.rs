//! Deliveries: the sending of one event to one hook, with its attempts.

use std::time::Duration;

use super::{Event, Id};
use crate::error::{Error, Result, shown};
use crate::time::Timestamp;

/// Where a delivery stands, in the words of REST v2.0.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryStatus {
    /// Queued, no attempt yet.
    Enqueued,
    /// Queued again after a failed attempt.
    Retrying,
    /// An attempt was answered with 2xx.
    Delivered,
    /// Given up: the retry window ended, the hook was deleted, or an operator skipped it.
    Discarded,
    /// Given up after the most attempts that the retry policy allows (Procore has no such limit).
    Failed,
    /// A word that a server used and tieback does not know.
    Other(Box<str>),
}

impl DeliveryStatus {
    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Enqueued => "enqueued",
            Self::Retrying => "retrying",
            Self::Delivered => "delivered",
            Self::Discarded => "discarded",
            Self::Failed => "failed",
            Self::Other(word) => word,
        }
    }
}

/// Why a delivery was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// The endpoint failed for the whole retry window.
    Flushed,
    /// An operator skipped it.
    Operator,
    /// Its hook was deleted.
    HookDeleted,
    /// The retry policy's `max_attempts` were used up.
    MaxAttempts,
}

impl Why {
    /// All reasons.
    pub const ALL: [Self; 4] = [Self::Flushed, Self::Operator, Self::HookDeleted, Self::MaxAttempts];

    /// `flushed`, `operator`, `hook_deleted` or `max_attempts`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flushed => "flushed",
            Self::Operator => "operator",
            Self::HookDeleted => "hook_deleted",
            Self::MaxAttempts => "max_attempts",
        }
    }
}

/// The statuses that a list is narrowed to. Both generations' words are understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatusFilter {
    /// All (`any`).
    #[default]
    Any,
    /// `successful` (v1.0), `succeeded` (v2.0), `delivered`.
    Delivered,
    /// `failing` (v1.0): retrying or failed.
    Failing,
    /// `failed` (v2.0).
    Failed,
    /// `discarded`.
    Discarded,
    /// `enqueued` (v2.0).
    Enqueued,
    /// `retrying` (v2.0).
    Retrying,
}

impl StatusFilter {
    /// Reads either generation's word.
    ///
    /// # Errors
    /// `invalid_argument` for any other word.
    pub fn parse(word: &str) -> Result<Self> {
        Ok(match word {
            "any" => Self::Any,
            "successful" | "succeeded" | "delivered" => Self::Delivered,
            "failing" => Self::Failing,
            "failed" => Self::Failed,
            "discarded" => Self::Discarded,
            "enqueued" => Self::Enqueued,
            "retrying" => Self::Retrying,
            _ => {
                return Err(Error::invalid(format!(
                    "delivery status `{}` is unknown: use any, successful, failing, discarded (v1.0) or succeeded, \
                     failed, discarded, enqueued, retrying (v2.0)",
                    shown(word)
                )));
            }
        })
    }

    /// Whether a delivery of this status is listed.
    pub fn admits(self, status: &DeliveryStatus) -> bool {
        match self {
            Self::Any => true,
            Self::Delivered => *status == DeliveryStatus::Delivered,
            Self::Failing => matches!(status, DeliveryStatus::Retrying | DeliveryStatus::Failed),
            Self::Failed => *status == DeliveryStatus::Failed,
            Self::Discarded => *status == DeliveryStatus::Discarded,
            Self::Enqueued => *status == DeliveryStatus::Enqueued,
            Self::Retrying => *status == DeliveryStatus::Retrying,
        }
    }
}

/// Which deliveries of a hook to list; newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// Only those of this status.
    pub status: StatusFilter,
    /// Only those of this resource, compared without case.
    pub resource_name: Option<String>,
    /// Only those of this event, compared without case.
    pub event_type: Option<String>,
    /// Only those queued at or after this moment.
    pub start: Option<Timestamp>,
    /// Only those queued before this moment.
    pub end: Option<Timestamp>,
}

impl DeliveryQuery {
    /// Reads the start of a range: a moment, or a day (`2025-02-06`), from its first instant.
    ///
    /// # Errors
    /// `invalid_argument` when it is neither.
    pub fn parse_start(text: &str) -> Result<Timestamp> {
        let whole = if is_day(text) { &format!("{text}T00:00:00Z") } else { text };
        Timestamp::parse(whole).map_err(|_| no_border("start", text))
    }

    /// Reads the end of a range: a moment (not included), or a day (`2025-02-06`), up to its last instant.
    ///
    /// # Errors
    /// `invalid_argument` when it is neither.
    pub fn parse_end(text: &str) -> Result<Timestamp> {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let is_day = is_day(text);
        let border = Self::parse_start(text).map_err(|_| no_border("end", text))?;
        Ok(if is_day { border.plus(DAY) } else { border })
    }
}

fn no_border(which: &str, text: &str) -> Error {
    Error::invalid(format!(
        "{which} `{}` is neither a day from 0001-01-01 to 9999-12-30, such as 2025-02-06, nor a moment in RFC 3339, \
         such as 2025-02-06T23:34:12Z",
        shown(text)
    ))
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && !text.contains(['T', 't', ' '])
}

/// A delivery as a service answers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its id.
    pub id: Id,
    /// The hook.
    pub hook_id: Id,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Why it was given up, where it was and the service says so.
    pub why: Option<Why>,
    /// The event, as its payload says it.
    pub event: Event,
    /// The payload as sent, byte for byte.
    pub payload: Vec<u8>,
    /// When it was queued, where the service says so.
    pub created_at: Option<Timestamp>,
    /// Whether it was queued in a backup that was restored: it may have been sent before, by attempts that are not in
    /// the log.
    pub restored: bool,
    /// Its attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// One try at a delivery: what was answered, or why nothing was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub completed_at: Timestamp,
    /// The HTTP status, when the endpoint answered.
    pub response_status: Option<u16>,
    /// The answer's headers, in order.
    pub response_headers: Vec<(String, String)>,
    /// The answer's body, up to [`Attempt::MAX_BODY_BYTES`].
    pub response_body: Vec<u8>,
    /// Whether the body was longer than what is kept, or ended early.
    pub response_body_truncated: bool,
    /// What went wrong, when there was no answer: `connection refused`, `no response within 5 s`, ...
    pub response_error: Option<String>,
}

impl Attempt {
    /// How much of an answer's body is read and kept, in bytes.
    pub const MAX_BODY_BYTES: usize = 64 * 1024;

    /// Whether the delivery is made: an answer with 2xx. A redirect is not one.
    pub fn success(&self) -> bool {
        self.response_status.is_some_and(|status| (200..300).contains(&status))
    }

    /// The wait that the answer's `Retry-After` asks for, when it is a number of seconds.
    pub fn retry_after(&self) -> Option<Duration> {
        let (_, value) = self.response_headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
        value.trim().parse().ok().map(Duration::from_secs)
    }

    /// What went wrong in a few words: the status or the error.
    pub fn reason(&self) -> String {
        match (&self.response_error, self.response_status) {
            (Some(error), _) => error.clone(),
            (None, Some(status)) => status.to_string(),
            (None, None) => "no answer".to_owned(),
        }
    }
}
