//! A worker's whole life in simulated time: the real state machine and store, a simulated network, publishers,
//! operators, a store that fails, clocks that jump, and crashes. Every run follows from its seed.
//!
//! `TIEBACK_SIM_SEEDS` says how many seeds are run (200), `TIEBACK_SIM_SEED` runs that one alone, aloud.
#![allow(clippy::print_stdout)]

mod dice;
mod ledger;
#[path = "../lane/model.rs"]
mod model;
mod network;
mod people;
mod totals;
mod worker;
mod world;

use totals::Totals;
use world::World;

fn number_in(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is `{text}`: give a whole number")))
}

fn run(seed: u64, aloud: bool) -> Totals {
    println!("seed {seed}");
    let mut world = World::new(seed);
    world.truth.told_aloud = aloud;
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.run()));
    if let Err(cause) = ended {
        println!("at {:?}, wall clock {}", world.now.monotonic, world.now.wall);
        println!("the failed run is repeated by: TIEBACK_SIM_SEED={seed} cargo test --test simulation");
        std::panic::resume_unwind(cause);
    }
    world.truth.totals
}

#[test]
fn nothing_is_lost_reordered_or_sent_after_its_end_whatever_happens() {
    let mut totals = Totals::default();
    if let Some(seed) = number_in("TIEBACK_SIM_SEED") {
        totals.add(&run(seed, true));
        println!("{totals}");
        return;
    }
    let seeds = number_in("TIEBACK_SIM_SEEDS").unwrap_or(200);
    for seed in 0..seeds {
        totals.add(&run(seed, false));
    }
    println!("{seeds} seeds:\n{totals}");
    if seeds >= 200 {
        assert_eq!(totals.missing(), [] as [&str; 0], "some of what the runs are for never happened");
    }
}

#[test]
fn run_follows_from_its_seed() {
    let [once, again] = [(); 2].map(|()| run(7, false).to_string());
    assert_eq!(once, again);
}
