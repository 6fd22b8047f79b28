//! What is done in one process is seen by a worker in another.

use std::time::{Duration, Instant};

use tieback::service::Service;
use tieback::types::{DestinationUrl, Hook, HookUpdate};

use crate::actor::{Actor, Desk, scope};
use crate::support::rig::SOON;
use crate::support::sink::{Answer, Request, Sink};

/// The company of the hook that a test is about, and of one by which it sees that the worker has looked.
const MINE: i64 = 1;
const SENTINEL: i64 = 2;

/// How soon a worker notices what another process did, as it is told to users.
const NOTICED_WITHIN: Duration = Duration::from_millis(250);

/// A desk here and a worker in another process.
struct Scene {
    desk: Desk,
    sink: Sink,
    worker: Actor,
    hook: Hook,
    sentinels: usize,
}

impl Scene {
    /// Requests to `/events` get this status; those to other paths are taken.
    fn new(status: u16) -> Self {
        let sink = Sink::start(move |request, _| Answer::Status(if request.path == "/events" { status } else { 204 }));
        let desk = Desk::new();
        let hook = desk.hook(MINE, &sink.url("/events"));
        desk.hook(SENTINEL, &sink.url("/sentinel"));
        let worker = Actor::worker(&desk.0.path());
        Self { desk, sink, worker, hook, sentinels: 0 }
    }

    /// What has come but for sentinels.
    fn requests(&self) -> Vec<Request> {
        self.sink.requests().into_iter().filter(|request| request.path != "/sentinel").collect()
    }

    fn wait_for(&self, count: usize) -> Vec<Request> {
        self.sink.wait_for(self.sentinels + count, SOON);
        self.requests()
    }

    /// Returns once the worker has seen everything that was done before.
    fn let_it_look(&mut self) {
        self.desk.publish(SENTINEL, 1);
        self.sentinels += 1;
        let deadline = Instant::now() + SOON;
        let sentinels =
            || self.sink.requests().iter().filter(|request| request.path == "/sentinel").count() == self.sentinels;
        while !sentinels() {
            assert!(Instant::now() < deadline, "the worker does not look");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The hook's lane has failed and waits for the end of a long back-off.
    fn failed(mut self) -> Self {
        self.desk.publish(MINE, 1);
        self.wait_for(1);
        self.desk.ask_until("SELECT count(*) FROM lane WHERE resume_at IS NOT NULL", |paused: &i64| *paused == 1);
        self.let_it_look();
        assert_eq!(self.requests().len(), 1);
        self
    }

    fn update(&self, change: &HookUpdate) {
        self.desk.0.service.hook_update(&scope(MINE), &self.hook.id, change).unwrap();
    }

    fn statuses(&self) -> Vec<String> {
        self.desk.log(MINE, &self.hook).into_iter().map(|(status, _)| status).collect()
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures")]
fn a_worker_in_another_process_notices_what_is_published_here() {
    let scene = Scene::new(204);
    let mut took = Vec::new();
    for number in 1..=20 {
        let began = Instant::now();
        assert_eq!(scene.desk.publish(MINE, number).deliveries, 1);
        took.push(scene.wait_for(number as usize)[number as usize - 1].received_at - began);
    }
    took.sort();
    eprintln!("publish in one process to request of another: median {:?}, slowest {:?}", took[10], took[19]);
    // The slack is for the machine: other tests run beside this one.
    assert!(took[10] <= NOTICED_WITHIN + Duration::from_millis(250), "{took:?}");
    assert!(took[19] <= NOTICED_WITHIN + Duration::from_secs(3), "{took:?}");
    let queued = "SELECT count(*) FROM delivery WHERE status = 'queued'";
    scene.desk.ask_until(queued, |count: &i64| *count == 0);
    assert_eq!(scene.statuses(), ["delivered"; 20]);
}

#[test]
fn a_pause_in_another_process_is_heeded_until_the_lane_is_resumed() {
    let mut scene = Scene::new(204);
    scene.desk.publish(MINE, 1);
    scene.wait_for(1);
    // The worker holds the lane still.
    let (engine, hook) = (scene.desk.0.engine.clone(), scene.hook.id.clone());
    engine.pause(&scope(MINE), &hook).unwrap();
    scene.let_it_look();
    scene.desk.publish(MINE, 2);
    scene.let_it_look();
    assert_eq!(scene.requests().len(), 1);
    let resumed_at = Instant::now();
    engine.resume(&scope(MINE), &hook).unwrap();
    assert!(scene.wait_for(2)[1].received_at >= resumed_at);
}

#[test]
fn a_hook_that_is_disabled_in_another_process_gets_nothing_until_it_is_enabled() {
    let mut scene = Scene::new(500).failed();
    scene.update(&HookUpdate { active: Some(false), ..HookUpdate::default() });
    scene.let_it_look();
    // The end of the back-off comes and goes.
    scene.worker.ask("ahead 3600000");
    scene.let_it_look();
    assert_eq!(scene.requests().len(), 1);
    scene.update(&HookUpdate { active: Some(true), ..HookUpdate::default() });
    scene.wait_for(2);
}

#[test]
fn a_url_that_is_changed_in_another_process_is_tried_at_once() {
    let scene = Scene::new(500).failed();
    let url = DestinationUrl::parse(&scene.sink.url("/elsewhere")).unwrap();
    scene.update(&HookUpdate { destination_url: Some(url), ..HookUpdate::default() });
    let requests = scene.wait_for(2);
    assert_eq!(requests[1].path, "/elsewhere");
    assert_eq!(requests[1].body, requests[0].body);
}

#[test]
fn a_retry_asked_for_in_another_process_is_made_at_once() {
    let scene = Scene::new(500).failed();
    scene.desk.0.engine.retry_now(&scope(MINE), &scene.hook.id).unwrap();
    scene.wait_for(2);
}

#[test]
fn a_delivery_that_is_skipped_in_another_process_lets_the_next_one_go() {
    let scene = Scene::new(500).failed();
    scene.desk.publish(MINE, 2);
    let first = scene.desk.0.deliveries(&scope(MINE), &scene.hook).remove(0).id;
    scene.desk.0.engine.skip(&scope(MINE), &scene.hook.id, &first).unwrap();
    let requests = scene.wait_for(2);
    assert_ne!(requests[1].body, requests[0].body);
    scene.desk.ask_until("SELECT attempts FROM delivery WHERE status = 'queued'", |attempts: &i64| *attempts == 1);
    assert_eq!(scene.statuses(), ["discarded", "retrying"]);
}

#[test]
fn a_hook_that_is_deleted_in_another_process_gets_nothing_more() {
    let mut scene = Scene::new(500).failed();
    scene.desk.publish(MINE, 2);
    scene.desk.0.service.hook_delete(&scope(MINE), &scene.hook.id).unwrap();
    scene.let_it_look();
    scene.worker.ask("ahead 3600000");
    scene.let_it_look();
    assert_eq!(scene.requests().len(), 1);
}
