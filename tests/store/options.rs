//! Claims about what a hook may have beside its destination: signing secrets and a rate limit.

use std::time::Duration;

use tieback::error::ErrorKind::InvalidArgument;
use tieback::store::Store;
use tieback::types::{DestinationHeaders, HookCreate, HookId, HookUpdate, RateLimit, SigningSecrets};

use crate::given::*;

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

fn secrets(texts: &[&str]) -> SigningSecrets {
    SigningSecrets::parse(texts.iter().copied()).unwrap()
}

fn limit(attempts: u32, per_ms: u64, burst: u32) -> RateLimit {
    RateLimit::with_burst(attempts, Duration::from_millis(per_ms), burst).unwrap()
}

/// A hook with both.
fn with_options(store: &dyn Store) -> HookId {
    let create =
        HookCreate { signing_secrets: secrets(&[OLD]), rate_limit: Some(limit(10, 60_000, 2)), ..hook("acme") };
    rfi_hook_in(store, &company(), &create)
}

fn change_secrets(store: &dyn Store, hook: HookId, texts: &[&str]) {
    let change = HookUpdate { signing_secrets: Some(secrets(texts)), ..HookUpdate::default() };
    store.update_hook(&company(), hook, &change, at(1)).unwrap();
}

fn change_limit(store: &dyn Store, hook: HookId, limit: Option<RateLimit>) {
    let change = HookUpdate { rate_limit: Some(limit), ..HookUpdate::default() };
    store.update_hook(&company(), hook, &change, at(1)).unwrap();
}

pub fn signing_secrets_are_shown_masked_and_given_to_the_worker_whole(store: &dyn Store) {
    let hook = with_options(store);
    assert_eq!(store.hook(&company(), hook).unwrap().signing_secrets, ["*****aLaSw"]);
    let destination = load(store, hook).destination.unwrap();
    assert_eq!(destination.signing_secrets, secrets(&[OLD]));
    assert!(!format!("{destination:?}").contains("MfKQ"));
    let plain = rfi_hook(store, "plain");
    assert_eq!(store.hook(&company(), plain).unwrap().signing_secrets, [""; 0]);
    assert!(load(store, plain).destination.unwrap().signing_secrets.is_empty());
}

pub fn signing_secrets_are_replaced_and_taken_away(store: &dyn Store) {
    let hook = with_options(store);
    for texts in [&[NEW, OLD][..], &[NEW], &[]] {
        change_secrets(store, hook, texts);
        assert_eq!(load(store, hook).destination.unwrap().signing_secrets, secrets(texts), "in this order");
        let shown = store.hook(&company(), hook).unwrap();
        assert_eq!((shown.signing_secrets.len(), shown.updated_at), (texts.len(), Some(at(1))));
    }
}

/// Whoever refused the signatures of before may take those of now.
pub fn other_signing_secrets_count_a_nudge(store: &dyn Store) {
    let hook = with_options(store);
    change_secrets(store, hook, &[OLD]);
    assert_eq!(load(store, hook).control.nudges, 0, "the same ones");
    change_secrets(store, hook, &[OLD, NEW]);
    assert_eq!(load(store, hook).control.nudges, 1);
    change_secrets(store, hook, &[]);
    assert_eq!(load(store, hook).control.nudges, 2);
}

pub fn a_rate_limit_is_kept_to_the_millisecond_and_taken_away(store: &dyn Store) {
    let hook = with_options(store);
    for limit in [Some(limit(10, 60_000, 2)), Some(limit(1, 86_400_000, 1)), Some(limit(1_000_000, 1, 7)), None] {
        change_limit(store, hook, limit);
        assert_eq!(store.hook(&company(), hook).unwrap().rate_limit, limit);
        assert_eq!(load(store, hook).destination.unwrap().rate_limit, limit);
    }
}

pub fn another_rate_limit_counts_no_nudge(store: &dyn Store) {
    let hook = with_options(store);
    change_limit(store, hook, Some(limit(1, 1000, 1)));
    assert_eq!(load(store, hook).control.nudges, 0);
    assert_eq!(store.hook(&company(), hook).unwrap().updated_at, Some(at(1)));
}

pub fn options_stay_when_something_else_changes(store: &dyn Store) {
    let hook = with_options(store);
    let before = load(store, hook).destination.unwrap();
    let change = HookUpdate {
        destination_url: Some(url("https://other.example.com/")),
        danger_keep_headers: true,
        ..HookUpdate::default()
    };
    store.update_hook(&company(), hook, &change, at(1)).unwrap();
    let after = load(store, hook).destination.unwrap();
    assert_eq!((&after.signing_secrets, after.rate_limit), (&before.signing_secrets, before.rate_limit));
    assert!(!after.signing_secrets.is_empty() && after.rate_limit.is_some());
}

pub fn a_header_that_the_signature_uses_is_refused_whichever_comes_first(store: &dyn Store) {
    let own = DestinationHeaders::parse([("Webhook-Id", "mine-0123456789")]).unwrap();
    let create = HookCreate { destination_headers: own.clone(), ..hook("own") };
    let both = HookCreate { signing_secrets: secrets(&[OLD]), ..create.clone() };
    let said = message_of(store.insert_hook(&company(), &both, at(0)), InvalidArgument);
    assert!(said.contains("`Webhook-Id`") && !said.contains("mine"), "{said}");

    let unsigned = rfi_hook_in(store, &company(), &create);
    let sign = HookUpdate { signing_secrets: Some(secrets(&[OLD])), ..HookUpdate::default() };
    refused(store.update_hook(&company(), unsigned, &sign, at(1)), InvalidArgument);
    assert!(load(store, unsigned).destination.unwrap().signing_secrets.is_empty(), "nothing has changed");
    let instead = HookUpdate { destination_headers: Some(headers("Bearer other")), ..sign };
    store.update_hook(&company(), unsigned, &instead, at(1)).unwrap();

    let signed = with_options(store);
    let with_own = HookUpdate { destination_headers: Some(own), ..HookUpdate::default() };
    refused(store.update_hook(&company(), signed, &with_own, at(1)), InvalidArgument);
    let instead = HookUpdate { signing_secrets: Some(secrets(&[])), ..with_own };
    store.update_hook(&company(), signed, &instead, at(1)).unwrap();
}

pub fn a_delivery_carries_its_ulid(store: &dyn Store) {
    let hook = rfi_hook(store, "acme");
    queue(store, hook, [1, 2]);
    let loaded: Vec<String> = load(store, hook).deliveries.iter().map(|queued| queued.ulid.to_string()).collect();
    assert_eq!(loaded, [ulid(1), ulid(2)]);
}
