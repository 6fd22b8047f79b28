//! Back-off as the endpoint sees it: doubling waits, the end of patience, and a store that was closed meanwhile.

use std::time::Duration;

use tieback::time::Timestamp;
use tieback::types::{NoticeKind, Why};

use crate::stage::Stage;
use crate::support::sink::{Answer, Sink};

const MILLI: Duration = Duration::from_millis(1);

/// Nothing arrives before the wait is over, and one probe when it is.
fn assert_next_probe_after(stage: &Stage, wait: Duration) {
    let before = stage.arrived().len();
    stage.run_after(wait - MILLI);
    assert_eq!(stage.arrived().len(), before, "sent before {wait:?} were over");
    stage.run_after(MILLI);
    assert_eq!(stage.arrived().len(), before + 1, "not sent after {wait:?}");
}

#[test]
fn waits_double_from_one_second_to_one_hour_and_after_twelve_hours_everything_queued_is_discarded() {
    let stage = Stage::new(Sink::always(500));
    for id in 1..=3 {
        stage.publish(id);
    }
    stage.rig.run();
    assert_eq!(stage.notices(), ["paused"]);

    // 1 + 2 + ... + 2048 s, ten hours, and what is left of the twelve.
    let doubling = (0..12).map(|step| 1 << step);
    let waits: Vec<u64> = doubling.chain([3600; 10]).chain([3105]).collect();
    assert_eq!(waits.iter().sum::<u64>(), 12 * 60 * 60);
    for wait in &waits {
        assert_eq!(stage.statuses(), ["retrying", "enqueued", "enqueued"]);
        assert_next_probe_after(&stage, Duration::from_secs(*wait));
    }
    assert_eq!(stage.arrived(), vec![1; 24], "only the probe was sent");
    assert_eq!(stage.notice_kinds(), [NoticeKind::Flushed { discarded: 3 }]);
    let log = stage.log();
    assert!(log.iter().all(|delivery| delivery.why == Some(Why::Flushed)), "{log:?}");
    assert_eq!(stage.statuses(), ["discarded"; 3]);
    assert_eq!(log[0].attempts.len(), 24);
    let stats = stage.rig.engine.stats().unwrap();
    assert_eq!((stats.queued, stats.paused_lanes), (0, 0));

    // The next event starts afresh: sent at once, and one second of wait.
    stage.publish(4);
    assert_eq!(stage.rig.run().attempts, 1);
    assert_eq!(stage.arrived()[24..], [4]);
    assert_eq!(stage.notices(), ["paused"]);
    assert_next_probe_after(&stage, Duration::from_secs(1));
    assert_next_probe_after(&stage, Duration::from_secs(2));
}

#[test]
fn a_success_ends_the_back_off_and_the_next_failure_begins_at_one_second() {
    let sink = Sink::start(|_, n| Answer::Status(if n == 3 { 204 } else { 500 }));
    let stage = Stage::new(sink);
    stage.publish(1);
    stage.rig.run();
    for wait in [1, 2, 4] {
        assert_eq!(stage.statuses(), ["retrying"]);
        assert_next_probe_after(&stage, Duration::from_secs(wait));
    }
    assert_eq!(stage.statuses(), ["delivered"]);
    assert_eq!(stage.notices(), ["paused", "resumed"]);
    stage.publish(2);
    stage.rig.run();
    assert_eq!(stage.notices(), ["paused"]);
    assert_next_probe_after(&stage, Duration::from_secs(1));
}

#[test]
fn the_lane_opens_with_one_at_a_time_after_a_resume() {
    let gate = crate::stage::Gate::default();
    let sink = Sink::start({
        let gate = gate.clone();
        move |_, n| match n {
            0 => Answer::Status(503),
            1 => Answer::Status(204),
            _ => {
                gate.pass();
                Answer::Status(204)
            }
        }
    });
    let stage = Stage::wide(sink);
    for id in 1..=5 {
        stage.publish(id);
    }
    stage.rig.run();
    stage.rig.clock.advance(Duration::from_secs(1));
    stage.rig.engine.start().unwrap();
    stage.sink.wait_for(3, crate::support::rig::SOON);
    crate::stage::eventually("the probe is recorded", || stage.statuses()[0] == "delivered");
    assert_eq!(stage.rig.engine.stats().unwrap().in_flight, 1);
    assert_eq!(stage.arrived(), [1, 1, 2]);
    gate.open();
    stage.rig.run();
    assert_eq!(stage.statuses(), ["delivered"; 5]);
}

/// Only a failed probe discards: never the clock alone, never a start-up.
#[test]
fn a_store_that_was_closed_for_days_probes_before_it_gives_anything_up() {
    let sink = Sink::start(|_, n| Answer::Status(if n < 3 { 500 } else { 204 }));
    let stage = Stage::new(sink);
    stage.publish(1);
    stage.publish(2);
    stage.rig.run();
    stage.run_after(Duration::from_secs(1));
    assert_eq!(stage.arrived(), [1, 1]);

    let stage = stage.reopen();
    stage.rig.clock.set_wall(Timestamp::parse("2026-11-29T08:00:00Z").unwrap());
    stage.publish(3);
    assert_eq!(stage.rig.run().attempts, 1, "the probe alone");
    assert_eq!(stage.arrived(), [1, 1, 1]);
    assert_eq!(stage.statuses(), ["retrying", "enqueued", "enqueued"], "five days closed are not five days of failing");
    assert_eq!(stage.run_after(Duration::from_secs(4) - MILLI), 0, "the back-off goes on where it was");
    assert_eq!(stage.run_after(MILLI), 3);
    assert_eq!(stage.statuses(), ["delivered"; 3]);
}

#[test]
fn a_back_off_goes_on_where_it_was_when_the_store_is_opened_again() {
    let stage = Stage::new(Sink::always(500));
    stage.publish(1);
    stage.rig.run();
    for wait in [1, 2, 4] {
        stage.run_after(Duration::from_secs(wait));
    }
    let closed_at = Timestamp::parse("2026-11-24T08:00:00Z").unwrap().plus(Duration::from_secs(7 + 3));
    let stage = stage.reopen();
    stage.rig.clock.set_wall(closed_at);
    stage.rig.run();
    assert_next_probe_after(&stage, Duration::from_secs(5));
    assert_next_probe_after(&stage, Duration::from_secs(16));
}
