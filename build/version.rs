//! The package's version, and the version of its ABI that follows from it.

use std::env;

/// A version as Cargo.toml has it.
pub struct Version {
    pub text: String,
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

impl Version {
    pub fn of_package() -> Self {
        let text = |name: &str| env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"));
        let number = |name: &str| text(name).parse().unwrap_or_else(|_| panic!("{name} is a number"));
        Self {
            text: text("CARGO_PKG_VERSION"),
            major: number("CARGO_PKG_VERSION_MAJOR"),
            minor: number("CARGO_PKG_VERSION_MINOR"),
            patch: number("CARGO_PKG_VERSION_PATCH"),
        }
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
