//! Signatures: the vectors of the Standard Webhooks libraries, the same results as the reference library has, and which
//! secrets are taken.

use proptest::prelude::*;
use serde_json::Value;
use standardwebhooks::Webhook;
use tieback::policy::signing::{check_headers, headers, sign};
use tieback::time::Timestamp;
use tieback::types::{DestinationHeaders, SigningSecret, SigningSecrets};

use crate::{invalid, says};

const VECTORS: &str = include_str!("../vectors/signing/standard-webhooks.json");

fn vectors() -> Vec<Value> {
    serde_json::from_str(VECTORS).unwrap()
}

fn secret(text: &str) -> SigningSecret {
    SigningSecret::parse(text).unwrap()
}

/// A secret of this many bytes, all the same.
fn of_bytes(count: usize, byte: u8) -> String {
    use base64::Engine;
    let key = base64::engine::general_purpose::STANDARD.encode(vec![byte; count]);
    format!("whsec_{key}")
}

#[test]
fn signatures_are_those_of_the_published_vectors() {
    let vectors = vectors();
    assert!(!vectors.is_empty());
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let seconds = vector["timestamp"].as_i64().unwrap();
        let signature = sign(&secret(text("secret")), text("id"), seconds, text("payload").as_bytes());
        assert_eq!(signature, text("signature"), "{}", text("source"));
    }
}

#[test]
fn headers_carry_one_signature_for_each_secret_in_their_order() {
    let vector = &vectors()[0];
    let text = |name: &str| vector[name].as_str().unwrap();
    let other = of_bytes(64, 7);
    let secrets = SigningSecrets::parse([other.as_str(), text("secret")]).unwrap();
    let now = Timestamp::from_micros(vector["timestamp"].as_i64().unwrap() * 1_000_000 + 999_999);
    let payload = text("payload").as_bytes();
    let made = headers(&secrets, text("id"), now, payload);
    let others = sign(&secret(&other), text("id"), 1_614_265_330, payload);
    let expected = [
        ("webhook-id", text("id").to_owned()),
        ("webhook-timestamp", "1614265330".to_owned()),
        ("webhook-signature", format!("{others} {}", text("signature"))),
    ];
    assert_eq!(made, expected);
    assert_eq!(headers(&SigningSecrets::default(), text("id"), now, payload), []);
}

proptest! {
    #[test]
    fn the_reference_library_makes_the_same_signature(
        key in proptest::collection::vec(any::<u8>(), 24..=64),
        id in "[A-Za-z0-9_-]{1,64}",
        seconds in 0..4_000_000_000_i64,
        payload in ".{0,200}",
    ) {
        use base64::Engine;
        let text = format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode(key));
        let theirs = Webhook::new(&text).unwrap().sign(&id, seconds, payload.as_bytes()).unwrap();
        prop_assert_eq!(sign(&secret(&text), &id, seconds, payload.as_bytes()), theirs);
    }
}

#[test]
fn secrets_have_a_prefix_and_24_to_64_bytes() {
    for (text, parts) in [
        ("", &["does not begin with `whsec_`"][..]),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &["does not begin with `whsec_`"]),
        ("WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &["does not begin with `whsec_`"]),
        ("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &["does not begin with `whsec_`"]),
        ("whsec_", &["0 bytes", "24 to 64"]),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS-", &["not base64"]),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw ", &["not base64"]),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKY", &["not base64"]),
        ("*****LaSw", &["a mask"]),
    ] {
        let refused = invalid(SigningSecret::parse(text));
        says(&refused, parts);
        assert!(!refused.message().contains("MfKQ") && !refused.message().contains("LaSw"), "{refused}");
    }
    for (count, taken) in [(23, false), (24, true), (64, true), (65, false)] {
        assert_eq!(SigningSecret::parse(&of_bytes(count, 1)).is_ok(), taken, "{count} bytes");
    }
    says(&invalid(SigningSecret::parse(&of_bytes(65, 1))), &["65 bytes", "24 to 64"]);
}

#[test]
fn lists_of_secrets_say_which_one_is_wrong() {
    let many: Vec<String> = (0..9).map(|byte| of_bytes(24, byte)).collect();
    let parse = |secrets: &[&str]| SigningSecrets::parse(secrets.iter().copied());
    let all: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(parse(&all[..8]).unwrap().masked().len(), 8);
    says(&invalid(parse(&all)), &["more than 8"]);
    says(&invalid(parse(&[all[0], all[1], all[0]])), &["secrets 1 and 3 are the same"]);
    says(&invalid(parse(&[all[0], "whsec_"])), &["secret 2", "0 bytes"]);
}

#[test]
fn a_header_that_the_signature_uses_is_refused_where_there_is_a_secret() {
    let secrets = SigningSecrets::parse([of_bytes(24, 1).as_str()]).unwrap();
    for name in ["webhook-id", "Webhook-Timestamp", "WEBHOOK-SIGNATURE"] {
        let given = DestinationHeaders::parse([("Authorization", "hush"), (name, "hush")]).unwrap();
        let refused = invalid(check_headers(&given, &secrets));
        says(&refused, &[name, "signing_secrets"]);
        assert!(!refused.message().contains("hush"), "{refused}");
        check_headers(&given, &SigningSecrets::default()).unwrap();
    }
    let given = DestinationHeaders::parse([("webhook-ids", "1")]).unwrap();
    check_headers(&given, &secrets).unwrap();
}
