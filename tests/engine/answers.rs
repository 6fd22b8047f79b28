//! Every way in which an endpoint can answer, over real sockets: what the log then says and what the lane does.

use std::time::Duration;

use tieback::types::{Attempt, DeliveryStatus, NoticeKind};

use crate::stage::Stage;
use crate::support::sink::{Answer, Sink, refused_url};

/// The time limit where something hangs.
const SHORT: Duration = Duration::from_millis(300);

/// The endpoint gives this answer once and works from then on. Two events wait; gives the stage after one run.
fn answered_once(answer: Answer) -> Stage {
    let sink = Sink::start(move |_, n| if n == 0 { answer.clone() } else { Answer::Status(204) });
    let stage = Stage::with(sink, |options| options.policy.response_timeout = SHORT);
    stage.publish(1);
    stage.publish(2);
    stage.rig.run();
    stage
}

/// The answer is a failure: it is in the log, the lane pauses with the second event unsent, and a second later the
/// first is tried again, alone, and then the second.
fn assert_failure(answer: Answer, status: Option<u16>, reason: &str) -> Attempt {
    let stage = answered_once(answer);
    assert_eq!(stage.arrived(), [1], "the lane pauses as a whole");
    assert_eq!(stage.statuses(), ["retrying", "enqueued"]);
    let [attempt] = &stage.log()[0].attempts[..] else { panic!("one attempt") };
    assert_eq!(attempt.response_status, status, "{attempt:?}");
    assert_eq!(attempt.reason(), reason);
    assert_eq!(stage.notice_kinds(), [NoticeKind::Paused { reason: reason.to_owned() }]);

    assert_eq!(stage.run_after(Duration::from_millis(999)), 0, "the wait is a second");
    assert_eq!(stage.run_after(Duration::from_millis(1)), 2);
    assert_eq!(stage.arrived(), [1, 1, 2]);
    assert_eq!(stage.statuses(), ["delivered", "delivered"]);
    assert_eq!(stage.notices(), ["resumed"]);
    attempt.clone()
}

/// The answer is a success: one attempt, and the lane goes on.
fn assert_success(answer: Answer, status: u16) -> Attempt {
    let stage = answered_once(answer);
    assert_eq!(stage.arrived(), [1, 2]);
    assert_eq!(stage.statuses(), ["delivered", "delivered"]);
    assert_eq!(stage.notices(), [""; 0]);
    let [attempt] = &stage.log()[0].attempts[..] else { panic!("one attempt") };
    assert_eq!((attempt.response_status, &attempt.response_error), (Some(status), &None), "{attempt:?}");
    attempt.clone()
}

#[test]
fn a_204_or_200_delivers() {
    assert!(!assert_success(Answer::Status(204), 204).response_body_truncated);
    let body = b"thank you".to_vec();
    let attempt = assert_success(Answer::StatusWith { status: 200, headers: vec![], body: body.clone() }, 200);
    assert_eq!((attempt.response_body, attempt.response_body_truncated), (body, false));
}

#[test]
fn a_redirect_is_a_failure_and_is_not_followed() {
    let elsewhere = Sink::always(204);
    let headers = vec![("Location".to_owned(), elsewhere.url("/moved"))];
    let attempt = assert_failure(Answer::StatusWith { status: 301, headers, body: vec![] }, Some(301), "301");
    assert!(attempt.response_headers.iter().any(|(name, _)| name == "location"), "the log shows where to: {attempt:?}");
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn every_status_outside_2xx_is_a_failure() {
    for status in [400, 401, 404, 410, 422, 429, 500, 502, 503] {
        assert_failure(Answer::Status(status), Some(status), &status.to_string());
    }
}

#[test]
fn retry_after_is_kept_but_not_obeyed_by_default() {
    let headers = vec![("Retry-After".to_owned(), "120".to_owned())];
    assert_failure(Answer::StatusWith { status: 429, headers, body: b"slow down".to_vec() }, Some(429), "429");
}

#[test]
fn retry_after_is_obeyed_when_asked_for() {
    let answer = |status| Answer::StatusWith {
        status,
        headers: vec![("Retry-After".to_owned(), "120".to_owned())],
        body: vec![],
    };
    let sink = Sink::start(move |_, n| if n == 0 { answer(503) } else { Answer::Status(204) });
    let stage = Stage::with(sink, |options| options.policy.honor_retry_after = true);
    stage.publish(1);
    stage.rig.run();
    assert_eq!(stage.run_after(Duration::from_millis(119_999)), 0);
    assert_eq!(stage.run_after(Duration::from_millis(1)), 1);
    assert_eq!(stage.statuses(), ["delivered"]);
}

#[test]
fn silence_before_the_headers_is_a_failure() {
    assert_failure(Answer::HangBeforeHeaders, None, "no response within 300 ms");
}

#[test]
fn a_connection_that_closes_early_is_a_failure() {
    let closed = "the connection closed before the answer was complete";
    assert_failure(Answer::CloseWithoutAnswer, None, closed);
    assert_failure(Answer::CutMidHeaders, None, closed);
    assert_failure(Answer::NotHttp, None, "the answer is not HTTP");
}

/// The status is known with the headers, and decides.
#[test]
fn a_200_whose_body_never_comes_or_never_ends_or_breaks_off_is_a_success() {
    let attempt = assert_success(Answer::HangAfterHeaders, 200);
    assert_eq!((&attempt.response_body[..], attempt.response_body_truncated), (&b""[..], true));
    let attempt = assert_success(Answer::EndlessBody, 200);
    assert_eq!((attempt.response_body.len(), attempt.response_body_truncated), (Attempt::MAX_BODY_BYTES, true));
    let attempt = assert_success(Answer::CutMidBody, 200);
    assert_eq!((&attempt.response_body[..], attempt.response_body_truncated), (&b"hello"[..], true));
}

#[test]
fn a_refused_connection_is_a_failure_and_is_tried_again() {
    let stage = Stage::new(Sink::always(204));
    let refused = stage.rig.hook_named(&stage.scope, "refused", &refused_url());
    stage.rig.trigger(&stage.scope, &refused, crate::stage::RESOURCE, crate::stage::EVENT);
    stage.publish(1);
    stage.rig.run();
    stage.run_after(Duration::from_secs(1));
    let [delivery] = &stage.rig.deliveries(&stage.scope, &refused)[..] else { panic!("one delivery") };
    let reasons: Vec<String> = delivery.attempts.iter().map(Attempt::reason).collect();
    assert_eq!(reasons, ["connection refused", "connection refused"]);
    assert_eq!(delivery.status, DeliveryStatus::Retrying);
    assert_eq!(stage.statuses(), ["delivered"], "the other hook is not concerned");
}

/// With a limit on attempts, which Procore does not have.
#[test]
fn a_delivery_that_fails_max_attempts_times_is_failed_and_the_next_is_the_probe() {
    let sink = Sink::start(|_, n| Answer::Status(if n < 2 { 500 } else { 204 }));
    let stage = Stage::with(sink, |options| options.policy.max_attempts = Some(2));
    stage.publish(1);
    stage.publish(2);
    stage.rig.run();
    stage.run_after(Duration::from_secs(1));
    assert_eq!(stage.statuses(), ["failed", "enqueued"]);
    assert_eq!(stage.run_after(Duration::from_millis(1999)), 0, "the lane backs off all the same");
    assert_eq!(stage.run_after(Duration::from_millis(1)), 1);
    assert_eq!(stage.statuses(), ["failed", "delivered"]);
    assert_eq!(stage.arrived(), [1, 1, 2]);
}
