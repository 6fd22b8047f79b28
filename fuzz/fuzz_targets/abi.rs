//! `cargo +nightly fuzz run abi`: see `fuzz/targets/abi/mod.rs`.
#![no_main]

#[allow(dead_code, reason = "each program runs one of them")]
#[path = "../targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    targets::abi::run(data);
});
