//! Resources: what can be triggered on.

use super::PayloadVersion;

/// A resource of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its name, as triggers and payloads spell it.
    pub name: String,
    /// The events it has, in lower case.
    pub event_types: Vec<String>,
    /// Those of them that no longer fire and cannot be triggered on any more.
    pub deprecated_event_types: Vec<String>,
    /// What the catalogue says about it, often empty.
    pub note: String,
}

/// Which resources to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceQuery {
    /// Only those that this payload version can carry.
    pub payload_version: Option<PayloadVersion>,
}
