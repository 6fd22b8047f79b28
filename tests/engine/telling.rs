//! What an engine tells as it happens, and runs that a token ends.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;

use tieback::engine::{Engine, EngineOptions};
use tieback::error::ErrorKind;
use tieback::report::{LogLevel, LogLine, Report};
use tieback::time::Cancel;
use tieback::types::{Notice, NoticeKind};

use crate::stage::{EVENT, Gate, RESOURCE, Stage, eventually};
use crate::support::rig::{company, event};
use crate::support::sink::{Answer, Sink};

/// Keeps what it is told.
struct Diary {
    level: LogLevel,
    lines: Mutex<Vec<LogLine>>,
    notices: Mutex<Vec<NoticeKind>>,
}

impl Diary {
    fn new(level: LogLevel) -> Arc<Self> {
        Arc::new(Self { level, lines: Mutex::default(), notices: Mutex::default() })
    }

    fn told(&self, level: LogLevel) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter(|line| line.level == level).map(|line| line.message.clone()).collect()
    }
}

impl Report for Diary {
    fn level(&self) -> Option<LogLevel> {
        Some(self.level)
    }

    fn log(&self, line: &LogLine) {
        self.lines.lock().unwrap().push(line.clone());
    }

    fn notice(&self, notice: &Notice) {
        self.notices.lock().unwrap().push(notice.kind.clone());
    }
}

fn told_to(diary: &Arc<Diary>) -> impl FnOnce(&mut EngineOptions) {
    let report = Arc::clone(diary);
    move |options| options.report = report
}

#[test]
fn outage_is_told_line_by_line_at_the_level_of_each() {
    let diary = Diary::new(LogLevel::Debug);
    let refusing = Sink::start(|_, n| Answer::Status(if n == 0 { 503 } else { 204 }));
    let stage = Stage::with(refusing, told_to(&diary));
    stage.publish(1);
    stage.rig.run();
    stage.run_after(Duration::from_secs(1));
    let debug = diary.told(LogLevel::Debug);
    assert_eq!(debug.iter().filter(|line| line.starts_with("published 1 event(s)")).count(), 1, "{debug:?}");
    assert_eq!(debug.iter().filter(|line| line.starts_with("an attempt of delivery")).count(), 2, "{debug:?}");
    assert!(debug.iter().any(|line| line.ends_with(": 503")), "{debug:?}");
    let warned = diary.told(LogLevel::Warn);
    assert!(warned.len() == 1 && warned[0].contains("503"), "{warned:?}");
    let kinds: Vec<_> = diary.notices.lock().unwrap().iter().map(NoticeKind::as_str).collect();
    assert_eq!(kinds, ["paused", "resumed"]);
    assert_eq!(stage.notices(), kinds, "whoever polls is told the same");
    assert!(diary.lines.lock().unwrap().iter().filter(|line| line.level == LogLevel::Warn).all(|l| l.hook.is_some()));
}

#[test]
fn nothing_below_the_wanted_level_is_told() {
    let diary = Diary::new(LogLevel::Warn);
    let stage = Stage::with(Sink::always(204), told_to(&diary));
    stage.publish(1);
    stage.rig.run();
    assert_eq!(*diary.lines.lock().unwrap(), []);
}

/// Publishes an event for each line that it is told.
#[derive(Default)]
struct Publisher {
    engine: Mutex<Weak<Engine>>,
    lines: AtomicU32,
}

impl Report for Publisher {
    fn level(&self) -> Option<LogLevel> {
        Some(LogLevel::Debug)
    }

    fn log(&self, _: &LogLine) {
        self.lines.fetch_add(1, Ordering::SeqCst);
        // Not yet, while it opens.
        let engine = self.engine.lock().unwrap().upgrade();
        if let Some(engine) = engine {
            engine.publish(&event(&company(), RESOURCE, 7, EVENT)).unwrap();
        }
    }
}

#[test]
fn what_a_listener_does_itself_is_not_told_to_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = Arc::new(Publisher::default());
    let report = Arc::clone(&publisher) as Arc<dyn Report>;
    let options = EngineOptions { report, ..EngineOptions::at(folder.path().join("hooks.db")) };
    let engine = Arc::new(Engine::open(options).unwrap());
    *publisher.engine.lock().unwrap() = Arc::downgrade(&engine);
    engine.publish(&event(&company(), RESOURCE, 1, EVENT)).unwrap();
    assert_eq!(publisher.lines.load(Ordering::SeqCst), 2, "one for the opening, one for the event");
}

/// The attempt that was in flight goes on in the next run, and is not made twice.
#[test]
fn cancelled_run_leaves_what_is_in_flight_to_the_next_one() {
    let gate = Gate::default();
    let held = gate.clone();
    let stage = Stage::new(Sink::start(move |_, _| {
        held.pass();
        Answer::Status(204)
    }));
    stage.publish(1);
    let cancel = Cancel::new();
    let ended = thread::scope(|scope| {
        let run = scope.spawn(|| stage.rig.engine.with_cancel(&cancel).run_until_idle(Duration::from_secs(3600), true));
        eventually("the attempt is in flight", || stage.rig.engine.stats().unwrap().in_flight == 1);
        cancel.request();
        run.join().unwrap()
    });
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::Cancelled);
    gate.open();
    stage.rig.run();
    assert_eq!(stage.arrived(), [1]);
    assert_eq!(stage.statuses(), ["delivered"]);
}
