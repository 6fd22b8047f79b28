//! Events, both ways, with nothing lost.

use serde_json::{Map, Value, json};

use super::members::{Members, list, wrong_type};
use crate::error::Result;
use crate::time::Timestamp;
use crate::types::{Event, Id, Metadata, RelatedResource};

/// Everything an event has. [`event_from_json`] gives the same event back.
pub fn event_to_json(event: &Event) -> Value {
    let mut members = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    put("id", word(event.id.as_ref()));
    put("ulid", event.ulid.as_deref().map(Value::from));
    put("timestamp", event.timestamp.map(|timestamp| Value::from(timestamp.to_string())));
    put("company_id", word(event.company_id.as_ref()));
    put("project_id", word(event.project_id.as_ref()));
    put("user_id", word(event.user_id.as_ref()));
    put("resource_name", Some(Value::from(event.resource_name.as_str())));
    put("resource_id", word(Some(&event.resource_id)));
    put("event_type", Some(Value::from(event.event_type.as_str())));
    put("api_version", event.api_version.as_deref().map(Value::from));
    put("metadata", event.metadata.as_ref().map(metadata_to_json));
    put("related_resources", related_to_json(&event.related_resources));
    put("data", event.data.clone());
    put("unknown", Some(&event.unknown).filter(|unknown| !unknown.is_empty()).cloned().map(Value::Object));
    Value::Object(members)
}

fn metadata_to_json(metadata: &Metadata) -> Value {
    let members = [
        ("source_user_id", word(metadata.source_user_id.as_ref())),
        ("source_project_id", word(metadata.source_project_id.as_ref())),
        ("source_operation_id", metadata.source_operation_id.as_deref().map(Value::from)),
        ("source_company_id", word(metadata.source_company_id.as_ref())),
        ("source_application_id", metadata.source_application_id.as_deref().map(Value::from)),
    ];
    Value::Object(members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

fn related_to_json(related: &[RelatedResource]) -> Option<Value> {
    let item = |related: &RelatedResource| json!({"id": related.id.as_str(), "name": related.name});
    (!related.is_empty()).then(|| related.iter().map(item).collect())
}

fn word(id: Option<&Id>) -> Option<Value> {
    id.map(|id| Value::from(id.as_str()))
}

/// Reads an event. The shape is checked here; whether it can be published is
/// [`check_publishable`](crate::policy::publishable::check_publishable)'s to say.
///
/// # Errors
/// `invalid_argument` for an unknown or missing member or one of another type.
pub fn event_from_json(input: &Value) -> Result<Event> {
    let mut members = Members::of(input)?;
    let resource_name = members.text("resource_name")?;
    let resource_id = members.id("resource_id")?;
    let event_type = members.text("event_type")?;
    let event = Event {
        id: members.id("id")?,
        ulid: members.text("ulid")?.map(str::to_owned),
        timestamp: members.parsed("timestamp", Timestamp::parse)?,
        company_id: members.id("company_id")?,
        project_id: members.id("project_id")?,
        user_id: members.id("user_id")?,
        resource_name: members.need("resource_name", "the resource's name, such as RFIs", resource_name)?.to_owned(),
        resource_id: members.need("resource_id", "the resource's id", resource_id)?,
        event_type: members.need("event_type", "create, update or delete", event_type)?.to_owned(),
        api_version: members.text("api_version")?.map(str::to_owned),
        metadata: members.read("metadata", metadata_from_json)?,
        related_resources: members
            .read("related_resources", |path, value| list(path, value, related_from_json))?
            .unwrap_or_default(),
        data: members.raw("data").cloned(),
        unknown: members
            .read("unknown", |path, value| {
                value.as_object().cloned().ok_or_else(|| wrong_type(path, value, "an object"))
            })?
            .unwrap_or_default(),
    };
    members.end()?;
    Ok(event)
}

fn metadata_from_json(path: &str, value: &Value) -> Result<Metadata> {
    let mut members = Members::at(path.to_owned(), value)?;
    let metadata = Metadata {
        source_user_id: members.id("source_user_id")?,
        source_project_id: members.id("source_project_id")?,
        source_operation_id: members.text("source_operation_id")?.map(str::to_owned),
        source_company_id: members.id("source_company_id")?,
        source_application_id: members.text("source_application_id")?.map(str::to_owned),
    };
    members.end()?;
    Ok(metadata)
}

fn related_from_json(path: String, value: &Value) -> Result<RelatedResource> {
    let mut members = Members::at(path, value)?;
    let (id, name) = (members.id("id")?, members.text("name")?);
    let related = RelatedResource {
        id: members.need("id", "the id of the related resource", id)?,
        name: members.need("name", "the name of the related resource", name)?.to_owned(),
    };
    members.end()?;
    Ok(related)
}
