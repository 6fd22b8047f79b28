//! What this library is made of: for logs, bug reports and "about" windows.

use serde_json::{Value, json};

use crate::types::PayloadVersion;

/// The parts of the library that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildInfo {
    /// tieback's version, such as `0.1.0`.
    pub version: &'static str,
    /// The version of its C ABI.
    pub abi_version: i32,
    /// SQLite's version, such as `3.51.1`. It is built in.
    pub sqlite: &'static str,
    /// Who does TLS.
    pub tls: &'static str,
    /// The machine it was built for, as Rust names it: `x86_64-unknown-linux-gnu`.
    pub target: &'static str,
    /// Whether it was built to be looked into, and is slow.
    pub debug: bool,
    /// The cargo features that it was built with, of those that say what it can do.
    pub features: &'static [&'static str],
}

impl BuildInfo {
    /// Those of this library.
    pub fn present() -> Self {
        let features: &[&str] = match (cfg!(feature = "capi"), cfg!(feature = "cli")) {
            (true, true) => &["capi", "cli"],
            (true, false) => &["capi"],
            (false, true) => &["cli"],
            (false, false) => &[],
        };
        Self {
            version: env!("CARGO_PKG_VERSION"),
            abi_version: ABI_VERSION,
            sqlite: rusqlite::version(),
            tls: "rustls with aws-lc",
            target: env!("TIEBACK_TARGET"),
            debug: cfg!(debug_assertions),
            features,
        }
    }

    /// They as JSON, with the payload versions that it reads and writes.
    pub fn to_json(&self) -> Value {
        json!({
            "version": self.version,
            "abi_version": self.abi_version,
            "sqlite": self.sqlite,
            "tls": self.tls,
            "target": self.target,
            "debug": self.debug,
            "features": self.features,
            "payload_versions": PayloadVersion::ALL.map(PayloadVersion::as_str),
        })
    }
}

/// The version of the C ABI that this library has, or would have.
pub const ABI_VERSION: i32 = match i32::from_str_radix(env!("TIEBACK_ABI_VERSION"), 10) {
    Ok(number) => number,
    // Found by the compiler, never at run time.
    Err(_) => panic!("build.rs sets TIEBACK_ABI_VERSION to a number"),
};
