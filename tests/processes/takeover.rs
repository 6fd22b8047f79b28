//! A worker dies, or stands still: another one takes over what it held, at once or after its lease, and what the first
//! one says afterwards changes nothing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tieback::time::{Clock, SystemClock, Timestamp};
use tieback::types::Hook;

use crate::actor::{Actor, Desk};
use crate::support::gate::Gate;
use crate::support::rig::SOON;
use crate::support::sink::{Answer, Sink};

/// The company of the lane that changes hands, and of one by which is seen that a worker has looked.
const MINE: i64 = 1;
const SENTINEL: i64 = 2;

/// How long a dead worker's lanes may lie there: a look each 250 ms, and a slow machine.
const AT_ONCE: Duration = Duration::from_secs(3);

/// One worker holds a lane, and its request gets no answer until the gate opens; another worker waits.
struct Scene {
    desk: Desk,
    sink: Sink,
    gate: Gate,
    holder: Actor,
    other: Actor,
    hook: Hook,
}

impl Scene {
    /// The endpoint answers the holder's request with the first status, the second one with the other, and takes the
    /// rest. With `waits`, the second one passes a gate as well.
    fn new(late: u16, second: u16, waits: Option<Gate>) -> Self {
        let gate = Gate::default();
        let (first_gate, came) = (gate.clone(), AtomicUsize::new(0));
        let sink = Sink::start(move |request, _| {
            if request.path == "/sentinel" {
                return Answer::Status(204);
            }
            match came.fetch_add(1, Ordering::SeqCst) {
                0 => {
                    first_gate.pass();
                    Answer::Status(late)
                }
                1 => {
                    if let Some(gate) = &waits {
                        gate.pass();
                    }
                    Answer::Status(second)
                }
                _ => Answer::Status(204),
            }
        });
        let desk = Desk::new();
        let hook = desk.hook(MINE, &sink.url("/events"));
        desk.hook(SENTINEL, &sink.url("/sentinel"));
        let holder = Actor::worker(&desk.0.path());
        // All of one resource: none may overtake another.
        (0..3).for_each(|_| drop(desk.publish(MINE, 1)));
        sink.wait_for(1, SOON);
        let other = Actor::worker(&desk.0.path());
        Self { desk, sink, gate, holder, other, hook }
    }

    fn bodies(&self) -> Vec<Vec<u8>> {
        let requests = self.sink.requests().into_iter().filter(|request| request.path == "/events");
        requests.map(|request| request.body).collect()
    }

