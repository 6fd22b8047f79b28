//! How long it takes to open a store, publish one event and close it again, as a process that lives for one session
//! does; alone on the file, and beside an engine that has it open.
//!
//! `make bench`, or `cargo bench --bench opening -- --rounds 200`.
// A benchmark prints its figures.
#![allow(clippy::print_stdout)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tieback::embedded::Embedded;
use tieback::engine::{Engine, EngineOptions};
use tieback::service::Service;
use tieback::types::{
    DestinationHeaders, DestinationUrl, Event, HookCreate, Id, Namespace, PayloadVersion, Scope, SigningSecrets,
    TriggerCreate,
};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let rounds = argument("--rounds").unwrap_or(200).max(1);
    println!("{rounds} rounds each, in milliseconds: median, and the slowest of a hundred");
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bench.db");
    make(&path)?;
    measure("alone on the file", &path, rounds)?;
    let _beside = Engine::open(EngineOptions::at(&path))?;
    measure("beside an open engine", &path, rounds)?;
    Ok(())
}

/// A file with one hook whose lane is nobody's.
fn make(path: &Path) -> Result<(), Failure> {
    let service = Embedded::new(Arc::new(Engine::open(EngineOptions::at(path))?));
    let create = HookCreate {
        namespace: Namespace::parse("bench")?,
        payload_version: PayloadVersion::V2,
        destination_url: DestinationUrl::parse("https://erp.example.com/events")?,
        destination_headers: DestinationHeaders::default(),
        signing_secrets: SigningSecrets::default(),
        rate_limit: None,
    };
    let hook = service.hook_create(&scope()?, &create)?;
    service.trigger_create(&scope()?, &hook.id, &TriggerCreate::new("RFIs", "update")?)?;
    Ok(())
}

fn measure(what: &str, path: &Path, rounds: usize) -> Result<(), Failure> {
    let mut parts: [Vec<Duration>; 4] = Default::default();
    for round in 1..=rounds {
        let begin = Instant::now();
        let engine = Engine::open(EngineOptions::at(path))?;
        let opened = Instant::now();
        engine.publish(&Event::new(&scope()?, "RFIs", Id::from(round as i64), "update"))?;
        let published = Instant::now();
        drop(engine);
        let closed = Instant::now();
        for (part, took) in
            parts.iter_mut().zip([opened - begin, published - opened, closed - published, closed - begin])
        {
            part.push(took);
        }
    }
    for (name, part) in ["open", "publish", "close", "together"].iter().zip(&mut parts) {
        part.sort();
        let (median, slow) = (part[part.len() / 2], part[part.len() * 99 / 100]);
        println!("{what}: {name:<8} {:>6.2} {:>7.2}", millis(median), millis(slow));
    }
    Ok(())
}

fn scope() -> tieback::error::Result<Scope> {
    Scope::project(9_876_543, Some(5_358_233))
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

fn argument(name: &str) -> Option<usize> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)?.parse().ok()
}
