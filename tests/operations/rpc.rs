//! `tieback rpc`, as a program that another one talks to.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::sink::Sink;

struct Sidecar {
    child: Child,
    answers: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Sidecar {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tieback"))
            .arg("rpc")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, answers }
    }

    fn ask(&mut self, request: &Value) -> Value {
        self.say(request.to_string().as_bytes())
    }

    fn say(&mut self, line: &[u8]) -> Value {
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(line).unwrap();
        input.write_all(b"\n").unwrap();
        input.flush().unwrap();
        serde_json::from_str(&self.answers.next().unwrap().unwrap()).unwrap()
    }

    /// Ends the input; gives what it printed besides.
    fn end(mut self) -> (bool, String) {
        drop(self.child.stdin.take());
        assert!(self.answers.next().is_none(), "an answer that nobody asked for");
        let ended = self.child.wait_with_output().unwrap();
        (ended.status.success(), String::from_utf8(ended.stderr).unwrap())
    }
}

fn open(folder: &tempfile::TempDir) -> Value {
    let path = folder.path().join("hooks.db");
    json!({"id": "open", "operation": "engine_open", "input": {"path": path.to_str().unwrap(),
        "danger_allow_http": true, "danger_allow_private_addresses": true}})
}

#[test]
fn requests_are_answered_one_by_one_and_an_event_is_delivered() {
    let sink = Sink::always(204);
    let folder = tempfile::tempdir().unwrap();
    let mut sidecar = Sidecar::start();
    assert_eq!(sidecar.ask(&open(&folder)), json!({"id": "open", "result": {"handle": 1}}));
    let scope = json!({"company_id": 5358233});
    let made = sidecar.ask(&json!({"id": 2, "handle": 1, "operation": "hook_create", "input": {"scope": scope,
        "hook": {"namespace": "acme-sync", "payload_version": "v4.0", "destination_url": sink.url("/")}}}));
    assert_eq!((&made["id"], &made["result"]["namespace"]), (&json!(2), &json!("acme-sync")));
    let trigger = json!({"resource_name": "Company Users", "event_type": "update"});
    sidecar.ask(&json!({"handle": 1, "operation": "trigger_create",
        "input": {"scope": scope, "hook_id": 1, "trigger": trigger}}));
    let event = json!({"company_id": 5358233, "resource_name": "Company Users", "resource_id": 42,
        "event_type": "update"});
    let published = sidecar.ask(&json!({"handle": 1, "operation": "publish", "input": {"event": event}}));
    assert_eq!(published["result"]["deliveries"], 1);
    let run = json!({"handle": 1, "operation": "run_until_idle", "input": {"timeout_ms": 30000}});
    assert_eq!(sidecar.ask(&run), json!({"result": {"idle": true, "paused_lanes": 0, "attempts": 1}}));
    assert_eq!(sink.requests().len(), 1);
    assert_eq!(sidecar.ask(&json!({"handle": 1, "operation": "engine_close"})), json!({"result": {}}));
    let closed = sidecar.ask(&json!({"handle": 1, "operation": "stats"}));
    assert_eq!(closed["error"]["kind"], "closed");
    assert_eq!(sidecar.end(), (true, String::new()));
}

#[test]
fn what_is_no_request_is_an_error_in_its_answer_and_the_next_one_is_taken() {
    let mut sidecar = Sidecar::start();
    for (line, said) in [
        (&b"{"[..], "not JSON"),
        (b"[]", "give an object"),
        (b"{\"id\": 1}", "`operation` is missing"),
        (b"{\"operation\": \"stats\"}", "`handle` is missing"),
        (b"{\"operation\": \"stats\", \"handle\": 7}", "not open"),
        (b"{\"operation\": \"stats\", \"handle\": 1, \"inputs\": {}}", "`inputs` is unknown"),
        (b"\xff\xfe", "not UTF-8"),
    ] {
        let answer = sidecar.say(line);
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(said), "{message}");
    }
    assert_eq!(sidecar.end(), (true, String::new()));
}

#[test]
fn the_end_of_the_input_stops_and_closes_what_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut sidecar = Sidecar::start();
    sidecar.ask(&open(&folder));
    sidecar.ask(&json!({"handle": 1, "operation": "start"}));
    assert_eq!(sidecar.end(), (true, String::new()));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with("-wal")), "closed, and not just gone: {left:?}");
}

#[test]
fn a_reader_that_has_gone_ends_it_quietly() {
    let mut sidecar = Sidecar::start();
    let mut input = sidecar.child.stdin.take().unwrap();
    drop(sidecar.answers);
    // The pipe is closed by now or soon: what is written before that is only lost.
    while input.write_all(b"{\"operation\": \"stats\"}\n").is_ok() {}
    let ended = sidecar.child.wait_with_output().unwrap();
    assert!(ended.status.success());
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
}
