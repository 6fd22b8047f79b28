//! Who delivers and for how long: threads of the engine's own, or the callers', one or several at once.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use tieback::error::ErrorKind;
use tieback::types::IdleReport;

use crate::faulty::Faulty;
use crate::stage::{EVENT, Gate, RESOURCE, Stage, eventually};
use crate::support::rig::{Rig, SOON};
use crate::support::sink::{Answer, Sink};

/// What a call may take that should return at once.
const AT_ONCE: Duration = Duration::from_secs(5);
/// A time-out that no test waits for.
const LONG: Duration = Duration::from_secs(3600);

/// An endpoint that holds its first request at the gate.
fn held_sink(gate: &Gate) -> Sink {
    let gate = gate.clone();
    Sink::start(move |_, n| {
        if n == 0 {
            gate.pass();
        }
        Answer::Status(204)
    })
}

/// Calls, and fails the test when the answer does not come at once.
fn at_once<T>(call: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let answer = call();
    assert!(began.elapsed() < AT_ONCE, "it took {:?}", began.elapsed());
    answer
}

fn idle(report: IdleReport) -> (bool, u64) {
    (report.idle, report.paused_lanes)
}

#[test]
fn nothing_is_sent_before_anybody_delivers() {
    let stage = Stage::new(Sink::always(204));
    stage.publish(1);
    assert_eq!(stage.sink.connections(), 0);
    assert_eq!(stage.statuses(), ["enqueued"]);
    let report = stage.rig.run();
    assert_eq!((report.attempts, report.paused_lanes), (1, 0));
}

#[test]
fn pumping_without_any_budget_delivers_in_the_end() {
    let stage = Stage::new(Sink::always(204));
    (1..=3).for_each(|id| drop(stage.publish(id)));
    eventually("a pump finds nothing more to do", || stage.rig.engine.pump(Duration::ZERO).unwrap().idle);
    assert_eq!(stage.statuses(), ["delivered"; 3]);
}

#[test]
fn a_pump_returns_when_its_budget_is_used_and_the_attempt_goes_on_in_the_next_one() {
    let gate = Gate::default();
    let stage = Stage::new(held_sink(&gate));
    stage.publish(1);
    stage.pump_until_arrived(1);
    let began = Instant::now();
    let report = at_once(|| stage.rig.engine.pump(Duration::from_millis(100)).unwrap());
    assert!(began.elapsed() >= Duration::from_millis(100));
    assert!(!report.idle);
    assert_eq!(stage.rig.engine.stats().unwrap().in_flight, 1);
    gate.open();
    let report = stage.rig.engine.pump(SOON).unwrap();
    assert_eq!((report.idle, report.attempts), (true, 1));
    assert_eq!(stage.arrived(), [1]);
}

#[test]
fn a_pump_returns_early_when_nothing_is_to_do() {
    let stage = Stage::new(Sink::always(204));
    let report = at_once(|| stage.rig.engine.pump(LONG).unwrap());
    assert!(report.idle);
}

#[test]
fn pumping_a_started_engine_is_a_conflict() {
    let stage = Stage::new(Sink::always(204));
    stage.rig.engine.start().unwrap();
    assert_eq!(stage.rig.engine.pump(LONG).unwrap_err().kind(), ErrorKind::Conflict);
    stage.rig.engine.stop(SOON).unwrap();
    assert!(stage.rig.engine.pump(SOON).unwrap().idle);
}

#[test]
fn paused_lanes_are_counted_and_waited_for_only_when_asked() {
    for started in [false, true] {
        let stage = Stage::new(Sink::start(|_, n| Answer::Status(if n < 2 { 500 } else { 204 })));
        if started {
            stage.rig.engine.start().unwrap();
        }
        stage.publish(1);
        let report = at_once(|| stage.rig.engine.run_until_idle(LONG, false).unwrap());
        assert_eq!(idle(report), (true, 1), "started: {started}");
        let report = stage.rig.engine.run_until_idle(Duration::from_millis(50), true).unwrap();
        assert_eq!(idle(report), (true, 1), "the time ran out; started: {started}");
        let report = thread::scope(|threads| {
            let waiting = threads.spawn(|| stage.rig.engine.run_until_idle(LONG, true).unwrap());
            stage.rig.clock.advance(Duration::from_secs(1));
            stage.sink.wait_for(2, SOON);
            eventually("the second wait begins", || stage.log()[0].attempts.len() == 2);
            stage.rig.clock.advance(Duration::from_secs(2));
            waiting.join().unwrap()
        });
        assert_eq!(idle(report), (true, 0), "started: {started}");
        if !started {
            assert_eq!(report.attempts, 2);
        }
    }
}

