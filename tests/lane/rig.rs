//! A lane on a bench: a clock that is moved by hand, and short ways to start and end attempts.

use std::time::Duration;

use tieback::policy::lane::{Control, Ended, Gate, Lane, LaneState, Pause, Start, Turn, Verdict};
use tieback::policy::retry::RetryPolicy;
use tieback::time::{Moment, Timestamp};
use tieback::types::DeliveryId;

pub const HOUR: Duration = Duration::from_secs(60 * 60);
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);
pub const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pub fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub fn id(id: i64) -> DeliveryId {
    DeliveryId(id)
}

/// An attempt in flight.
#[derive(Clone, Copy, Debug)]
pub struct Flying {
    pub delivery: DeliveryId,
    pub epoch: u64,
}

pub struct Rig {
    pub lane: Lane,
    pub now: Moment,
    pub policy: RetryPolicy,
    pub control: Control,
    pub attempts: u32,
}

impl Rig {
    /// An open lane under Procore's numbers, in a process that has just begun.
    pub fn new() -> Self {
        Self::with(RetryPolicy::default())
    }

    pub fn with(policy: RetryPolicy) -> Self {
        policy.check().unwrap();
        let now = Moment { wall: Timestamp::parse("2025-02-06T12:00:00Z").unwrap(), monotonic: Duration::ZERO };
        let lane = Lane::take_over(LaneState::default(), Control::default(), now);
        Self { lane, now, policy, control: Control::default(), attempts: 0 }
    }

    /// A lane that an attempt at this delivery has just paused.
    pub fn paused(delivery: i64) -> Self {
        let mut rig = Self::new();
        let attempt = rig.start(delivery);
        assert_eq!(rig.fails(attempt), Turn::Paused);
        rig
    }

    pub fn pass(&mut self, span: Duration) {
        self.now.monotonic += span;
        self.now.wall = self.now.wall.plus(span);
    }

    /// A new process takes the lane over from what the old one kept. Its monotonic clock begins at zero.
    pub fn restart(&mut self) {
        self.now.monotonic = Duration::ZERO;
        self.lane = Lane::take_over(self.lane.state().clone(), self.control.clone(), self.now);
    }

    pub fn may_start(&self) -> Start {
        self.lane.may_start(self.now)
    }

    pub fn pause(&self) -> &Pause {
        self.lane.state().pause.as_ref().expect("the lane is paused")
    }

    /// The wait that is left.
    pub fn rest(&self) -> Duration {
        match self.may_start() {
            Start::NotBefore(at) => at - self.now.monotonic,
            Start::Probe(_) => Duration::ZERO,
            other => panic!("the lane does not wait: {other:?}"),
        }
    }

    pub fn start(&mut self, delivery: i64) -> Flying {
        let delivery = id(delivery);
        Flying { delivery, epoch: self.lane.start(delivery) }
    }

    /// Lets the wait pass and sends the probe.
    pub fn probe(&mut self) -> Flying {
        self.pass(self.rest());
        let Start::Probe(probe) = self.may_start() else { panic!("the wait is over: {:?}", self.may_start()) };
        let flying = self.start(probe.map_or(1, |probe| probe.0));
        assert_eq!(self.may_start(), Start::None, "one probe at a time");
        flying
    }

    pub fn end(&mut self, flying: Flying, success: bool, retry_after: Option<Duration>, dice: f64) -> (Verdict, Turn) {
        self.attempts += 1;
        let Flying { delivery, epoch } = flying;
        let ended = Ended { delivery, epoch, success, attempts: self.attempts, retry_after, dice };
        self.lane.end(ended, self.now, &self.policy)
    }

    pub fn succeeds(&mut self, flying: Flying) -> Turn {
        let (verdict, turn) = self.end(flying, true, None, 0.0);
        assert_eq!(verdict, Verdict::Delivered);
        turn
    }

    pub fn fails(&mut self, flying: Flying) -> Turn {
        let (verdict, turn) = self.end(flying, false, None, 0.0);
        assert_eq!(verdict, Verdict::Queued);
        turn
    }

    pub fn set(&mut self, change: impl FnOnce(&mut Control)) {
        change(&mut self.control);
        self.lane.control(self.control.clone());
    }

    pub fn enable(&mut self) {
        self.set(|control| {
            control.gate = Gate::Open;
            control.resets += 1;
        });
    }

    pub fn nudge(&mut self) {
        self.set(|control| control.nudges += 1);
    }
}
