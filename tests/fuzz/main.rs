//! The targets of `fuzz/` on a stable toolchain: the committed inputs, and mutations of them for some seconds.
//!
//! `TIEBACK_FUZZ_SECONDS` says for how long each (1), `TIEBACK_FUZZ_SEED` which sequence of mutations; the seed is
//! printed. An input that breaks a promise is written to `target/fuzz/` and belongs into `fuzz/corpus/` once it is
//! mended.
#![allow(clippy::print_stdout)]

mod mutate;
#[path = "../../fuzz/targets/mod.rs"]
mod targets;

use std::collections::HashSet;
use std::env;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use mutate::Mutator;
use tieback::random::{Random, SystemRandom};

#[test]
fn urls_lead_nowhere_inside_and_give_no_secret_away() {
    fuzz("url", targets::url::run);
}

#[test]
fn json_of_events_is_read_without_loss_and_without_a_panic() {
    fuzz("event", targets::event::run);
}

#[test]
fn lanes_do_what_the_model_says_whatever_happens() {
    fuzz("lane", targets::lane::run);
}

#[cfg(feature = "capi")]
#[test]
fn c_abi_answers_as_the_model_says_in_whatever_order_it_is_called() {
    fuzz("abi", targets::abi::run);
}

/// The most inputs that are kept to go on from.
const MOST_KEPT: usize = 5_000;

fn fuzz(name: &str, target: fn(&[u8]) -> String) {
    let limit = Duration::from_secs(number_in("TIEBACK_FUZZ_SECONDS").unwrap_or(1));
    let seed = number_in("TIEBACK_FUZZ_SEED").unwrap_or_else(|| SystemRandom.next_u64());
    println!("fuzzing {name}: TIEBACK_FUZZ_SEED={seed}");
    let mut inputs = committed(name);
    let mut classes: HashSet<String> = inputs.iter().map(|input| checked(name, target, input)).collect();

    let mut mutator = Mutator::new(seed);
    let (begun, mut count) = (Instant::now(), 0u64);
    while begun.elapsed() < limit {
        let input = mutator.next(&inputs);
        let class = checked(name, target, &input);
        count += 1;
        if inputs.len() < MOST_KEPT && classes.insert(class) {
            inputs.push(input);
        }
    }
    println!("fuzzing {name}: {count} inputs, {} kinds of outcome", classes.len());
    assert!(count > 0, "no input in {limit:?}");
}

/// The committed inputs. An empty folder would be a test of nothing.
fn committed(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let files = fs::read_dir(&folder).unwrap_or_else(|cause| panic!("{}: {cause}", folder.display()));
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 3, "{} holds too little", folder.display());
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Runs one input; one that panics is kept in a file before the panic goes on.
fn checked(name: &str, target: fn(&[u8]) -> String, input: &[u8]) -> String {
    catch_unwind(AssertUnwindSafe(|| target(input))).unwrap_or_else(|cause| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
        let file = folder.join(format!("{name}-{}", input.len()));
        let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&file, input));
        println!("this input breaks a promise ({}, {written:?}):\n{}", file.display(), input.escape_ascii());
        resume_unwind(cause)
    })
}

fn number_in(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is `{text}`: give a whole number")))
}
