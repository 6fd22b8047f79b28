//! Which version of the library a program has loaded, and what it is made of.

use std::ffi::{CStr, c_char};
use std::ptr;

use super::boundary::guard;
use super::kept::Json;
use crate::build_info::{ABI_VERSION, BuildInfo};
use crate::types::PayloadVersion;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(text) => text,
    Err(_) => panic!("a version has no NUL inside"),
};

const VERSION_NUMBER: i32 = number(env!("CARGO_PKG_VERSION_MAJOR")) << 16
    | number(env!("CARGO_PKG_VERSION_MINOR")) << 8
    | number(env!("CARGO_PKG_VERSION_PATCH"));

static INFO: Json = Json::new();

const fn number(text: &str) -> i32 {
    match i32::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("cargo gives a version's parts as numbers"),
    }
}

/// The version of the library as text, such as "0.1.0".
///
/// Ownership: static, never freed. Threads: any. NULL: never given. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_version() -> *const c_char {
    guard(VERSION.as_ptr(), || VERSION.as_ptr())
}

/// The version of the library as a number that grows, 0xMMNNPP, as `TIEBACK_VERSION_NUMBER` is the header's.
///
/// Ownership: a number. Threads: any. NULL: takes none. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_version_number() -> i32 {
    guard(VERSION_NUMBER, || VERSION_NUMBER)
}

/// The version of the library's ABI. A program and a library fit when this is the `TIEBACK_ABI_VERSION` that the
/// program was compiled with.
///
/// Ownership: a number. Threads: any. NULL: takes none. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_abi_version() -> i32 {
    guard(ABI_VERSION, || ABI_VERSION)
}

/// What the library is made of, as JSON: `version`, `abi_version`, `sqlite` (its version), `tls`, `target`, `debug`,
/// `features` and `payload_versions`. For logs and reports.
///
/// Ownership: static, never freed. Threads: any. NULL: never given. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_build_info() -> *const c_char {
    guard(c"{}".as_ptr(), || INFO.of(|| BuildInfo::present().to_json()))
}

/// How many payload versions there are.
///
/// Ownership: a number. Threads: any. NULL: takes none. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_payload_version_count() -> usize {
    guard(0, || PayloadVersion::ALL.len())
}

/// A payload version, from 0, oldest first: "v2.0", "v3.0", "v4.0". Procore recommends the last one for new hooks.
///
/// Ownership: static, never freed. Threads: any. NULL: takes none; an index past the end gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_payload_version(index: usize) -> *const c_char {
    guard(ptr::null(), || match PayloadVersion::ALL.get(index) {
        Some(PayloadVersion::V2) => c"v2.0".as_ptr(),
        Some(PayloadVersion::V3) => c"v3.0".as_ptr(),
        Some(PayloadVersion::V4) => c"v4.0".as_ptr(),
        None => ptr::null(),
    })
}
