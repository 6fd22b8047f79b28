//! tieback's own JSON: what is written, and that wrong input is refused at the right place.

use std::time::Duration;

use serde_json::{Value, json};
use tieback::error::{Error, ErrorKind, Retry};
use tieback::policy::retry::RetryPolicy;
use tieback::time::Timestamp;
use tieback::types::{
    Attempt, Check, Delivery, DeliveryStatus, Event, Hook, HookId, HookStatus, Id, IdleReport, IntegrityReport,
    NoDelivery, Notice, NoticeKind, PayloadVersion, Published, Purged, RateLimit, Resource, Restored, RestoredLane,
    Scope, Stats, StatusFilter, Trigger, Why,
};
use tieback::wire::own::*;

use super::{invalid, says};

const MOMENT: &str = "2025-02-06T23:34:12.246562Z";

fn moment() -> Timestamp {
    Timestamp::parse(MOMENT).unwrap()
}

#[test]
fn scopes_come_with_numbers_or_digits() {
    let project = Scope::project(2, Some(562_949_953_434_271)).unwrap();
    assert_eq!(scope_to_json(&project), json!({"company_id": "562949953434271", "project_id": "2"}));
    assert_eq!(scope_from_json(&scope_to_json(&project)).unwrap(), project);
    assert_eq!(scope_from_json(&json!({"company_id": 1})).unwrap(), Scope::company(1).unwrap());
    assert_eq!(
        scope_from_json(&json!({"project_id": "2", "company_id": null})).unwrap(),
        Scope::project(2, None).unwrap()
    );

    says(&invalid(scope_from_json(&json!({}))), &["company_id or a project_id"]);
    says(&invalid(scope_from_json(&json!({"company_id": 0}))), &["company_id 0"]);
    says(&invalid(scope_from_json(&json!({"company_id": -1}))), &["company_id -1"]);
    says(
        &invalid(scope_from_json(&json!({"company_id": "9223372036854775808"}))),
        &["company_id", "9223372036854775808"],
    );
    says(&invalid(scope_from_json(&json!({"company_id": 1.5}))), &["company_id", "1.5", "2^63-1"]);
    says(&invalid(scope_from_json(&json!({"company": 1}))), &["`company` is unknown", "company_id, project_id"]);
    says(&invalid(scope_from_json(&json!([]))), &["the input is a list", "an object"]);
}

#[test]
fn wrong_members_of_an_event_are_named_with_their_path() {
    let event = json!({"company_id": 1, "resource_name": "RFIs", "resource_id": 2, "event_type": "update"});
    assert!(event_from_json(&event).is_ok());
    let with = |name: &str, value: Value| {
        let mut event = event.clone();
        event[name] = value;
        event_from_json(&event)
    };
    says(&invalid(with("resource_name", json!(null))), &["`resource_name` is missing", "RFIs"]);
    says(&invalid(with("resource_id", json!(1.0e30))), &["`resource_id`", "an id"]);
    says(&invalid(with("user_id", json!([7]))), &["`user_id` is a list"]);
    says(&invalid(with("scope", json!({"company_id": 1}))), &["`scope` is unknown", "company_id, project_id"]);
    says(&invalid(with("metadata", json!({"source_user_id": true}))), &["`metadata.source_user_id` is true"]);
    says(&invalid(with("metadata", json!({"user": 1}))), &["`metadata.user` is unknown"]);
    says(
        &invalid(with("related_resources", json!([{"id": 1, "name": "a"}, {"id": 2}]))),
        &["`related_resources[1].name`"],
    );
    says(&invalid(with("timestamp", json!("yesterday"))), &["`timestamp`", "yesterday", "RFC 3339"]);
    says(&invalid(with("timestamp", json!(7))), &["`timestamp` is 7", "a text"]);
    says(&invalid(parse("{\"a\": ")), &["not JSON", "line 1"]);
}

