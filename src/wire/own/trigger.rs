//! Triggers, single and in bulk, and the resources that can be triggered on.

use serde_json::{Value, json};

use super::answer::error_to_json;
use super::members::{Members, id};
use crate::error::Result;
use crate::types::{Id, PayloadVersion, Resource, ResourceQuery, Trigger, TriggerCreate};

/// A trigger.
pub fn trigger_to_json(trigger: &Trigger) -> Value {
    json!({
        "id": trigger.id.as_str(),
        "hook_id": trigger.hook_id.as_str(),
        "resource_name": trigger.resource_name,
        "event_type": trigger.event_type,
    })
}

/// Reads what creating a trigger takes.
///
/// # Errors
/// `invalid_argument`.
pub fn trigger_create_from_json(input: &Value) -> Result<TriggerCreate> {
    let mut members = Members::of(input)?;
    let (resource_name, event_type) = (members.text("resource_name")?, members.text("event_type")?);
    let resource_name = members.need("resource_name", "the resource's name, such as RFIs", resource_name)?;
    let event_type = members.need("event_type", "create, update or delete", event_type)?;
    members.end()?;
    TriggerCreate::new(resource_name, event_type)
}

/// Reads an id that stands alone, such as that of a trigger to delete.
///
/// # Errors
/// `invalid_argument`, which calls it `what`.
pub fn id_from_json(what: &str, input: &Value) -> Result<Id> {
    Id::parse(what, id(what, input)?.as_str())
}

/// The answer of creating many, one entry for each in their order: `{"trigger": {...}}` or `{"error": {...}}`.
pub fn triggers_created_to_json(answers: &[Result<Trigger>]) -> Value {
    bulk_to_json(answers, |trigger| json!({"trigger": trigger_to_json(trigger)}))
}

/// The answer of deleting many, one entry for each in their order: `{"deleted": true}` or `{"error": {...}}`.
pub fn triggers_deleted_to_json(answers: &[Result<()>]) -> Value {
    bulk_to_json(answers, |()| json!({"deleted": true}))
}

fn bulk_to_json<T>(answers: &[Result<T>], done: impl Fn(&T) -> Value) -> Value {
    let entry = |answer: &Result<T>| match answer {
        Ok(answer) => done(answer),
        Err(error) => json!({"error": error_to_json(error)}),
    };
    answers.iter().map(entry).collect()
}

/// A resource of the catalogue.
pub fn resource_to_json(resource: &Resource) -> Value {
    json!({
        "name": resource.name,
        "event_types": resource.event_types,
        "deprecated_event_types": resource.deprecated_event_types,
        "note": resource.note,
    })
}

/// Reads which resources to list.
///
/// # Errors
/// `invalid_argument`.
pub fn resource_query_from_json(input: &Value) -> Result<ResourceQuery> {
    let mut members = Members::of(input)?;
    let query = ResourceQuery { payload_version: members.parsed("payload_version", PayloadVersion::parse)? };
    members.end()?;
    Ok(query)
}
