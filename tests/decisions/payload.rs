//! Payloads: what they carry, what they refuse, and what a reader makes of strange ones.

use proptest::prelude::*;
use serde_json::json;
use tieback::error::ErrorKind;
use tieback::policy::matching::can_carry;
use tieback::time::Timestamp;
use tieback::types::{Event, Id, Metadata, PayloadVersion, RelatedResource, Scope};
use tieback::wire::own::{event_from_json, event_to_json};
use tieback::wire::payload::{parse, render};

use super::{invalid, says};

/// An event that publishing has completed.
fn event(resource_id: &str) -> Event {
    let mut event = Event::new(&Scope::company(8).unwrap(), "Company Users", Id::new(resource_id), "update");
    event.id = Some(Id::from(i64::MAX));
    event.ulid = Some("01JMYXMZRBVKK0PC6XS8SA4QRE".to_owned());
    event.timestamp = Some(Timestamp::parse("2025-02-25T16:04:43Z").unwrap());
    event
}

fn rendered(event: &Event, version: PayloadVersion) -> String {
    String::from_utf8(render(event, version).unwrap()).unwrap()
}

/// As documented: `null` for the project of company events, 64-bit ids, six decimals.
#[test]
fn what_a_company_event_lacks_is_null() {
    let head = concat!(
        r#"{"id":9223372036854775807,"ulid":"01JMYXMZRBVKK0PC6XS8SA4QRE","timestamp":"2025-02-25T16:04:43.000000Z","#,
        r#""metadata":{"source_user_id":null,"source_project_id":null,"source_operation_id":null,"#,
        r#""source_company_id":null,"source_application_id":null},"user_id":null,"company_id":8,"project_id":null,"#,
    );
    let resource = r#""event_type":"update","resource_name":"Company Users","resource_id":5982324300946918154"#;
    let event = event("5982324300946918154");
    assert_eq!(rendered(&event, PayloadVersion::V2), format!(r#"{head}"api_version":"v2.0",{resource}}}"#));
    assert_eq!(
        rendered(&event, PayloadVersion::V3),
        format!(r#"{head}"api_version":"v3.0",{resource},"related_resources":[]}}"#)
    );
    assert_eq!(
        rendered(&event, PayloadVersion::V4),
        r#"{"id":"01JMYXMZRBVKK0PC6XS8SA4QRE","timestamp":"2025-02-25T16:04:43.000000Z","reason":"update","company_id":"8","project_id":null,"user_id":null,"resource_type":"Company Users","resource_id":"5982324300946918154"}"#
    );
}

#[test]
fn only_v4_carries_data_and_ids_that_are_words() {
    let mut event = event("01HZX3");
    event.data = Some(json!({"note": "as it was"}));
    let payload = rendered(&event, PayloadVersion::V4);
    assert!(payload.ends_with(r#""resource_id":"01HZX3","data":{"note":"as it was"}}"#), "{payload}");
    for version in [PayloadVersion::V2, PayloadVersion::V3] {
        says(&invalid(render(&event, version)), &["resource_id `01HZX3`", version.as_str(), "only v4.0 can"]);
    }

    event.resource_id = Id::from(1);
    assert!(!rendered(&event, PayloadVersion::V3).contains(r#""data""#));
    event.related_resources =
        vec![RelatedResource { id: Id::new("9223372036854775808"), name: "Direct Costs".to_owned() }];
    assert!(render(&event, PayloadVersion::V2).is_ok(), "v2.0 has no related resources");
    says(&invalid(render(&event, PayloadVersion::V3)), &["related_resources", "9223372036854775808"]);
    event.metadata = Some(Metadata { source_user_id: Some(Id::new("robot")), ..Metadata::default() });
    says(&invalid(render(&event, PayloadVersion::V2)), &["metadata.source_user_id `robot`"]);
}

#[test]
fn an_event_that_was_not_completed_is_a_defect_of_ours() {
    for forget in [|event: &mut Event| event.ulid = None, |event: &mut Event| event.timestamp = None] {
        let mut event = event("1");
        forget(&mut event);
        for version in PayloadVersion::ALL {
            assert_eq!(render(&event, version).unwrap_err().kind(), ErrorKind::Internal);
        }
    }
}

#[test]
fn a_payload_over_256_kib_is_refused_with_its_size() {
    let mut event = event("1");
    let room = Event::MAX_PAYLOAD_BYTES - rendered(&event, PayloadVersion::V4).len() - r#","data":"""#.len();
    event.data = Some(json!("x".repeat(room)));
    assert_eq!(rendered(&event, PayloadVersion::V4).len(), Event::MAX_PAYLOAD_BYTES);
    event.data = Some(json!("x".repeat(room + 1)));
    says(&invalid(render(&event, PayloadVersion::V4)), &["262145", "262144"]);
}

#[test]
fn ids_are_kept_as_written_however_large() {
    let event = parse(
        br#"{"id": 5982324300946918154, "company_id": "8", "resource_id": 18446744073709551616, "user_id": 9223372036854775808,
            "metadata": {"source_user_id": 5982324300946918154}, "other_id": 18446744073709551616}"#,
    )
    .unwrap();
    assert_eq!(event.id.unwrap().as_str(), "5982324300946918154");
    assert_eq!(event.company_id.unwrap().as_str(), "8");
    assert_eq!(event.resource_id.as_str(), "18446744073709551616");
    assert_eq!(event.user_id.unwrap().as_str(), "9223372036854775808");
    assert_eq!(event.metadata.unwrap().source_user_id.unwrap().as_str(), "5982324300946918154");
    assert_eq!(event.unknown["other_id"], json!("18446744073709551616"));
}

#[test]
fn strange_members_do_not_lose_the_event() {
    let event = parse(
        br#"{"ulid": "not a ULID", "timestamp": "yesterday", "company_id": null, "project_id": "", "event_type": "update",
            "user_id": {"id": 7}, "related_resources": [{"id": 1}], "metadata": {"source_user_id": "7", "extra": 1},
            "resource_name": "RFIs", "dependent_resources": [{"id": 1517}]}"#,
    )
    .unwrap();
    assert_eq!((event.resource_name.as_str(), event.event_type.as_str()), ("RFIs", "update"));
    assert_eq!(event.ulid.as_deref(), Some("not a ULID"));
    assert_eq!((&event.timestamp, &event.company_id, &event.project_id, &event.user_id), (&None, &None, &None, &None));
    assert_eq!(event.metadata.unwrap().source_user_id, Some(Id::from(7)));
    assert_eq!(event.resource_id.as_str(), "");
    // Nothing that was said is lost: what could not be understood is among the unknown.
    let unknown = json!({"timestamp": "yesterday", "user_id": {"id": 7}, "related_resources": [{"id": 1}],
        "dependent_resources": [{"id": 1517}]});
    assert_eq!(serde_json::Value::Object(event.unknown), unknown);
}

#[test]
fn either_v4_member_tells_a_v4_payload() {
    let by_reason = parse(br#"{"reason": "approved", "resource_id": "01HZX3"}"#).unwrap();
    assert_eq!((by_reason.event_type.as_str(), by_reason.resource_id.as_str()), ("approved", "01HZX3"));
    let by_type = parse(br#"{"resource_type": "Equipment", "resource_name": "RFIs"}"#).unwrap();
    assert_eq!(by_type.resource_name, "Equipment");
    assert_eq!(by_type.unknown["resource_name"], "RFIs");
}

#[test]
fn what_is_no_json_object_is_a_protocol_error_that_repeats_nothing() {
    let deep = format!("{{\"data\":{}1{}}}", "[".repeat(500), "]".repeat(500));
    for payload in ["", "[]", "\"secret\"", "{\"secret\": }", "{\"secret\": 1} x", "null", deep.as_str()] {
        let error = parse(payload.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{payload}");
        assert!(!error.message().contains("secret"), "{error}");
    }
    assert_eq!(parse(b"{\"ulid\": \"\xff\"}").unwrap_err().kind(), ErrorKind::Protocol);
}

prop_compose! {
    fn number()(number in 0..=i64::MAX) -> Id { Id::from(number) }
}

prop_compose! {
    fn metadata()(
        source_user_id in proptest::option::of(number()),
        source_project_id in proptest::option::of(number()),
        source_operation_id in proptest::option::of("\\PC{1,20}"),
        source_company_id in proptest::option::of(number()),
        source_application_id in proptest::option::of("\\PC{1,20}"),
    ) -> Metadata {
        Metadata { source_user_id, source_project_id, source_operation_id, source_company_id, source_application_id }
    }
}

prop_compose! {
    /// A completed event with numeric ids.
    fn completed()(
        ids in (number(), number(), proptest::option::of(number()), proptest::option::of(number()), number()),
        ulid in "[0-9A-Z]{1,26}",
        micros in 0..253_402_300_799_999_999_i64,
        words in ("\\PC{1,40}", "\\PC{1,20}"),
        metadata in metadata(),
        related in proptest::collection::vec((number(), "\\PC{1,20}"), 0..3),
        data in proptest::option::of(("\\PC{0,10}", any::<i64>(), any::<u64>(), -1e9..1e9_f64)),
    ) -> Event {
        let (id, company_id, project_id, user_id, resource_id) = ids;
        Event {
            id: Some(id),
            ulid: Some(ulid),
            timestamp: Some(Timestamp::from_micros(micros)),
            company_id: Some(company_id),
            project_id,
            user_id,
            resource_name: words.0,
            resource_id,
            event_type: words.1,
            api_version: None,
            metadata: Some(metadata),
            related_resources: related.into_iter().map(|(id, name)| RelatedResource { id, name }).collect(),
            data: data.map(|(text, signed, unsigned, fraction)| {
                json!({"a": [text, signed], "b": unsigned, "c": fraction.round() / 8.0})
            }),
            unknown: serde_json::Map::new(),
        }
    }
}

/// The same event, as a reader of this version gets to know it.
fn as_read(event: &Event, version: PayloadVersion) -> Event {
    let mut event = event.clone();
    if version == PayloadVersion::V4 {
        event.id = event.ulid.take().map(Id::new);
        event.metadata = None;
    } else {
        event.api_version = Some(version.as_str().to_owned());
        event.data = None;
    }
    if version != PayloadVersion::V3 {
        event.related_resources.clear();
    }
    event
}

proptest! {
    #[test]
    fn parsing_gives_back_what_was_rendered(event in completed()) {
        for version in PayloadVersion::ALL {
            let payload = render(&event, version).unwrap();
            prop_assert_eq!(parse(&payload).unwrap(), as_read(&event, version));
        }
    }

    /// What matching promises, rendering keeps.
    #[test]
    fn an_event_is_rendered_exactly_when_its_version_can_carry_it(event in completed(), word in 0..7) {
        let mut event = event;
        let id = Some(Id::new("01HZX3"));
        let metadata = event.metadata.get_or_insert_default();
        match word {
            0 => event.resource_id = Id::new("01HZX3"),
            1 => event.user_id = id,
            2 => metadata.source_user_id = id,
            3 => metadata.source_project_id = id,
            4 => metadata.source_company_id = id,
            5 => event.related_resources.push(RelatedResource { id: Id::new("01HZX3"), name: "RFIs".to_owned() }),
            _ => {}
        }
        for version in PayloadVersion::ALL {
            prop_assert_eq!(render(&event, version).is_ok(), can_carry(version, &event));
        }
    }

    #[test]
    fn own_json_loses_nothing_of_an_event(event in completed(), extra in "\\PC{1,10}", present in any::<[bool; 6]>()) {
        let mut event = event;
        event.unknown.insert(extra, json!({"kept": [1, null, u64::MAX]}));
        event.api_version = present[0].then(|| "v2".to_owned());
        event.id = event.id.filter(|_| present[1]);
        event.metadata = event.metadata.filter(|_| present[2]);
        event.timestamp = event.timestamp.filter(|_| present[3]);
        if present[4] {
            event.resource_id = Id::new("18446744073709551616");
        }
        if present[5] {
            event.data = Some(serde_json::Value::Null);
        }
        let text = event_to_json(&event).to_string();
        prop_assert_eq!(event_from_json(&tieback::wire::own::parse(&text).unwrap()).unwrap(), event);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }
}
