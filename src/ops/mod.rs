//! Operations: everything that a service and an engine can do, by name, with neutral JSON in and out (`wire::own`). One
//! table; the flat C ABI, the sidecar (`tieback rpc`) and `docs/operations.md` are made from it.

mod delivering;
mod managing;

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::embedded::Embedded;
use crate::engine::{Engine, EngineOptions};
use crate::error::{Error, Result, shown};
use crate::report::Report;
use crate::service::Service;
use crate::types::{Id, Page, PageRequest, Scope};
use crate::wire::own::{self, Members};

/// One operation on an open engine.
#[derive(Debug)]
pub struct Operation {
    /// Its name, as in C without the prefix: `hook_create`.
    pub name: &'static str,
    /// What it does, in a sentence or two.
    pub about: &'static str,
    /// The members of its input: name, and what it is. Those that may be left out say so.
    pub takes: &'static [(&'static str, &'static str)],
    /// What the answer is.
    pub gives: &'static str,
    /// An input, as JSON.
    pub example: &'static str,
    run: Run,
}

/// How it is done.
#[derive(Clone, Copy, Debug)]
enum Run {
    Manage(fn(&dyn Service, &mut Members<'_>) -> Result<Value>),
    Deliver(fn(&Engine, &mut Members<'_>) -> Result<Value>),
}

/// An operation that is not done on an open engine.
#[derive(Debug)]
struct Apart {
    name: &'static str,
    about: &'static str,
    takes: &'static [(&'static str, &'static str)],
    gives: &'static str,
    example: &'static str,
}

/// Those. Opening and closing belong to whoever keeps the handles: the doors do them.
const APART: &[Apart] = &[
    Apart {
        name: "engine_open",
        about: "Opens an engine on a store.",
        takes: &[("path", "the store's file; further members are the engine's options")],
        gives: "`handle`",
        example: r#"{"path": "hooks.db"}"#,
    },
    Apart { name: "engine_close", about: "Closes the engine of a handle.", takes: &[], gives: NOTHING, example: "{}" },
    Apart {
        name: "engine_restore",
        about: "Restores a store from a backup, before an engine is opened on it.",
        takes: &[
            ("backup", "the file of the backup"),
            ("path", "the store to make"),
            ("replace", "may be left out: true allows a store that is there already"),
        ],
        gives: "how many deliveries are `queued`, and in which `lanes`",
        example: r#"{"backup": "hooks-backup.db", "path": "hooks.db"}"#,
    },
    Apart {
        name: "operations",
        about: "Lists the operations.",
        takes: &[],
        gives: "`version`, and `operations`: of each `name`, `about`, `takes`, `gives`, `on_engine` and an `example`",
        example: "{}",
    },
];

/// What an operation answers that has nothing to tell.
const NOTHING: &str = "nothing: an empty object";

/// All operations on an open engine, in the order of the documentation.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    managing::OPERATIONS.iter().chain(delivering::OPERATIONS)
}

/// Does an operation on an engine.
///
/// # Errors
/// `invalid_argument` for an unknown operation, with the nearest name, and for an input with an unknown, missing or
/// wrong member; else those of the operation.
pub fn call(engine: &Arc<Engine>, operation: &str, input: &Value) -> Result<Value> {
    let operation = find(operation)?;
    let done = Members::of(input).and_then(|mut members| match operation.run {
        Run::Manage(run) => run(&Embedded::new(Arc::clone(engine)), &mut members),
        Run::Deliver(run) => run(engine, &mut members),
    });
    done.map_err(|error| error.during(operation.name))
}

/// Does an operation that needs no engine: `engine_restore`, `operations`. `None` for every other name.
///
/// # Errors
/// `invalid_argument` for an input with an unknown, missing or wrong member; else those of the operation.
pub fn call_apart(operation: &str, input: &Value) -> Option<Result<Value>> {
    match operation {
        "engine_restore" => Some(restore(input)),
        "operations" => Some(list(input)),
        _ => None,
    }
}

/// Opens an engine from the options of [`EngineOptions::from_json`], which tells this listener.
///
/// # Errors
/// Those of [`EngineOptions::from_json`] and [`Engine::open`].
pub fn open(input: &Value, report: Arc<dyn Report>) -> Result<Arc<Engine>> {
    let options = EngineOptions::from_json(input);
    let opened = options.and_then(|options| Engine::open(EngineOptions { report, ..options }));
    opened.map(Arc::new).map_err(|error| error.during("engine_open"))
}

fn restore(input: &Value) -> Result<Value> {
    let done = Members::of(input).and_then(|mut members| {
        let (backup, path) = (members.text("backup")?, members.text("path")?);
        let backup = members.need("backup", "the file of the backup", backup)?;
        let path = members.need("path", "the path of the store to make", path)?;
        let replace = members.flag("replace")?.unwrap_or_default();
        members.end()?;
        Engine::restore(Path::new(backup), Path::new(path), replace)
    });
    done.map(|restored| own::restored_to_json(&restored)).map_err(|error| error.during("engine_restore"))
}

fn list(input: &Value) -> Result<Value> {
    Members::of(input).and_then(|mut members| members.end()).map_err(|error| error.during("operations"))?;
    let apart = APART.iter().map(|one| (one.name, one.about, one.takes, one.gives, one.example, false));
    let on_engine = operations().map(|one| (one.name, one.about, one.takes, one.gives, one.example, true));
    let told = apart.chain(on_engine).map(|(name, about, takes, gives, example, on_engine)| {
        let takes: Value = takes.iter().map(|(name, about)| json!({"name": name, "about": about})).collect();
        Ok(json!({"name": name, "about": about, "takes": takes, "gives": gives, "on_engine": on_engine,
            "example": own::parse(example)?}))
    });
    let all: Vec<Value> = told.collect::<Result<_>>()?;
    Ok(json!({"version": env!("CARGO_PKG_VERSION"), "operations": all}))
}

/// The operation on an engine of this name.
///
/// # Errors
/// `invalid_argument` that names the nearest, of all that there are.
pub fn find(name: &str) -> Result<&'static Operation> {
    operations().find(|operation| operation.name == name).ok_or_else(|| {
        let likeness = |known: &str| strsim::jaro_winkler(known, name);
        let all = operations().map(|known| known.name).chain(APART.iter().map(|known| known.name));
        let nearest = all.max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
        let nearest = nearest.map_or(String::new(), |nearest| format!("; did you mean {nearest}?"));
        Error::invalid(format!("operation `{}` is unknown{nearest}", shown(name)))
    })
}

// ---- what inputs have in common; an operation takes its members, then ends them ----

fn scope(members: &mut Members<'_>) -> Result<Scope> {
    needed(members, "scope", "the company or the project, such as {\"company_id\": 5358233}", own::scope_from_json)
}

fn hook_id(members: &mut Members<'_>) -> Result<Id> {
    id(members, "hook_id")
}

fn id(members: &mut Members<'_>, name: &'static str) -> Result<Id> {
    let id = members.id(name)?;
    Id::parse(name, members.need(name, "an id", id)?.as_str())
}

fn needed<T>(
    members: &mut Members<'_>,
    name: &'static str,
    expected: &str,
    read: fn(&Value) -> Result<T>,
) -> Result<T> {
    let value = members.read(name, |path, value| read(value).map_err(|error| own::within(path, error)))?;
    members.need(name, expected, value)
}

/// What is left out is what an empty object gives.
fn optional<T>(members: &mut Members<'_>, name: &'static str, read: fn(&Value) -> Result<T>) -> Result<T> {
    let value = members.read(name, |path, value| read(value).map_err(|error| own::within(path, error)))?;
    value.map_or_else(|| read(&Value::Object(Map::new())), Ok)
}

fn page(members: &mut Members<'_>) -> Result<PageRequest> {
    optional(members, "page", own::page_request_from_json)
}

fn page_to_json<T>(page: &Page<T>, item: fn(&T) -> Value) -> Value {
    own::page_to_json(page.items.iter().map(item), page.next.as_ref().map(Id::as_str))
}

/// The answer of an operation that has nothing to tell.
fn done() -> Value {
    Value::Object(Map::new())
}
