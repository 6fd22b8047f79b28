//! The whole life of one, two or three workers on one store in simulated time: the real state machine and store, a
//! simulated network, publishers, operators, a store that fails, clocks that jump, processes that stand still, stop or
//! die, and power cuts. Every run follows from its seed.
//!
//! `TIEBACK_SIM_SEEDS` says how many seeds are run (500), `TIEBACK_SIM_SEED` runs that one alone, aloud.
#![allow(clippy::print_stdout)]

mod dice;
mod ledger;
mod life;
#[path = "../lane/model.rs"]
mod model;
mod network;
mod operations;
mod owners;
mod people;
mod process;
mod told;
mod totals;
mod worker;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use totals::Totals;
use world::World;

fn number_in(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is `{text}`: give a whole number")))
}

fn run(seed: u64, aloud: bool) -> Totals {
    let mut world = World::new(seed);
    world.truth.told_aloud = aloud;
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.run()));
    if let Err(cause) = ended {
        println!("seed {seed} at {:?}, wall clock {}", world.now.monotonic, world.now.wall);
        println!("the failed run is repeated by: TIEBACK_SIM_SEED={seed} cargo test --test simulation");
        std::panic::resume_unwind(cause);
    }
    world.truth.totals
}

/// Runs these seeds on all processors.
fn run_all(seeds: u64) -> Totals {
    let next = AtomicU64::new(0);
    let of_one_thread = || {
        let mut totals = Totals::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return totals;
            }
            totals.add(&run(seed, false));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(of_one_thread)).collect();
        let mut totals = Totals::default();
        for thread in running {
            totals
                .add(&thread.join().unwrap_or_else(|_| panic!("a run has failed: its seed and cause are told above")));
        }
        totals
    })
}

#[test]
fn nothing_is_lost_reordered_or_sent_after_its_end_whatever_happens() {
    if let Some(seed) = number_in("TIEBACK_SIM_SEED") {
        println!("{}", run(seed, true));
        return;
    }
    let seeds = number_in("TIEBACK_SIM_SEEDS").unwrap_or(500);
    let totals = run_all(seeds);
    println!("{seeds} seeds:\n{totals}");
    if seeds >= 500 {
        assert_eq!(totals.missing(), [] as [&str; 0], "some of what the runs are for never happened");
    }
}

#[test]
fn run_follows_from_its_seed() {
    let [once, again] = [(); 2].map(|()| run(7, false).to_string());
    assert_eq!(once, again);
}
