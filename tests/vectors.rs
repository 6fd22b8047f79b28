//! The documented payloads of `tests/vectors`: rendered byte for byte, and parsed.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tieback::types::PayloadVersion;
use tieback::wire::own::{event_from_json, event_to_json};
use tieback::wire::payload;

struct Vector {
    file: String,
    content: Value,
}

impl Vector {
    fn text(&self, member: &str) -> &str {
        self.content[member].as_str().unwrap_or_else(|| panic!("{} has a text `{member}`", self.file))
    }
}

fn vectors() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut vectors: Vec<Vector> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| Vector {
            file: path.file_name().unwrap().to_string_lossy().into_owned(),
            content: serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap(),
        })
        .collect();
    vectors.sort_by(|a, b| a.file.cmp(&b.file));
    vectors
}

/// Drops the white space outside strings. Written out, so that no JSON library has a say in order or numbers.
fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    json.chars()
        .filter(|&c| {
            let keep = in_string || !c.is_ascii_whitespace();
            if escaped {
                escaped = false;
            } else if c == '"' {
                in_string = !in_string;
            } else {
                escaped = in_string && c == '\\';
            }
            keep
        })
        .collect()
}

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
