//! Signed deliveries, verified at the endpoint by the reference library of Standard Webhooks.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use standardwebhooks::Webhook;
use tieback::service::Service;
use tieback::time::{Clock, Timestamp};
use tieback::types::{DestinationHeaders, HookUpdate, SigningSecrets};

use crate::stage::Stage;
use crate::support::sink::{Answer, Request, Sink};

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// An endpoint that verifies what it is sent, and the secret it knows.
fn verifying(secret: &str) -> (Sink, Arc<Mutex<String>>) {
    let known = Arc::new(Mutex::new(secret.to_owned()));
    let sink = Sink::start({
        let known = Arc::clone(&known);
        move |request, _| Answer::Status(if is_genuine(request, &known.lock().unwrap()) { 204 } else { 401 })
    });
    (sink, known)
}

/// What the reference library says, which also looks at the machine's clock.
fn is_genuine(request: &Request, secret: &str) -> bool {
    let mut headers = http::HeaderMap::new();
    for (name, value) in &request.headers {
        headers.insert(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
    }
    Webhook::new(secret).unwrap().verify(&request.body, &headers).is_ok()
}

/// A stage at the present time, whose hook has these secrets.
fn signed(sink: Sink, secrets: &[&str]) -> Stage {
    let stage = Stage::new(sink);
    stage.rig.clock.set_wall(tieback::time::SystemClock::new().now().wall);
    sign(&stage, secrets);
    stage
}

fn sign(stage: &Stage, secrets: &[&str]) {
    let secrets = SigningSecrets::parse(secrets.iter().copied()).unwrap();
    let change = HookUpdate { signing_secrets: Some(secrets), ..HookUpdate::default() };
    stage.rig.service.hook_update(&stage.scope, &stage.hook.id, &change).unwrap();
}

fn seconds_of(at: Timestamp) -> String {
    (at.as_micros() / 1_000_000).to_string()
}

#[test]
fn an_endpoint_that_verifies_takes_signed_deliveries() {
    let (sink, _) = verifying(OLD);
    let stage = signed(sink, &[OLD]);
    let published: Vec<_> = (1..=3).map(|id| stage.publish(id)).collect();
    stage.rig.run();
    assert_eq!(stage.statuses(), ["delivered"; 3]);
    for (request, published) in stage.sink.requests().iter().zip(&published) {
        assert_eq!(request.header("webhook-id"), Some(&*published.ulid), "the id is the event's ULID");
        assert_eq!(request.header("authorization"), Some("Bearer a-long-secret-token"), "its own headers go along");
    }
}

#[test]
fn an_endpoint_that_verifies_refuses_another_secret_and_no_signature() {
    let (sink, _) = verifying(OLD);
    let stage = signed(sink, &[NEW]);
    stage.publish(1);
    stage.rig.run();
    assert_eq!(stage.log()[0].attempts[0].response_status, Some(401));
    sign(&stage, &[]);
    stage.rig.run();
    assert_eq!(stage.log()[0].attempts[1].response_status, Some(401));
    assert!(stage.sink.requests()[1].headers.iter().all(|(name, _)| !name.starts_with("webhook-")));
}

#[test]
fn every_attempt_has_its_own_time_and_the_same_id() {
    let sink = Sink::start(|_, n| Answer::Status(if n < 3 { 503 } else { 204 }));
    let stage = signed(sink, &[OLD]);
    let published = stage.publish(1);
    stage.rig.run();
    for wait in [1, 2, 4] {
        stage.run_after(Duration::from_secs(wait));
    }
    let requests = stage.sink.requests();
    assert_eq!(requests.len(), 4);
    let ids: BTreeSet<_> = requests.iter().filter_map(|request| request.header("webhook-id")).collect();
    assert_eq!(ids, BTreeSet::from([&*published.ulid]));
    let delivery = &stage.log()[0];
    assert_eq!(delivery.status.as_str(), "delivered");
    let mut signatures = BTreeSet::new();
    for (request, attempt) in requests.iter().zip(&delivery.attempts) {
        assert_eq!(request.header("webhook-timestamp"), Some(&*seconds_of(attempt.started_at)));
        assert!(is_genuine(request, OLD));
        signatures.insert(request.header("webhook-signature").unwrap().to_owned());
    }
    assert_eq!(signatures.len(), 4);
}

#[test]
fn a_redelivery_has_the_id_of_the_event_too() {
    let (sink, _) = verifying(OLD);
    let stage = signed(sink, &[OLD]);
    let published = stage.publish(1);
    stage.rig.run();
    stage.rig.engine.redeliver(&stage.scope, &stage.hook.id, &stage.log()[0].id).unwrap();
    stage.rig.run();
    let requests = stage.sink.requests();
    let ids: Vec<_> = requests.iter().map(|request| request.header("webhook-id")).collect();
    assert_eq!(ids, [Some(&*published.ulid); 2]);
    assert_eq!(stage.statuses(), ["delivered"; 2]);
}

/// First both secrets, then the endpoint changes, then the new one alone: no delivery is refused.
#[test]
fn secrets_are_rotated_without_a_refused_delivery() {
    let (sink, known) = verifying(OLD);
    let stage = signed(sink, &[OLD]);
    let publish = |id| {
        stage.publish(id);
        stage.rig.run();
    };
    publish(1);
    sign(&stage, &[NEW, OLD]);
    publish(2);
    *known.lock().unwrap() = NEW.to_owned();
    publish(3);
    sign(&stage, &[NEW]);
    publish(4);
    assert_eq!(stage.statuses(), ["delivered"; 4]);
    let log = stage.log();
    assert!(log.iter().all(|delivery| delivery.attempts.len() == 1));
    let counts: Vec<_> = stage
        .sink
        .requests()
        .iter()
        .map(|request| request.header("webhook-signature").unwrap().split(' ').count())
        .collect();
    assert_eq!(counts, [1, 2, 2, 1]);
}

#[test]
fn the_right_secret_ends_the_wait_of_a_lane_that_was_refused() {
    let (sink, _) = verifying(NEW);
    let stage = signed(sink, &[OLD]);
    stage.publish(1);
    stage.rig.run();
    assert_eq!(stage.statuses(), ["retrying"]);
    sign(&stage, &[NEW]);
    stage.rig.run();
    assert_eq!(stage.statuses(), ["delivered"], "at once");
}

#[test]
fn secrets_outlive_the_engine_and_are_never_shown() {
    let (sink, _) = verifying(OLD);
    let stage = signed(sink, &[OLD]);
    let shown = stage.rig.service.hook_show(&stage.scope, &stage.hook.id).unwrap();
    assert_eq!(shown.signing_secrets, ["*****aLaSw"]);
    let mask = SigningSecrets::parse(shown.signing_secrets.iter().map(String::as_str)).unwrap_err();
    assert!(mask.message().contains("a mask"), "{mask}");
    let own = DestinationHeaders::parse([("Webhook-Signature", "v1,mine")]).unwrap();
    let change = HookUpdate { destination_headers: Some(own), ..HookUpdate::default() };
    let refused = stage.rig.service.hook_update(&stage.scope, &stage.hook.id, &change).unwrap_err();
    assert_eq!(refused.kind(), tieback::error::ErrorKind::InvalidArgument);

    let stage = stage.reopen();
    stage.rig.clock.set_wall(tieback::time::SystemClock::new().now().wall);
    stage.publish(1);
    stage.rig.run();
    assert_eq!(stage.statuses(), ["delivered"]);
    let log = format!("{:?} {shown:?} {:?}", stage.log(), stage.rig.engine.notices());
    assert!(!log.contains("MfKQ"), "{log}");
}
