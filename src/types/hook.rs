//! Hooks: an endpoint, in a scope, under a namespace.

use std::fmt;

use super::{DestinationHeaders, DestinationUrl, Id, Namespace, PayloadVersion};
use crate::time::Timestamp;

/// Whether a hook delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HookStatus {
    /// It delivers.
    Active,
    /// It is kept but delivers nothing; events that happen meanwhile make no deliveries.
    Disabled,
    /// Its stored secrets cannot be opened: it delivers nothing until its headers are given again. Showing the hook
    /// says why.
    Unreadable,
    /// A word that a server used and tieback does not know.
    Other(Box<str>),
}

impl HookStatus {
    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Unreadable => "unreadable",
            Self::Other(word) => word,
        }
    }
}

/// A hook as a service answers it. Header values are masked: five asterisks and the last five characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its id.
    pub id: Id,
    /// The company that owns it; on a project hook only where the service says so.
    pub company_id: Option<Id>,
    /// The project that owns it, on a project hook.
    pub project_id: Option<Id>,
    /// Its namespace.
    pub namespace: String,
    /// The version of its payloads, as the service writes it.
    pub payload_version: String,
    /// Where it delivers.
    pub destination_url: String,
    /// Header names and masked values.
    pub destination_headers: Vec<(String, String)>,
    /// Active, disabled or unreadable.
    pub status: HookStatus,
    /// How many triggers it has, where asked for.
    pub trigger_count: Option<u64>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
}

impl fmt::Debug for Hook {
    /// Without the URL's query, which may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.destination_url.split('?').next().unwrap_or_default();
        f.debug_struct("Hook")
            .field("id", &self.id)
            .field("company_id", &self.company_id)
            .field("project_id", &self.project_id)
            .field("namespace", &self.namespace)
            .field("payload_version", &self.payload_version)
            .field("destination_url", &address)
            .field("destination_headers", &self.destination_headers)
            .field("status", &self.status)
            .field("trigger_count", &self.trigger_count)
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .finish()
    }
}

/// What creating a hook takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookCreate {
    /// One hook per scope and namespace.
    pub namespace: Namespace,
    /// The version of its payloads.
    pub payload_version: PayloadVersion,
    /// Where it delivers.
    pub destination_url: DestinationUrl,
    /// Headers of every delivery.
    pub destination_headers: DestinationHeaders,
}

/// What updating a hook changes; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookUpdate {
    /// Another namespace.
    pub namespace: Option<Namespace>,
    /// Another payload version, for events published from now on.
    pub payload_version: Option<PayloadVersion>,
    /// Another URL, used from the next attempt on.
    pub destination_url: Option<DestinationUrl>,
    /// Other headers, in place of all present ones.
    pub destination_headers: Option<DestinationHeaders>,
    /// `true` for active, `false` for disabled.
    pub active: Option<bool>,
    /// Sends the present headers to another scheme, host or port than they were given for. Without it, a change that
    /// moves the URL there has to give `destination_headers` too.
    pub danger_keep_headers: bool,
}

impl HookUpdate {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Which hooks to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookQuery {
    /// Only the hook of this namespace.
    pub namespace: Option<Namespace>,
    /// Only hooks of this payload version.
    pub payload_version: Option<PayloadVersion>,
    /// Count each hook's triggers.
    pub include_trigger_count: bool,
}
