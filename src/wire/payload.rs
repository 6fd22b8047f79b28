//! The body of a delivery: one event, in one of Procore's three payload versions.

use serde::Serialize;
use serde_json::{Map, Value};

use super::exact;
use crate::error::{Error, ErrorKind, Result, shown};
use crate::time::Timestamp;
use crate::types::{Event, Id, Metadata, PayloadVersion, RelatedResource};

/// Writes the payload of an event, compact, members in the order of Procore's samples. `id`, `ulid` and `timestamp` are
/// set: publishing makes up what the caller left out.
///
/// # Errors
/// `invalid_argument` when the version cannot carry the event's ids, or it is over [`Event::MAX_PAYLOAD_BYTES`].
pub fn render(event: &Event, version: PayloadVersion) -> Result<Vec<u8>> {
    let payload = match version {
        PayloadVersion::V2 | PayloadVersion::V3 => serde_json::to_vec(&Numbered::of(event, version)?),
        PayloadVersion::V4 => serde_json::to_vec(&Worded::of(event)?),
    };
    let unwritten = |cause| Error::new(ErrorKind::Internal, format!("the event cannot be written as JSON: {cause}"));
    let payload = payload.map_err(unwritten)?;
    if payload.len() > Event::MAX_PAYLOAD_BYTES {
        return Err(Error::invalid(format!(
            "the event's {version} payload has {} bytes: at most {} are allowed",
            payload.len(),
            Event::MAX_PAYLOAD_BYTES
        )));
    }
    Ok(payload)
}

/// v2.0 and v3.0: ids are numbers. The members, in their order.
#[derive(Serialize)]
struct Numbered<'a> {
    id: i64,
    ulid: &'a str,
    timestamp: String,
    metadata: NumberedMetadata<'a>,
    user_id: Option<i64>,
    company_id: i64,
    project_id: Option<i64>,
    api_version: &'a str,
    event_type: &'a str,
    resource_name: &'a str,
    resource_id: i64,
    /// v3.0 alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    related_resources: Option<Vec<NumberedRelated<'a>>>,
}

#[derive(Serialize)]
struct NumberedMetadata<'a> {
    source_user_id: Option<i64>,
    source_project_id: Option<i64>,
    source_operation_id: Option<&'a str>,
    source_company_id: Option<i64>,
    source_application_id: Option<&'a str>,
}

#[derive(Serialize)]
struct NumberedRelated<'a> {
    id: i64,
    name: &'a str,
}

impl<'a> Numbered<'a> {
    fn of(event: &'a Event, version: PayloadVersion) -> Result<Self> {
        let number = |what: &str, id: &Id| number(what, id, version);
        let number_if_any = |what: &str, id: Option<&Id>| id.map(|id| number(what, id)).transpose();
        let metadata = event.metadata.as_ref();
        let id_of_metadata = |what: &str, id: fn(&Metadata) -> &Option<Id>| {
            number_if_any(what, metadata.and_then(|metadata| id(metadata).as_ref()))
        };
        let related = |related: &'a RelatedResource| {
            Ok(NumberedRelated { id: number("related_resources id", &related.id)?, name: &related.name })
        };
        Ok(Self {
            metadata: NumberedMetadata {
                source_user_id: id_of_metadata("metadata.source_user_id", |of| &of.source_user_id)?,
                source_project_id: id_of_metadata("metadata.source_project_id", |of| &of.source_project_id)?,
                source_operation_id: metadata.and_then(|of| of.source_operation_id.as_deref()),
                source_company_id: id_of_metadata("metadata.source_company_id", |of| &of.source_company_id)?,
                source_application_id: metadata.and_then(|of| of.source_application_id.as_deref()),
            },
            id: number("id", present("id", event.id.as_ref())?)?,
            ulid: present("ulid", event.ulid.as_deref())?,
            timestamp: present("timestamp", event.timestamp)?.to_string(),
            user_id: number_if_any("user_id", event.user_id.as_ref())?,
            company_id: number("company_id", company(event)?)?,
            project_id: number_if_any("project_id", event.project_id.as_ref())?,
            api_version: version.as_str(),
            event_type: &event.event_type,
            resource_name: &event.resource_name,
            resource_id: number("resource_id", &event.resource_id)?,
            related_resources: (version == PayloadVersion::V3)
                .then(|| event.related_resources.iter().map(related).collect::<Result<_>>())
                .transpose()?,
        })
    }
}

/// v4.0: ids are strings, the event's ULID is its id. The members, in their order.
#[derive(Serialize)]
struct Worded<'a> {
    id: &'a str,
    timestamp: String,
    reason: &'a str,
    company_id: &'a str,
    project_id: Option<&'a str>,
    user_id: Option<&'a str>,
    resource_type: &'a str,
    resource_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

