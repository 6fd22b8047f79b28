//! The table of operations: every one is done by name, and the documentation shows what really came of it.

#[path = "../support/mod.rs"]
mod support;

mod rpc;

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};
use tieback::error::ErrorKind;
use tieback::ops::{self, Operation, operations};

use crate::support::rig::Rig;
use crate::support::sink::Sink;

/// The order in which the examples make sense on one engine.
const STORY: &[&str] = &[
    "hook_create",
    "hook_list",
    "hook_show",
    "hook_update",
    "trigger_create",
    "trigger_create_many",
    "trigger_list",
    "publish",
    "publish_many",
    "send_test",
    "run_until_idle",
    "delivery_list",
    "redeliver",
    "skip",
    "pause",
    "resume",
    "retry_now",
    "stats",
    "notices",
    "pump",
    "start",
    "stop",
    "purge",
    "backup",
    "check_integrity",
    "compact",
    "resource_list",
    "trigger_delete",
    "trigger_delete_many",
    "hook_delete",
];

/// What each example answers, as the documentation shows it.
fn told() -> Vec<(&'static Operation, Value)> {
    let sink = Sink::always(204);
    let rig = Rig::new();
    let shown = "https://webhooks.example.com/events";
    let real = sink.url("/events");
    let backup = rig.path().with_extension("backup").to_str().expect("a path that is text").to_owned();
    let answers = STORY.iter().map(|name| {
        let operation = operations().find(|operation| operation.name == *name).unwrap_or_else(|| panic!("no {name}"));
        let example = operation.example.replace(shown, &real).replace("hooks-backup.db", &backup);
        let input = serde_json::from_str(&example).expect("an example is JSON");
        let answer = ops::call(&rig.engine, name, &input).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut answer: Value = serde_json::from_str(&answer.to_string().replace(&real, shown)).expect("JSON");
        // What SQLite takes on the disk is its own affair.
        for (name, value) in answer.as_object_mut().expect("an object").iter_mut() {
            if name.ends_with("_bytes") {
                *value = json!(65_536);
            }
        }
        (operation, answer)
    });
    answers.collect()
}

#[test]
fn the_example_of_every_operation_works_and_is_what_the_documentation_shows() {
    assert_eq!(STORY.len(), operations().count(), "every operation is part of the story");
    let answers = told();
    let mut page = include_str!("head.txt").to_owned();
    for operation in operations() {
        let (_, answer) = answers.iter().find(|(told, _)| told.name == operation.name).expect("it is in the story");
        section(&mut page, operation, answer);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = root.join("target/operations.md");
    std::fs::create_dir_all(root.join("target")).unwrap();
    std::fs::write(&made, &page).unwrap();
    let there = std::fs::read_to_string(root.join("docs/operations.md")).unwrap_or_default();
    assert!(there == page, "docs/operations.md is out of date: run `make operations`");
}

fn section(page: &mut String, operation: &Operation, answer: &Value) {
    writeln!(page, "\n## {}\n\n{}\n", operation.name, operation.about).unwrap();
    for (name, what) in operation.takes {
        writeln!(page, "- `{name}`: {what}").unwrap();
    }
    if operation.takes.is_empty() {
        writeln!(page, "Takes nothing.").unwrap();
    }
    let input: Value = serde_json::from_str(operation.example).unwrap();
    writeln!(page, "\nAnswers {}.\n\n```json\n{}\n```\n", operation.gives, wrapped(&input)).unwrap();
    writeln!(page, "```json\n{}\n```", wrapped(answer)).unwrap();
}

/// JSON with its members broken over lines, as far as a page is wide.
fn wrapped(value: &Value) -> String {
    let line = value.to_string();
    if line.len() <= 110 { line } else { serde_json::to_string_pretty(value).expect("it was JSON") }
}

#[test]
fn unknown_operation_names_the_nearest() {
    let rig = Rig::new();
    let error = ops::call(&rig.engine, "hook_lst", &json!({})).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().contains("hook_list"), "{error}");
}

#[test]
fn every_operation_refuses_a_member_that_it_does_not_know_and_does_nothing() {
    let sink = Sink::always(204);
    let rig = Rig::new();
    ops::call(
        &rig.engine,
        "hook_create",
        &json!({"scope": {"company_id": 5358233}, "hook": {"namespace": "acme-sync",
        "payload_version": "v4.0", "destination_url": sink.url("/")}}),
    )
    .unwrap();
    for operation in operations() {
        let mut input: Value = serde_json::from_str(operation.example).unwrap();
        input["surplus"] = json!(1);
        let error = ops::call(&rig.engine, operation.name, &input).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{}", operation.name);
        assert!(error.message().contains("surplus"), "{}: {error}", operation.name);
        assert_eq!(error.operation(), Some(operation.name));
    }
    let hooks = ops::call(&rig.engine, "hook_list", &json!({"scope": {"company_id": 5358233}})).unwrap();
    assert_eq!(hooks["items"].as_array().map(Vec::len), Some(1), "nothing was deleted or made");
}

#[test]
fn every_operation_says_which_member_is_missing() {
    let rig = Rig::new();
    for operation in operations().filter(|operation| !operation.takes.is_empty()) {
        let (name, what) = operation.takes[0];
        if what.contains("left out") {
            continue;
        }
        let error = ops::call(&rig.engine, operation.name, &json!({})).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{}", operation.name);
        assert!(error.message().contains(&format!("`{name}` is missing")), "{}: {error}", operation.name);
    }
}

#[test]
fn every_member_that_is_taken_is_documented() {
    // The error for an unknown member names those that are known: the same as the table says, in the same order.
    let rig = Rig::new();
    for operation in operations() {
        let mut input: Value = serde_json::from_str(operation.example).unwrap();
        input["surplus"] = json!(1);
        let error = ops::call(&rig.engine, operation.name, &input).unwrap_err();
        let known = error.message().split("known here are").nth(1).unwrap_or_default().trim();
        let taken: Vec<&str> = operation.takes.iter().map(|(name, _)| *name).collect();
        assert_eq!(known, taken.join(", "), "{}", operation.name);
    }
}

#[test]
fn operations_lists_everything_that_there_is_with_what_the_documentation_says() {
    let listed = ops::call_apart("operations", &json!({})).expect("it needs no engine").unwrap();
    assert_eq!(listed["version"], env!("CARGO_PKG_VERSION"));
    let listed = listed["operations"].as_array().unwrap();
    let page = include_str!("../../docs/operations.md");
    let (on_engine, apart): (Vec<&Value>, Vec<&Value>) = listed.iter().partition(|one| one["on_engine"] == true);
    for one in &apart {
        let name = one["name"].as_str().unwrap();
        assert!(page.contains(&format!("`{name}`")), "{name} is not documented");
    }
    assert_eq!(apart.len(), 4);
    for (one, operation) in on_engine.iter().zip(operations()) {
        assert_eq!((&one["name"], &one["about"]), (&json!(operation.name), &json!(operation.about)));
        let taken: Vec<&str> =
            one["takes"].as_array().unwrap().iter().map(|taken| taken["name"].as_str().unwrap()).collect();
        let known: Vec<&str> = operation.takes.iter().map(|(name, _)| *name).collect();
        assert_eq!(taken, known);
        assert_eq!(one["example"], serde_json::from_str::<Value>(operation.example).unwrap());
    }
    assert_eq!(on_engine.len(), operations().count());
}
