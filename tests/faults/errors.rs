//! Errors of the disk, at each call that hooks, publishing, delivering and upkeep make: nothing that was acknowledged
//! is lost, each error says what it is, and the engine goes on when the disk does.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tieback::embedded::Embedded;
use tieback::engine::{Engine, EngineOptions};
use tieback::error::{ErrorKind, Result};
use tieback::policy::egress::Egress;
use tieback::service::Service;
use tieback::store::sqlite::SqliteStore;
use tieback::time::{ManualClock, Timestamp};
use tieback::types::{Delivery, DeliveryStatus, Id, NoticeKind, PageRequest, PayloadVersion, TriggerCreate};

use crate::control::{ALL, CUT, Control, EIO, ENOSPC, NAME, READ, SYNC, WRITE, on_shim};
use crate::optional;
use crate::support::rig::{SOON, company, event, hook_create};
use crate::support::sink::{Answer, Sink};

const FOLDER: &str = "TIEBACK_TEST_FAULT_FOLDER";
const FAULT: &str = "TIEBACK_TEST_FAULT";

const RESOURCE: &str = "Company Users";
const EVENT: &str = "update";
const EVENTS: i64 = 3;

/// One call that fails, and every call until somebody has noticed.
const ONE: i64 = 1;

#[test]
fn nothing_is_lost_by_a_write_that_fails_wherever_it_is() {
    run(&[Fault(WRITE, EIO, ONE, 1), Fault(NAME, EIO, ONE, 1), Fault(NAME, EIO, ALL, 1)]);
}

#[test]
fn nothing_is_lost_by_a_disk_that_is_full_from_whatever_moment() {
    run(&[Fault(WRITE, ENOSPC, ALL, 3), Fault(WRITE | SYNC | CUT, EIO, ALL, 7)]);
}

/// What a failed sync leaves is gone, also where the next one succeeds.
#[test]
fn nothing_is_lost_by_a_sync_that_fails_wherever_it_is() {
    run(&[Fault(SYNC, EIO, ONE, 1), Fault(SYNC, EIO, ALL, 1), Fault(SYNC, ENOSPC, ONE, 1)]);
}

#[test]
fn nothing_is_lost_by_a_read_that_fails_wherever_it_is() {
    run(&[Fault(READ, EIO, ONE, 1), Fault(READ, EIO, ALL, 5), Fault(CUT, EIO, ONE, 1)]);
}

/// Which kinds of calls fail, with what, how many at a time; and how far the first of them moves on between two rounds
/// of work: a disk that fails from some moment on need not be tried from each.
#[derive(Clone, Copy, Debug)]
struct Fault(i64, i64, i64, usize);

impl Fault {
    fn to_text(self) -> String {
        let Self(kinds, what, fail, stride) = self;
        format!("{kinds} {what} {fail} {stride}")
    }

    fn from_text(text: &str) -> Self {
        let numbers: Vec<i64> = text.split(' ').map(|number| number.parse().unwrap()).collect();
        Self(numbers[0], numbers[1], numbers[2], numbers[3] as usize)
    }
}

fn run(faults: &[Fault]) {
    if !optional::has("cc", "the proof that nothing is lost by a disk that fails") {
        return;
    }
    for fault in faults {
        let (folder, notes) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        Control::make(&notes.path().join("control"));
        let output = on_shim("errors::a_process_on_a_disk_that_fails", folder.path(), notes.path())
            .env(FOLDER, folder.path())
            .env(FAULT, fault.to_text())
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && out.contains("1 passed"), "{fault:?}:\n{out}\n{err}");
        let faults = out.lines().find_map(|line| line.split_once("faults: ")).expect("the process says how many");
        let faults: usize = faults.1.parse().unwrap();
        let few = if fault.0 == CUT || fault.0 == NAME { 1 } else { 10 };
        assert!(faults >= few, "{fault:?}: {faults} faults");
    }
}

/// Not a claim: what [`run`] starts. Without its variables it does nothing.
#[test]
#[expect(clippy::print_stdout, reason = "tells how many faults there were")]
fn a_process_on_a_disk_that_fails() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let Fault(kinds, what, fail, stride) = Fault::from_text(&std::env::var(FAULT).expect("the parent sets it"));
    let copies = PathBuf::from(std::env::var_os("SHIM_COPIES").expect("the parent sets it"));
    let control = Control::open(Path::new(&std::env::var_os("SHIM_CONTROL").expect("the parent sets it")));
    let sink = Sink::start(|_, _| Answer::Status(204));
    let mut faults = 0;
    for pass in (0..).step_by(stride) {
        let place = folder.join(pass.to_string());
        fs::create_dir(&place).unwrap();
        // An inode's number is used again, its copy is not.
        fs::remove_dir_all(&copies).unwrap();
        fs::create_dir(&copies).unwrap();
        let work = Work { place: place.clone(), copies: copies.clone(), control: &control, sink: &sink };
        control.arm(kinds, what, pass, fail);
        work.run();
        if control.failed() == 0 {
            break;
        }
        faults += 1;
        fs::remove_dir_all(&place).unwrap();
    }
    println!("\nfaults: {faults}");
}

/// One round of work in a folder of its own.
struct Work<'a> {
    place: PathBuf,
    copies: PathBuf,
    control: &'a Control,
    sink: &'a Sink,
}

