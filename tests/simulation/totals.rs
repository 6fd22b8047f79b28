//! What happened in the runs, counted: a reader should see that the interesting things did.

use std::fmt;

macro_rules! totals {
    ($($name:ident),* $(,)?) => {
        #[derive(Clone, Copy, Debug, Default)]
        pub struct Totals {
            $(pub $name: u64,)*
        }

        impl Totals {
            pub fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
            }

            /// What never happened.
            pub fn missing(&self) -> Vec<&'static str> {
                [$((self.$name, stringify!($name))),*].iter().filter(|(n, _)| *n == 0).map(|(_, name)| *name).collect()
            }
        }

        impl fmt::Display for Totals {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                $(writeln!(f, "{:>10} {}", self.$name, stringify!($name).replace('_', " "))?;)*
                Ok(())
            }
        }
    };
}

totals! {
    steps, events, published_again, deliveries, attempts, failed_attempts, delivered, discarded_by_flush,
    discarded_by_operator, discarded_with_hook, discarded_after_most_attempts, pauses, resumes, probes, flushes,
    late_successes, late_failures, late_failures_that_became_the_probe, sends_side_by_side, kills, power_cuts,
    crashes_before_sync, freezes, frozen_with_attempts_in_flight, stalled_workers_that_woke_without_their_lanes, stops,
    abandoned_attempts, runs_in_place, attempts_lost_on_the_wire, requests_that_outlived_their_process,
    takeovers_of_paused_lanes, takeovers_from_the_dead, takeovers_from_the_stalled, spurious_takeovers, ousted_workers,
    refused_claims, lanes_claimed_again, starts_under_a_lost_tenure, stray_answers, tenures_found_lost_by_a_commit,
    changes_seen_by_looking, starts_before_a_change_was_seen, duplicates, duplicates_sent_by_the_stale, claims,
    releases,
    retirements, failed_retirements, loads, failed_loads, commits, failed_commits, outcomes_of_gone_deliveries, sweeps,
    wall_clock_jumps, operator_pauses, retries_now, skips, skips_in_flight, redeliveries, disabled_hooks,
    deleted_hooks, changed_urls,
}
