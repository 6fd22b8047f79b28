//! The boundary: no panic leaves the library through a C function, and none writes to the host's stderr.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::error::{Error, ErrorKind, Result};

/// Runs the body of an exported function. A panic ends here, and the caller gets `on_panic`.
///
/// The body may leave what it was changing half done: every handle that it holds is poisoned by the unwinding
/// (`handle.rs`), so nobody looks at that again.
pub fn guard<T>(on_panic: T, body: impl FnOnce() -> T) -> T {
    caught(body).unwrap_or(on_panic)
}

/// Runs the body of a fallible call. A panic becomes an error that says where it was.
pub fn guard_result<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(body).unwrap_or_else(|report| {
        Err(Error::new(
            ErrorKind::Internal,
            format!(
                "a defect in tieback ({report}); please report it, and do not use the handle any more: close it and \
                 open it again"
            ),
        ))
    })
}

/// Reads from an object; without one, and after a panic, the answer is `absent`.
pub fn guard_read<'a, T, U: Copy>(object: Option<&'a T>, absent: U, read: impl FnOnce(&'a T) -> U) -> U {
    guard(absent, || object.map_or(absent, read))
}

/// Ends an object.
pub fn guard_free<T>(object: Option<Box<T>>) {
    guard((), || drop(object));
}

thread_local! {
    /// How many guards this thread is inside of.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// Where the first panic inside the outermost guard was, and what it said.
    static REPORT: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn caught<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    keep_quiet();
    DEPTH.set(DEPTH.get() + 1);
    let outcome = catch_unwind(AssertUnwindSafe(body)).map_err(|payload| {
        // Dropping what a panic carried can panic in its turn; what that carries is left alone.
        if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(another);
        }
    });
    DEPTH.set(DEPTH.get() - 1);
    outcome.map_err(|()| {
        let report = REPORT.try_with(RefCell::take).ok().flatten();
        report.unwrap_or_else(|| "no report of it".to_owned())
    })
}

/// Has panics inside a guard remembered rather than printed; all others are left to whoever handled them before.
fn keep_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| if DEPTH.get() == 0 { before(panic) } else { remember(panic) }));
    });
}

fn remember(panic: &PanicHookInfo<'_>) {
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let said = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    let report = match panic.location() {
        Some(place) => format!("{}:{}: {said}", place.file(), place.line()),
        None => said.to_owned(),
    };
    // What follows from the first one says less. Where a thread that ends still calls, from a destructor of its own,
    // there may be no place for it any more.
    let _ = REPORT.try_with(|first| {
        first.borrow_mut().get_or_insert(report);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_ends_at_the_boundary() {
        assert_eq!(guard(-1, || panic!("a panic on purpose, to see it caught")), -1);
        assert_eq!(guard(-1, || 7), 7);
    }

    #[test]
    fn panic_in_a_call_is_an_internal_error_that_says_where() {
        let error = guard_result::<()>(|| panic!("a panic on purpose, to see it reported")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.message().contains("src/capi/boundary.rs:"), "{}", error.message());
        assert!(error.message().contains("a panic on purpose, to see it reported"), "{}", error.message());
        // The report belongs to that call alone.
        let next = guard_result::<()>(|| panic!("another one")).unwrap_err();
        assert!(next.message().contains("another one"), "{}", next.message());
    }

    #[test]
    fn panic_that_carries_another_ends_at_the_boundary_too() {
        struct Carried;

        impl Drop for Carried {
            fn drop(&mut self) {
                if !std::thread::panicking() {
                    panic!("a panic on purpose, by what a panic carried");
                }
            }
        }

        assert_eq!(guard(-1, || std::panic::panic_any(Carried)), -1);
        let error = guard_result::<()>(|| std::panic::panic_any(Carried)).unwrap_err();
        assert!(error.message().contains("no message"), "{}", error.message());
    }
}