#[test]
fn a_time_out_is_told_from_idleness() {
    for started in [false, true] {
        let gate = Gate::default();
        let stage = Stage::new(held_sink(&gate));
        if started {
            stage.rig.engine.start().unwrap();
        }
        stage.publish(1);
        let report = stage.rig.engine.run_until_idle(Duration::from_millis(100), false).unwrap();
        assert!(!report.idle);
        gate.open();
        assert!(stage.rig.run().idle);
        assert_eq!(stage.statuses(), ["delivered"]);
    }
}

#[test]
fn starting_and_stopping_twice_changes_nothing_and_a_stopped_engine_starts_again() {
    let stage = Stage::new(Sink::always(204));
    for round in 1..=3 {
        stage.rig.engine.start().unwrap();
        stage.rig.engine.start().unwrap();
        stage.publish(round);
        eventually("it is delivered without further calls", || stage.statuses() == vec!["delivered"; round as usize]);
        stage.rig.engine.stop(SOON).unwrap();
        stage.rig.engine.stop(SOON).unwrap();
    }
    stage.publish(4);
    assert_eq!(stage.arrived(), [1, 2, 3], "a stopped engine sends nothing");
    stage.rig.run();
    assert_eq!(stage.arrived(), [1, 2, 3, 4], "but still delivers for a caller");
}

#[test]
fn many_threads_that_start_an_engine_start_one_worker() {
    let stage = Stage::new(Sink::always(204));
    (1..=20).for_each(|id| drop(stage.publish(id)));
    thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| stage.rig.engine.start().unwrap());
        }
    });
    stage.rig.run();
    assert_eq!(stage.arrived().len(), 20, "nothing was sent twice");
}

#[test]
fn stop_waits_for_attempts_in_flight_and_records_them() {
    let gate = Gate::default();
    let stage = Stage::new(held_sink(&gate));
    stage.rig.engine.start().unwrap();
    stage.publish(1);
    stage.publish(2);
    stage.sink.wait_for(1, SOON);
    thread::scope(|threads| {
        let stopping = threads.spawn(|| stage.rig.engine.stop(LONG).unwrap());
        thread::sleep(Duration::from_millis(50));
        assert!(!stopping.is_finished(), "it waits for the attempt in flight");
        gate.open();
    });
    assert_eq!(stage.statuses(), ["delivered", "enqueued"], "and starts nothing more");
}

#[test]
fn stop_returns_when_its_grace_is_over_and_what_was_in_flight_is_queued_again() {
    for grace in [Duration::ZERO, Duration::from_millis(100)] {
        let gate = Gate::default();
        let stage = Stage::new(held_sink(&gate));
        stage.rig.engine.start().unwrap();
        stage.publish(1);
        stage.sink.wait_for(1, SOON);
        let began = Instant::now();
        at_once(|| stage.rig.engine.stop(grace).unwrap());
        assert!(began.elapsed() >= grace);
        assert_eq!(stage.statuses(), ["enqueued"]);
        assert_eq!(stage.rig.engine.stats().unwrap().in_flight, 0);
        stage.rig.run();
        assert_eq!(stage.arrived(), [1, 1]);
        assert_eq!(stage.statuses(), ["delivered"]);
        gate.open();
    }
}

/// What the worker knows when it is told to stop is kept, however short the grace.
#[test]
fn outcomes_that_are_known_are_kept_when_the_grace_is_over() {
    let store = Faulty::new();
    let stage = Stage::in_rig(Sink::always(204), Rig::on(store.clone(), |_| {}));
    let other = stage.rig.hook_named(&stage.scope, "other", &stage.sink.url("/other"));
    stage.rig.trigger(&stage.scope, &other, RESOURCE, EVENT);
    let gate = Gate::default();
    store.hold_commits(&gate);
    stage.rig.engine.start().unwrap();
    stage.publish(1);
    stage.sink.wait_for(2, SOON);
    // Both answers are known: at most one of them is in the commit that is held, the other in the one behind it.
    eventually("a commit has begun", || store.commits.load(Ordering::SeqCst) == 1);
    eventually("both answers are in", || stage.rig.engine.stats().unwrap().in_flight == 0);
    thread::scope(|threads| {
        let stopping = threads.spawn(|| stage.rig.engine.stop(Duration::ZERO).unwrap());
        thread::sleep(Duration::from_millis(300));
        assert!(!stopping.is_finished(), "it waits for the store");
        gate.open();
    });
    assert_eq!(stage.statuses(), ["delivered"]);
    assert_eq!(stage.rig.deliveries(&stage.scope, &other)[0].status.as_str(), "delivered");
}

