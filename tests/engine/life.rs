//! From opening to closing and opening again: what lasts and what ends.

use std::sync::Arc;
use std::time::Duration;

use tieback::engine::{Engine, EngineOptions};
use tieback::error::{ErrorKind, Result};
use tieback::policy::lane::LaneState;
use tieback::policy::retry::RetryPolicy;
use tieback::service::Service;
use tieback::store::memory::MemoryStore;
use tieback::store::{Commit, LaneWrite, LoadRequest, Queue, Workers};
use tieback::time::Clock;
use tieback::types::*;

use crate::stage::{EVENT, Gate, RESOURCE, Stage};
use crate::support::rig::{Rig, SOON, event, hook_create};
use crate::support::sink::{Answer, Sink};

#[test]
fn dropping_an_engine_with_attempts_in_flight_queues_them_again() {
    for started in [false, true] {
        let gate = Gate::default();
        let sink = Sink::start({
            let gate = gate.clone();
            move |_, n| {
                if n == 3 {
                    gate.pass();
                }
                Answer::Status(204)
            }
        });
        let stage = Stage::new(sink);
        (1..=3).for_each(|id| drop(stage.publish(id)));
        stage.rig.run();
        stage.publish(4);
        if started {
            stage.rig.engine.start().unwrap();
            stage.sink.wait_for(4, SOON);
        } else {
            stage.pump_until_arrived(4);
        }
        let stage = stage.reopen();
        assert_eq!(stage.statuses(), ["delivered", "delivered", "delivered", "enqueued"]);
        stage.rig.run();
        gate.open();
        assert_eq!(stage.statuses(), ["delivered"; 4]);
        let twice = stage.sink.requests().into_iter().filter(|request| crate::stage::resource_id(request) == 4);
        let twice: Vec<Vec<u8>> = twice.map(|request| request.body).collect();
        assert_eq!(twice.len(), 2);
        assert_eq!(twice[0], twice[1], "it is sent again as it was");
    }
}

#[test]
fn everything_that_was_acknowledged_is_there_after_reopening() {
    let stage = Stage::new(Sink::start(|_, n| Answer::Status(if n == 1 { 500 } else { 204 })));
    stage.publish(1);
    stage.rig.run();
    stage.publish(2);
    stage.rig.run();
    stage.publish(3);
    let before = stage.log();
    let stage = stage.reopen();
    assert_eq!(stage.log(), before);
    assert_eq!(stage.statuses(), ["delivered", "retrying", "enqueued"]);
    let shown = stage.rig.service.hook_show(&stage.scope, &stage.hook.id).unwrap();
    assert_eq!(shown.destination_url, stage.hook.destination_url);
    assert_eq!(shown.trigger_count, Some(1));
    stage.run_after(Duration::from_secs(1));
    assert_eq!(stage.arrived(), [1, 2, 2, 3]);
}

#[test]
fn closing_lets_go_of_the_file_at_once() {
    let stage = Stage::new(Sink::always(204));
    stage.rig.engine.start().unwrap();
    stage.publish(1);
    stage.rig.engine.close();
    // The closed engine and its service are still held by the rig.
    let names = std::fs::read_dir(stage.rig.folder()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["hooks.db"]);
}

#[test]
fn two_engines_in_one_process_share_a_file() {
    let stage = Stage::new(Sink::always(204));
    let options = EngineOptions { clock: Arc::new(stage.rig.clock.clone()), ..EngineOptions::at(stage.rig.path()) };
    let publisher = Engine::open(options).unwrap();
    stage.rig.run();
    publisher.publish(&event(&stage.scope, RESOURCE, 1, EVENT)).unwrap();
    assert_eq!(publisher.stats().unwrap().queued, 1);
    // Nobody has told this one.
    stage.rig.run();
    assert_eq!(stage.statuses(), ["delivered"]);
    assert_eq!(publisher.stats().unwrap().queued, 0);
}

#[test]
fn closing_twice_changes_nothing() {
    let stage = Stage::new(Sink::always(204));
    stage.rig.engine.start().unwrap();
    stage.rig.engine.close();
    stage.rig.engine.close();
}

