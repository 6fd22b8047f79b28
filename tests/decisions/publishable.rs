//! Which events can be published.

use serde_json::{Value, json};
use tieback::error::Result;
use tieback::policy::catalogue::Catalogue;
use tieback::policy::matching::can_carry;
use tieback::policy::publishable::check_publishable;
use tieback::types::{Event, PayloadVersion};
use tieback::wire::own::event_from_json;

use super::{invalid, says};

/// A good project event, with one member changed (null takes it away).
fn event_with(member: &str, value: Value) -> Event {
    let mut event = json!({"company_id": 1, "project_id": 2, "resource_name": "RFIs", "resource_id": 3,
        "event_type": "update"});
    event[member] = value;
    event_from_json(&event).unwrap()
}

fn check(member: &str, value: Value) -> Result<()> {
    check_publishable(&event_with(member, value), &Catalogue::builtin()).map(drop)
}

#[test]
fn events_with_good_members_are_taken() {
    for (member, value) in [
        ("user_id", json!(7)),
        ("resource_id", json!("01HZX3")),
        ("resource_id", json!(i64::MAX)),
        ("event_type", json!("approved")),
        ("id", json!(5_982_324_300_946_918_154_i64)),
        ("ulid", json!("0A1B2C3D4F5G6H7I8J9K0LMN")),
        ("ulid", json!("x".repeat(64))),
        ("timestamp", json!("1999-01-01T00:00:00+02:00")),
        ("metadata", json!({"source_operation_id": "any text"})),
        ("data", json!({"a": [1]})),
    ] {
        check(member, value.clone()).unwrap_or_else(|error| panic!("{member} {value}: {error}"));
    }
}

#[test]
fn a_wrong_member_is_named() {
    for (member, value, parts) in [
        ("company_id", json!(null), ["no company_id", "payload"]),
        ("company_id", json!("acme"), ["company_id `acme`", "2^63-1"]),
        ("project_id", json!(0), ["project_id 0", "2^63-1"]),
        ("project_id", json!(null), ["`RFIs` is a project-level resource", "project_id"]),
        ("resource_name", json!(""), ["resource_name", "200 printable"]),
        ("resource_name", json!("R\u{7}"), ["resource_name", "\\u{7}"]),
        ("resource_name", json!("x".repeat(201)), ["resource_name", "201 characters"]),
        ("resource_name", json!("RFI"), ["`RFI`", "`RFIs`"]),
        ("event_type", json!("Update"), ["event_type `Update`", "`update`"]),
        ("event_type", json!(" "), ["event_type", "printable"]),
        ("resource_id", json!(0), ["resource_id `0`", "1 to 2^63-1"]),
        ("resource_id", json!(-1), ["resource_id `-1`", "out of range"]),
        ("resource_id", json!("9223372036854775808"), ["resource_id `9223372036854775808`", "2^63-1"]),
        ("resource_id", json!(""), ["resource_id", "visible ASCII"]),
        ("user_id", json!(-7), ["user_id `-7`", "out of range"]),
        ("metadata", json!({"source_user_id": "a b"}), ["metadata.source_user_id", "a b"]),
        ("related_resources", json!([{"id": -1, "name": "Direct Costs"}]), ["related_resources id", "-1"]),
        ("related_resources", json!([{"id": 1, "name": ""}]), ["related_resources name", "printable"]),
        ("id", json!("01HZX3"), ["id `01HZX3`", "ulid"]),
        ("id", json!(0), ["id `0`", "1 to 2^63-1"]),
        ("ulid", json!(""), ["ulid ``", "1 to 64"]),
        ("ulid", json!("x".repeat(65)), ["ulid", "1 to 64"]),
        ("ulid", json!("a/b"), ["ulid `a/b`", "dash"]),
        ("api_version", json!("v2.0"), ["api_version is not used", "leave it out"]),
        ("unknown", json!({"colour": "red"}), ["unknown.colour is not used", "data"]),
        ("data", json!("x".repeat(Event::MAX_PAYLOAD_BYTES)), ["bytes", "at most 262144"]),
    ] {
        says(&invalid(check(member, value)), &parts);
    }
}

#[test]
fn a_catalogue_that_accepts_any_leaves_the_name_free() {
    assert!(check_publishable(&event_with("resource_name", json!("Cranes")), &Catalogue::accept_any()).is_ok());
}

#[test]
fn numbered_versions_cannot_carry_words_in_any_of_their_ids() {
    for (member, value, carried_by) in [
        ("user_id", json!(7), [true, true, true]),
        ("user_id", json!("robot"), [false, false, true]),
        ("resource_id", json!("01HZX3"), [false, false, true]),
        ("metadata", json!({"source_company_id": "acme"}), [false, false, true]),
        ("related_resources", json!([{"id": "01HZX3", "name": "Direct Costs"}]), [true, false, true]),
    ] {
        let event = event_with(member, value);
        assert_eq!(PayloadVersion::ALL.map(|version| can_carry(version, &event)), carried_by, "{member}");
    }
}
