//! Rate limits and fair shares, with real sockets and the clock of the test.

use std::time::Duration;

use tieback::service::Service;
use tieback::types::{HookUpdate, RateLimit};

use crate::stage::{EVENT, RESOURCE, Stage, eventually};
use crate::support::rig::{SOON, event};
use crate::support::sink::{Answer, Sink};

const SECOND: Duration = Duration::from_secs(1);

fn limit(stage: &Stage, limit: Option<RateLimit>) {
    let change = HookUpdate { rate_limit: Some(limit), ..HookUpdate::default() };
    stage.rig.service.hook_update(&stage.scope, &stage.hook.id, &change).unwrap();
}

/// One attempt each ten seconds.
fn limited(sink: Sink, queued: i64) -> Stage {
    let stage = Stage::wide(sink);
    limit(&stage, Some(RateLimit::new(1, 10 * SECOND).unwrap()));
    (1..=queued).for_each(|id| drop(stage.publish(id)));
    stage
}

/// What is due is not held up by real time: this is as long as it takes to be sure that nothing is.
fn pump(stage: &Stage) -> bool {
    stage.rig.engine.pump(Duration::from_millis(50)).unwrap().idle
}

#[test]
fn attempts_keep_to_the_limit_and_the_engine_is_not_idle_until_all_are_made() {
    let stage = limited(Sink::always(204), 3);
    for sent in 1..=2 {
        stage.pump_until_arrived(sent);
        assert!(!pump(&stage), "more is due");
        assert_eq!(stage.sink.requests().len(), sent);
        stage.rig.clock.advance(10 * SECOND - Duration::from_millis(1));
        assert!(!pump(&stage));
        assert_eq!(stage.sink.requests().len(), sent, "sent before its time");
        stage.rig.clock.advance(Duration::from_millis(1));
    }
    assert_eq!(stage.rig.run().attempts, 1);
    assert_eq!(stage.statuses(), ["delivered"; 3]);
    assert!(pump(&stage));
}

#[test]
fn run_until_idle_goes_on_until_everything_is_sent() {
    let stage = limited(Sink::always(204), 4);
    let sent = std::thread::scope(|scope| {
        let running = scope.spawn(|| stage.rig.engine.run_until_idle(SOON, false).unwrap());
        for sent in 1..=4 {
            stage.sink.wait_for(sent, SOON);
            stage.rig.clock.advance(10 * SECOND);
        }
        running.join().unwrap()
    });
    assert!(sent.idle, "{sent:?}");
    assert_eq!((sent.attempts, stage.statuses()), (4, vec!["delivered".to_owned(); 4]));
    let log = stage.log();
    let starts: Vec<_> = log.iter().map(|delivery| delivery.attempts[0].started_at).collect();
    assert!(starts.windows(2).all(|pair| pair[1].since(pair[0]) == 10 * SECOND), "{starts:?}");
}

#[test]
fn repeated_attempts_wait_for_the_limit_too() {
    let stage = limited(Sink::start(|_, n| Answer::Status(if n == 0 { 503 } else { 204 })), 1);
    stage.rig.run();
    assert_eq!(stage.statuses(), ["retrying"]);
    stage.rig.clock.advance(9 * SECOND);
    pump(&stage);
    assert_eq!(stage.sink.requests().len(), 1, "the back-off of a second is over, the limit is not");
    stage.rig.clock.advance(SECOND);
    stage.rig.run();
    assert_eq!(stage.statuses(), ["delivered"]);
}

#[test]
fn a_changed_limit_is_in_force_at_once_and_without_one_everything_goes() {
    let stage = limited(Sink::always(204), 20);
    stage.rig.engine.start().unwrap();
    stage.sink.wait_for(1, SOON);
    limit(&stage, Some(RateLimit::new(10, SECOND).unwrap()));
    let mut passed = Duration::ZERO;
    while stage.sink.requests().len() < 10 {
        stage.rig.clock.advance(SECOND / 100);
        passed += SECOND / 100;
        std::thread::sleep(Duration::from_millis(2));
        assert!(passed < 9 * SECOND, "the old limit is still in force");
    }
    assert!(passed >= SECOND * 8 / 10, "nine more took {passed:?}: the new limit is not in force");
    limit(&stage, None);
    stage.rig.run();
    assert_eq!(stage.statuses(), ["delivered"; 20]);
}

