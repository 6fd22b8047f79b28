//! What is fuzzed: functions that take any bytes and panic when a promise is broken. Two drivers run them: cargo-fuzz
//! (`fuzz/fuzz_targets`), which knows which code an input reaches, and `tests/fuzz` on a stable toolchain.
//!
//! Each gives a short text that says what became of the input. An input with a new one is worth keeping: that is all
//! that the stable driver knows of coverage.

pub mod abi;
pub mod event;
pub mod lane;
pub mod url;

use tieback::error::Error;

/// What an error says before it comes to the input's own values.
fn class(error: &Error) -> String {
    let fixed = error.message().split('`').next().unwrap_or_default();
    fixed.chars().filter(|c| !c.is_ascii_digit()).take(60).collect()
}
