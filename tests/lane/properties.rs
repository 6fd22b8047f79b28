//! Random lives of a lane, step by step beside the model.

use std::time::Duration;

use proptest::prelude::*;
use tieback::policy::lane::{Control, Ended, Gate, Lane, LaneState, Start, Turn, Verdict};
use tieback::policy::retry::RetryPolicy;
use tieback::time::{Moment, Timestamp};
use tieback::types::DeliveryId;

use crate::model::{Allowed, Fate, Micros, Mode, Model, Numbers};

#[derive(Clone, Debug)]
enum Step {
    Pass(Micros),
    /// Until the wait is over, and this much more.
    PassWait(Micros),
    WallJumps(i64),
    Start,
    /// Whatever may start now starts, up to this many.
    StartMany(u8),
    /// One after the other is delivered: the lane, if it is open, grows wide.
    Deliver(u8),
    /// The wait passes, the probe starts and fails at once.
    ProbeFails,
    End {
        which: prop::sample::Index,
        success: bool,
        asked: Option<u32>,
        attempts: u32,
    },
    Disable,
    Enable,
    Suspend(bool),
    Nudge,
    ForgetProbe,
    Restart,
    Flushed,
}

const SECOND: Micros = 1_000_000;
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
    (any::<prop::sample::Index>(), success, prop::option::of(0..10_000u32), 1..6u32)
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

fn micros(span: Duration) -> Micros {
    Micros::try_from(span.as_micros()).unwrap()
}

/// Lane and model side by side.
struct Pair {
    lane: Lane,
    model: Model,
    policy: RetryPolicy,
    numbers: Numbers,
    control: Control,
    now: Moment,
    /// What the wall said when the present pause began.
    wall_at_pause: Timestamp,
    /// In flight: delivery, epoch, era of the model.
    flying: Vec<(DeliveryId, u64, u32)>,
    last: i64,
    flushes: u32,
}

impl Pair {
    fn new(policy: RetryPolicy) -> Self {
        let numbers = Numbers {
            first_wait: micros(policy.backoff_min),
            longest_wait: micros(policy.backoff_max),
            patience: micros(policy.give_up_after),
            attempt_limit: micros(policy.connect_timeout) + micros(policy.response_timeout),
            most_in_flight: policy.max_in_flight,
            most_attempts: policy.max_attempts,
            honours_retry_after: policy.honor_retry_after,
        };
        let now = Moment { wall: Timestamp::from_micros(2_000_000_000_000_000), monotonic: Duration::ZERO };
        Self {
            lane: Lane::take_over(LaneState::default(), Control::default(), now),
            model: Model::new(),
            policy,
            numbers,
            control: Control::default(),
            now,
            wall_at_pause: now.wall,
            flying: Vec::new(),
            last: 100,
            flushes: 0,
        }
    }

    fn pass(&mut self, span: Micros) {
        self.now.monotonic += Duration::from_micros(span);
        self.now.wall = self.now.wall.plus(Duration::from_micros(span));
        self.model.pass(span);
    }

