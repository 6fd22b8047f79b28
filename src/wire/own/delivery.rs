//! Deliveries with their attempts, and which of them to list.

use serde_json::{Map, Value, json};

use super::event::event_to_json;
use super::members::Members;
use crate::error::Result;
use crate::types::{Attempt, Delivery, DeliveryQuery, StatusFilter};
use crate::wire::exact;

/// A delivery: its `payload` as the object it is, or as text should it be none; `restored` only when it was.
pub fn delivery_to_json(delivery: &Delivery) -> Value {
    let text = String::from_utf8_lossy(&delivery.payload);
    let payload = exact::parse(&text).ok().filter(Value::is_object);
    let mut members = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    put("id", Some(json!(delivery.id.as_str())));
    put("hook_id", Some(json!(delivery.hook_id.as_str())));
    put("status", Some(json!(delivery.status.as_str())));
    put("why", delivery.why.map(|why| json!(why.as_str())));
    put("event", Some(event_to_json(&delivery.event)));
    put("payload", Some(payload.unwrap_or_else(|| json!(text))));
    put("created_at", delivery.created_at.map(|moment| json!(moment.to_string())));
    put("restored", delivery.restored.then(|| json!(true)));
    put("attempts", Some(delivery.attempts.iter().map(attempt_to_json).collect()));
    Value::Object(members)
}

/// One try at a delivery.
pub fn attempt_to_json(attempt: &Attempt) -> Value {
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("started_at", json!(attempt.started_at.to_string()));
    put("completed_at", json!(attempt.completed_at.to_string()));
    put("success", json!(attempt.success()));
    if let Some(status) = attempt.response_status {
        put("response_status", json!(status));
    }
    put("response_headers", headers_to_json(&attempt.response_headers));
    put("response_body", json!(String::from_utf8_lossy(&attempt.response_body)));
    put("response_body_truncated", json!(attempt.response_body_truncated));
    if let Some(error) = &attempt.response_error {
        put("response_error", json!(error));
    }
    Value::Object(members)
}

/// One member a name; the values of a repeated name are joined (RFC 9110, section 5.3).
fn headers_to_json(headers: &[(String, String)]) -> Value {
    let mut joined: Vec<(&str, String)> = Vec::new();
    for (name, value) in headers {
        match joined.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
            Some((_, values)) => {
                values.push_str(", ");
                values.push_str(value);
            }
            None => joined.push((name, value.clone())),
        }
    }
    Value::Object(joined.into_iter().map(|(name, values)| (name.to_owned(), Value::from(values))).collect())
}

/// Reads which deliveries to list.
///
/// # Errors
/// `invalid_argument`.
pub fn delivery_query_from_json(input: &Value) -> Result<DeliveryQuery> {
    let mut members = Members::of(input)?;
    let query = DeliveryQuery {
        status: members.parsed("status", StatusFilter::parse)?.unwrap_or_default(),
        resource_name: members.text("resource_name")?.map(str::to_owned),
        event_type: members.text("event_type")?.map(str::to_owned),
        start: members.parsed("start", DeliveryQuery::parse_start)?,
        end: members.parsed("end", DeliveryQuery::parse_end)?,
    };
    members.end()?;
    Ok(query)
}
