//! Events: one change of one resource.

use super::{HookId, Id, Scope};
use crate::error::{Error, Result};
use crate::time::Timestamp;

/// One change of one resource: what is published, and what a payload says. What a payload version lacks is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its id: a number in payloads v2.0 and v3.0, a ULID in v4.0. A publisher may leave it out.
    pub id: Option<Id>,
    /// Its ULID (absent in v4.0, where the id is one). A publisher that gives its own makes publishing idempotent: the
    /// same one twice is one event.
    pub ulid: Option<String>,
    /// When it happened. A publisher may leave it out, meaning now.
    pub timestamp: Option<Timestamp>,
    /// The company.
    pub company_id: Option<Id>,
    /// The project; absent on company-level events.
    pub project_id: Option<Id>,
    /// Who did it.
    pub user_id: Option<Id>,
    /// The resource's name, such as `RFIs` (`resource_type` in v4.0).
    pub resource_name: String,
    /// The resource's id: a number, or since payload v4.0 any word.
    pub resource_id: Id,
    /// `create`, `update`, `delete`, or since payload v4.0 any word (`reason`).
    pub event_type: String,
    /// The payload's own `api_version` (v2.0 and v3.0). Not used when publishing.
    pub api_version: Option<String>,
    /// What caused it (v2.0 and v3.0).
    pub metadata: Option<Metadata>,
    /// Parents of line items (v3.0).
    pub related_resources: Vec<RelatedResource>,
    /// Further facts as JSON (v4.0 only; Procore reserves it).
    pub data: Option<serde_json::Value>,
    /// Members that tieback does not know, kept as they came. Not used when publishing.
    pub unknown: serde_json::Map<String, serde_json::Value>,
}

impl Event {
    /// The largest payload that is taken, in bytes.
    pub const MAX_PAYLOAD_BYTES: usize = 256 * 1024;

    /// An event to publish, with everything else absent.
    pub fn new(scope: &Scope, resource_name: &str, resource_id: Id, event_type: &str) -> Self {
        Self {
            id: None,
            ulid: None,
            timestamp: None,
            company_id: scope.company_id().map(Id::from),
            project_id: scope.project_id().map(Id::from),
            user_id: None,
            resource_name: resource_name.to_owned(),
            resource_id,
            event_type: event_type.to_owned(),
            api_version: None,
            metadata: None,
            related_resources: Vec::new(),
            data: None,
            unknown: serde_json::Map::new(),
        }
    }

    /// The scope in which a published event looks for hooks.
    ///
    /// # Errors
    /// `invalid_argument` when the company is missing or an id is not a number from 1 to 2^63-1.
    pub fn scope(&self) -> Result<Scope> {
        let number = |what: &str, id: &Option<Id>| {
            id.as_ref()
                .map(|id| {
                    id.number().ok_or_else(|| Error::invalid(format!("{what} `{id}` is not a number from 1 to 2^63-1")))
                })
                .transpose()
        };
        let company_id = number("company_id", &self.company_id)?
            .ok_or_else(|| Error::invalid("the event has no company_id: every payload carries one"))?;
        match number("project_id", &self.project_id)? {
            Some(project_id) => Scope::project(project_id, Some(company_id)),
            None => Scope::company(company_id),
        }
    }
}

/// What caused an event (payload v2.0 and v3.0). Use it to recognise your own writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The user.
    pub source_user_id: Option<Id>,
    /// The project.
    pub source_project_id: Option<Id>,
    /// A token that the caller of the API gave for the operation, such as a UUID.
    pub source_operation_id: Option<String>,
    /// The company.
    pub source_company_id: Option<Id>,
    /// The OAuth client id of the application.
    pub source_application_id: Option<String>,
}

/// The parent of a line item (payload v3.0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelatedResource {
    /// Its id.
    pub id: Id,
    /// Its resource name.
    pub name: String,
}

/// What became of one published event. It is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The event's numeric id, given or made.
    pub id: Id,
    /// The event's ULID, given or made.
    pub ulid: String,
    /// How many deliveries it made: one per hook in its scope with a trigger for it.
    pub deliveries: u64,
    /// Whether it had been published before; then `deliveries` tells of that time.
    pub duplicate: bool,
    /// Why there was no delivery, when there was none.
    pub no_delivery: Option<NoDelivery>,
    /// The hooks that have new work.
    pub hooks: Vec<HookId>,
}

/// Why a published event made no delivery: the first of these that explains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoDelivery {
    /// The event's scope has no hook. A project's event does not reach its company's hooks.
    NoHookInScope,
    /// There are hooks, but none has a trigger for this resource and event.
    NoTrigger,
    /// The hooks with a trigger are disabled.
    HookDisabled,
    /// The hooks' payload version cannot carry an id that is no number (only v4.0 can).
    VersionCannotCarryId,
    /// The catalogue says that this event no longer fires.
    EventDeprecated,
}

impl NoDelivery {
    /// `no_hook_in_scope`, `no_trigger`, `hook_disabled`, `version_cannot_carry_id` or `event_deprecated`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoHookInScope => "no_hook_in_scope",
            Self::NoTrigger => "no_trigger",
            Self::HookDisabled => "hook_disabled",
            Self::VersionCannotCarryId => "version_cannot_carry_id",
            Self::EventDeprecated => "event_deprecated",
        }
    }
}