    fn set(&mut self, change: impl FnOnce(&mut Control)) {
        change(&mut self.control);
        self.lane.control(self.control.clone());
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Pass(span) => self.pass(span),
            Step::PassWait(more) => {
                if let Allowed::After(left) = self.model.allowed() {
                    self.pass(left + more);
                }
            }
            Step::WallJumps(by) => self.now.wall = Timestamp::from_micros(self.now.wall.as_micros() + by),
            Step::Start => self.start(),
            Step::StartMany(most) => (0..most).for_each(|_| self.start()),
            Step::Deliver(many) => {
                for _ in 0..many {
                    self.start();
                    if let Some(attempt) = self.flying.pop() {
                        self.end(attempt, true, None, 1)?;
                    }
                }
            }
            Step::ProbeFails => {
                if matches!(self.model.mode, Mode::Paused(_)) {
                    self.take(Step::PassWait(0))?;
                    self.start();
                    if let (Mode::Probing(_), Some(probe)) = (&self.model.mode, self.flying.pop()) {
                        self.end(probe, false, None, 1)?;
                    }
                }
            }
            Step::End { which, success, asked, attempts } if !self.flying.is_empty() => {
                let flying = self.flying.swap_remove(which.index(self.flying.len()));
                self.end(flying, success, asked, attempts)?;
            }
            Step::End { .. } => {}
            Step::Disable => {
                self.set(|control| control.gate = Gate::Held);
                self.model.enabled = false;
            }
            Step::Enable if !self.model.enabled => {
                self.set(|control| {
                    control.gate = Gate::Open;
                    control.resets += 1;
                });
                self.model.enabled = true;
                self.model.open();
            }
            Step::Enable => {}
            Step::Suspend(suspended) => {
                self.set(|control| control.suspended = suspended);
                self.model.suspend(suspended);
            }
            Step::Nudge => {
                self.set(|control| control.nudges += 1);
                self.model.nudge();
            }
            Step::ForgetProbe => {
                if let Some(probe) = self.lane.state().pause.as_ref().and_then(|pause| pause.probe) {
                    self.lane.forget(probe);
                    self.model.forget(probe);
                }
            }
            Step::Restart if self.model.mode != Mode::Flushing => {
                self.now.monotonic = Duration::from_micros(self.now.monotonic.as_micros() as u64 % 1000);
                self.lane = Lane::take_over(self.lane.state().clone(), self.control.clone(), self.now);
                let by_the_wall = self.now.wall.as_micros() - self.wall_at_pause.as_micros();
                self.model.restart(by_the_wall);
                // Under a clock that was set back the pause begins anew, once.
                self.wall_at_pause = self.wall_at_pause.min(self.now.wall);
                self.flying.clear();
            }
            Step::Restart => {}
            Step::Flushed => {
                if self.model.mode == Mode::Flushing {
                    self.lane.flushed(DeliveryId(self.last));
                    self.model.flushed();
                }
            }
        }
        self.compare()
    }

    fn start(&mut self) {
        let fits = |width: u32| self.flying.len() < width as usize;
        let delivery = match self.model.allowed() {
            Allowed::Any(width) if fits(width) => self.last + 1,
            Allowed::Probe(probe) => probe.map_or(self.last + 1, |probe| probe.0),
            _ => return,
        };
        self.last = self.last.max(delivery);
        self.model.start();
        let epoch = self.lane.start(DeliveryId(delivery));
        self.flying.push((DeliveryId(delivery), epoch, self.model.era));
    }

    fn end(
        &mut self,
        (delivery, epoch, era): (DeliveryId, u64, u32),
        success: bool,
        asked: Option<u32>,
        attempts: u32,
    ) -> Result<(), TestCaseError> {
        let before = self.model.clone();
        let fresh = era == self.model.era;
        let fate = if success {
            self.model.success(fresh, &self.numbers)
        } else {
            let asked = asked.map(|secs| Micros::from(secs) * SECOND);
            self.model.failure(delivery, fresh, attempts, asked, &self.numbers)
        };
        let retry_after = asked.map(|secs| Duration::from_secs(secs.into()));
        let ended = Ended { delivery, epoch, success, attempts, retry_after, dice: 0.5 };
        let (verdict, turn) = self.lane.end(ended, self.now, &self.policy);
        let told = match verdict {
            Verdict::Delivered => Fate::Delivered,
            Verdict::Queued => Fate::StaysQueued,
            Verdict::Discarded(_) => Fate::GivenUp,
        };
        prop_assert_eq!(told, fate);
        let open = |mode: &Mode| matches!(mode, Mode::Open { .. });
        let expected = match (&before.mode, &self.model.mode) {
            (_, Mode::Flushing) if before.mode != Mode::Flushing => Turn::Flush,
            (was, is) if open(was) && !open(is) => Turn::Paused,
            (was, is) if !open(was) && open(is) => Turn::Resumed,
            (was, is) if was != is && !open(is) => Turn::Changed,
            _ => Turn::None,
        };
        prop_assert_eq!(turn, expected);
        self.flushes += u32::from(turn == Turn::Flush);
        if matches!(self.model.mode, Mode::Paused(_)) && fresh {
            self.wall_at_pause = self.now.wall;
        }
        Ok(())
    }

    fn compare(&self) -> Result<(), TestCaseError> {
        let may = match self.lane.may_start(self.now) {
            Start::Any(width) => Allowed::Any(width),
            Start::Probe(probe) => Allowed::Probe(probe),
            Start::NotBefore(at) => Allowed::After(micros(at - self.now.monotonic)),
            Start::None => Allowed::Nothing,
        };
        prop_assert_eq!(may, self.model.allowed());
        match (&self.model.mode, &self.lane.state().pause) {
            (Mode::Paused(outage) | Mode::Probing(outage), Some(pause)) => {
                prop_assert_eq!(pause.step + 1, outage.failures);
                prop_assert_eq!(micros(pause.streak), outage.failing_for);
                prop_assert_eq!(micros(pause.wait), outage.wait);
                prop_assert_eq!(pause.probe, outage.probe);
                prop_assert!(pause.streak < self.policy.give_up_after, "patience has ended without a flush");
            }
            (Mode::Open { .. } | Mode::Flushing, None) => {}
            (mode, pause) => prop_assert!(false, "model {mode:?}, lane {pause:?}"),
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lane_does_what_the_model_says(policy in policy(), steps in prop::collection::vec(step(), 1..250)) {
        let mut pair = Pair::new(policy);
        for step in steps {
            pair.take(step)?;
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
            pair.take(Step::PassWait(0))?;
            if restart {
                pair.take(Step::Restart)?;
            }
            pair.start();
            pair.pass(took);
            let first = outage == 0 && pair.lane.state().pause.is_none();
            let flying = pair.flying.pop().unwrap();
            pair.end(flying, false, None, 1)?;
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
            pair.take(step).unwrap();
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
