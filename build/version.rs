//! The package's version, and the version of its ABI that follows from it.

use std::env;

/// The part of a version that compatibility depends on.
pub struct Version {
    pub major: u32,
    pub minor: u32,
}

impl Version {
    pub fn of_package() -> Self {
        Self { major: number("CARGO_PKG_VERSION_MAJOR"), minor: number("CARGO_PKG_VERSION_MINOR") }
    }

    /// What the shared library's name ends in. Before 1.0 every minor version may break the ABI, after it only a major.
    pub fn abi(&self) -> String {
        if self.major == 0 { format!("0.{}", self.minor) } else { self.major.to_string() }
    }

    /// The same as one number: 0.MINOR is MINOR, MAJOR is MAJOR * 1000.
    pub fn abi_number(&self) -> u32 {
        if self.major == 0 { self.minor } else { self.major * 1000 }
    }
}

/// A number that cargo tells a build script.
pub fn number(variable: &str) -> u32 {
    let text = env::var(variable).unwrap_or_else(|_| panic!("cargo sets {variable}"));
    text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text}"))
}