#[test]
fn a_hook_is_written_with_its_masked_headers() {
    let hook = Hook {
        id: Id::from(5),
        company_id: Some(Id::from(1)),
        project_id: None,
        namespace: "acme".to_owned(),
        payload_version: "v2.0".to_owned(),
        destination_url: "https://example.com/".to_owned(),
        destination_headers: vec![("Authorization".to_owned(), "*****token".to_owned())],
        signing_secrets: Vec::new(),
        rate_limit: None,
        status: HookStatus::Active,
        trigger_count: Some(3),
        created_at: Some(moment()),
        updated_at: None,
    };
    let expected = json!({"id": "5", "company_id": "1", "namespace": "acme", "payload_version": "v2.0",
        "destination_url": "https://example.com/", "destination_headers": {"Authorization": "*****token"},
        "status": "active", "trigger_count": 3, "created_at": MOMENT});
    assert_eq!(hook_to_json(&hook), expected);

    let signing_secrets = vec!["*****LaSw1".to_owned(), "*****LaSw2".to_owned()];
    let rate_limit = Some(RateLimit::with_burst(10, Duration::from_secs(60), 2).unwrap());
    let written = hook_to_json(&Hook { signing_secrets, rate_limit, ..hook });
    assert_eq!(written["signing_secrets"], json!(["*****LaSw1", "*****LaSw2"]));
    assert_eq!(written["rate_limit"], json!({"attempts": 10, "per_ms": 60_000, "burst": 2}));
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn options_of_a_hook_are_read_and_taken_away() {
    let mut whole = json!({"namespace": "acme", "payload_version": "v4", "destination_url": "https://example.com",
        "signing_secrets": [SECRET], "rate_limit": {"attempts": 1, "per_ms": 10_000}});
    let hook = hook_create_from_json(&whole).unwrap();
    assert_eq!(hook.signing_secrets.masked(), ["*****aLaSw"]);
    assert_eq!(hook.rate_limit, Some(RateLimit::new(1, Duration::from_secs(10)).unwrap()));
    whole["rate_limit"] = json!({"attempts": 10, "per_ms": 1000, "burst": 5});
    assert_eq!(hook_create_from_json(&whole).unwrap().rate_limit.unwrap().burst(), 5);
    for name in ["signing_secrets", "rate_limit"] {
        whole[name] = json!(null);
    }
    let hook = hook_create_from_json(&whole).unwrap();
    assert!(hook.signing_secrets.is_empty() && hook.rate_limit.is_none());

    let change = |input| hook_update_from_json(&input).unwrap();
    assert_eq!(change(json!({})).rate_limit, None);
    assert_eq!(change(json!({"clear_rate_limit": false})).rate_limit, None);
    assert_eq!(change(json!({"clear_rate_limit": true})).rate_limit, Some(None));
    assert!(change(json!({"rate_limit": {"attempts": 1, "per_ms": 1}})).rate_limit.unwrap().is_some());
    assert!(change(json!({"signing_secrets": []})).signing_secrets.unwrap().is_empty());
    assert_eq!(change(json!({})).signing_secrets, None);
}

#[test]
fn wrong_options_of_a_hook_are_named_without_the_secret() {
    for (change, parts) in [
        (json!({"signing_secrets": SECRET}), &["`signing_secrets` is a text", "a list"][..]),
        (json!({"signing_secrets": [SECRET, 7]}), &["`signing_secrets[1]` is 7"]),
        (json!({"signing_secrets": [SECRET, SECRET]}), &["`signing_secrets`", "1 and 2 are the same"]),
        (json!({"signing_secrets": [SECRET, "whsec_MfKQ"]}), &["`signing_secrets`", "signing secret 2", "3 bytes"]),
        (json!({"rate_limit": "10/s"}), &["`rate_limit` is a text", "an object"]),
        (json!({"rate_limit": {"attempts": 1}}), &["`rate_limit.per_ms` is missing"]),
        (json!({"rate_limit": {"per_ms": 1}}), &["`rate_limit.attempts` is missing"]),
        (json!({"rate_limit": {"attempts": 1, "per_ms": 1, "per": 1}}), &["`rate_limit.per` is unknown", "per_ms"]),
        (json!({"rate_limit": {"attempts": 0, "per_ms": 1}}), &["`rate_limit`", "0 attempts"]),
        (json!({"rate_limit": {"attempts": 2, "per_ms": 1, "burst": 3}}), &["`rate_limit`", "burst of 3", "1 to 2"]),
        (json!({"rate_limit": {"attempts": 1, "per_ms": 1}, "clear_rate_limit": true}), &["clear_rate_limit"]),
    ] {
        let refused = invalid(hook_update_from_json(&change));
        says(&refused, parts);
        assert!(!refused.message().contains("MfKQ"), "{refused}");
    }
}

#[test]
fn hooks_to_create_update_and_list_are_read() {
    let whole = json!({"namespace": "acme", "payload_version": "v4", "destination_url": "https://example.com",
        "destination_headers": {"Authorization": "Bearer secret-token"}});
    let hook = hook_create_from_json(&whole).unwrap();
    assert_eq!((hook.namespace.as_str(), hook.payload_version), ("acme", PayloadVersion::V4));
    assert_eq!(hook.destination_headers.masked(), [("Authorization".to_owned(), "*****token".to_owned())]);

    let change = hook_update_from_json(&json!({"status": "disabled", "destination_headers": {}})).unwrap();
    assert_eq!((change.active, change.namespace), (Some(false), None));
    assert!(change.destination_headers.as_ref().unwrap().is_empty());
    assert!(hook_update_from_json(&json!({})).unwrap().is_empty());
    let moved = json!({"destination_url": "https://two.example.com/", "danger_keep_headers": true});
    assert!(hook_update_from_json(&moved).unwrap().danger_keep_headers && !change.danger_keep_headers);
    says(&invalid(hook_update_from_json(&json!({"status": "Active"}))), &["status `Active`", "active or disabled"]);

    let query = hook_query_from_json(&json!({"namespace": "acme", "include_trigger_count": true})).unwrap();
    assert!(query.include_trigger_count && query.payload_version.is_none());

    for name in ["namespace", "payload_version", "destination_url"] {
        let mut part = whole.clone();
        part.as_object_mut().unwrap().remove(name);
        says(&invalid(hook_create_from_json(&part)), &[name, "is missing"]);
    }
    says(&invalid(hook_create_from_json(&json!({"namespace": "Acme"}))), &["`namespace`", "`A`"]);
    says(
        &invalid(hook_create_from_json(&json!({"api_version": "v2", "namespace": "acme", "payload_version": "v2",
        "destination_url": "https://example.com"}))),
        &["`api_version` is unknown", "payload_version"],
    );
}

#[test]
fn errors_about_hooks_never_repeat_a_header_value() {
    for headers in [
        json!({"Authorization": ["sesame"]}),
        json!({"Authorization": "sesame\r\n"}),
        json!("sesame"),
        json!({"Host": "sesame"}),
        json!({"a": "sesame", "A": "sesame"}),
    ] {
        let error = invalid(hook_update_from_json(&json!({"destination_headers": headers})));
        says(&error, &["destination_headers"]);
        assert!(!format!("{error:?} {error}").contains("sesame"), "{error:?}");
    }
}

#[test]
fn triggers_and_ids_are_read() {
    let one = trigger_create_from_json(&json!({"resource_name": "RFIs", "event_type": "CREATE"})).unwrap();
    assert_eq!((one.resource_name.as_str(), one.event_type.as_str()), ("RFIs", "create"));
    says(&invalid(trigger_create_from_json(&json!({"resource_name": "RFIs"}))), &["`event_type`", "is missing"]);
    let blank = json!({"resource_name": "", "event_type": "x"});
    says(&invalid(trigger_create_from_json(&blank)), &["resource_name"]);
    says(&invalid(trigger_create_from_json(&json!([]))), &["a list", "an object"]);
    assert_eq!(id_from_json("trigger_id", &json!(1)).unwrap(), Id::from(1));
    assert_eq!(id_from_json("trigger_id", &json!("2")).unwrap(), Id::from(2));
    says(&invalid(id_from_json("trigger_id", &json!(-2))), &["trigger_id", "`-2`"]);
    says(&invalid(id_from_json("trigger_id", &json!(1.5))), &["trigger_id", "1.5"]);
    assert_eq!(
        resource_query_from_json(&json!({"payload_version": "v3"})).unwrap().payload_version,
        Some(PayloadVersion::V3)
    );
}

#[test]
fn bulk_answers_have_one_entry_for_each_item() {
    let trigger = Trigger {
        id: Id::from(1),
        hook_id: Id::from(2),
        resource_name: "RFIs".to_owned(),
        event_type: "create".to_owned(),
    };
    let answers = [Ok(trigger), Err(Error::new(ErrorKind::Conflict, "it is there already").during("trigger_create"))];
    let error =
        json!({"kind": "conflict", "message": "it is there already", "operation": "trigger_create", "retry": "never"});
    assert_eq!(
        triggers_created_to_json(&answers),
        json!([
            {"trigger": {"id": "1", "hook_id": "2", "resource_name": "RFIs", "event_type": "create"}},
            {"error": error},
        ])
    );
    let gone = [Ok(()), Err(Error::new(ErrorKind::NotFound, "no such trigger"))];
    let deleted = triggers_deleted_to_json(&gone);
    assert_eq!((&deleted[0], &deleted[1]["error"]["kind"]), (&json!({"deleted": true}), &json!("not_found")));
}

#[test]
fn errors_say_whether_to_try_again() {
    let busy = Error::new(ErrorKind::Unavailable, "busy").with_retry(Retry::After(Duration::from_millis(1500)));
    assert_eq!(error_to_json(&busy)["retry"], json!({"after_ms": 1500}));
    assert_eq!(error_to_json(&Error::new(ErrorKind::Network, "cut"))["retry"], json!("now"));
}

fn delivery(payload: &[u8]) -> Delivery {
    let attempt = Attempt {
        started_at: moment(),
        completed_at: moment().plus(Duration::from_millis(5)),
        response_status: Some(503),
        response_headers: [("Set-Cookie", "a=1"), ("Server", "x"), ("set-cookie", "b=2")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        response_body: b"sorry \xff".to_vec(),
        response_body_truncated: true,
        response_error: None,
    };
    Delivery {
        id: Id::from(9),
        hook_id: Id::from(5),
        status: DeliveryStatus::Discarded,
        why: Some(Why::Flushed),
        event: Event::new(&Scope::company(1).unwrap(), "Company Users", Id::from(42), "update"),
        payload: payload.to_vec(),
        created_at: None,
        restored: false,
        attempts: vec![attempt, Attempt { response_error: Some("refused".to_owned()), ..Attempt::default() }],
    }
}

#[test]
fn a_delivery_is_written_with_event_payload_and_attempts() {
    let written = delivery_to_json(&delivery(br#"{"id":18446744073709551616,"ulid":"x"}"#));
    let expected = json!({
        "id": "9", "hook_id": "5", "status": "discarded", "why": "flushed",
        "event": {"company_id": "1", "resource_name": "Company Users", "resource_id": "42", "event_type": "update"},
        "payload": {"id": "18446744073709551616", "ulid": "x"},
        "attempts": [
            {"started_at": MOMENT, "completed_at": "2025-02-06T23:34:12.251562Z", "success": false,
             "response_status": 503, "response_headers": {"Set-Cookie": "a=1, b=2", "Server": "x"},
             "response_body": "sorry \u{fffd}", "response_body_truncated": true},
            {"started_at": "1970-01-01T00:00:00.000000Z", "completed_at": "1970-01-01T00:00:00.000000Z",
             "success": false, "response_headers": {}, "response_body": "", "response_body_truncated": false,
             "response_error": "refused"},
        ],
    });
    assert_eq!(written, expected);
    assert_eq!(delivery_to_json(&delivery(b"[1]"))["payload"], json!("[1]"));
}

#[test]
fn delivery_queries_take_the_words_of_both_generations_and_days() {
    for (word, filter) in [
        ("any", StatusFilter::Any),
        ("successful", StatusFilter::Delivered),
        ("succeeded", StatusFilter::Delivered),
        ("failing", StatusFilter::Failing),
        ("retrying", StatusFilter::Retrying),
    ] {
        assert_eq!(delivery_query_from_json(&json!({"status": word})).unwrap().status, filter);
    }
    let query =
        delivery_query_from_json(&json!({"resource_name": "RFIs", "event_type": "update", "start": "2025-02-06",
        "end": MOMENT}))
        .unwrap();
    assert_eq!(query.start.unwrap().to_string(), "2025-02-06T00:00:00.000000Z");
    assert_eq!(query.end, Some(moment()));
    says(&invalid(delivery_query_from_json(&json!({"status": "ok"}))), &["`status`", "`ok`"]);
    says(&invalid(delivery_query_from_json(&json!({"end": "soon"}))), &["`end`", "soon"]);
    says(&invalid(delivery_query_from_json(&json!({"from": MOMENT}))), &["`from` is unknown", "start, end"]);
}

#[test]
fn pages_are_asked_for_and_answered() {
    let page = page_request_from_json(&json!({"limit": 2, "after": "17"})).unwrap();
    assert_eq!((page.limit, page.after), (2, Some(Id::from(17))));
    says(
        &invalid(page_request_from_json(&json!({"limit": 4_294_967_296_u64}))),
        &["`limit` is 4294967296", "4294967295"],
    );
    says(&invalid(page_request_from_json(&json!({"limit": -1}))), &["`limit` is -1"]);
    says(&invalid(page_request_from_json(&json!({"after": "a b"}))), &["after", "a b"]);
}

#[test]
fn what_an_engine_tells_is_written_in_its_words() {
    let mut published = Published {
        id: Id::from(1),
        ulid: "u".to_owned(),
        deliveries: 0,
        duplicate: false,
        no_delivery: Some(NoDelivery::HookDisabled),
        hooks: vec![HookId(5)],
    };
    let written = json!({
        "id": "1",
        "ulid": "u",
        "deliveries": 0,
        "duplicate": false,
        "hook_ids": ["5"],
        "no_delivery": "hook_disabled",
    });
    assert_eq!(published_to_json(&published), written);
    published.no_delivery = None;
    assert_eq!(published_to_json(&published).get("no_delivery"), None);

    let notice = |kind| notice_to_json(&Notice { hook: Some(HookId(5)), at: moment(), kind });
    assert_eq!(
        notice(NoticeKind::Paused { reason: "503".to_owned() }),
        json!({"hook_id": "5", "at": MOMENT, "kind": "paused", "reason": "503"})
    );
    assert_eq!(notice(NoticeKind::Resumed), json!({"hook_id": "5", "at": MOMENT, "kind": "resumed"}));
    assert_eq!(notice(NoticeKind::Flushed { discarded: 3 })["discarded"], json!(3));
    let kind = NoticeKind::StoreFailed { reason: "full".to_owned() };
    assert_eq!(
        notice_to_json(&Notice { hook: None, at: moment(), kind }),
        json!({"at": MOMENT, "kind": "store_failed", "reason": "full"})
    );

    let kind = NoticeKind::Restored { queued: 3 };
    assert_eq!(
        notice_to_json(&Notice { hook: None, at: moment(), kind }),
        json!({"at": MOMENT, "kind": "restored", "queued": 3})
    );

    let stats = Stats {
        queued: 4,
        in_flight: 3,
        paused_lanes: 2,
        oldest_queued_age: Duration::from_micros(1_999_999),
        hooks: 5,
        delivered: 6,
        discarded: 7,
        oldest_kept_at: None,
        database_bytes: 8192,
        reusable_bytes: 4096,
        wal_bytes: 32,
    };
    let mut expected = json!({
        "queued": 4, "in_flight": 3, "paused_lanes": 2, "oldest_queued_age_ms": 1999, "hooks": 5, "delivered": 6,
        "discarded": 7, "database_bytes": 8192, "reusable_bytes": 4096, "wal_bytes": 32
    });
    assert_eq!(stats_to_json(&stats), expected);
    expected["oldest_kept_at"] = json!(MOMENT);
    assert_eq!(stats_to_json(&Stats { oldest_kept_at: Some(moment()), ..stats }), expected);
    let mut report = IntegrityReport::default();
    assert_eq!(integrity_report_to_json(&report), json!({"sound": true, "findings": [], "more": false}));
    report.add(Check::Lanes, "hook 1 has no lane");
    assert_eq!(
        integrity_report_to_json(&report),
        json!({"sound": false, "findings": [{"check": "lanes", "message": "hook 1 has no lane"}], "more": false})
    );
    assert_eq!(restored_to_json(&Restored::default()), json!({"queued": 0, "lanes": []}));
    let restored = Restored {
        backed_up_at: Some(moment()),
        queued: 4,
        lanes: vec![RestoredLane { hook: HookId(5), queued: 4 }],
        replaced: Some("hooks.db-replaced".into()),
    };
    assert_eq!(
        restored_to_json(&restored),
        json!({
            "queued": 4, "lanes": [{"hook_id": "5", "queued": 4}], "backed_up_at": MOMENT,
            "replaced": "hooks.db-replaced"
        })
    );
    assert_eq!(
        idle_report_to_json(&IdleReport { idle: true, paused_lanes: 1, attempts: 6 }),
        json!({"idle": true, "paused_lanes": 1, "attempts": 6})
    );
    assert_eq!(
        purged_to_json(&Purged { deliveries: 3, events: 2, hooks: 1 }),
        json!({"deliveries": 3, "events": 2, "hooks": 1})
    );
    let resource = Resource {
        name: "Project Users".to_owned(),
        event_types: vec!["create".to_owned(), "update".to_owned()],
        deprecated_event_types: vec!["update".to_owned()],
        note: "n".to_owned(),
    };
    assert_eq!(
        resource_to_json(&resource),
        json!({
            "name": "Project Users",
            "event_types": ["create", "update"],
            "deprecated_event_types": ["update"],
            "note": "n"
        })
    );
}

#[test]
fn a_retry_policy_is_procores_but_for_what_is_given() {
    assert_eq!(RetryPolicy::from_json(&json!({})).unwrap(), RetryPolicy::default());
    let given = json!({"connect_timeout_ms": 1, "response_timeout_ms": 2, "backoff_min_ms": 3, "backoff_max_ms": 4,
        "give_up_after_ms": 5, "max_attempts": 6, "max_in_flight": 7, "jitter": 0.5, "honor_retry_after": true});
    let expected = RetryPolicy {
        connect_timeout: Duration::from_millis(1),
        response_timeout: Duration::from_millis(2),
        backoff_min: Duration::from_millis(3),
        backoff_max: Duration::from_millis(4),
        give_up_after: Duration::from_millis(5),
        max_attempts: Some(6),
        max_in_flight: 7,
        jitter: 0.5,
        honor_retry_after: true,
    };
    assert_eq!(RetryPolicy::from_json(&given).unwrap(), expected);
    says(&invalid(RetryPolicy::from_json(&json!({"backoff_max": 4}))), &["`backoff_max` is unknown", "backoff_max_ms"]);
    says(
        &invalid(RetryPolicy::from_json(&json!({"backoff_max_ms": 1.5}))),
        &["`backoff_max_ms` is 1.5", "milliseconds"],
    );
    says(&invalid(RetryPolicy::from_json(&json!({"backoff_max_ms": 1}))), &["backoff_max", "out of range"]);
    says(&invalid(RetryPolicy::from_json(&json!({"jitter": "1"}))), &["`jitter` is a text"]);
}
