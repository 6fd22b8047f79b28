//! Hooks: answers with masked header values; what creating, updating and listing take.

use serde_json::{Map, Value, json};

use super::members::{Members, text, within, wrong_type};
use crate::error::{Error, Result, shown};
use crate::types::{
    DestinationHeaders, DestinationUrl, Hook, HookCreate, HookQuery, HookUpdate, Namespace, PayloadVersion,
};

/// A hook. The header values are masked already: a [`Hook`] has no others.
pub fn hook_to_json(hook: &Hook) -> Value {
    let headers: Map<String, Value> =
        hook.destination_headers.iter().map(|(name, masked)| (name.clone(), Value::from(masked.as_str()))).collect();
    let mut members = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    put("id", Some(json!(hook.id.as_str())));
    put("company_id", hook.company_id.as_ref().map(|id| json!(id.as_str())));
    put("project_id", hook.project_id.as_ref().map(|id| json!(id.as_str())));
    put("namespace", Some(json!(hook.namespace)));
    put("payload_version", Some(json!(hook.payload_version)));
    put("destination_url", Some(json!(hook.destination_url)));
    put("destination_headers", Some(Value::Object(headers)));
    put("status", Some(json!(hook.status.as_str())));
    put("trigger_count", hook.trigger_count.map(Value::from));
    put("created_at", hook.created_at.map(|moment| json!(moment.to_string())));
    put("updated_at", hook.updated_at.map(|moment| json!(moment.to_string())));
    Value::Object(members)
}

/// Reads what creating a hook takes.
///
/// # Errors
/// `invalid_argument`.
pub fn hook_create_from_json(input: &Value) -> Result<HookCreate> {
    let mut members = Members::of(input)?;
    let namespace = members.parsed("namespace", Namespace::parse)?;
    let payload_version = members.parsed("payload_version", PayloadVersion::parse)?;
    let destination_url = members.parsed("destination_url", DestinationUrl::parse)?;
    let hook = HookCreate {
        namespace: members.need("namespace", "a namespace, such as acme-invoice-sync", namespace)?,
        payload_version: members.need("payload_version", "v2.0, v3.0 or v4.0", payload_version)?,
        destination_url: members.need("destination_url", "the endpoint's https URL", destination_url)?,
        destination_headers: members.read("destination_headers", headers)?.unwrap_or_default(),
    };
    members.end()?;
    Ok(hook)
}

/// Reads what updating a hook changes.
///
/// # Errors
/// `invalid_argument`.
pub fn hook_update_from_json(input: &Value) -> Result<HookUpdate> {
    let mut members = Members::of(input)?;
    let change = HookUpdate {
        namespace: members.parsed("namespace", Namespace::parse)?,
        payload_version: members.parsed("payload_version", PayloadVersion::parse)?,
        destination_url: members.parsed("destination_url", DestinationUrl::parse)?,
        destination_headers: members.read("destination_headers", headers)?,
        active: members.parsed("status", |word| match word {
            "active" => Ok(true),
            "disabled" => Ok(false),
            _ => Err(Error::invalid(format!("status `{}` is unknown: use active or disabled", shown(word)))),
        })?,
        danger_keep_headers: members.flag("danger_keep_headers")?.unwrap_or_default(),
    };
    members.end()?;
    Ok(change)
}

/// Reads which hooks to list.
///
/// # Errors
/// `invalid_argument`.
pub fn hook_query_from_json(input: &Value) -> Result<HookQuery> {
    let mut members = Members::of(input)?;
    let query = HookQuery {
        namespace: members.parsed("namespace", Namespace::parse)?,
        payload_version: members.parsed("payload_version", PayloadVersion::parse)?,
        include_trigger_count: members.flag("include_trigger_count")?.unwrap_or_default(),
    };
    members.end()?;
    Ok(query)
}

fn headers(path: &str, value: &Value) -> Result<DestinationHeaders> {
    let object = value.as_object().ok_or_else(|| wrong_type(path, value, "an object of header names and values"))?;
    let pairs: Vec<(&str, &str)> = object
        .iter()
        .map(|(name, value)| Ok((name.as_str(), text(&format!("{path}.{}", shown(name)), value)?)))
        .collect::<Result<_>>()?;
    DestinationHeaders::parse(pairs).map_err(|error| within(path, error))
}
