//! Many processes at once, and many one after the other.

use crate::actor::{Actor, Desk};
use crate::support::rig::SOON;
use crate::support::sink::Sink;

const QUEUED: &str = "SELECT count(*) FROM delivery WHERE status = 'queued'";

/// As the host of an ERP system makes them: a process for each session, which publishes once.
#[test]
#[expect(clippy::print_stderr, reason = "the figures")]
fn processes_that_open_publish_and_close_are_quick_beside_a_worker() {
    const VISITS: usize = 25;
    let (sink, desk) = (Sink::always(204), Desk::new());
    let hook = desk.hook(1, &sink.url("/events"));
    let path = desk.0.path();
    let mut worker = Actor::worker(&path);
    let mut took: Vec<u64> = Vec::new();
    for number in 1..=VISITS {
        let visit = Actor::cast(&path).ask(&format!("visit 1 {}", number % 5 + 1));
        took.push(visit.parse().unwrap());
    }
    took.sort_unstable();
    eprintln!("open, publish, close in a new process: median {} us, slowest {} us", took[VISITS / 2], took[VISITS - 1]);
    // benches/opening.rs measures; this bound is for a busy machine and a debug build.
    assert!(took[VISITS / 2] < 500_000, "{took:?}");
    sink.wait_for(VISITS, SOON);
    desk.ask_until(QUEUED, |queued: &i64| *queued == 0);
    worker.ask("close");
    assert_eq!(sink.requests().len(), VISITS);
    assert_eq!(desk.log(1, &hook), vec![("delivered".to_owned(), 1); VISITS]);
    desk.0.engine.close();
    let names = std::fs::read_dir(desk.0.folder()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["hooks.db"]);
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures")]
fn processes_that_publish_all_the_time_do_not_starve_one_another() {
    let (sink, desk) = (Sink::always(204), Desk::new());
    desk.hook(1, &sink.url("/events"));
    let path = desk.0.path();
    let mut worker = Actor::worker(&path);
    let mut publishers = [Actor::open(&path), Actor::open(&path), Actor::open(&path)];
    for publisher in &mut publishers {
        publisher.tell("crowd 4 3000");
    }
    let mut counts = Vec::new();
    for publisher in &mut publishers {
        // An error, such as `unavailable`, would be a failed answer.
        let answer = publisher.answer();
        let (count, slowest) = answer.split_once(' ').unwrap();
        let (count, slowest): (u64, u64) = (count.parse().unwrap(), slowest.parse().unwrap());
        eprintln!("{count} published in 3 s beside two others and a worker, slowest {slowest} us");
        assert!(slowest < 4_000_000, "one publish took {slowest} us: close to the end of patience");
        counts.push(count);
    }
    let (all, least) = (counts.iter().sum::<u64>(), counts.iter().min().unwrap());
    assert!(least * 10 >= all, "one got less than a tenth: {counts:?}");
    // The WAL of a file that everybody uses is moved into it all the same.
    let wal = std::fs::metadata(desk.0.folder().join("hooks.db-wal")).unwrap().len();
    eprintln!("{all} published; the WAL has {} KiB", wal / 1024);
    assert!(wal <= 64 * 1024 * 1024, "{wal} bytes of WAL");
    assert!(!sink.requests().is_empty(), "the worker got its turn");
    worker.ask("stop");
    assert_eq!(desk.ask::<i64>("SELECT count(*) FROM delivery"), all as i64);
    assert_eq!(desk.ask::<i64>("SELECT count(*) FROM attempt"), sink.requests().len() as i64, "each sent once");
    assert_eq!(desk.ask::<i64>("SELECT max(attempts) FROM delivery"), 1);
}
