//! The boundary: no panic leaves the library through a C function.

use std::panic::{UnwindSafe, catch_unwind};

/// Runs the body of an exported function. A panic ends here, and the caller gets `on_panic`.
pub(super) fn guard<T>(on_panic: T, body: impl FnOnce() -> T + UnwindSafe) -> T {
    catch_unwind(body).unwrap_or(on_panic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_ends_at_the_boundary() {
        assert_eq!(guard(-1, || panic!("a panic on purpose, to see it caught")), -1);
        assert_eq!(guard(-1, || 7), 7);
    }
}
