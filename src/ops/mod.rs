//! Operations: everything that a service and an engine can do, by name, with neutral JSON in and out (`wire::own`). One
//! table; the flat C ABI, the sidecar (`tieback rpc`) and `docs/operations.md` are made from it.

mod delivering;
mod managing;

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::embedded::Embedded;
use crate::engine::{Engine, EngineOptions};
use crate::error::{Error, Result, shown};
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

/// All operations, in the order of the documentation. Opening and closing an engine belong to whoever keeps its handle.
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

/// Opens an engine from the options of [`EngineOptions::from_json`].
///
/// # Errors
/// Those of [`EngineOptions::from_json`] and [`Engine::open`].
pub fn open(input: &Value) -> Result<Arc<Engine>> {
    let opened = EngineOptions::from_json(input).and_then(Engine::open);
    opened.map(Arc::new).map_err(|error| error.during("engine_open"))
}

/// Restores a store from a backup: `backup`, `path`, and where wanted `replace`. No engine may have either open.
///
/// # Errors
/// Those of [`Engine::restore`].
pub fn restore(input: &Value) -> Result<Value> {
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

fn find(name: &str) -> Result<&'static Operation> {
    operations().find(|operation| operation.name == name).ok_or_else(|| {
        let likeness = |known: &str| strsim::jaro_winkler(known, name);
        let nearest = operations().max_by(|one, other| likeness(one.name).total_cmp(&likeness(other.name)));
        let nearest = nearest.map_or(String::new(), |nearest| format!("; did you mean {}?", nearest.name));
        Error::invalid(format!("operation `{}` is unknown{nearest}", shown(name)))
    })
}

// ---- what inputs have in common; an operation takes its members, then ends them ----

fn scope(members: &mut Members<'_>) -> Result<Scope> {
    let scope = members.read("scope", |_, value| own::scope_from_json(value))?;
    members.need("scope", "the company or the project, such as {\"company_id\": 5358233}", scope)
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
