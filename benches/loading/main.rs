//! What it takes to load the shared library into a process, how big it is, and what weighs most in it.
//!
//! `make bench`, or `cargo bench --bench loading -- --rounds 200`.
// A benchmark prints its figures.
#![allow(clippy::print_stdout)]

#[path = "../../tests/optional/mod.rs"]
mod optional;
mod weight;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The times of one process: loading, the first call, unloading, loading again.
type Times = [f64; 4];

fn main() -> Outcome<()> {
    if !cfg!(target_os = "linux") {
        println!("loading     skipped: what it asks of the tools is for Linux");
        return Ok(());
    }
    if !optional::has("cc", "the time that loading takes") {
        return Ok(());
    }
    let mut arguments = env::args().skip_while(|argument| argument != "--rounds");
    let rounds = arguments.nth(1).and_then(|number| number.parse().ok()).unwrap_or(200_usize).max(1);
    let folder = tempfile::tempdir()?;
    // Built together with this benchmark, beside it, with its names.
    let built = env::current_exe()?.parent().ok_or("a program is in a folder")?.join("libtieback.so");
    let library = folder.path().join("libtieback.so");
    weight::strip(&built, &library)?;
    measure_loading(folder.path(), &library, rounds)?;
    weight::tell(&built, &library)
}

/// In processes of their own, in turn with a library that has nothing in it.
fn measure_loading(folder: &Path, library: &Path, rounds: usize) -> Outcome<()> {
    let loader = compile(folder, "benches/loading/load.c".as_ref(), "load", &["-ldl"])?;
    fs::write(folder.join("nothing.c"), "const char *nothing(void) { return \"\"; }\n")?;
    let nothing = compile(folder, &folder.join("nothing.c"), "nothing.so", &["-shared", "-fPIC"])?;
    let (mut ours, mut empty) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(load(&loader, library, "tieback_version")?);
        empty.push(load(&loader, &nothing, "nothing")?);
    }
    println!("{rounds} processes each, in microseconds: median, and the slowest of a hundred");
    for (part, name) in ["load", "first call", "unload", "load again"].iter().enumerate() {
        let (median, slow) = of(&ours, part);
        let (bare, bare_slow) = of(&empty, part);
        println!(
            "{name:<12} tieback {median:>7.1} {slow:>7.1}   a library with nothing in it {bare:>7.1} {bare_slow:>7.1}"
        );
    }
    let (ours, empty) = (of(&ours, 0).0, of(&empty, 0).0);
    println!("loading     {:.0} us more than a library with nothing in it ({ours:.0} and {empty:.0})", ours - empty);
    Ok(())
}

fn compile(folder: &Path, source: &Path, name: &str, flags: &[&str]) -> Outcome<PathBuf> {
    let path = folder.join(name);
    let mut command = Command::new("cc");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-o"]);
    output_of(command.arg(&path).arg(source).args(flags))?;
    Ok(path)
}

fn load(loader: &Path, library: &Path, function: &str) -> Outcome<Times> {
    let printed = output_of(Command::new(loader).arg(library).arg(function))?;
    let numbers: Vec<f64> = printed.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let nanos: Times = numbers.try_into().map_err(|_| "the loader prints four numbers")?;
    Ok(nanos.map(|nanos| nanos / 1000.0))
}

/// Median, and the slowest of a hundred, of one part.
fn of(times: &[Times], part: usize) -> (f64, f64) {
    let mut values: Vec<f64> = times.iter().map(|times| times[part]).collect();
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[values.len() * 99 / 100])
}

/// What a tool prints; an error with what it complains of.
fn output_of(command: &mut Command) -> Outcome<String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
