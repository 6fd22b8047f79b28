//! Upkeep by the engine's own methods, while it delivers.

use std::sync::atomic::{AtomicBool, Ordering};

use tieback::engine::{Engine, EngineOptions};
use tieback::error::ErrorKind;
use tieback::types::{NoticeKind, Stats};

use crate::stage::{Stage, eventually};
use crate::support::rig::{SOON, event};
use crate::support::sink::{Answer, Sink};

/// Backups one after the other, while events are published and delivered: every one of them is whole, and the engine
/// has delivered everything in the end.
#[test]
fn backups_are_taken_while_the_engine_publishes_and_delivers() {
    let stage = Stage::wide(Sink::start(|_, _| Answer::Status(204)));
    let (engine, folder) = (&stage.rig.engine, stage.rig.folder());
    engine.start().unwrap();
    let stop = AtomicBool::new(false);
    let published = std::thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            let mut count = 0;
            while !stop.load(Ordering::SeqCst) {
                count += 1;
                engine.publish(&event(&stage.scope, crate::stage::RESOURCE, count, crate::stage::EVENT)).unwrap();
            }
            count
        });
        let mut last = 0;
        for round in 0..5 {
            eventually("it delivers meanwhile", || stage.sink.requests().len() > last);
            let backup = folder.join(format!("backup-{round}.db"));
            engine.backup(&backup, false).unwrap();
            let copy = Engine::open(EngineOptions::at(&backup)).unwrap();
            assert!(copy.check_integrity(false).unwrap().is_sound());
            let Stats { queued, delivered, .. } = copy.stats().unwrap();
            assert!(queued + delivered >= last as u64, "{queued} queued, {delivered} delivered");
            last = stage.sink.requests().len();
        }
        stop.store(true, Ordering::SeqCst);
        publisher.join().unwrap()
    });
    assert!(engine.run_until_idle(SOON, true).unwrap().idle);
    assert_eq!(engine.stats().unwrap().delivered as i64, published);
    assert!(engine.check_integrity(false).unwrap().is_sound());
}

/// What was sent after the backup was taken is sent once more, under the same event id, and everybody is told.
#[test]
fn what_a_restored_engine_sends_again_is_told_and_marked() {
    let stage = Stage::new(Sink::start(|_, _| Answer::Status(204)));
    stage.publish(1);
    stage.rig.run();
    stage.publish(2);
    let backup = stage.rig.folder().join("backup.db");
    stage.rig.engine.backup(&backup, false).unwrap();
    stage.rig.run();
    assert_eq!(stage.arrived(), [1, 2]);
    stage.rig.engine.close();
    let restored = Engine::restore(&backup, &stage.rig.path(), true).unwrap();
    assert_eq!((restored.queued, restored.lanes.len()), (1, 1));

    let stage = stage.reopen();
    assert_eq!(stage.notice_kinds(), [NoticeKind::Restored { queued: 1 }]);
    stage.rig.run();
    assert_eq!(stage.arrived(), [1, 2, 2]);
    let requests = stage.sink.requests();
    assert_eq!(requests[1].body, requests[2].body, "the same event id, so that the receiver can drop it");
    assert_eq!(stage.log().iter().map(|delivery| delivery.restored).collect::<Vec<_>>(), [false, true]);
    let stage = stage.reopen();
    assert_eq!(stage.notice_kinds(), [], "nothing of the backup is queued any more");
}

#[test]
fn a_closed_engine_has_no_upkeep() {
    let stage = Stage::new(Sink::start(|_, _| Answer::Status(204)));
    let engine = &stage.rig.engine;
    engine.close();
    let backup = stage.rig.folder().join("backup.db");
    let kinds = [
        engine.backup(&backup, false).unwrap_err().kind(),
        engine.check_integrity(true).unwrap_err().kind(),
        engine.compact().unwrap_err().kind(),
    ];
    assert_eq!(kinds, [ErrorKind::Closed; 3]);
    assert!(!backup.exists());
}
