//! What has been kept long enough goes: by the worker now and then, and when it is asked for.

use std::time::Duration;

use tieback::engine::{Engine, EngineOptions};
use tieback::error::ErrorKind;
use tieback::service::Service;
use tieback::types::Purged;

use crate::stage::{Stage, eventually};
use crate::support::sink::{Answer, Sink};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn stage() -> Stage {
    Stage::new(Sink::start(|_, _| Answer::Status(204)))
}

/// Procore keeps deliveries for 28 days.
#[test]
fn a_delivery_is_kept_for_28_days_after_its_outcome() {
    let stage = stage();
    stage.publish(1);
    stage.rig.run();
    stage.rig.clock.advance(28 * DAY);
    assert_eq!(stage.rig.engine.purge().unwrap(), Purged::default());
    assert_eq!(stage.statuses(), ["delivered"]);
    stage.rig.clock.advance(Duration::from_micros(1));
    assert_eq!(stage.rig.engine.purge().unwrap(), Purged { deliveries: 1, events: 1, hooks: 0 });
    assert_eq!(stage.log(), []);
}

#[test]
fn retention_is_an_option() {
    let stage = Stage::with(Sink::start(|_, _| Answer::Status(204)), |options| options.retention = DAY);
    stage.publish(1);
    stage.rig.run();
    stage.rig.clock.advance(DAY + HOUR);
    stage.rig.run();
    assert_eq!(stage.log(), []);

    let none = EngineOptions { retention: Duration::ZERO, ..EngineOptions::at(stage.rig.folder().join("other.db")) };
    let error = Engine::open(none).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().contains("retention") && !stage.rig.folder().join("other.db").exists());
}

#[test]
fn what_is_queued_outlasts_any_retention() {
    let stage = stage();
    stage.rig.engine.pause(&stage.scope, &stage.hook.id).unwrap();
    stage.publish(1);
    stage.rig.clock.advance(1000 * DAY);
    assert_eq!(stage.rig.engine.purge().unwrap(), Purged::default());
    stage.rig.engine.resume(&stage.scope, &stage.hook.id).unwrap();
    stage.rig.run();
    assert_eq!(stage.arrived(), [1]);
    assert_eq!(stage.statuses(), ["delivered"], "its outcome is new");
}

#[test]
fn a_worker_on_the_callers_thread_purges_when_it_runs_and_an_hour_has_passed() {
    let stage = stage();
    stage.publish(1);
    stage.rig.run();
    // Of the worker's hour nothing is left; of the delivery's 28 days a little is.
    stage.rig.clock.advance(28 * DAY - HOUR / 2);
    stage.rig.run();
    assert_eq!(stage.log().len(), 1);
    stage.rig.clock.advance(HOUR / 2 + Duration::from_secs(1));
    stage.rig.run();
    assert_eq!(stage.log().len(), 1, "not before the hour is over");
    stage.rig.clock.advance(HOUR / 2);
    stage.rig.run();
    assert_eq!(stage.log(), []);
}

#[test]
fn a_started_worker_purges_while_it_has_nothing_else_to_do() {
    let stage = stage();
    stage.publish(1);
    stage.rig.engine.start().unwrap();
    stage.rig.run();
    stage.rig.clock.advance(28 * DAY + HOUR);
    eventually("the delivery is purged", || stage.log().is_empty());
}

/// A thousand deliveries are several steps.
#[test]
fn a_purge_goes_on_to_its_end_and_a_worker_that_begins_does_too() {
    for by_worker in [false, true] {
        let stage = stage();
        stage.rig.engine.pause(&stage.scope, &stage.hook.id).unwrap();
        (1..=600).for_each(|id| drop(stage.publish(id)));
        stage.rig.service.hook_delete(&stage.scope, &stage.hook.id).unwrap();
        stage.rig.clock.advance(29 * DAY);
        if by_worker {
            stage.rig.engine.start().unwrap();
            eventually("everything is purged", || {
                stage.rig.clock.advance(Duration::from_secs(1));
                rows(&stage) == 0
            });
            stage.rig.engine.stop(Duration::ZERO).unwrap();
        } else {
            let all = Purged { deliveries: 600, events: 600, hooks: 1 };
            assert_eq!(stage.rig.engine.purge().unwrap(), all);
            assert_eq!(rows(&stage), 0);
        }
    }
}

/// How many rows of the log are in the file.
fn rows(stage: &Stage) -> i64 {
    let path = stage.rig.path();
    let file = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let count = "SELECT (SELECT count(*) FROM delivery) + (SELECT count(*) FROM event) + (SELECT count(*) FROM payload)
        + (SELECT count(*) FROM attempt) + (SELECT count(*) FROM hook) + (SELECT count(*) FROM lane)";
    file.query_row(count, [], |row| row.get(0)).unwrap()
}
