//! The programs of `examples/c` and `bindings/c`, run against real endpoints, as they are and under valgrind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use crate::compile::{Library, Workshop, finish};
use crate::support::sink::{Answer, Sink};
use crate::{VALGRIND, optional, refusing_once};

/// How each is run: as it is, and under valgrind where that is there.
fn runners(what: &str) -> Vec<&'static [&'static str]> {
    let mut runners: Vec<&[&str]> = vec![&[]];
    if optional::has("valgrind", &format!("{what} under valgrind")) {
        runners.push(&VALGRIND);
    }
    runners
}

fn build(workshop: &Workshop, source: &str) -> PathBuf {
    workshop.build(Path::new(source), Library::Shared, &["-g"])
}

fn tell(child: &Child, signal: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {}", child.id())]).status();
    assert!(sent.unwrap().success());
}

/// Which resources an endpoint has taken.
fn delivered(sink: &Sink) -> BTreeSet<u64> {
    let bodies = sink.requests().into_iter().map(|request| serde_json::from_slice(&request.body).unwrap());
    bodies.map(|body: serde_json::Value| body["resource_id"].as_u64().unwrap()).collect()
}

#[test]
fn what_one_program_publishes_another_one_delivers_while_both_run_and_after_a_start() {
    let workshop = Workshop::open();
    let (publish, drain) = (build(&workshop, "examples/c/publish.c"), build(&workshop, "examples/c/drain.c"));
    for runner in runners("publish.c and drain.c") {
        let sink = Sink::always(204);
        let (store, url) = (workshop.store(), sink.url("/events"));
        // Published before anybody delivers,
        let printed = workshop.run(&publish, runner, &[&store, &url, "3"]);
        assert_eq!(printed.lines().count(), 3, "{printed}");
        assert_eq!(sink.requests().len(), 0);
        let draining = workshop.start(&drain, runner, &[&store]);
        assert_eq!(sink.wait_for(3, Duration::from_secs(60)).len(), 3);
        // and while somebody does, by a process that finds the hook there.
        workshop.run(&publish, runner, &[&store, &url, "5"]);
        assert_eq!(sink.wait_for(8, Duration::from_secs(60)).len(), 8);
        tell(&draining, "TERM");
        let printed = finish(&drain, draining);
        assert!(printed.ends_with("delivered 8, queued 0\n"), "{printed}");
        assert_eq!(delivered(&sink), (1..=5).collect());
    }
}

#[test]
fn drain_tells_what_happens_and_a_second_one_stands_by() {
    let workshop = Workshop::open();
    let (publish, drain) = (build(&workshop, "examples/c/publish.c"), build(&workshop, "examples/c/drain.c"));
    let sink = refusing_once();
    let (store, url) = (workshop.store(), sink.url("/events"));
    let both = [(); 2].map(|()| workshop.start(&drain, &[], &[&store]));
    workshop.run(&publish, &[], &[&store, &url, "1"]);
    assert_eq!(sink.wait_for(2, Duration::from_secs(60)).len(), 2);
    let printed = both.map(|one| {
        tell(&one, "INT");
        finish(&drain, one)
    });
    for word in ["hook 1: paused", "hook 1: resumed", "delivered 1, queued 0"] {
        assert!(printed.concat().contains(word), "{printed:?}");
    }
    assert_eq!(sink.requests().len(), 2, "one of them delivers, not both");
}

#[test]
fn host_without_threads_delivers_between_its_own_work() {
    let workshop = Workshop::open();
    let program = build(&workshop, "examples/c/poll_only.c");
    for runner in runners("poll_only.c") {
        let sink = refusing_once();
        let printed = workshop.run(&program, runner, &[&workshop.store(), &sink.url("/events")]);
        assert_eq!(delivered(&sink), (1..=5).collect());
        assert_eq!(printed.lines().filter(|line| line.starts_with("posted ")).count(), 5, "{printed}");
        let idle = printed.lines().last().and_then(|line| line.strip_prefix("idle after ")).expect("it says so");
        let turns: u32 = idle.trim_end_matches(" turns").parse().unwrap();
        assert!(turns >= 5, "{printed}");
    }
}

#[test]
fn business_functions_take_fixed_fields_and_give_them() {
    let workshop = Workshop::open();
    let flags = ["-g", "-I", "bindings/c", "bindings/c/business_function.c"];
    let program = workshop.build(Path::new("tests/c/business_function.c"), Library::Shared, &flags);
    for runner in runners("the business functions") {
        let sink = Sink::start(|_, nth| Answer::Status(if nth == 0 { 503 } else { 204 }));
        workshop.run(&program, runner, &[&workshop.store(), &sink.url("/events")]);
        let requests = sink.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(delivered(&sink), BTreeSet::from([42]));
    }
}