#[test]
fn start_takes_over_from_a_caller_with_an_attempt_in_flight() {
    let gate = Gate::default();
    let stage = Stage::new(held_sink(&gate));
    stage.publish(1);
    stage.publish(2);
    stage.pump_until_arrived(1);
    gate.open();
    stage.rig.engine.start().unwrap();
    stage.rig.run();
    assert_eq!(stage.arrived(), [1, 2], "the one in flight was not sent twice");
}

#[test]
fn several_callers_deliver_at_once_and_nothing_is_sent_twice() {
    for started in [false, true] {
        let stage = Stage::new(Sink::always(204));
        if started {
            stage.rig.engine.start().unwrap();
        }
        (1..=20).for_each(|id| drop(stage.publish(id)));
        thread::scope(|threads| {
            for _ in 0..6 {
                threads.spawn(|| assert!(stage.rig.engine.run_until_idle(SOON, true).unwrap().idle));
            }
        });
        let mut arrived = stage.arrived();
        arrived.sort_unstable();
        assert_eq!(arrived, (1..=20).collect::<Vec<i64>>(), "started: {started}");
        assert_eq!(stage.statuses(), ["delivered"; 20]);
    }
}

#[test]
fn a_callers_time_out_holds_while_another_caller_delivers() {
    let gate = Gate::default();
    let stage = Stage::new(held_sink(&gate));
    stage.publish(1);
    thread::scope(|threads| {
        let first = threads.spawn(|| stage.rig.engine.run_until_idle(LONG, false).unwrap());
        stage.sink.wait_for(1, SOON);
        let report = at_once(|| stage.rig.engine.run_until_idle(Duration::from_millis(50), false).unwrap());
        assert!(!report.idle);
        let report = at_once(|| stage.rig.engine.pump(Duration::ZERO).unwrap());
        assert!(!report.idle);
        gate.open();
        assert!(first.join().unwrap().idle);
    });
}

#[test]
fn a_caller_who_does_not_wait_for_paused_lanes_returns_while_another_does() {
    let stage = Stage::new(Sink::start(|_, n| Answer::Status(if n == 0 { 500 } else { 204 })));
    stage.publish(1);
    thread::scope(|threads| {
        let patient = threads.spawn(|| stage.rig.engine.run_until_idle(LONG, true).unwrap());
        eventually("the lane pauses", || stage.statuses() == ["retrying"]);
        let report = at_once(|| stage.rig.engine.run_until_idle(LONG, false).unwrap());
        assert_eq!(idle(report), (true, 1));
        stage.rig.clock.advance(Duration::from_secs(1));
        assert_eq!(idle(patient.join().unwrap()), (true, 0));
    });
}

#[test]
fn a_caller_goes_on_when_another_one_that_delivered_runs_out_of_time() {
    let gate = Gate::default();
    let stage = Stage::new(held_sink(&gate));
    stage.publish(1);
    stage.pump_until_arrived(1);
    thread::scope(|threads| {
        let short = threads.spawn(|| stage.rig.engine.run_until_idle(Duration::from_millis(100), false).unwrap());
        let long = threads.spawn(|| stage.rig.engine.run_until_idle(LONG, false).unwrap());
        assert!(!short.join().unwrap().idle);
        gate.open();
        assert!(at_once(|| long.join().unwrap()).idle);
    });
    assert_eq!(stage.statuses(), ["delivered"]);
}

#[test]
fn the_attempts_in_flight_are_told_while_a_caller_delivers() {
    let gate = Gate::default();
    let stage = Stage::new(held_sink(&gate));
    stage.publish(1);
    thread::scope(|threads| {
        threads.spawn(|| stage.rig.engine.run_until_idle(LONG, false).unwrap());
        stage.sink.wait_for(1, SOON);
        eventually("stats tell of it", || stage.rig.engine.stats().unwrap().in_flight == 1);
        gate.open();
    });
    assert_eq!(stage.rig.engine.stats().unwrap().in_flight, 0);
}

#[test]
fn what_is_published_during_a_run_is_delivered_by_it() {
    let gate = Gate::default();
    let stage = Stage::new(held_sink(&gate));
    stage.publish(1);
    thread::scope(|threads| {
        let running = threads.spawn(|| stage.rig.engine.run_until_idle(LONG, false).unwrap());
        stage.sink.wait_for(1, SOON);
        stage.publish(2);
        gate.open();
        assert_eq!(running.join().unwrap().attempts, 2);
    });
    assert_eq!(stage.arrived(), [1, 2]);
}

