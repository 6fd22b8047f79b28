//! What a caller can watch: notices and figures.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tieback::store::memory::MemoryStore;
use tieback::types::{Id, NoticeKind, Stats};

use crate::faulty::Faulty;
use crate::stage::{EVENT, Gate, RESOURCE, Stage};
use crate::support::rig::{Rig, SOON};
use crate::support::sink::{Answer, Sink};

#[test]
fn notices_say_which_hook_when_and_why_and_are_told_once() {
    let stage = Stage::new(Sink::start(|_, n| Answer::Status(if n == 0 { 502 } else { 204 })));
    stage.publish(1);
    stage.rig.run();
    stage.run_after(Duration::from_secs(1));
    let notices = stage.rig.engine.notices().unwrap();
    assert!(notices.iter().all(|notice| notice.hook.map(Id::from).as_ref() == Some(&stage.hook.id)));
    assert_eq!(notices[0].kind, NoticeKind::Paused { reason: "502".to_owned() });
    assert_eq!(notices[0].at.to_string(), "2026-11-24T08:00:00.000000Z");
    assert_eq!(notices[1].kind, NoticeKind::Resumed);
    assert_eq!(notices[1].at.to_string(), "2026-11-24T08:00:01.000000Z");
    assert_eq!(stage.notices(), [""; 0]);
}

#[test]
fn a_store_that_cannot_keep_outcomes_is_told_once_until_it_can_again() {
    let store = Faulty::new();
    let stage = Stage::in_rig(Sink::always(204), Rig::on(store.clone(), |_| {}));
    for event in [1, 2] {
        store.fail_commits.store(true, Ordering::SeqCst);
        stage.publish(event);
        for _ in 0..3 {
            stage.rig.engine.run_until_idle(Duration::from_millis(50), false).unwrap();
            stage.rig.clock.advance(Duration::from_secs(1));
        }
        let [notice] = &stage.rig.engine.notices().unwrap()[..] else { panic!("one notice for three failures") };
        assert_eq!(notice.hook, None);
        assert_eq!(notice.kind, NoticeKind::StoreFailed { reason: "the disk is full".to_owned() });
        store.fail_commits.store(false, Ordering::SeqCst);
        stage.run_after(Duration::from_secs(1));
    }
    assert_eq!(stage.statuses(), ["delivered"; 2]);
}

#[test]
fn the_newest_1024_notices_are_kept() {
    let sink = Sink::start(|_, n| Answer::Status(if n % 2 == 0 { 500 } else { 204 }));
    let stage = Stage::in_rig(sink, Rig::on(Arc::new(MemoryStore::new()), |_| {}));
    for id in 1..=520 {
        stage.publish(id);
        stage.rig.run();
        stage.rig.engine.retry_now(&stage.scope, &stage.hook.id).unwrap();
        stage.rig.run();
        stage.rig.clock.advance(Duration::from_millis(1));
    }
    let notices = stage.rig.engine.notices().unwrap();
    assert_eq!(notices.len(), 1024);
    assert!(notices.is_sorted_by_key(|notice| notice.at));
    // 1,040 were given, two each millisecond: the first eight milliseconds are gone.
    assert_eq!(notices[0].at.to_string(), "2026-11-24T08:00:00.008000Z");
    assert_eq!(notices[1023].kind, NoticeKind::Resumed);
}

#[test]
fn figures_follow_what_is_queued_in_flight_and_paused() {
    let gate = Gate::default();
    let sink = Sink::start({
        let gate = gate.clone();
        move |_, n| {
            gate.pass();
            Answer::Status(if n == 0 { 500 } else { 204 })
        }
    });
    let stage = Stage::new(sink);
    // Those about what there is to do; what is kept is another matter.
    let stats = || {
        let Stats { queued, in_flight, paused_lanes, oldest_queued_age, .. } = stage.rig.engine.stats().unwrap();
        Stats { queued, in_flight, paused_lanes, oldest_queued_age, ..Stats::default() }
    };
    assert_eq!(stats(), Stats::default());

    stage.publish(1);
    stage.rig.clock.advance(Duration::from_secs(5));
    stage.publish(2);
    let waiting = Stats { queued: 2, oldest_queued_age: Duration::from_secs(5), ..Stats::default() };
    assert_eq!(stats(), waiting);

    stage.rig.engine.start().unwrap();
    stage.sink.wait_for(1, SOON);
    crate::stage::eventually("it is in flight", || stats() == Stats { in_flight: 1, ..waiting });

    gate.open();
    stage.rig.run();
    assert_eq!(stats(), Stats { paused_lanes: 1, ..waiting });

    stage.run_after(Duration::from_secs(1));
    assert_eq!(stats(), Stats::default());
}

#[test]
fn figures_are_of_all_hooks() {
    let stage = Stage::new(Sink::always(500));
    let other = stage.rig.hook_named(&stage.scope, "other", &stage.sink.url("/other"));
    stage.rig.trigger(&stage.scope, &other, RESOURCE, EVENT);
    stage.publish(1);
    assert_eq!(stage.rig.engine.stats().unwrap().queued, 2);
    assert_eq!(stage.rig.run().paused_lanes, 2);
    let stats = stage.rig.engine.stats().unwrap();
    assert_eq!((stats.queued, stats.paused_lanes), (2, 2));
}
