//! The documented payloads of `tests/vectors`: rendered byte for byte, and parsed.

mod support;

use support::vectors::{compact, vectors};
use tieback::types::PayloadVersion;
use tieback::wire::own::{event_from_json, event_to_json};
use tieback::wire::payload;

#[test]
fn documented_samples_are_rendered_byte_for_byte() {
    let mut rendered = Vec::new();
    for vector in vectors().iter().filter(|vector| !vector.content["input"].is_null()) {
        let version = PayloadVersion::parse(vector.text("payload_version")).unwrap();
        let event = event_from_json(&vector.content["input"]).unwrap();
        let payload = String::from_utf8(payload::render(&event, version).unwrap()).unwrap();
        assert_eq!(payload, compact(vector.text("payload")), "{}", vector.file);
        rendered.push(version);
    }
    assert_eq!(rendered, PayloadVersion::ALL, "every version has a sample");
}

#[test]
fn documented_samples_are_parsed_to_the_events_they_tell() {
    let vectors = vectors();
    assert!(vectors.len() >= 4);
    for vector in vectors {
        let event = payload::parse(vector.text("payload").as_bytes()).unwrap();
        assert_eq!(event_to_json(&event), vector.content["event"], "{}", vector.file);
        assert_eq!(event, event_from_json(&vector.content["event"]).unwrap(), "{}", vector.file);
    }
}