#[test]
fn after_closing_every_call_is_closed() {
    let stage = Stage::new(Sink::always(204));
    stage.publish(1);
    stage.rig.run();
    let delivery = stage.log()[0].id.clone();
    stage.rig.engine.close();

    let (engine, service, scope, hook) = (&stage.rig.engine, &stage.rig.service, &stage.scope, &stage.hook.id);
    let (page, trigger) = (PageRequest::default(), TriggerCreate::new(RESOURCE, EVENT).unwrap());
    let change = HookUpdate { active: Some(false), ..HookUpdate::default() };
    let create = hook_create("another", "https://webhooks.yourdomain.com/events", PayloadVersion::V4);
    let given = event(scope, RESOURCE, 2, EVENT);
    let one = [Id::from(1)];
    let calls: [(&str, Result<()>); 26] = [
        ("start", engine.start()),
        ("stop", engine.stop(SOON)),
        ("pump", engine.pump(SOON).map(drop)),
        ("run_until_idle", engine.run_until_idle(SOON, true).map(drop)),
        ("publish", engine.publish(&given).map(drop)),
        ("publish_many", engine.publish_many(std::slice::from_ref(&given)).map(drop)),
        ("publish_many, none", engine.publish_many(&[]).map(drop)),
        ("send_test", engine.send_test(scope, hook).map(drop)),
        ("pause", engine.pause(scope, hook)),
        ("resume", engine.resume(scope, hook)),
        ("retry_now", engine.retry_now(scope, hook)),
        ("skip", engine.skip(scope, hook, &delivery)),
        ("redeliver", engine.redeliver(scope, hook, &delivery).map(drop)),
        ("notices", engine.notices().map(drop)),
        ("stats", engine.stats().map(drop)),
        ("hook_create", service.hook_create(scope, &create).map(drop)),
        ("hook_list", service.hook_list(scope, &HookQuery::default(), &page).map(drop)),
        ("hook_show", service.hook_show(scope, hook).map(drop)),
        ("hook_update", service.hook_update(scope, hook, &change).map(drop)),
        ("hook_delete", service.hook_delete(scope, hook)),
        ("trigger_create", service.trigger_create(scope, hook, &trigger).map(drop)),
        ("trigger_list", service.trigger_list(scope, hook, &page).map(drop)),
        ("trigger_delete", service.trigger_delete(scope, hook, &one[0])),
        ("trigger_delete_many", service.trigger_delete_many(scope, hook, &one).map(drop)),
        ("resource_list", service.resource_list(scope, &ResourceQuery::default(), &page).map(drop)),
        ("delivery_list", service.delivery_list(scope, hook, &DeliveryQuery::default(), &page).map(drop)),
    ];
    for (name, answer) in calls {
        assert_eq!(answer.err().map(|error| error.kind()), Some(ErrorKind::Closed), "{name}");
    }
}

#[test]
fn options_that_make_no_sense_are_refused_before_the_file_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |policy: RetryPolicy| {
        let options = EngineOptions { policy, ..EngineOptions::at(folder.path().join("hooks.db")) };
        let error = Engine::open(options).err().expect("it is refused");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        error.message().to_owned()
    };
    let good = RetryPolicy::default;
    let zero = Duration::ZERO;
    assert!(refused(RetryPolicy { response_timeout: zero, ..good() }).contains("response_timeout"));
    assert!(refused(RetryPolicy { backoff_max: zero, ..good() }).contains("backoff_max"));
    assert!(refused(RetryPolicy { max_in_flight: 0, ..good() }).contains("max_in_flight"));
    assert!(refused(RetryPolicy { max_attempts: Some(0), ..good() }).contains("max_attempts"));
    assert!(refused(RetryPolicy { jitter: 1.5, ..good() }).contains("jitter"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_a_flush_had_marked_before_a_crash_is_swept_at_the_next_start() {
    let store = Arc::new(MemoryStore::new());
    let stage = Stage::in_rig(Sink::always(204), Rig::on(store.clone(), |_| {}));
    (1..=3).for_each(|id| drop(stage.publish(id)));
    // The commit of a flush, after which the process died.
    let hook = HookId::from_id(&stage.hook.id).unwrap();
    let worker = store.enlist(stage.rig.clock.now().wall).unwrap();
    let lane = LoadRequest { hook, after: DeliveryId(0), limit: 0, bytes: 0 };
    let tenure = store.claim(worker, &[lane]).unwrap()[0].tenure.unwrap();
    let flush = LaneWrite { hook, tenure, state: LaneState::default(), flush: true };
    store.commit(&Commit { settled: Vec::new(), lanes: vec![flush] }).unwrap();
    store.kill(worker);
    stage.rig.run();
    assert!(!store.sweep_flushed(1, stage.rig.clock.now().wall).unwrap(), "nothing is left to sweep");
    assert_eq!(stage.statuses(), ["discarded"; 3]);
    assert_eq!(stage.arrived(), [0; 0]);
}
