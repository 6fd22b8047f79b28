//! JSON from outside: what is taken is given back the same, payloads of every version are read as they were written,
//! and nothing makes a reader panic.

use serde_json::Value;
use tieback::engine::EngineOptions;
use tieback::net::client::Outbound;
use tieback::policy::retry::RetryPolicy;
use tieback::time::Timestamp;
use tieback::types::{Event, Id, PayloadVersion};
use tieback::wire::{own, payload};

use super::class;

pub fn run(data: &[u8]) -> String {
    received(data);
    let Ok(text) = std::str::from_utf8(data) else { return "no text".to_owned() };
    let value = match own::parse(text) {
        Ok(value) => value,
        Err(error) => return class(&error),
    };
    others(&value);
    match own::event_from_json(&value) {
        Ok(event) => published(event),
        Err(error) => class(&error),
    }
}

/// Whatever a payload from elsewhere holds, nothing of it gets lost on the way through our own JSON.
fn received(data: &[u8]) {
    let Ok(event) = payload::parse(data) else { return };
    let json = own::event_to_json(&event);
    let again = own::event_from_json(&json).unwrap_or_else(|error| panic!("{json} is not taken: {error}"));
    assert_eq!(again, event);
    let text = json.to_string();
    assert_eq!(own::parse(&text).expect("our own JSON is JSON"), json);
}

fn published(given: Event) -> String {
    let again = own::event_from_json(&own::event_to_json(&given)).expect("our own JSON is taken");
    assert_eq!(again, given);

    // As publishing completes it.
    let event = Event {
        id: Some(given.id.clone().unwrap_or_else(|| Id::from(1))),
        ulid: Some("01JMYXMZRBVKK0PC6XS8SA4QRE".to_owned()),
        timestamp: Some(given.timestamp.unwrap_or(Timestamp::from_micros(1))),
        ..given
    };
    if let Err(error) = event.scope() {
        // Publishing refuses it before anything is rendered.
        return class(&error);
    }
    let mut classes = format!(
        "{:?} {:?} {} {} ",
        [&event.company_id, &event.project_id, &event.user_id].map(Option::is_some),
        event.metadata.as_ref().map(|metadata| metadata.source_operation_id.is_some()),
        event.related_resources.len().min(2),
        event.unknown.len().min(2),
    );
    for version in [PayloadVersion::V2, PayloadVersion::V3, PayloadVersion::V4] {
        let rendered = match payload::render(&event, version) {
            Ok(rendered) => rendered,
            Err(error) => {
                classes += &class(&error);
                continue;
            }
        };
        let read = payload::parse(&rendered).expect("a payload of ours is read");
        let of = |event: &Event| {
            let ids = [&event.company_id, &event.project_id, &event.user_id].map(Option::clone);
            (ids, event.resource_id.clone(), event.resource_name.clone(), event.event_type.clone(), event.timestamp)
        };
        assert_eq!(of(&read), of(&event), "{version}");
        assert_eq!(read.data.is_some(), version == PayloadVersion::V4 && event.data.is_some());
        classes += version.as_str();
    }
    classes
}

/// The other readers: an answer or an error.
fn others(value: &Value) {
    let _ = own::delivery_query_from_json(value);
    let _ = own::hook_query_from_json(value);
    let _ = own::hook_update_from_json(value);
    let _ = own::page_request_from_json(value);
    let _ = own::resource_query_from_json(value);
    let _ = own::trigger_create_from_json(value);
    let _ = Outbound::from_json(value);
    let _ = EngineOptions::from_json(value);
    if let Ok(scope) = own::scope_from_json(value) {
        assert_eq!(own::scope_from_json(&own::scope_to_json(&scope)).expect("our own JSON is taken"), scope);
    }
    if let Ok(create) = own::hook_create_from_json(value) {
        let headers = &create.destination_headers;
        let told = format!("{headers:?}");
        // Nothing forbids a value that is a name as well.
        let names: Vec<&str> = headers.iter().map(|(name, _)| name).collect();
        let secrets = headers.iter().map(|(_, value)| value.expose()).filter(|secret| secret.len() > 12);
        for secret in secrets.filter(|secret| !names.iter().any(|name| name.contains(secret))) {
            assert!(!told.contains(secret), "{told}");
        }
    }
    if let Ok(policy) = RetryPolicy::from_json(value) {
        policy.check().expect("what is read makes sense");
        let waits = (0..80).map(|step| policy.backoff(step));
        assert!(waits.clone().zip(waits.skip(1)).all(|(wait, next)| wait <= next && next <= policy.backoff_max));
    }
}
