//! The one error type: what was wrong, with which value, what to do, and whether trying again is sensible.
//!
//! Every fallible call of every face ends here; `capi` gives each [`ErrorKind`] its status number and Python its class.
//! A failed *delivery attempt* is data ([`Attempt`](crate::types::Attempt)), never an `Error`.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// What kind of thing went wrong. The names are the same words in Rust, C, Python and the docs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value that the caller gave is wrong; nothing was changed.
    InvalidArgument,
    /// The server does not accept the credentials.
    Unauthorized,
    /// The credentials are good but do not permit this.
    Forbidden,
    /// There is no such hook, trigger or delivery in this scope.
    NotFound,
    /// What is there already stands in the way: a taken namespace, an existing trigger, an event id with other content.
    Conflict,
    /// The server's rate limit is used up.
    RateLimited,
    /// A time limit that the caller set has passed.
    Timeout,
    /// What is needed is busy or full at the moment; the same call can succeed later.
    Unavailable,
    /// No connection, or one that broke.
    Network,
    /// The TLS handshake failed.
    Tls,
    /// A peer answered with something that is not of the protocol.
    Protocol,
    /// The store (its file, its disk, its content) failed.
    Storage,
    /// The engine or handle is closed, freed, foreign, or belongs to a parent process.
    Closed,
    /// The caller cancelled the call.
    Cancelled,
    /// A defect in tieback; the handle that met it is not to be used any more.
    Internal,
}

impl ErrorKind {
    /// Every kind, in the order of their C status numbers.
    pub const ALL: [Self; 15] = [
        Self::InvalidArgument,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::RateLimited,
        Self::Timeout,
        Self::Unavailable,
        Self::Network,
        Self::Tls,
        Self::Protocol,
        Self::Storage,
        Self::Closed,
        Self::Cancelled,
        Self::Internal,
    ];

    /// The word for this kind: `invalid_argument`, `not_found`, ...
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidArgument => "invalid_argument",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate_limited",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Network => "network",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::Storage => "storage",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the same call, made again, can be expected to succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Not without changing something first.
    Never,
    /// Yes, after this time.
    After(Duration),
    /// Yes, at once.
    Now,
}

/// Why a call failed. One machine word wide; [`Display`](fmt::Display) is one line without secrets.
#[derive(thiserror::Error)]
#[error("{}", .0.message)]
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    operation: Option<&'static str>,
    http_status: Option<u16>,
    request_id: Option<String>,
    retry: Retry,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind. The message says what was wrong, with which value, and what to do; never a secret.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let retry = match kind {
            ErrorKind::Unavailable | ErrorKind::RateLimited => Retry::After(Duration::from_secs(1)),
            ErrorKind::Timeout | ErrorKind::Network => Retry::Now,
            _ => Retry::Never,
        };
        let message = message.into();
        Self(Box::new(Inner {
            kind,
            message,
            operation: None,
            http_status: None,
            request_id: None,
            retry,
            source: None,
        }))
    }

    /// A value that the caller gave is wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    /// The same error, saying which operation failed (`hook_create`, `publish`). The innermost name stays.
    #[must_use]
    pub fn during(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// The same error with what caused it. The source's own text must be free of secrets too.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error with another word on trying again.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// One line: what, with which value, what to do next.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The operation that failed, where known.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The HTTP status of a server's answer that caused this, where there was one.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// The server's id of the request, where it gave one.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Whether the same call can be expected to succeed later.
    pub fn retry(&self) -> Retry {
        self.0.retry
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("operation", &self.0.operation)
            .field("retry", &self.0.retry)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

/// A value that a caller gave, as a message shows it: without control characters, and cut when it is long.
pub fn shown(text: &str) -> String {
    const MAX: usize = 80;
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}...", text[..end].escape_debug()),
        None => text.escape_debug().to_string(),
    }
}

/// The result of every fallible call in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_gave_is_shown_on_one_line_and_cut_when_long() {
        assert_eq!(shown("a\r\n\u{7}b `ü`"), "a\\r\\n\\u{7}b `ü`");
        assert_eq!(shown(&"ü".repeat(80)), "ü".repeat(80));
        assert_eq!(shown(&"ü".repeat(1 << 20)), format!("{}...", "ü".repeat(80)));
    }
}
