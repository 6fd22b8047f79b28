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
//! `id` may be anything and comes back; a failure comes back as `error`. At the end of the input every engine that is
//! still open is stopped and closed.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::ops;
use crate::wire::own::{self, Members};

/// Answers requests until the end of the input.
///
/// # Errors
/// Those of reading and writing. The engines are stopped and closed then too.
pub fn serve(input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut engines = Engines::default();
    for line in input.split(b'\n') {
        let line = line?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        serde_json::to_writer(&mut output, &engines.answer(&line))?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}

/// The engines that this process has open, by handle.
#[derive(Default)]
struct Engines {
    open: BTreeMap<u32, Arc<Engine>>,
    last: u32,
}

impl Engines {
    fn answer(&mut self, line: &[u8]) -> Value {
        let mut answer = Map::new();
        let request =
            std::str::from_utf8(line).map_err(|_| Error::invalid("the line is not UTF-8")).and_then(own::parse);
        if let Some(id) = request.as_ref().ok().and_then(|request| request.get("id")) {
            answer.insert("id".to_owned(), id.clone());
        }
        match request.and_then(|request| self.call(&request)) {
            Ok(result) => answer.insert("result".to_owned(), result),
            Err(error) => answer.insert("error".to_owned(), own::error_to_json(&error)),
        };
        Value::Object(answer)
    }

    fn call(&mut self, request: &Value) -> Result<Value> {
        let mut members = Members::of(request)?;
        members.raw("id");
        let operation = members.text("operation")?;
        let operation = members.need("operation", "the name of an operation, such as hook_list", operation)?;
        let handle = members.whole32("handle")?;
        let nothing = json!({});
        let input = members.read("input", |_, input| Ok(input))?.unwrap_or(&nothing);
        members.end()?;
        if operation == "engine_open" {
            self.last += 1;
            self.open.insert(self.last, ops::open(input)?);
            return Ok(json!({"handle": self.last}));
        }
        if let Some(done) = ops::call_apart(operation, input) {
            return done;
        }
        let handle = members.need("handle", "the number that engine_open answered", handle)?;
        let closed = || Error::new(ErrorKind::Closed, format!("handle {handle} is not open: open an engine first"));
        if operation == "engine_close" {
            self.open.remove(&handle).ok_or_else(closed)?.close();
            return Ok(json!({}));
        }
        ops::call(self.open.get(&handle).ok_or_else(closed)?, operation, input)
    }
}

impl Drop for Engines {
    fn drop(&mut self) {
        for engine in self.open.values() {
            // What has not ended by then is queued again.
            let _ = engine.stop(engine.attempt_limit());
            engine.close();
        }
    }
}
