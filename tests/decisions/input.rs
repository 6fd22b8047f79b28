//! What callers give: parsed into types that cannot hold a wrong value, with messages that show it, short and on one
//! line, unless it may be secret.

use tieback::types::{
    DeliveryQuery, DestinationHeaders, DestinationUrl, Hook, HookStatus, Id, Namespace, PayloadVersion, SigningSecrets,
    StatusFilter, TriggerCreate,
};

use crate::{invalid, says};

#[test]
fn urls_that_a_browser_would_mend_are_refused() {
    for (url, part) in [
        (" https://example.com/hush", "character 1"),
        ("https://example.com/a b?hush", "character 22"),
        ("https://exa\nmple.com/hush", "character 12"),
        ("not a url", "does not parse"),
        ("https://example.com/hush\u{7f}", "character 25"),
        ("https://example.com\\@127.0.0.1/hush", "backslash"),
        ("https:example.com/hush", "`//`"),
        ("https:/example.com/hush", "`//`"),
        ("example.com/hush", "does not parse"),
        ("mailto:someone@example.com", "`mailto`"),
        ("https://example.com/#hush", "fragment"),
        ("https://ann:hush@example.com/", "destination_headers"),
        ("https://hush@example.com/", "destination_headers"),
    ] {
        let refused = invalid(DestinationUrl::parse(url));
        says(&refused, &[part]);
        assert!(!refused.message().contains("hush"), "{refused}");
    }
    let url = DestinationUrl::parse("HTTPS://Example.com:443/%20a/é?q=%5C").unwrap();
    assert_eq!(url.as_str(), "https://example.com/%20a/%C3%A9?q=%5C");
}

/// What is kept is the written-out form, and a store must be able to read it back.
#[test]
fn a_url_that_is_too_long_once_it_is_written_out_is_refused() {
    let short = format!("https://example.com/{}", "é".repeat(300));
    let url = DestinationUrl::parse(&short).unwrap();
    assert_eq!(DestinationUrl::parse(url.as_str()).unwrap(), url);
    let long = format!("https://example.com/{}", "é".repeat(400));
    assert!(long.len() < DestinationUrl::MAX_LEN);
    says(&invalid(DestinationUrl::parse(&long)), &["2420 bytes", "at most 2048"]);
}

#[test]
fn debug_output_shows_neither_queries_nor_header_values() {
    let url = DestinationUrl::parse("https://example.com/events?token=hush").unwrap();
    let headers = DestinationHeaders::parse([("Authorization", "Bearer hush-hush-hush")]).unwrap();
    let secret = "whsec_hushhushhushhushhushhushhushhush";
    let secrets = SigningSecrets::parse([secret]).unwrap();
    let hook = Hook {
        id: Id::from(1),
        company_id: Some(Id::from(5_358_233)),
        project_id: None,
        namespace: "acme".to_owned(),
        payload_version: "v2.0".to_owned(),
        destination_url: url.as_str().to_owned(),
        destination_headers: headers.masked(),
        signing_secrets: secrets.masked(),
        rate_limit: None,
        status: HookStatus::Active,
        trigger_count: None,
        created_at: None,
        updated_at: None,
    };
    let shown = format!("{url:?} {headers:?} {secrets:?} {hook:?}");
    assert!(!shown.contains("token=") && !shown.contains("hush-hush") && !shown.contains("hushhush"), "{shown}");
    assert!(shown.contains("https://example.com/events") && shown.contains("*****-hush"), "{shown}");
}

#[test]
fn a_value_of_any_length_makes_a_short_message() {
    let long = "Ä\n".repeat(1 << 16);
    let messages = [
        invalid(Namespace::parse(&long)),
        invalid(PayloadVersion::parse(&long)),
        invalid(StatusFilter::parse(&long)),
        invalid(Id::parse("hook_id", &long)),
        invalid(Id::parse("hook_id", &"9".repeat(1 << 16))),
        invalid(TriggerCreate::new(&long, "update")),
        invalid(TriggerCreate::new("RFIs", &long)),
        invalid(DestinationHeaders::parse([(long.as_str(), "x")])),
        invalid(DestinationHeaders::parse([("X".repeat(1 << 16).as_str(), "ü")])),
        invalid(DeliveryQuery::parse_start(&long)),
    ];
    for refused in messages {
        assert!(refused.message().len() < 400 && !refused.message().contains('\n'), "{refused}");
    }
}

#[test]
fn borders_of_a_list_say_which_one_is_wrong_and_what_it_was() {
    for text in ["2025-02-30", "yesterday", "2025-02-06T23:34", "9999-12-31", "0000-01-01", ""] {
        says(&invalid(DeliveryQuery::parse_start(text)), &["start", &format!("`{text}`"), "2025-02-06"]);
        says(&invalid(DeliveryQuery::parse_end(text)), &["end", &format!("`{text}`"), "2025-02-06"]);
    }
    let day = DeliveryQuery::parse_start("2025-02-06").unwrap();
    assert_eq!(day.to_string(), "2025-02-06T00:00:00.000000Z");
    assert_eq!(DeliveryQuery::parse_end("2025-02-06").unwrap().to_string(), "2025-02-07T00:00:00.000000Z");
    assert_eq!(
        DeliveryQuery::parse_end("2025-02-06T01:00:00+02:00").unwrap().to_string(),
        "2025-02-05T23:00:00.000000Z"
    );
}
