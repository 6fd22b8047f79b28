//! Payload versions: the form of the event in a delivery, set per hook and independent of the REST version.

use std::fmt;

use crate::error::{Error, Result, shown};

/// The payload version of a hook (`api_version` on REST v1.0, `payload_version` on v2.0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PayloadVersion {
    /// `v2.0`, the legacy format.
    V2,
    /// `v3.0`: `v2.0` with `related_resources`.
    V3,
    /// `v4.0`: string ids, `reason`, `resource_type`; no metadata. Procore recommends it for new integrations.
    V4,
}

impl PayloadVersion {
    /// All versions, oldest first.
    pub const ALL: [Self; 3] = [Self::V2, Self::V3, Self::V4];

    /// Accepts `v2.0` and `v2` alike: Procore's documentation has both.
    ///
    /// # Errors
    /// `invalid_argument` for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "v2.0" | "v2" => Ok(Self::V2),
            "v3.0" | "v3" => Ok(Self::V3),
            "v4.0" | "v4" => Ok(Self::V4),
            _ => Err(Error::invalid(format!("payload version `{}` is unknown: use v2.0, v3.0 or v4.0", shown(text)))),
        }
    }

    /// `v2.0`, `v3.0` or `v4.0`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "v2.0",
            Self::V3 => "v3.0",
            Self::V4 => "v4.0",
        }
    }
}

impl fmt::Display for PayloadVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
