//! The frame of a fallible call: out-parameters are NULL first and written only on success; the error goes where the
//! caller wants it, or nowhere.

use std::mem::MaybeUninit;

use super::boundary::{guard, guard_result};
use super::error::tieback_error;
use super::status::tieback_status;
use crate::error::{Error, Result};

/// Where a pointer is written for the caller; `None` when he gave NULL.
pub type Out<'a, T> = Option<&'a mut MaybeUninit<*mut T>>;

/// A call that gives nothing but its status.
pub fn guard_call(
    operation: &'static str,
    error: Out<'_, tieback_error>,
    body: impl FnOnce() -> Result<()>,
) -> tieback_status {
    guard(tieback_status::TIEBACK_INTERNAL, || {
        let error = emptied(error);
        told(operation, error, guard_result(body))
    })
}

/// A call that gives a new object, which is the caller's.
pub fn guard_new<T>(
    operation: &'static str,
    out: Out<'_, T>,
    error: Out<'_, tieback_error>,
    body: impl FnOnce() -> Result<T>,
) -> tieback_status {
    guard_pointer(operation, out, error, || body().map(|made| Box::into_raw(Box::new(made))))
}

/// A call that gives a pointer of another kind: a handle, a text, NULL at the end of a list.
pub fn guard_pointer<T>(
    operation: &'static str,
    out: Out<'_, T>,
    error: Out<'_, tieback_error>,
    body: impl FnOnce() -> Result<*mut T>,
) -> tieback_status {
    guard(tieback_status::TIEBACK_INTERNAL, || {
        let (out, error) = (emptied(out), emptied(error));
        // Before the call, so that none is made whose result would be lost.
        let Some(out) = out else {
            return told(operation, error, Err(Error::invalid("the pointer for the result is NULL: give one")));
        };
        told(operation, error, guard_result(body).map(|made| *out = made))
    })
}

/// A call that gives a number.
pub fn guard_number(
    operation: &'static str,
    out: Option<&mut MaybeUninit<i64>>,
    error: Out<'_, tieback_error>,
    body: impl FnOnce() -> Result<i64>,
) -> tieback_status {
    guard(tieback_status::TIEBACK_INTERNAL, || {
        let (out, error) = (out.map(|out| out.write(0)), emptied(error));
        let Some(out) = out else {
            return told(operation, error, Err(Error::invalid("the pointer for the result is NULL: give one")));
        };
        told(operation, error, guard_result(body).map(|number| *out = number))
    })
}

/// A call that gives a report, which the caller may leave out.
pub fn guard_report<T>(
    operation: &'static str,
    out: Out<'_, T>,
    error: Out<'_, tieback_error>,
    body: impl FnOnce() -> Result<T>,
) -> tieback_status {
    guard(tieback_status::TIEBACK_INTERNAL, || {
        let (out, error) = (emptied(out), emptied(error));
        let given = guard_result(body).map(|made| {
            if let Some(out) = out {
                *out = Box::into_raw(Box::new(made));
            }
        });
        told(operation, error, given)
    })
}

fn emptied<T>(out: Out<'_, T>) -> Option<&mut *mut T> {
    out.map(|out| out.write(std::ptr::null_mut()))
}

fn told(operation: &'static str, error: Option<&mut *mut tieback_error>, outcome: Result<()>) -> tieback_status {
    match outcome {
        Ok(()) => tieback_status::TIEBACK_OK,
        Err(cause) => {
            let cause = cause.during(operation);
            let status = tieback_status::from(cause.kind());
            if let Some(error) = error {
                *error = Box::into_raw(Box::new(tieback_error::new(cause)));
            }
            status
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_in_a_call_is_tieback_internal_and_reported() {
        let mut out = MaybeUninit::<*mut u64>::uninit();
        let mut error = MaybeUninit::uninit();
        let status =
            guard_new("a_call", Some(&mut out), Some(&mut error), || panic!("a panic on purpose, to see it told"));
        assert_eq!(status, tieback_status::TIEBACK_INTERNAL);
        // SAFETY: the call has written both, and the error is the caller's to free.
        let (out, error) = unsafe { (out.assume_init(), Box::from_raw(error.assume_init())) };
        assert!(out.is_null());
        assert_eq!(error.status(), tieback_status::TIEBACK_INTERNAL);
    }

    #[test]
    fn call_without_a_place_for_its_result_is_not_made() {
        let status = guard_new::<u64>("a_call", None, None, || panic!("it was made"));
        assert_eq!(status, tieback_status::TIEBACK_INVALID_ARGUMENT);
    }
}
