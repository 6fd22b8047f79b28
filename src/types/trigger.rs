//! Triggers: which resource, which event.

use super::{Id, check_name};
use crate::error::Result;

/// A trigger as a service answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Its id.
    pub id: Id,
    /// The hook it belongs to.
    pub hook_id: Id,
    /// The resource, such as `RFIs`.
    pub resource_name: String,
    /// The event, such as `create`; services differ in case, so compare without.
    pub event_type: String,
}

/// What creating a trigger takes. Whether both exist is the catalogue's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerCreate {
    /// The resource, as the catalogue spells it.
    pub resource_name: String,
    /// The event, in lower case.
    pub event_type: String,
}

impl TriggerCreate {
    /// Takes a resource name and an event type (`create`, `update`, `delete` in any case: Procore has both).
    ///
    /// # Errors
    /// `invalid_argument` when one is empty, over 200 characters, or has control characters.
    pub fn new(resource_name: &str, event_type: &str) -> Result<Self> {
        check_name("resource_name", resource_name)?;
        check_name("event_type", event_type)?;
        Ok(Self { resource_name: resource_name.to_owned(), event_type: event_type.to_lowercase() })
    }

    /// The most triggers that one bulk call takes, as with Procore.
    pub const MAX_BULK: usize = 500;
}