impl Work<'_> {
    fn run(&self) {
        let clock = ManualClock::at(Timestamp::parse("2026-11-24T08:00:00Z").unwrap());
        let engine = Arc::new(self.again("open", || Engine::open(self.options(&clock))));
        let service = Embedded::new(Arc::clone(&engine));
        let create = hook_create("acme-invoice-sync", &self.sink.url("/events"), PayloadVersion::V2);
        let hook = self.again("hook_create", || service.hook_create(&company(), &create)).id;
        let trigger = TriggerCreate::new(RESOURCE, EVENT).unwrap();
        self.again("trigger_create", || service.trigger_create(&company(), &hook, &trigger));
        for number in 0..EVENTS {
            let mut event = event(&company(), RESOURCE, number + 1, EVENT);
            event.ulid = Some(ulid(number));
            self.again("publish", || engine.publish(&event));
        }
        self.expect_survives_a_power_cut();
        self.deliver(&engine, &clock);
        self.again("stats", || engine.stats());
        self.again("deliveries", || service.delivery_list(&company(), &hook, &Default::default(), &page()));
        let backup = self.place.join("backup.db");
        self.again("backup", || engine.backup(&backup, true));
        self.again("compact", || engine.compact());
        self.again("check_integrity", || engine.check_integrity(false));
        // Closing moves the WAL into the file, and tells nobody when it cannot.
        engine.close();
        drop((service, engine));
        let failed = self.control.disarm();
        self.expect_whole(&hook, &self.options(&clock));
        assert!(SqliteStore::open(&backup).is_ok(), "the backup is whole after {failed} faults");
    }

    fn options(&self, clock: &ManualClock) -> EngineOptions {
        let mut options = EngineOptions::at(self.place.join("hooks.db"));
        options.egress = Egress { danger_allow_http: true, danger_allow_private_addresses: true, ..Egress::default() };
        options.clock = Arc::new(clock.clone());
        options
    }

    /// Makes a call; one that fails is made again on the same engine, once the disk is well.
    fn again<T>(&self, what: &str, call: impl Fn() -> Result<T>) -> T {
        match call() {
            Ok(answer) => answer,
            Err(error) => {
                assert!(self.control.failed() > 0, "{what} fails without a fault: {error}");
                assert_eq!(error.kind(), ErrorKind::Storage, "{what}: {error}");
                assert!(!error.message().contains("defect"), "{what}: {error}");
                let failed = self.control.disarm();
                call().unwrap_or_else(|error| panic!("{what} does not go on after {failed} faults: {error}"))
            }
        }
    }

    /// Delivers everything; a worker that cannot use its store says so and tries again a second later.
    fn deliver(&self, engine: &Engine, clock: &ManualClock) {
        let deadline = Instant::now() + SOON;
        loop {
            assert!(Instant::now() < deadline, "nothing is delivered any more");
            let report = self.again("pump", || engine.pump(Duration::from_millis(20)));
            for notice in engine.notices().unwrap() {
                if let NoticeKind::StoreFailed { reason } = notice.kind {
                    assert!(self.control.failed() > 0, "{reason}");
                    self.control.disarm();
                }
            }
            if report.idle {
                return;
            }
            clock.advance(Duration::from_secs(1));
        }
    }

    /// A power cut at this moment: of each file there is what its last sync that did not fail has left.
    fn expect_survives_a_power_cut(&self) {
        // Beside the copies, where no fault is.
        let cut = self.copies.with_file_name("cut");
        let _ = fs::remove_dir_all(&cut);
        fs::create_dir(&cut).unwrap();
        for name in ["hooks.db", "hooks.db-wal"] {
            let number = fs::metadata(self.place.join(name)).unwrap().ino().to_string();
            fs::copy(self.copies.join(number), cut.join(name)).unwrap();
        }
        let database = rusqlite::Connection::open(cut.join("hooks.db")).unwrap();
        let mut ulids = database.prepare("SELECT ulid FROM event JOIN delivery ON event_id = event.id").unwrap();
        let kept: BTreeSet<String> = ulids.query_map([], |row| row.get(0)).unwrap().map(|row| row.unwrap()).collect();
        assert_eq!(kept, (0..EVENTS).map(ulid).collect(), "acknowledged, and gone after a power cut");
    }

    /// Everything that was acknowledged is there and delivered, in a store that is sound.
    fn expect_whole(&self, hook: &Id, options: &EngineOptions) {
        let engine = Arc::new(Engine::open(options.clone()).expect("the store opens again"));
        let report = engine.check_integrity(false).unwrap();
        assert!(report.is_sound(), "{report:?}");
        let service = Embedded::new(Arc::clone(&engine));
        let deliveries: Vec<Delivery> =
            service.delivery_list(&company(), hook, &Default::default(), &page()).unwrap().items;
        assert_eq!(deliveries.len() as i64, EVENTS);
        for delivery in deliveries {
            assert_eq!(delivery.status, DeliveryStatus::Delivered);
            assert!(delivery.attempts.iter().any(|attempt| attempt.success()), "{delivery:?}");
        }
    }
}

fn ulid(number: i64) -> String {
    format!("01JMYXMZRBVKK0PC6X{number:08}")
}

fn page() -> PageRequest {
    PageRequest { limit: 100, after: None }
}
