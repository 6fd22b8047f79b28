//! Late answers: attempts that were in flight when their lane paused.

use std::time::Duration;

use crate::stage::{Gate, Stage, eventually, resource_id};
use crate::support::rig::SOON;
use crate::support::sink::{Answer, Sink};

/// A started engine whose lane is wide, with these resources in flight at once, each held by its gate and answered
/// with its status; retries are answered with 204.
fn in_flight<const N: usize>(held: [(i64, &Gate, u16); N]) -> Stage {
    let script: Vec<(i64, Gate, u16)> = held.iter().map(|(id, gate, status)| (*id, (*gate).clone(), *status)).collect();
    let sink = Sink::start(move |request, n| {
        let id = resource_id(request);
        match script.iter().find(|(held, ..)| *held == id) {
            Some((_, gate, status)) if n < WARM_UP as usize + N => {
                gate.pass();
                Answer::Status(*status)
            }
            _ => Answer::Status(204),
        }
    });
    let stage = Stage::wide(sink);
    stage.rig.engine.start().unwrap();
    for id in 0..WARM_UP {
        stage.publish(1000 + id);
        stage.rig.run();
    }
    for (id, ..) in held {
        stage.publish(id);
    }
    stage.sink.wait_for(WARM_UP as usize + N, SOON);
    stage
}

/// Successes that open a lane to its full width of eight.
const WARM_UP: i64 = 3;

fn statuses(stage: &Stage) -> Vec<String> {
    stage.statuses().split_off(WARM_UP as usize)
}

#[test]
fn a_late_success_is_recorded_and_does_not_end_the_back_off() {
    let (first, second) = (Gate::default(), Gate::default());
    let stage = in_flight([(1, &first, 500), (2, &second, 204)]);
    first.open();
    eventually("the lane pauses", || statuses(&stage)[0] == "retrying");
    second.open();
    eventually("the late answer is recorded", || statuses(&stage)[1] == "delivered");
    stage.publish(3);
    assert_eq!(stage.rig.run().paused_lanes, 1);
    assert_eq!(stage.notices(), ["paused"]);
    assert_eq!(statuses(&stage), ["retrying", "delivered", "enqueued"]);
    stage.run_after(Duration::from_secs(1));
    assert_eq!(statuses(&stage), ["delivered"; 3]);
    assert_eq!(stage.arrived()[WARM_UP as usize + 2..], [1, 3]);
}

#[test]
fn a_late_failure_does_not_lengthen_the_back_off_and_is_sent_again_after_the_probe() {
    let (first, second) = (Gate::default(), Gate::default());
    let stage = in_flight([(1, &first, 500), (2, &second, 503)]);
    first.open();
    eventually("the lane pauses", || statuses(&stage)[0] == "retrying");
    second.open();
    eventually("the late answer is recorded", || statuses(&stage)[1] == "retrying");
    assert_eq!(stage.notices(), ["paused"]);
    stage.run_after(Duration::from_secs(1));
    assert_eq!(stage.arrived()[WARM_UP as usize + 2..], [1, 2]);
    assert_eq!(statuses(&stage), ["delivered"; 2]);
}

#[test]
fn a_late_failure_that_is_earlier_in_order_becomes_the_probe() {
    let (first, second) = (Gate::default(), Gate::default());
    let stage = in_flight([(1, &first, 500), (2, &second, 503)]);
    second.open();
    eventually("the lane pauses", || statuses(&stage)[1] == "retrying");
    first.open();
    eventually("the late answer is recorded", || statuses(&stage)[0] == "retrying");
    stage.run_after(Duration::from_secs(1));
    assert_eq!(stage.arrived()[WARM_UP as usize + 2..], [1, 2]);
    assert_eq!(statuses(&stage), ["delivered"; 2]);
}
