//! Which version of the library a program has loaded.

use std::ffi::{CStr, c_char};

use super::boundary::guard;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(text) => text,
    Err(_) => panic!("a version has no NUL inside"),
};

const ABI_VERSION: i32 = match i32::from_str_radix(env!("TIEBACK_ABI_VERSION"), 10) {
    Ok(number) => number,
    Err(_) => panic!("build.rs sets TIEBACK_ABI_VERSION to a number"),
};

/// The version of the library as text, such as "0.1.0".
///
/// Ownership: static, never freed. Threads: any. NULL: never given. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_version() -> *const c_char {
    guard(VERSION.as_ptr(), || VERSION.as_ptr())
}

/// The version of the library's ABI. A program and a library fit when this is the `TIEBACK_ABI_VERSION` that the
/// program was compiled with.
///
/// Ownership: a number. Threads: any. NULL: takes none. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_abi_version() -> i32 {
    guard(ABI_VERSION, || ABI_VERSION)
}
