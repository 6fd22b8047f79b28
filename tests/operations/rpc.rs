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
        Self::start_in(std::path::Path::new("."))
    }

    fn start_in(folder: &std::path::Path) -> Self {
        Self::start_with(folder, &[])
    }

    fn start_with(folder: &std::path::Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tieback"))
            .arg("rpc")
            .args(arguments)
            .current_dir(folder)
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

#[test]
fn requests_written_ahead_are_answered_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut sidecar = Sidecar::start();
    let mut input = sidecar.child.stdin.take().unwrap();
    let opening = open(&folder);
    // More than the pipes hold, so that reading and writing have to take turns.
    let writing = std::thread::spawn(move || {
        writeln!(input, "{opening}").unwrap();
        for number in 0..2000 {
            let padding = "x".repeat(200);
            let request = json!({"id": {"number": number, "padding": padding}, "handle": 1, "operation": "stats"});
            writeln!(input, "{request}").unwrap();
        }
    });
    sidecar.answers.next().unwrap().unwrap();
    for number in 0..2000 {
        let answer: Value = serde_json::from_str(&sidecar.answers.next().unwrap().unwrap()).unwrap();
        assert_eq!((&answer["id"]["number"], &answer["result"]["queued"]), (&json!(number), &json!(0)));
    }
    writing.join().unwrap();
    assert_eq!(sidecar.end(), (true, String::new()));
}

#[test]
fn ids_come_back_whatever_they_are() {
    let mut sidecar = Sidecar::start();
    for id in [json!(1), json!("a \"b\""), json!(null), json!([1, {"x": false}]), json!("12345678901234567890123")] {
        let answer = sidecar.ask(&json!({"id": id, "operation": "operations"}));
        assert_eq!(answer["id"], id);
        assert!(answer["result"]["operations"].as_array().unwrap().len() > 30);
    }
    let without = sidecar.ask(&json!({"operation": "operations"}));
    assert!(without.get("id").is_none(), "none was given");
    // Where no id could be read it is null, as a reader of answers by id expects.
    assert_eq!(sidecar.say(b"{\"id\": 7,")["id"], Value::Null);
    assert!(sidecar.say(b"[7]").get("id").is_some_and(Value::is_null));
    assert_eq!(sidecar.end(), (true, String::new()));
}

#[test]
fn lines_as_windows_writes_them_and_a_last_one_without_an_end_are_taken() {
    let mut sidecar = Sidecar::start();
    let mut input = sidecar.child.stdin.take().unwrap();
    input.write_all(b"\xef\xbb\xbf{\"id\": 1, \"operation\": \"operations\"}\r\n\r\n  \n").unwrap();
    input.write_all(b"{\"id\": 2, \"operation\": \"operations\"}").unwrap();
    drop(input);
    for id in [1, 2] {
        let answer: Value = serde_json::from_str(&sidecar.answers.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["id"], id);
        assert!(answer.get("result").is_some(), "{answer}");
    }
    assert_eq!(sidecar.end(), (true, String::new()));
}

#[test]
fn line_without_end_is_refused_without_being_kept_and_the_next_one_is_taken() {
    let mut sidecar = Sidecar::start();
    let long = vec![b'x'; (64 << 20) + 1];
    let answer = sidecar.say(&long);
    assert!(answer["error"]["message"].as_str().unwrap().contains("more than 67108864 bytes"), "{answer}");
    assert_eq!(sidecar.ask(&json!({"id": 1, "operation": "operations"}))["id"], 1);
    assert_eq!(sidecar.end(), (true, String::new()));
}

#[test]
fn handles_are_not_given_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut sidecar = Sidecar::start();
    assert_eq!(sidecar.ask(&open(&folder))["result"]["handle"], 1);
    assert_eq!(sidecar.ask(&json!({"handle": 1, "operation": "engine_close"}))["result"], json!({}));
    assert_eq!(sidecar.ask(&open(&folder))["result"]["handle"], 2);
    for operation in ["stats", "engine_close"] {
        assert_eq!(sidecar.ask(&json!({"handle": 1, "operation": operation}))["error"]["kind"], "closed");
    }
    let unknown = sidecar.ask(&json!({"operation": "engine_opn"}));
    assert!(unknown["error"]["message"].as_str().unwrap().contains("did you mean engine_open?"), "{unknown}");
    assert_eq!(sidecar.end(), (true, String::new()));
}

/// A hook for every update of a company user.
#[cfg(unix)]
fn hook_to(sidecar: &mut Sidecar, url: &str) {
    let scope = json!({"company_id": 5358233});
    let hook = json!({"namespace": "acme-sync", "payload_version": "v2.0", "destination_url": url});
    sidecar.ask(&json!({"handle": 1, "operation": "hook_create", "input": {"scope": scope, "hook": hook}}));
    let trigger = json!({"resource_name": "Company Users", "event_type": "update"});
    let made = sidecar.ask(&json!({"handle": 1, "operation": "trigger_create",
        "input": {"scope": scope, "hook_id": 1, "trigger": trigger}}));
    assert_eq!(made["result"]["hook_id"], "1", "{made}");
}

#[cfg(unix)]
fn publishing(number: usize) -> Value {
    json!({"id": number, "handle": 1, "operation": "publish", "input": {"event": {"company_id": 5358233,
        "resource_name": "Company Users", "resource_id": number, "event_type": "update"}}})
}

