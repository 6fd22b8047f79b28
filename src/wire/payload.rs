//! The body of a delivery: one event, in one of Procore's three payload versions.

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
    let members = match version {
        PayloadVersion::V2 | PayloadVersion::V3 => numbered(event, version)?,
        PayloadVersion::V4 => worded(event)?,
    };
    let payload = Value::Object(members).to_string().into_bytes();
    if payload.len() > Event::MAX_PAYLOAD_BYTES {
        return Err(Error::invalid(format!(
            "the event's {version} payload has {} bytes: at most {} are allowed",
            payload.len(),
            Event::MAX_PAYLOAD_BYTES
        )));
    }
    Ok(payload)
}

/// v2.0 and v3.0: ids are numbers.
fn numbered(event: &Event, version: PayloadVersion) -> Result<Map<String, Value>> {
    let number = |what: &str, id: Option<&Id>| number(what, id, version);
    let metadata = event.metadata.clone().unwrap_or_default();
    let metadata = object([
        ("source_user_id", number("metadata.source_user_id", metadata.source_user_id.as_ref())?),
        ("source_project_id", number("metadata.source_project_id", metadata.source_project_id.as_ref())?),
        ("source_operation_id", Value::from(metadata.source_operation_id)),
        ("source_company_id", number("metadata.source_company_id", metadata.source_company_id.as_ref())?),
        ("source_application_id", Value::from(metadata.source_application_id)),
    ]);
    let mut payload = object([
        ("id", number("id", Some(present("id", event.id.as_ref())?))?),
        ("ulid", Value::from(present("ulid", event.ulid.as_deref())?)),
        ("timestamp", Value::from(present("timestamp", event.timestamp)?.to_string())),
        ("metadata", Value::Object(metadata)),
        ("user_id", number("user_id", event.user_id.as_ref())?),
        ("company_id", number("company_id", Some(company(event)?))?),
        ("project_id", number("project_id", event.project_id.as_ref())?),
        ("api_version", Value::from(version.as_str())),
        ("event_type", Value::from(event.event_type.as_str())),
        ("resource_name", Value::from(event.resource_name.as_str())),
        ("resource_id", number("resource_id", Some(&event.resource_id))?),
    ]);
    if version == PayloadVersion::V3 {
        let related: Vec<Value> = event
            .related_resources
            .iter()
            .map(|related| {
                let id = number("related_resources id", Some(&related.id))?;
                Ok(Value::Object(object([("id", id), ("name", Value::from(related.name.as_str()))])))
            })
            .collect::<Result<_>>()?;
        payload.insert("related_resources".to_owned(), Value::Array(related));
    }
    Ok(payload)
}

/// v4.0: ids are strings, the event's ULID is its id.
fn worded(event: &Event) -> Result<Map<String, Value>> {
    let word = |id: Option<&Id>| Value::from(id.map(Id::as_str));
    let mut payload = object([
        ("id", Value::from(present("ulid", event.ulid.as_deref())?)),
        ("timestamp", Value::from(present("timestamp", event.timestamp)?.to_string())),
        ("reason", Value::from(event.event_type.as_str())),
        ("company_id", word(Some(company(event)?))),
        ("project_id", word(event.project_id.as_ref())),
        ("user_id", word(event.user_id.as_ref())),
        ("resource_type", Value::from(event.resource_name.as_str())),
        ("resource_id", word(Some(&event.resource_id))),
    ]);
    if let Some(data) = &event.data {
        payload.insert("data".to_owned(), data.clone());
    }
    Ok(payload)
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn number(what: &str, id: Option<&Id>, version: PayloadVersion) -> Result<Value> {
    let Some(id) = id else { return Ok(Value::Null) };
    id.number().map(Value::from).ok_or_else(|| {
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
