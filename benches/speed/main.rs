//! How fast tieback is, always beside a baseline that is measured in the same run: machines differ, ratios less so.
//!
//! `make bench` runs every part, `make bench BENCH=hooks` one, and `make bench BENCH="hooks stored" SIZE="--rounds 9"`
//! some, at another size. Each part ends with one line that begins with its name. `cargo test` runs every part too, so
//! small that the figures say nothing: only that the parts still work.
// A benchmark prints its figures.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "../../tests/optional/mod.rs"]
mod optional;

mod bare;
mod endpoint;
mod host;
mod process;
mod rounds;
mod size;

mod hanging;
mod hooks;
mod idle;
mod latency;
mod queued;
mod stored;
mod syncs;
mod throughput;

use size::Size;

/// What a part is done with; whatever goes wrong ends the run with its text.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

type Part = fn(&Size) -> Outcome<()>;

const PARTS: [(&str, Part); 8] = [
    ("throughput", throughput::measure),
    ("hooks", hooks::measure),
    ("stored", stored::measure),
    ("hanging", hanging::measure),
    ("queued", queued::measure),
    ("idle", idle::measure),
    ("syncs", syncs::measure),
    ("latency", latency::measure),
];

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(store) = syncs::child_store() {
        return syncs::publish_and_count(&store, &Size::of(&arguments)?);
    }
    // `cargo bench` says so; `cargo test` does not, and may give the name of some other program's test.
    let is_bench = arguments.iter().any(|argument| argument == "--bench");
    if arguments.iter().any(|argument| argument == "--list") {
        PARTS.iter().for_each(|(name, _)| println!("{name}: test"));
        return Ok(());
    }
    let size = if is_bench { Size::of(&arguments)? } else { Size::small() };
    let wanted = names(&arguments);
    if is_bench && let Some(unknown) = wanted.iter().find(|wanted| PARTS.iter().all(|(name, _)| name != *wanted)) {
        let known: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        return Err(format!("there is no part `{unknown}`: name some of {}", known.join(", ")).into());
    }
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.contains(&name) {
            part(&size).map_err(|cause| format!("{name}: {cause}"))?;
        }
    }
    Ok(())
}

/// The arguments that are neither options nor their values.
fn names(arguments: &[String]) -> Vec<&str> {
    let (mut names, mut rest) = (Vec::new(), arguments.iter());
    while let Some(argument) = rest.next() {
        if Size::takes_value(argument) {
            rest.next();
        } else if !argument.starts_with('-') {
            names.push(argument.as_str());
        }
    }
    names
}