#[cfg(unix)]
fn signal(sidecar: &Sidecar, name: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", sidecar.child.id())]).status();
    assert!(sent.unwrap().success());
}

/// In the middle of publishing and delivering: what was answered is there afterwards, and is delivered.
#[cfg(unix)]
#[test]
fn signals_end_it_in_order_and_nothing_that_was_acknowledged_is_lost() {
    for name in ["TERM", "INT", "HUP"] {
        let sink = Sink::always(204);
        let folder = tempfile::tempdir().unwrap();
        let mut sidecar = Sidecar::start();
        sidecar.ask(&open(&folder));
        hook_to(&mut sidecar, &sink.url("/"));
        sidecar.ask(&json!({"handle": 1, "operation": "start"}));
        let mut input = sidecar.child.stdin.take().unwrap();
        let writing = std::thread::spawn(move || {
            // Until nobody reads any more.
            for number in 1.. {
                if writeln!(input, "{}", publishing(number)).is_err() {
                    return;
                }
            }
        });
        let mut acknowledged = Vec::new();
        while let Some(line) = sidecar.answers.next() {
            let answer: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if answer.get("result").is_some() {
                acknowledged.push(answer["id"].as_u64().unwrap());
            } else {
                assert_eq!(answer["error"]["kind"], "closed", "{answer}");
            }
            if acknowledged.len() == 50 {
                signal(&sidecar, name);
            }
        }
        writing.join().unwrap();
        let ended = sidecar.child.wait_with_output().unwrap();
        assert!(ended.status.success(), "{name}: {ended:?}");
        assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
        assert!(acknowledged.len() >= 50, "{name}: {}", acknowledged.len());
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().ends_with("-wal")), "closed, not just gone: {left:?}");

        let mut next = Sidecar::start();
        next.ask(&open(&folder));
        let run = json!({"handle": 1, "operation": "run_until_idle", "input": {"timeout_ms": 60000}});
        assert_eq!(next.ask(&run)["result"]["idle"], true);
        assert_eq!(next.end(), (true, String::new()));
        let bodies = sink.requests().into_iter().map(|request| serde_json::from_slice::<Value>(&request.body).unwrap());
        let delivered: std::collections::BTreeSet<u64> =
            bodies.map(|body| body["resource_id"].as_u64().unwrap()).collect();
        let lost: Vec<_> = acknowledged.iter().filter(|id| !delivered.contains(id)).collect();
        assert!(lost.is_empty(), "{name}: {lost:?}");
    }
}

/// The request under way has its answer, and does not hold up the end.
#[cfg(unix)]
#[test]
fn signal_ends_a_request_that_waits_and_answers_it() {
    let sink = Sink::always(503);
    let folder = tempfile::tempdir().unwrap();
    let mut sidecar = Sidecar::start();
    sidecar.ask(&open(&folder));
    hook_to(&mut sidecar, &sink.url("/"));
    sidecar.ask(&publishing(1));
    let run = json!({"id": "run", "handle": 1, "operation": "run_until_idle",
        "input": {"timeout_ms": 3_600_000, "wait_paused": true}});
    writeln!(sidecar.child.stdin.as_mut().unwrap(), "{run}").unwrap();
    sink.wait_for(1, std::time::Duration::from_secs(30));
    let begun = std::time::Instant::now();
    signal(&sidecar, "TERM");
    let answer: Value = serde_json::from_str(&sidecar.answers.next().unwrap().unwrap()).unwrap();
    assert_eq!(answer["id"], "run");
    assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{answer} after {:?}", begun.elapsed());
    assert!(sidecar.answers.next().is_none());
    assert!(sidecar.child.wait().unwrap().success());
}

#[test]
fn conversation_in_the_documentation_is_what_is_said() {
    let document = include_str!("../../docs/flat.md");
    let (_, block) = document.split_once("```\n").expect("it shows one");
    let (block, _) = block.split_once("```").expect("a block ends");
    let lines: Vec<&str> = block.lines().collect();
    assert!(lines.len() >= 4 && lines.len().is_multiple_of(2), "{lines:?}");
    let folder = tempfile::tempdir().unwrap();
    let mut sidecar = Sidecar::start_in(folder.path());
    for turn in lines.chunks(2) {
        assert_eq!(sidecar.say(turn[0].as_bytes()).to_string(), turn[1]);
    }
    assert_eq!(sidecar.end(), (true, String::new()));
}

#[test]
fn what_engines_tell_goes_to_standard_error_up_to_the_level_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut sidecar = Sidecar::start_with(folder.path(), &["--log", "info"]);
    sidecar.ask(&open(&folder));
    let event = json!({"company_id": 1, "resource_name": "Company Users", "resource_id": 42, "event_type": "update"});
    sidecar.ask(&json!({"handle": 1, "operation": "publish", "input": {"event": event}}));
    let (succeeded, told) = sidecar.end();
    assert!(succeeded);
    let lines: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let path = folder.path().join("hooks.db");
    assert!(lines.iter().all(|line| line["path"] == path.to_str().unwrap() && line["level"] == "info"), "{told}");
    // Opened, stopped, closed; and no word of the event, which is for `debug`.
    assert!(lines[0]["message"].as_str().unwrap().starts_with("has opened"), "{told}");
    assert!(lines.len() >= 2 && !told.contains("published"), "{told}");
}
