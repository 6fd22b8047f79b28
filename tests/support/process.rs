//! A process to be killed: the test program itself, started again to run one of its tests. It tells on its standard
//! output what has happened, one line each; what was told before the kill is known.
// Not every test program talks to its processes.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Begins every line that is told, so that it is known from what the test program itself prints.
const MARK: &str = "tell: ";

/// The process. Dropping it kills it.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    told: Vec<String>,
    reader: Option<JoinHandle<()>>,
    stdin: ChildStdin,
}

impl Process {
    /// Starts the test of this name in a process of its own, with these variables.
    pub fn start<'a>(test: &str, variables: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("the test program"))
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .envs(variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the process starts");
        let stdin = child.stdin.take().expect("a pipe");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        let reader = std::thread::spawn(move || {
            // A line that the kill cut short has no end: `lines` would give it all the same.
            let mut stdout = stdout;
            let mut line = String::new();
            while stdout.read_line(&mut line).is_ok_and(|read| read > 0) && line.ends_with('\n') {
                if let Some((_, told)) = line.trim_end().split_once(MARK) {
                    let _ = sender.send(told.to_owned());
                }
                line.clear();
            }
        });
        Self { child, lines, told: Vec::new(), reader: Some(reader), stdin }
    }

    /// Waits for a line that begins so; fails the test when it does not come, or the process ends before.
    pub fn wait_for(&mut self, beginning: &str) {
        self.hear(beginning);
    }

    /// The same, and gives the rest of the line.
    pub fn hear(&mut self, beginning: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(60));
            let line = line.unwrap_or_else(|_| panic!("the process does not tell `{beginning}`: {:?}", self.told));
            let found = line.strip_prefix(beginning).map(str::to_owned);
            self.told.push(line);
            if let Some(rest) = found {
                return rest;
            }
        }
    }

    /// Writes a line to its standard input.
    pub fn say(&mut self, line: &str) {
        self.stdin.write_all(format!("{line}\n").as_bytes()).expect("the process reads");
    }

    /// Sends it a signal, such as STOP.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status();
        assert!(sent.expect("a shell").success(), "the signal is sent");
    }

    /// Kills it (on Unix by SIGKILL) and gives everything that it told, in order.
    pub fn kill(mut self) -> Vec<String> {
        self.end();
        self.told.extend(self.lines.try_iter());
        std::mem::take(&mut self.told)
    }

    fn end(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.child.kill().expect("it is killed");
            self.child.wait().expect("it has ended");
            reader.join().expect("its output is read");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// In the process: tells its parent. One write, so that a line is there as a whole or not at all.
pub fn tell(line: &str) {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(format!("{MARK}{line}\n").as_bytes()).and_then(|()| stdout.flush()).expect("the parent reads");
}

/// In the process: ends it when the parent is gone, so that none is left behind by a failed test.
pub fn end_with_parent() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_line(&mut String::new());
        std::process::exit(0);
    });
}
