//! The C ABI as C and C++ see it: programs in `tests/c` and `examples/c`, compiled strictly, linked with the shared and
//! with the static library, run as they are, under valgrind and with the sanitizers.
#![cfg(all(feature = "capi", unix))]

mod compile;
mod examples;
mod functions;
#[path = "../optional/mod.rs"]
mod optional;
mod prototypes;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::time::Duration;

use compile::{Language, Library, Workshop};
use support::sink::{Answer, Sink};

/// The programs that take a store and a URL. Each one is told of by its first comment.
const PROGRAMS: [&str; 14] = [
    "tests/c/spine.c",
    "tests/c/errors.c",
    "tests/c/secrets.c",
    "tests/c/options.c",
    "tests/c/flat.c",
    "tests/c/flat_room.c",
    "tests/c/flat_json.c",
    "tests/c/flat_all.c",
    "tests/c/callbacks.c",
    "tests/c/cancel.c",
    "tests/c/threads.c",
    "tests/c/share.c",
    "tests/c/layout.c",
    "tests/c/spine.cpp",
];

/// One of them that forks.
const FORK: &str = "tests/c/fork.c";

/// Finds wrong accesses, and leaks. "Possibly lost" is what only a pointer into its middle leads to, as Rust's hash
/// tables have it.
const VALGRIND: [&str; 6] = [
    "valgrind",
    "--quiet",
    "--error-exitcode=9",
    "--leak-check=full",
    "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite",
];

/// An endpoint that refuses its first delivery and takes all others.
fn refusing_once() -> Sink {
    Sink::start(|_, nth| match nth {
        0 => Answer::StatusWith {
            status: 503,
            headers: vec![("Retry-After".to_owned(), "1".to_owned())],
            body: b"come back later".to_vec(),
        },
        _ => Answer::Status(204),
    })
}

fn run_all(library: Library, flags: &[&str]) {
    run(&PROGRAMS, library, flags, &[]);
    run(&[FORK], library, flags, &[]);
}

fn run(sources: &[&str], library: Library, flags: &[&str], runner: &[&str]) {
    let workshop = Workshop::open();
    for source in sources {
        if source.ends_with(".cpp") && !compile::has_cxx("the C++ programs") {
            continue;
        }
        let program = workshop.build(Path::new(source), library, flags);
        let sink = refusing_once();
        workshop.run(&program, runner, &[&workshop.store(), &sink.url("/events")]);
    }
}

#[test]
fn header_alone_compiles_in_every_standard() {
    let workshop = Workshop::open();
    let text = "#include <tieback.h>\n#include <tieback.h>\nint tieback_is_there;\n";
    let (c, cxx) = (workshop.write("alone.c", text), workshop.write("alone.cpp", text));
    for standard in ["c99", "c11", "c17"] {
        workshop.compile(&c, Language::C, standard, &["-Wconversion", "-Wstrict-prototypes", "-Wundef"]);
    }
    let cxx_standards = if compile::has_cxx("the header in C++") { &["c++11", "c++17", "c++20"][..] } else { &[] };
    for standard in cxx_standards {
        workshop.compile(&cxx, Language::Cxx, standard, &["-Wconversion", "-Wundef"]);
    }
}

#[test]
fn programs_run_on_the_shared_library() {
    run_all(Library::Shared, &[]);
}

#[test]
fn programs_run_on_the_static_library() {
    run_all(Library::Static, &[]);
}

#[test]
fn programs_leak_and_break_no_memory() {
    if optional::has("valgrind", "the C programs under valgrind") {
        run(&PROGRAMS, Library::Shared, &["-g"], &VALGRIND);
        // A forked child has lost what only the stacks of its parent's other threads lead to.
        run(&[FORK], Library::Shared, &["-g"], &VALGRIND[..3]);
    }
}

#[test]
fn programs_are_sound_by_the_sanitizers() {
    let workshop = Workshop::open();
    let flags = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    let trial = workshop.write("trial.c", "int main(void) { return 0; }\n");
    if workshop.can_build(&trial, &flags, "the C programs with AddressSanitizer") {
        // Not the fork: AddressSanitizer's allocator may be locked by another thread at that moment, and stay so.
        run(&PROGRAMS, Library::Shared, &flags, &[]);
    }
}

#[test]
fn quickstart_delivers_what_it_publishes() {
    let workshop = Workshop::open();
    let program = workshop.build(Path::new("examples/c/quickstart.c"), Library::Shared, &[]);
    let sink = refusing_once();
    let printed = workshop.run(&program, &[], &[&workshop.store(), &sink.url("/events")]);
    assert!(printed.contains("delivered"), "{printed}");
    assert!(printed.contains("503"), "{printed}");
    let requests = sink.wait_for(2, Duration::from_secs(1));
    assert_eq!(requests.len(), 2, "the refused attempt and the one that was taken");
    assert_eq!(requests[0].body, requests[1].body);
}

#[test]
fn deliveries_that_a_c_program_has_signed_are_genuine() {
    let workshop = Workshop::open();
    let program = workshop.build(Path::new("tests/c/options.c"), Library::Shared, &[]);
    let sink = refusing_once();
    workshop.run(&program, &[], &[&workshop.store(), &sink.url("/events")]);
    let requests = sink.requests();
    assert_eq!(requests.len(), 2, "the refused attempt and the one that was taken");
    for request in requests {
        let headers = request.headers.iter().map(|(name, value)| {
            (http::HeaderName::try_from(name).unwrap(), http::HeaderValue::try_from(value).unwrap())
        });
        let headers: http::HeaderMap = headers.collect();
        for secret in ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"] {
            standardwebhooks::Webhook::new(secret).unwrap().verify(&request.body, &headers).unwrap();
        }
    }
}
