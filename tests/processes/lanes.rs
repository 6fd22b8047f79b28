//! Two workers in two processes share the lanes of one file.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::actor::{Actor, Desk};
use crate::support::gate::Gate;
use crate::support::rig::SOON;
use crate::support::sink::{Answer, Sink};

const HOLDERS: &str = "SELECT count(DISTINCT worker) FROM lane";

#[test]
fn two_workers_share_the_lanes_and_send_everything_once() {
    const ROUNDS: i64 = 15;
    let gate = Gate::default();
    let sink = Sink::start({
        let gate = gate.clone();
        move |_, _| {
            gate.pass();
            Answer::Status(204)
        }
    });
    let desk = Desk::new();
    let mut workers = [Actor::worker(&desk.0.path()), Actor::worker(&desk.0.path())];
    // Each new lane goes to whichever looks first, and stays there while the endpoint does not answer.
    let mut hooks = Vec::new();
    while desk.ask::<i64>(HOLDERS) < 2 {
        let company = hooks.len() as i64 + 1;
        assert!(company < 60, "one worker has everything");
        hooks.push(desk.hook(company, &sink.url(&format!("/{company}"))));
        desk.publish(company, 1);
        let held = format!("SELECT count(*) FROM lane WHERE hook_id = {company} AND worker IS NOT NULL");
        desk.ask_until(&held, |held: &i64| *held == 1);
    }
    gate.open();
    for round in 1..ROUNDS {
        for company in 1..=hooks.len() as i64 {
            desk.publish(company, 1 + round % 3);
        }
    }
    let all = hooks.len() * ROUNDS as usize;
    sink.wait_for(all, 4 * SOON);
    desk.ask_until("SELECT count(*) FROM delivery WHERE status = 'queued'", |queued: &i64| *queued == 0);
    for worker in &mut workers {
        worker.ask("close");
    }
    let mut ids: BTreeMap<(String, i64), Vec<i64>> = BTreeMap::new();
    for request in sink.requests() {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let (resource, id) = (body["resource_id"].as_i64().unwrap(), body["id"].as_i64().unwrap());
        ids.entry((request.path.clone(), resource)).or_default().push(id);
    }
    assert_eq!(ids.values().map(Vec::len).sum::<usize>(), all, "nothing was sent twice");
    for (lane, ids) in &ids {
        assert!(ids.is_sorted_by(|a, b| a < b), "{lane:?} out of order: {ids:?}");
    }
    for (company, hook) in (1..).zip(&hooks) {
        assert_eq!(desk.log(company, hook), vec![("delivered".to_owned(), 1); ROUNDS as usize]);
    }
    assert_eq!(desk.ask::<i64>("SELECT count(*) FROM worker"), 0, "both have taken leave");
}

#[test]
fn what_a_worker_that_stops_has_let_go_is_taken_up_by_the_other() {
    let (sink, desk) = (Sink::always(204), Desk::new());
    let hook = desk.hook(1, &sink.url("/events"));
    let mut workers = [Actor::worker(&desk.0.path()), Actor::worker(&desk.0.path())];
    for (number, worker) in (1..).zip(&mut workers) {
        desk.publish(1, number);
        sink.wait_for(number as usize, SOON);
        worker.ask("stop");
    }
    workers[0].ask("start");
    desk.publish(1, 3);
    sink.wait_for(3, SOON);
    workers[0].ask("stop");
    assert_eq!(desk.log(1, &hook), vec![("delivered".to_owned(), 1); 3]);
}

#[test]
fn a_worker_that_publishes_to_a_lane_of_another_leaves_it_to_the_other() {
    let gate = Gate::default();
    let sink = Sink::start({
        let gate = gate.clone();
        move |request, _| {
            if request.path == "/events" {
                gate.pass();
            }
            Answer::Status(204)
        }
    });
    let desk = Desk::new();
    let hook = desk.hook(1, &sink.url("/events"));
    desk.hook(2, &sink.url("/elsewhere"));
    let _holder = Actor::worker(&desk.0.path());
    desk.publish(1, 1);
    sink.wait_for(1, SOON);
    let mut other = Actor::worker(&desk.0.path());
    for resource in [1, 2, 3] {
        other.ask(&format!("publish 1 {resource}"));
    }
    // It knows of its own events at once, and is done with them when it delivers another.
    other.ask("publish 2 1");
    sink.wait_for(2, SOON);
    gate.open();
    desk.ask_until("SELECT count(*) FROM delivery WHERE status = 'queued'", |queued: &i64| *queued == 0);
    assert_eq!(desk.log(1, &hook), vec![("delivered".to_owned(), 1); 4]);
    assert_eq!(sink.requests().len(), 5, "nothing was sent twice");
}
