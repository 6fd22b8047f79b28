//! `tieback rpc`: operations as JSON lines, for hosts that cannot load a library but can start a program.
//!
//! Each line of the input is a request, each line of the output its answer, in the same order:
//!
//! ```text
//! {"id": 1, "operation": "engine_open", "input": {"path": "hooks.db"}}
//! {"id":1,"result":{"handle":1}}
//! {"id": 2, "handle": 1, "operation": "stats"}
//! {"id":2,"result":{"queued":0, ...}}
//! ```
//!
//! `id` may be anything and comes back; a failure comes back as `error`, with an `id` of null when the line could not
//! be read. Every line that is not blank has exactly one answer. Requests may be written ahead of their answers.
//!
//! At the end of the input, on SIGINT, SIGTERM and SIGHUP, and when nobody reads the answers any more, every engine
//! that is still open is stopped and closed. A signal also ends the request under way; what was not begun is not done.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use super::log::StderrLog;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::ops;
use crate::report::LogLevel;
use crate::wire::own::{self, Members};

/// The longest line that is read, in bytes: many times the largest request that an operation takes.
const LINE_MAX: usize = 64 << 20;

/// Answers requests until the end of the input or a signal. What its engines tell, up to a level, goes to standard
/// error.
///
/// # Errors
/// Those of reading, writing and listening to signals. The engines are stopped and closed then too.
pub fn serve(input: impl Read + Send + 'static, mut output: impl Write, log: Option<LogLevel>) -> io::Result<()> {
    let engines = Arc::new(Engines { log, open: Mutex::default(), ending: AtomicBool::new(false) });
    // Reading cannot be interrupted, so it is left to a thread: a signal comes by the same way as a line.
    let (sender, inputs) = sync_channel(1);
    end_on_signals(&engines, sender.clone())?;
    std::thread::Builder::new().name("tieback-input".to_owned()).spawn(move || read_lines(input, &sender))?;
    let served = answer_lines(&engines, &inputs, &mut output);
    engines.end();
    served
}

/// What there is to do next.
enum Input {
    Line(Vec<u8>),
    /// A line that is not kept.
    TooLong,
    Failed(io::Error),
    End,
}

fn answer_lines(engines: &Engines, inputs: &Receiver<Input>, output: &mut impl Write) -> io::Result<()> {
    while let Ok(input) = inputs.recv() {
        if engines.ending.load(Ordering::SeqCst) {
            break;
        }
        let answer = match input {
            Input::Line(line) if line.iter().all(u8::is_ascii_whitespace) => continue,
            Input::Line(line) => engines.answer(&line),
            Input::TooLong => {
                let message = format!("the line has more than {LINE_MAX} bytes: give less in one request");
                json!({"id": null, "error": own::error_to_json(&Error::invalid(message))})
            }
            Input::Failed(cause) => return Err(cause),
            Input::End => break,
        };
        serde_json::to_writer(&mut *output, &answer)?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}

/// Hands the lines over one by one; nobody takes them any more once the answering has ended.
fn read_lines(input: impl Read, taken: &SyncSender<Input>) {
    let mut input = BufReader::new(input);
    let mut first = true;
    loop {
        let next = read_line(&mut input).unwrap_or_else(Input::Failed);
        let next = match next {
            // Some hosts begin every text with a byte order mark.
            Input::Line(line) if first => {
                Input::Line(line.strip_prefix("\u{feff}".as_bytes()).map(<[u8]>::to_vec).unwrap_or(line))
            }
            other => other,
        };
        first = false;
        let over = matches!(next, Input::Failed(_) | Input::End);
        if taken.send(next).is_err() || over {
            return;
        }
    }
}

fn read_line(input: &mut impl BufRead) -> io::Result<Input> {
    let mut line = Vec::new();
    let read = input.by_ref().take(LINE_MAX as u64 + 1).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(Input::End);
    }
    if line.pop_if(|last| *last == b'\n').is_none() && line.len() > LINE_MAX {
        input.skip_until(b'\n')?;
        return Ok(Input::TooLong);
    }
    Ok(Input::Line(line))
}

/// The first signal ends things in order, the second one at once.
fn end_on_signals(engines: &Arc<Engines>, waker: SyncSender<Input>) -> io::Result<()> {
    let engines = Arc::clone(engines);
    let handled = ctrlc::set_handler(move || {
        if engines.ending.swap(true, Ordering::SeqCst) {
            std::process::exit(1);
        }
        // When there is no place for it, a line is there, and the mark is seen with that.
        let _ = waker.try_send(Input::End);
        // The request under way ends with its engine. A thread of its own, so that the second signal is heard.
        let engines = Arc::clone(&engines);
        std::thread::spawn(move || engines.end());
    });
    handled.map_err(io::Error::other)
}

/// The engines that this process has open, by handle.
struct Engines {
    log: Option<LogLevel>,
    open: Mutex<Open>,
    /// Set when a signal has come: nothing more is begun.
    ending: AtomicBool,
}

#[derive(Default)]
struct Open {
    by_handle: BTreeMap<u32, Arc<Engine>>,
    /// No handle is given twice.
    last: u32,
}

impl Engines {
    fn answer(&self, line: &[u8]) -> Value {
        let mut answer = Map::new();
        let request =
            std::str::from_utf8(line).map_err(|_| Error::invalid("the line is not UTF-8")).and_then(own::parse);
        match &request {
            Ok(Value::Object(members)) => {
                if let Some(id) = members.get("id") {
                    answer.insert("id".to_owned(), id.clone());
                }
            }
            _ => {
                answer.insert("id".to_owned(), Value::Null);
            }
        }
        match request.and_then(|request| self.call(&request)) {
            Ok(result) => answer.insert("result".to_owned(), result),
            Err(error) => answer.insert("error".to_owned(), own::error_to_json(&error)),
        };
        Value::Object(answer)
    }

    fn call(&self, request: &Value) -> Result<Value> {
        let mut members = Members::of(request)?;
        members.raw("id");
        let operation = members.text("operation")?;
        let operation = members.need("operation", "the name of an operation, such as hook_list", operation)?;
        let handle = members.whole32("handle")?;
        let nothing = json!({});
        let input = members.read("input", |_, input| Ok(input))?.unwrap_or(&nothing);
        members.end()?;
        if operation == "engine_open" {
            let path = input.get("path").and_then(Value::as_str).unwrap_or_default();
            let engine = ops::open(input, Arc::new(StderrLog::new(self.log, path)))?;
            let mut open = self.lock();
            open.last += 1;
            let handle = open.last;
            open.by_handle.insert(handle, engine);
            return Ok(json!({"handle": handle}));
        }
        if let Some(done) = ops::call_apart(operation, input) {
            return done;
        }
        if operation != "engine_close" {
            ops::find(operation)?;
        }
        let handle = members.need("handle", "the number that engine_open answered", handle)?;
        let closed = || Error::new(ErrorKind::Closed, format!("handle {handle} is not open: open an engine first"));
        if operation == "engine_close" {
            let engine = self.lock().by_handle.remove(&handle).ok_or_else(closed)?;
            engine.close();
            return Ok(json!({}));
        }
        let engine = self.lock().by_handle.get(&handle).cloned().ok_or_else(closed)?;
        ops::call(&engine, operation, input)
    }

    /// Stops and closes what is open. What has not ended by then is queued again.
    fn end(&self) {
        let open: Vec<Arc<Engine>> = self.lock().by_handle.values().cloned().collect();
        for engine in open {
            let _ = engine.stop(engine.attempt_limit());
            engine.close();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
