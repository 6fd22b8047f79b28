//! Random lives of a lane, step by step beside the model.

use std::time::Duration;

use proptest::prelude::*;
use tieback::policy::retry::RetryPolicy;

use crate::model::Mode;
use crate::pair::{Pair, SECOND, Step, micros};

const JUMPS: [i64; 6] = [3_600, -3_600, 86_400, -86_400, 31_536_000, -31_536_000];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..20 * SECOND).prop_map(Step::Pass),
        1 => (0..8 * 3600 * SECOND).prop_map(Step::Pass),
        6 => (0..5 * SECOND).prop_map(Step::PassWait),
        1 => prop::sample::select(JUMPS.to_vec()).prop_map(|secs| Step::WallJumps(secs * 1_000_000)),
        6 => Just(Step::Start),
        3 => (2..6u8).prop_map(Step::StartMany),
        6 => (1..5u8).prop_map(Step::Deliver),
        10 => Just(Step::ProbeFails),
        8 => end(Just(false)),
        4 => end(any::<bool>()),
        1 => Just(Step::Disable),
        1 => Just(Step::Enable),
        1 => any::<bool>().prop_map(Step::Suspend),
        1 => Just(Step::Nudge),
        1 => Just(Step::ForgetProbe),
        2 => Just(Step::Restart),
        4 => Just(Step::Flushed),
    ]
}

fn end(success: impl Strategy<Value = bool>) -> impl Strategy<Value = Step> {
    (any::<usize>(), success, prop::option::of(0..10_000u32), 1..6u32)
        .prop_map(|(which, success, asked, attempts)| Step::End { which, success, asked, attempts })
}

fn policy() -> impl Strategy<Value = RetryPolicy> {
    let small = RetryPolicy {
        backoff_min: Duration::from_millis(30),
        backoff_max: Duration::from_millis(500),
        give_up_after: Duration::from_secs(20),
        ..RetryPolicy::default()
    };
    let base = prop::sample::select(vec![RetryPolicy::default(), small]);
    (base, prop::option::of(2..6u32), 1..=16u32, any::<bool>()).prop_map(|(base, max_attempts, most, honour)| {
        RetryPolicy { max_attempts, max_in_flight: most, honor_retry_after: honour, ..base }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lane_does_what_the_model_says(policy in policy(), steps in prop::collection::vec(step(), 1..250)) {
        let mut pair = Pair::new(policy);
        for step in steps {
            pair.take(step);
        }
    }

    /// However long each attempt takes and however often the process restarts: the waits of one outage and the 12 h
    /// are kept, and only a failed probe at their end flushes.
    #[test]
    fn outage_ends_in_a_flush_after_12_h_and_never_before(
        attempts in prop::collection::vec((0..=10 * SECOND, any::<bool>()), 64)
    ) {
        let mut pair = Pair::new(RetryPolicy::default());
        let mut outage = 0;
        for (took, restart) in attempts {
            let before = pair.now.wall;
            pair.take(Step::PassWait(0));
            if restart {
                pair.take(Step::Restart);
            }
            pair.start();
            pair.pass(took);
            let first = outage == 0 && pair.lane.state().pause.is_none();
            let flying = pair.flying.pop().unwrap();
            pair.end(flying, false, None, 1);
            outage = if first { 1 } else { outage + micros(pair.now.wall.since(before)) };
            if pair.model.mode == Mode::Flushing {
                prop_assert!(outage > 12 * 3600 * SECOND);
                return Ok(());
            }
            prop_assert!(outage <= 12 * 3600 * SECOND);
        }
        prop_assert!(false, "64 failures without a flush");
    }
}

/// The random lives above do meet what they are for.
#[test]
fn random_lives_reach_flushes_takeovers_in_pauses_and_late_probes() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, TestRunner};
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let (mut flushes, mut takeovers, mut replaced) = (0, 0, 0);
    for _ in 0..150 {
        let policy = policy().new_tree(&mut runner).unwrap().current();
        let steps = prop::collection::vec(step(), 1..250).new_tree(&mut runner).unwrap().current();
        let mut pair = Pair::new(policy);
        for step in steps {
            let probe = |pair: &Pair| pair.lane.state().pause.as_ref().map(|pause| (pause.step, pause.probe));
            let (was, restart) = (probe(&pair), matches!(step, Step::Restart));
            pair.take(step);
            takeovers += usize::from(restart && was.is_some());
            replaced += usize::from(match (was, probe(&pair)) {
                (Some((step, Some(was))), Some((now, Some(is)))) => step == now && is < was,
                _ => false,
            });
        }
        flushes += pair.flushes;
    }
    assert!(flushes > 3 && takeovers > 50 && replaced > 10, "{flushes} {takeovers} {replaced}");
}
