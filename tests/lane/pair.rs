//! A lane and its model side by side: each step is done to both, and then they are compared. Any difference panics.

use std::time::Duration;

use tieback::policy::lane::{Control, Ended, Gate, Lane, LaneState, Start, Turn, Verdict};
use tieback::policy::retry::RetryPolicy;
use tieback::time::{Moment, Timestamp};
use tieback::types::DeliveryId;

use super::model::{Allowed, Fate, Micros, Mode, Model, Numbers};

pub const SECOND: Micros = 1_000_000;

#[derive(Clone, Debug)]
pub enum Step {
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
        /// Which of those in flight, counted around.
        which: usize,
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

pub fn micros(span: Duration) -> Micros {
    Micros::try_from(span.as_micros()).unwrap()
}

/// Lane and model side by side.
pub struct Pair {
    pub lane: Lane,
    pub model: Model,
    policy: RetryPolicy,
    numbers: Numbers,
    control: Control,
    pub now: Moment,
    /// What the wall said when the present pause began.
    wall_at_pause: Timestamp,
    /// In flight: delivery, epoch, era of the model.
    pub flying: Vec<(DeliveryId, u64, u32)>,
    last: i64,
    pub flushes: u32,
}

impl Pair {
    pub fn new(policy: RetryPolicy) -> Self {
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

    pub fn pass(&mut self, span: Micros) {
        self.now.monotonic += Duration::from_micros(span);
        self.now.wall = self.now.wall.plus(Duration::from_micros(span));
        self.model.pass(span);
    }

    fn set(&mut self, change: impl FnOnce(&mut Control)) {
        change(&mut self.control);
        self.lane.control(self.control.clone());
    }

    pub fn take(&mut self, step: Step) {
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
                        self.end(attempt, true, None, 1);
                    }
                }
            }
            Step::ProbeFails => {
                if matches!(self.model.mode, Mode::Paused(_)) {
                    self.take(Step::PassWait(0));
                    self.start();
                    if let (Mode::Probing(_), Some(probe)) = (&self.model.mode, self.flying.pop()) {
                        self.end(probe, false, None, 1);
                    }
                }
            }
            Step::End { which, success, asked, attempts } if !self.flying.is_empty() => {
                let flying = self.flying.swap_remove(which % self.flying.len());
                self.end(flying, success, asked, attempts);
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
        self.compare();
    }

    pub fn start(&mut self) {
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

    pub fn end(
        &mut self,
        (delivery, epoch, era): (DeliveryId, u64, u32),
        success: bool,
        asked: Option<u32>,
        attempts: u32,
    ) {
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
        assert_eq!(told, fate);
        let open = |mode: &Mode| matches!(mode, Mode::Open { .. });
        let expected = match (&before.mode, &self.model.mode) {
            (_, Mode::Flushing) if before.mode != Mode::Flushing => Turn::Flush,
            (was, is) if open(was) && !open(is) => Turn::Paused,
            (was, is) if !open(was) && open(is) => Turn::Resumed,
            (was, is) if was != is && !open(is) => Turn::Changed,
            _ => Turn::None,
        };
        assert_eq!(turn, expected);
        self.flushes += u32::from(turn == Turn::Flush);
        if matches!(self.model.mode, Mode::Paused(_)) && fresh {
            self.wall_at_pause = self.now.wall;
        }
    }

    fn compare(&self) {
        let may = match self.lane.may_start(self.now) {
            Start::Any(width) => Allowed::Any(width),
            Start::Probe(probe) => Allowed::Probe(probe),
            Start::NotBefore(at) => Allowed::After(micros(at - self.now.monotonic)),
            Start::None => Allowed::Nothing,
        };
        assert_eq!(may, self.model.allowed());
        match (&self.model.mode, &self.lane.state().pause) {
            (Mode::Paused(outage) | Mode::Probing(outage), Some(pause)) => {
                assert_eq!(pause.step + 1, outage.failures);
                assert_eq!(micros(pause.streak), outage.failing_for);
                assert_eq!(micros(pause.wait), outage.wait);
                assert_eq!(pause.probe, outage.probe);
                assert!(pause.streak < self.policy.give_up_after, "patience has ended without a flush");
            }
            (Mode::Open { .. } | Mode::Flushing, None) => {}
            (mode, pause) => panic!("model {mode:?}, lane {pause:?}"),
        }
    }
}