    fn wait_for(&self, count: usize) {
        let deadline = Instant::now() + 4 * SOON;
        while self.bodies().len() < count {
            assert!(Instant::now() < deadline, "{} of {count} requests", self.bodies().len());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Returns once somebody has looked at everything that was done before.
    fn let_them_look(&self) {
        let came = || self.sink.requests().iter().filter(|request| request.path == "/sentinel").count();
        let before = came();
        self.desk.publish(SENTINEL, 1);
        let deadline = Instant::now() + SOON;
        while came() == before {
            assert!(Instant::now() < deadline, "nobody looks");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn log(&self) -> Vec<(String, usize)> {
        self.desk.log(MINE, &self.hook)
    }

    /// How long the holder's lease has still to go, by this machine's clock.
    fn lease_left(&self) -> Duration {
        let holder = "SELECT lease_until FROM worker WHERE id = (SELECT worker FROM lane WHERE hook_id = 1)";
        Timestamp::from_micros(self.desk.ask(holder)).since(SystemClock::new().now().wall)
    }

    fn lane(&self) -> String {
        self.desk.ask(
            "SELECT concat_ws(' ', epoch, pause_step, resume_at, probe, discard_through, resets_seen, nudges_seen)
             FROM lane WHERE hook_id = 1",
        )
    }

    /// What the one who stood still says is recorded and changes nothing else.
    fn late_answer_is_harmless(&self, attempts_before: i64) {
        let (lane, statuses) = (self.lane(), self.statuses());
        self.gate.open();
        self.desk.ask_until("SELECT count(*) FROM attempt WHERE delivery_id = 1", |count: &i64| {
            *count == attempts_before + 1
        });
        self.let_them_look();
        assert_eq!(self.lane(), lane);
        assert_eq!(self.statuses(), statuses);
    }

    fn statuses(&self) -> String {
        self.desk.ask("SELECT group_concat(status) FROM delivery WHERE hook_id = 1")
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "the figure")]
fn what_a_killed_worker_held_is_taken_over_at_once_and_in_order() {
    let scene = Scene::new(204, 204, None);
    let left = scene.lease_left();
    let Scene { desk, sink, gate, holder, other: _other, hook } = scene;
    let killed_at = Instant::now();
    holder.kill();
    let requests = sink.wait_for(2, SOON);
    let took = requests[1].received_at.saturating_duration_since(killed_at);
    eprintln!("killed worker's lane taken over after {took:?}, with {left:?} of its lease left");
    assert!(took < AT_ONCE && AT_ONCE < left, "{took:?}, {left:?}");
    sink.wait_for(4, SOON);
    gate.open();
    desk.ask_until("SELECT count(*) FROM delivery WHERE status = 'queued'", |queued: &i64| *queued == 0);
    let bodies: Vec<_> = sink.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies.len(), 4, "what was in flight is sent twice, and nothing else");
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(desk.log(MINE, &hook), vec![("delivered".to_owned(), 1); 3]);
}

/// The machine's clock for everybody: this takes as long as a lease.
#[test]
#[expect(clippy::print_stderr, reason = "the figure")]
fn what_a_frozen_worker_held_is_taken_over_after_its_lease_and_not_before() {
    let mut scene = Scene::new(500, 204, None);
    let left = scene.lease_left();
    let frozen_at = Instant::now();
    scene.holder.freeze();
    scene.wait_for(2);
    let took = frozen_at.elapsed();
    eprintln!("frozen worker's lane taken over after {took:?}, {left:?} before the end of its lease");
    assert!(left > Duration::from_secs(15), "the lease is long enough to prove something: {left:?}");
    assert!(took >= left && took < left + AT_ONCE, "{took:?}, {left:?}");
    scene.wait_for(4);
    scene.desk.ask_until("SELECT count(*) FROM delivery WHERE status = 'queued'", |queued: &i64| *queued == 0);

    // By its own clock its time is over too. It says that its attempt has failed, and goes on with free lanes.
    scene.holder.thaw();
    scene.late_answer_is_harmless(1);
    assert_eq!(scene.log(), [("delivered".to_owned(), 2), ("delivered".to_owned(), 1), ("delivered".to_owned(), 1)]);
    assert_eq!(scene.bodies().len(), 4);
    scene.other.ask("stop");
    scene.let_them_look();
    scene.desk.publish(MINE, 2);
    scene.wait_for(5);
}

/// Only the clock of the one that takes over is put ahead: the frozen one wakes and believes in its lease still.
#[test]
fn a_lane_changes_hands_exactly_when_the_lease_ends() {
    let mut scene = Scene::new(500, 204, None);
    scene.holder.freeze();
    let margin = Duration::from_secs(3);
    let left = scene.lease_left();
    scene.other.ask(&format!("ahead {}", (left - margin).as_millis()));
    scene.let_them_look();
    assert_eq!(scene.bodies().len(), 1, "the lease is not over");
    scene.other.ask(&format!("ahead {}", margin.as_millis()));
    scene.wait_for(4);
    scene.desk.ask_until("SELECT count(*) FROM delivery WHERE status = 'queued'", |queued: &i64| *queued == 0);
    scene.holder.thaw();
    scene.late_answer_is_harmless(1);
    assert_eq!(scene.log(), [("delivered".to_owned(), 2), ("delivered".to_owned(), 1), ("delivered".to_owned(), 1)]);
    assert_eq!(scene.bodies().len(), 4, "what waits behind is not sent by the one who stood still");
    scene.other.ask("stop");
    scene.desk.publish(MINE, 2);
    scene.wait_for(5);
}

#[test]
fn what_a_frozen_worker_says_of_a_delivery_in_other_hands_is_no_verdict() {
    let second = Gate::default();
    let mut scene = Scene::new(204, 500, Some(second.clone()));
    scene.holder.freeze();
    let left = scene.lease_left();
    scene.other.ask(&format!("ahead {}", left.as_millis()));
    scene.wait_for(2);
    scene.holder.thaw();
    // It succeeded, while the other is at it.
    scene.late_answer_is_harmless(0);
    assert_eq!(scene.log()[0], ("retrying".to_owned(), 1));
    second.open();
    scene.desk.ask_until("SELECT attempts FROM delivery WHERE id = 1", |attempts: &i64| *attempts == 2);
    scene.let_them_look();
    let statuses: Vec<_> = scene.log().into_iter().map(|(status, _)| status).collect();
    assert_eq!(statuses, ["retrying", "enqueued", "enqueued"], "the one who holds the lane says what follows");
    assert_eq!(scene.bodies().len(), 2);
}
