//! What a call answers: all is well, or which kind of thing went wrong.

use std::ffi::{CStr, c_char};

use super::boundary::guard;
use crate::error::ErrorKind;

/// What came of a call. The numbers are permanent; a newer library may have more of them, so treat one that you do not
/// know by its group: 1-19 your call, 20-39 permission, 40-59 what is there, 60-79 try again later, 80-99 the network,
/// 100-119 the store, 120-139 ended, 200 and up a defect in tieback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum tieback_status {
    /// All is well.
    TIEBACK_OK = 0,
    /// A value that you gave is wrong; nothing was changed.
    TIEBACK_INVALID_ARGUMENT = 1,
    /// The server does not accept the credentials.
    TIEBACK_UNAUTHORIZED = 20,
    /// The credentials are good but do not permit this.
    TIEBACK_FORBIDDEN = 21,
    /// There is no such hook, trigger or delivery in this scope.
    TIEBACK_NOT_FOUND = 40,
    /// What is there already stands in the way.
    TIEBACK_CONFLICT = 41,
    /// The server's rate limit is used up.
    TIEBACK_RATE_LIMITED = 60,
    /// A time limit that you set has passed.
    TIEBACK_TIMEOUT = 61,
    /// What is needed is busy or full at the moment.
    TIEBACK_UNAVAILABLE = 62,
    /// No connection, or one that broke.
    TIEBACK_NETWORK = 80,
    /// The TLS handshake failed.
    TIEBACK_TLS = 81,
    /// A peer answered with something that is not of the protocol.
    TIEBACK_PROTOCOL = 82,
    /// The store (its file, its disk, its content) failed.
    TIEBACK_STORAGE = 100,
    /// The handle is closed, freed, or belongs to a parent process.
    TIEBACK_CLOSED = 120,
    /// You cancelled the call.
    TIEBACK_CANCELLED = 121,
    /// A defect in tieback. Only closing is possible with the handle that met it.
    TIEBACK_INTERNAL = 200,
}

impl From<ErrorKind> for tieback_status {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidArgument => Self::TIEBACK_INVALID_ARGUMENT,
            ErrorKind::Unauthorized => Self::TIEBACK_UNAUTHORIZED,
            ErrorKind::Forbidden => Self::TIEBACK_FORBIDDEN,
            ErrorKind::NotFound => Self::TIEBACK_NOT_FOUND,
            ErrorKind::Conflict => Self::TIEBACK_CONFLICT,
            ErrorKind::RateLimited => Self::TIEBACK_RATE_LIMITED,
            ErrorKind::Timeout => Self::TIEBACK_TIMEOUT,
            ErrorKind::Unavailable => Self::TIEBACK_UNAVAILABLE,
            ErrorKind::Network => Self::TIEBACK_NETWORK,
            ErrorKind::Tls => Self::TIEBACK_TLS,
            ErrorKind::Protocol => Self::TIEBACK_PROTOCOL,
            ErrorKind::Storage => Self::TIEBACK_STORAGE,
            ErrorKind::Closed => Self::TIEBACK_CLOSED,
            ErrorKind::Cancelled => Self::TIEBACK_CANCELLED,
            ErrorKind::Internal => Self::TIEBACK_INTERNAL,
        }
    }
}

/// The word for a status: "ok", "invalid_argument", "not_found", ...; "unknown" for a number that this library does not
/// have.
///
/// Ownership: static, never freed. Threads: any. NULL: never given. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_status_name(status: i32) -> *const c_char {
    guard(name(0).as_ptr(), || name(status).as_ptr())
}

fn name(status: i32) -> &'static CStr {
    match status {
        0 => c"ok",
        1 => c"invalid_argument",
        20 => c"unauthorized",
        21 => c"forbidden",
        40 => c"not_found",
        41 => c"conflict",
        60 => c"rate_limited",
        61 => c"timeout",
        62 => c"unavailable",
        80 => c"network",
        81 => c"tls",
        82 => c"protocol",
        100 => c"storage",
        120 => c"closed",
        121 => c"cancelled",
        200 => c"internal",
        _ => c"unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_number_of_its_own_whose_name_is_the_kinds_word() {
        let mut numbers: Vec<i32> = ErrorKind::ALL.iter().map(|kind| tieback_status::from(*kind) as i32).collect();
        for (kind, number) in ErrorKind::ALL.iter().zip(&numbers) {
            assert_eq!(name(*number).to_str().unwrap(), kind.as_str());
        }
        assert!(numbers.is_sorted(), "{numbers:?}");
        numbers.dedup();
        assert_eq!(numbers.len(), ErrorKind::ALL.len());
        assert_eq!(name(7), c"unknown");
    }
}