#[test]
fn a_restart_goes_on_within_one_bucket() {
    let stage = limited(Sink::always(204), 3);
    stage.pump_until_arrived(1);
    pump(&stage);
    let stage = stage.reopen();
    stage.pump_until_arrived(2);
    assert!(!pump(&stage));
    assert_eq!(stage.sink.requests().len(), 2);
}

#[test]
fn a_disabled_or_paused_limited_hook_leaves_the_engine_idle() {
    let stage = limited(Sink::always(204), 3);
    stage.pump_until_arrived(1);
    stage.rig.engine.pause(&stage.scope, &stage.hook.id).unwrap();
    stage.rig.run();
    stage.rig.engine.resume(&stage.scope, &stage.hook.id).unwrap();
    assert!(!pump(&stage));
    let off = HookUpdate { active: Some(false), ..HookUpdate::default() };
    stage.rig.service.hook_update(&stage.scope, &stage.hook.id, &off).unwrap();
    stage.rig.run();
    stage.rig.service.hook_delete(&stage.scope, &stage.hook.id).unwrap();
    stage.rig.run();
    assert_eq!(stage.sink.requests().len(), 1);
}

/// Sixteen slots, thirty-two hooks whose endpoint never answers, and one that does.
#[test]
fn hanging_endpoints_do_not_take_every_slot() {
    let hanging = Sink::start(|_, _| Answer::HangBeforeHeaders);
    let stage = Stage::with(Sink::always(204), |options| {
        options.limits.in_flight = 16;
        options.policy.response_timeout = SOON;
    });
    stage.rig.engine.start().unwrap();
    stage.publish(1);
    stage.sink.wait_for(1, SOON);
    eventually("the first is recorded", || stage.statuses() == ["delivered"]);
    for number in 0..32 {
        let hook = stage.rig.hook_named(&stage.scope, &format!("hanging-{number}"), &hanging.url("/"));
        stage.rig.trigger(&stage.scope, &hook, "Departments", EVENT);
    }
    stage.rig.engine.publish(&event(&stage.scope, "Departments", 1, EVENT)).unwrap();
    hanging.wait_for(12, SOON);
    for id in 2..=20 {
        stage.rig.engine.publish(&event(&stage.scope, RESOURCE, id, EVENT)).unwrap();
    }
    stage.sink.wait_for(20, SOON / 3);
    assert_eq!(hanging.requests().len(), 12, "three quarters of the slots are theirs, as long as nothing is known");
    stage.rig.engine.stop(Duration::ZERO).unwrap();
}

/// A queue of thousands on one hook does not keep the others waiting.
#[test]
fn a_long_queue_does_not_hold_up_the_others() {
    let stage = Stage::wide(Sink::always(204));
    let long = Sink::start(|_, _| Answer::Status(204));
    let hook = stage.rig.hook_named(&stage.scope, "long", &long.url("/"));
    stage.rig.trigger(&stage.scope, &hook, "Departments", EVENT);
    for part in 0..6 {
        let events: Vec<_> =
            (0..500).map(|id| event(&stage.scope, "Departments", part * 500 + id + 1, EVENT)).collect();
        for published in stage.rig.engine.publish_many(&events).unwrap() {
            published.unwrap();
        }
    }
    (1..=20).for_each(|id| drop(stage.publish(id)));
    stage.rig.engine.start().unwrap();
    stage.sink.wait_for(20, SOON);
    let meanwhile = long.requests().len();
    assert!(meanwhile < 1000, "{meanwhile} of the long queue went before the twenty");
    stage.rig.engine.stop(Duration::ZERO).unwrap();
}
