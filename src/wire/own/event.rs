//! Events, both ways, with nothing lost.

use serde::Serialize;
use serde_json::{Map, Value};

use super::members::{Members, list, wrong_type};
use crate::error::Result;
use crate::time::Timestamp;
use crate::types::{Event, Id, Metadata, RelatedResource};

/// Everything an event has. [`event_from_json`] gives the same event back.
pub fn event_to_json(event: &Event) -> Value {
    serde_json::to_value(Written::of(event)).expect("names of members are text, which JSON can always hold")
}

/// [`event_to_json`] as text, compact.
pub fn event_to_text(event: &Event) -> String {
    serde_json::to_string(&Written::of(event)).expect("names of members are text, which JSON can always hold")
}

/// The members, in their order; what an event has not is absent.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ulid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    resource_name: &'a str,
    resource_id: &'a str,
    event_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<WrittenMetadata<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    related_resources: Option<Vec<WrittenRelated<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<&'a Map<String, Value>>,
}

#[derive(Serialize)]
struct WrittenMetadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    source_user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_project_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_operation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_company_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_application_id: Option<&'a str>,
}

#[derive(Serialize)]
struct WrittenRelated<'a> {
    id: &'a str,
    name: &'a str,
}

impl<'a> Written<'a> {
    fn of(event: &'a Event) -> Self {
        let related = |related: &'a RelatedResource| WrittenRelated { id: related.id.as_str(), name: &related.name };
        Self {
            id: word(event.id.as_ref()),
            ulid: event.ulid.as_deref(),
            timestamp: event.timestamp.map(|timestamp| timestamp.to_string()),
            company_id: word(event.company_id.as_ref()),
            project_id: word(event.project_id.as_ref()),
            user_id: word(event.user_id.as_ref()),
            resource_name: &event.resource_name,
            resource_id: event.resource_id.as_str(),
            event_type: &event.event_type,
            api_version: event.api_version.as_deref(),
            metadata: event.metadata.as_ref().map(|metadata| WrittenMetadata {
                source_user_id: word(metadata.source_user_id.as_ref()),
                source_project_id: word(metadata.source_project_id.as_ref()),
                source_operation_id: metadata.source_operation_id.as_deref(),
                source_company_id: word(metadata.source_company_id.as_ref()),
                source_application_id: metadata.source_application_id.as_deref(),
            }),
            related_resources: (!event.related_resources.is_empty())
                .then(|| event.related_resources.iter().map(related).collect()),
            data: event.data.as_ref(),
            unknown: Some(&event.unknown).filter(|unknown| !unknown.is_empty()),
        }
    }
}

fn word(id: Option<&Id>) -> Option<&str> {
    id.map(Id::as_str)
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
