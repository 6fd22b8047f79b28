//! Pure decisions and the wire, through their public functions.

mod catalogue;
mod egress;
mod input;
mod lease;
mod own;
mod payload;
mod publishable;
mod rate;
mod signing;

use tieback::error::{Error, ErrorKind, Result};

/// The error of a call that must refuse its input.
#[track_caller]
fn invalid<T>(answer: Result<T>) -> Error {
    let error = answer.err().expect("the input is refused");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    error
}

/// Asserts that a message has every one of these parts.
#[track_caller]
fn says(error: &Error, parts: &[&str]) {
    for part in parts {
        assert!(error.message().contains(part), "`{part}` is missing in: {error}");
    }
}