impl<'a> Worded<'a> {
    fn of(event: &'a Event) -> Result<Self> {
        Ok(Self {
            id: present("ulid", event.ulid.as_deref())?,
            timestamp: present("timestamp", event.timestamp)?.to_string(),
            reason: &event.event_type,
            company_id: company(event)?.as_str(),
            project_id: event.project_id.as_ref().map(Id::as_str),
            user_id: event.user_id.as_ref().map(Id::as_str),
            resource_type: &event.resource_name,
            resource_id: event.resource_id.as_str(),
            data: event.data.as_ref(),
        })
    }
}

fn number(what: &str, id: &Id, version: PayloadVersion) -> Result<i64> {
    id.number().ok_or_else(|| {
        Error::invalid(format!(
            "{what} `{}` is not a number of at most 63 bits: payload {version} cannot carry it, only v4.0 can",
            shown(id.as_str())
        ))
    })
}

fn present<T>(what: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| {
        Error::new(ErrorKind::Internal, format!("an event without {what} came to be rendered: publishing sets it"))
    })
}

fn company(event: &Event) -> Result<&Id> {
    let missing = || Error::invalid("the event has no company_id: every payload carries one");
    event.company_id.as_ref().ok_or_else(missing)
}

/// Reads a payload of any version: it is v4.0 when it has `reason` or `resource_type`. Members that are missing or null
/// are absent (empty, where the event needs one). Members that tieback does not know, or that have an unexpected form,
/// are kept in [`Event::unknown`].
///
/// # Errors
/// `protocol` when it is no JSON object, or is nested more than 128 levels deep.
pub fn parse(payload: &[u8]) -> Result<Event> {
    let not_an_object = |why: String| Error::new(ErrorKind::Protocol, format!("the payload is no JSON object: {why}"));
    let text = std::str::from_utf8(payload).map_err(|cause| not_an_object(cause.to_string()))?;
    let value = exact::parse(text).map_err(|cause| not_an_object(cause.to_string()))?;
    let Value::Object(members) = value else {
        return Err(not_an_object("it is another JSON value".to_owned()));
    };

    let worded = members.contains_key("reason") || members.contains_key("resource_type");
    let (event_type, resource_name) =
        if worded { ("reason", "resource_type") } else { ("event_type", "resource_name") };
    let mut rest = Rest(members);
    Ok(Event {
        id: rest.take("id", id),
        ulid: rest.take("ulid", text_of),
        timestamp: rest.take("timestamp", |value| Timestamp::parse(value.as_str()?).ok()),
        company_id: rest.take("company_id", id),
        project_id: rest.take("project_id", id),
        user_id: rest.take("user_id", id),
        resource_name: rest.take(resource_name, text_of).unwrap_or_default(),
        resource_id: rest.take("resource_id", id).unwrap_or_else(|| Id::new("")),
        event_type: rest.take(event_type, text_of).unwrap_or_default(),
        api_version: rest.take("api_version", text_of),
        metadata: rest.take("metadata", metadata),
        related_resources: rest.take("related_resources", related_resources).unwrap_or_default(),
        data: rest.0.shift_remove("data"),
        unknown: rest.0,
    })
}

/// The members that have not been understood yet.
struct Rest(Map<String, Value>);

impl Rest {
    /// Takes a member out if `read` understands it, or if it says nothing (null or an empty text).
    fn take<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let value = self.0.get(name)?;
        let read = if is_nothing(value) { None } else { Some(read(value)?) };
        self.0.shift_remove(name);
        read
    }
}

/// Null, and the empty text that some senders write for a project that there is not.
fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn id(value: &Value) -> Option<Id> {
    match value {
        Value::String(text) => Some(Id::new(text.as_str())),
        Value::Number(number) if !number.is_f64() => Some(Id::new(number.to_string())),
        _ => None,
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn metadata(value: &Value) -> Option<Metadata> {
    let members = value.as_object()?;
    let member = |name: &str| members.get(name).filter(|value| !is_nothing(value));
    Some(Metadata {
        source_user_id: member("source_user_id").and_then(id),
        source_project_id: member("source_project_id").and_then(id),
        source_operation_id: member("source_operation_id").and_then(text_of),
        source_company_id: member("source_company_id").and_then(id),
        source_application_id: member("source_application_id").and_then(text_of),
    })
}

fn related_resources(value: &Value) -> Option<Vec<RelatedResource>> {
    let related = |item: &Value| Some(RelatedResource { id: id(item.get("id")?)?, name: text_of(item.get("name")?)? });
    value.as_array()?.iter().map(related).collect()
}