/// A load that was read before the event was there, and is taken in after the worker heard of it.
#[test]
fn an_event_that_is_published_while_its_lane_is_being_read_is_delivered() {
    let (store, gate) = (Faulty::new(), Gate::default());
    let stage = Stage::in_rig(Sink::always(204), Rig::on(store.clone(), |_| {}));
    store.hold_loads(&gate);
    stage.rig.engine.start().unwrap();
    stage.publish(1);
    eventually("the lane is read", || store.loads.load(Ordering::SeqCst) == 1);
    stage.publish(2);
    // A run that times out shows that the worker has heard of the second event.
    assert!(!stage.rig.engine.run_until_idle(Duration::from_millis(200), false).unwrap().idle);
    gate.open();
    stage.rig.run();
    assert_eq!(stage.statuses(), ["delivered"; 2]);
}

#[test]
fn stop_ends_a_run_on_another_thread() {
    for started in [false, true] {
        let gate = Gate::default();
        let stage = Stage::new(held_sink(&gate));
        if started {
            stage.rig.engine.start().unwrap();
        }
        stage.publish(1);
        thread::scope(|threads| {
            let running = threads.spawn(|| stage.rig.engine.run_until_idle(LONG, true).unwrap());
            stage.sink.wait_for(1, SOON);
            // The thread may not have begun to run: a stop ends only what has.
            eventually("the run is ended", || {
                stage.rig.engine.stop(Duration::ZERO).unwrap();
                running.is_finished()
            });
            let report = running.join().unwrap();
            assert!(!report.idle, "started: {started}");
        });
        gate.open();
        stage.rig.run();
        assert_eq!(stage.statuses(), ["delivered"]);
    }
}

#[test]
fn close_ends_a_run_on_another_thread() {
    for started in [false, true] {
        let gate = Gate::default();
        let stage = Stage::new(held_sink(&gate));
        if started {
            stage.rig.engine.start().unwrap();
        }
        stage.publish(1);
        thread::scope(|threads| {
            let running = threads.spawn(|| stage.rig.engine.run_until_idle(LONG, true));
            stage.sink.wait_for(1, SOON);
            at_once(|| stage.rig.engine.close());
            // Whether it heard of the stop or of the closing first, it does not call that idle.
            match at_once(|| running.join().unwrap()) {
                Ok(report) => assert!(!report.idle, "started: {started}"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Closed),
            }
        });
        gate.open();
    }
}

#[test]
fn spans_beyond_all_clocks_are_for_ever() {
    let stage = Stage::new(Sink::always(204));
    stage.publish(1);
    assert!(stage.rig.engine.pump(Duration::MAX).unwrap().idle);
    stage.publish(2);
    assert!(stage.rig.engine.run_until_idle(Duration::MAX, true).unwrap().idle);
    stage.rig.engine.start().unwrap();
    stage.publish(3);
    assert!(stage.rig.engine.run_until_idle(Duration::MAX, true).unwrap().idle);
    stage.rig.engine.stop(Duration::MAX).unwrap();
    assert_eq!(stage.statuses(), ["delivered"; 3]);
}

#[test]
fn an_outcome_that_cannot_be_kept_stalls_everything_and_is_kept_a_second_later() {
    for started in [false, true] {
        let store = Faulty::new();
        let stage = Stage::in_rig(Sink::always(204), Rig::on(store.clone(), |_| {}));
        store.fail_commits.store(true, Ordering::SeqCst);
        if started {
            stage.rig.engine.start().unwrap();
        }
        stage.publish(1);
        // The second trial shows that the worker has heard of the first one's failure.
        eventually("the outcome is tried to be kept twice", || {
            stage.rig.engine.run_until_idle(Duration::from_millis(10), false).unwrap();
            stage.rig.clock.advance(Duration::from_secs(1));
            store.commits.load(Ordering::SeqCst) >= 2
        });
        stage.publish(2);
        assert!(!stage.rig.engine.run_until_idle(Duration::from_millis(100), false).unwrap().idle);
        assert_eq!(stage.arrived(), [1], "what cannot be kept would only be sent again; started: {started}");
        store.fail_commits.store(false, Ordering::SeqCst);
        stage.run_after(Duration::from_secs(1));
        assert_eq!(stage.statuses(), ["delivered"; 2]);
        assert_eq!(stage.arrived(), [1, 2]);
    }
}

#[test]
fn a_queue_that_cannot_be_read_is_not_idle_and_is_read_a_second_later() {
    for started in [false, true] {
        let store = Faulty::new();
        let stage = Stage::in_rig(Sink::always(204), Rig::on(store.clone(), |_| {}));
        store.fail_loads.store(true, Ordering::SeqCst);
        if started {
            stage.rig.engine.start().unwrap();
        }
        stage.publish(1);
        let report = stage.rig.engine.run_until_idle(Duration::from_millis(200), false).unwrap();
        assert!(!report.idle, "started: {started}");
        store.fail_loads.store(false, Ordering::SeqCst);
        stage.run_after(Duration::from_secs(1));
        assert_eq!(stage.statuses(), ["delivered"]);
    }
}
