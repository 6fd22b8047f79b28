//! The lane: one hook's queue with its retry state. Pure; `dispatch` holds the lanes, stores keep their [`LaneState`].
//!
//! ```text
//!            failure                        resume_at
//!   Open ---------------> Paused ----------------------> Probing
//!    ^ ^                    ^                              |  |
//!    | |   streak >= 12 h:  |   failure: step+1, longer    |  |
//!    | +-- flush            +------------------------------+  |
//!    |                      success: streak over              |
//!    +--------------------------------------------------------+
//! ```
//!
//! * While paused or probing nothing else starts. Attempts that were in flight when the lane paused run on; they are
//!   *late* (their epoch is older than the lane's) and change nothing but their own delivery. One exception: a late
//!   failure earlier in order than the probe becomes the probe.
//! * Only a failed probe flushes: never the clock alone, never a start-up.
//! * [`Control`] is what operators and the service say (disable, pause, retry now); it is written by them, the
//!   [`LaneState`] only by the worker, so the two never overwrite one another.

use std::time::Duration;

use super::retry::RetryPolicy;
use crate::time::{Moment, Timestamp};
use crate::types::{DeliveryId, Why};

/// What a store keeps of a lane; written by the worker alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaneState {
    /// Grows with every pause, flush and reset. An attempt of an older epoch is late.
    pub epoch: u64,
    /// The pause, if the lane is in one. A probe in flight counts as paused: after a crash it is sent again.
    pub pause: Option<Pause>,
    /// Every delivery up to this one that was still queued has been discarded by a flush.
    pub discard_through: DeliveryId,
    /// The [`Control::resets`] that this state has taken note of; an older one means: begin afresh.
    pub resets_seen: u64,
    /// The [`Control::nudges`] that have had their probe.
    pub nudges_seen: u64,
}

/// A lane's back-off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// How many times the wait has been lengthened.
    pub step: u32,
    /// How long the endpoint has been failing.
    pub streak: Duration,
    /// The present wait.
    pub wait: Duration,
    /// When the wait ends.
    pub resume_at: Timestamp,
    /// The delivery to try then; `None` for whichever is first in the queue.
    pub probe: Option<DeliveryId>,
}

/// What the service and operators want of a lane; written by them alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// What the hook's status lets happen.
    pub gate: Gate,
    /// An operator has paused the lane: nothing starts, new events still queue.
    pub suspended: bool,
    /// Counts re-enablings; each ends the back-off.
    pub resets: u64,
    /// Counts wishes to probe at once (retry now, a changed URL or header, a skipped probe).
    pub nudges: u64,
}

/// What the hook's status lets happen on its lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gate {
    /// The hook is active.
    #[default]
    Open,
    /// The hook is disabled: nothing starts, what is queued stays.
    Held,
    /// The hook is deleted: what is queued is discarded.
    Gone,
}

/// Which deliveries may start now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Ready ones, in order, while fewer than this many are in flight.
    Any(u32),
    /// Only the probe: this delivery, or the first in the queue.
    Probe(Option<DeliveryId>),
    /// None before this moment (monotonic).
    NotBefore(Duration),
    /// None, until something else happens.
    None,
}

/// What an attempt's end means for its delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is delivered.
    Delivered,
    /// It stays queued and will be tried again.
    Queued,
    /// It is given up.
    Discarded(Why),
}

/// What an attempt's end means for its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing that needs keeping.
    None,
    /// The lane's state changed and must be kept.
    Changed,
    /// The lane went from open to paused.
    Paused,
    /// The lane went from paused to open.
    Resumed,
    /// Everything queued must be discarded; the lane starts nothing until [`Lane::flushed`].
    Flush,
}

/// The end of an attempt, as its lane sees it.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// The delivery that was tried.
    pub delivery: DeliveryId,
    /// What [`Lane::start`] gave when it was started.
    pub epoch: u64,
    /// Whether the endpoint took it.
    pub success: bool,
    /// How many attempts it has had, this one included.
    pub attempts: u32,
    /// The wait that the endpoint asked for.
    pub retry_after: Option<Duration>,
    /// A number from 0 to 1 for the jitter.
    pub dice: f64,
}

/// One lane in a worker's memory.
#[derive(Clone, Debug)]
pub struct Lane {
    state: LaneState,
    control: Control,
    /// How many attempts may be in flight while open: 1 after a resume or takeover, doubling with each success.
    width: u32,
    /// When the present pause began, or was taken over, and when it ends, on this process's monotonic clock.
    paused_from: Duration,
    paused_until: Duration,
    /// How long the pause had lasted when it was taken over: this process's clock may be younger than the pause.
    waited_before: Duration,
    probing: Option<DeliveryId>,
    /// The nudges there were when the probe started. One that came later wants another probe: this one may still go to
    /// the URL that was changed, or be the delivery that was skipped.
    nudges_probed: u64,
    flushing: bool,
}

impl Lane {
    /// Takes a lane over from a store. A pause of the store goes on, for its own length at the most: a clock that was
    /// set back cannot prolong it.
    pub fn take_over(state: LaneState, control: Control, now: Moment) -> Self {
        let mut lane = Self {
            state,
            control: Control::default(),
            width: 1,
            paused_from: now.monotonic,
            paused_until: now.monotonic,
            waited_before: Duration::ZERO,
            probing: None,
            nudges_probed: 0,
            flushing: false,
        };
        if let Some(pause) = &mut lane.state.pause {
            let rest = pause.resume_at.since(now.wall).min(pause.wait);
            lane.paused_until = now.monotonic + rest;
            lane.waited_before = now.wall.since(pause.resume_at.minus(pause.wait));
            // Kept, so that under a clock that was set back it is the same moment to whoever comes next.
            pause.resume_at = pause.resume_at.min(now.wall.plus(rest));
        }
        lane.control(control);
        lane
    }

    /// What the store should keep.
    pub fn state(&self) -> &LaneState {
        &self.state
    }

    /// Takes note of what the service or an operator wants.
    pub fn control(&mut self, control: Control) {
        if self.control.suspended && !control.suspended {
            self.width = 1;
        }
        self.control = control;
        if self.control.resets > self.state.resets_seen {
            self.state.resets_seen = self.control.resets;
            self.open();
        }
        if self.state.pause.is_none() {
            self.state.nudges_seen = self.control.nudges;
        }
    }

    /// What may start now.
    pub fn may_start(&self, now: Moment) -> Start {
        if self.control.gate != Gate::Open || self.control.suspended || self.flushing || self.probing.is_some() {
            return Start::None;
        }
        match &self.state.pause {
            None => Start::Any(self.width),
            Some(_) if now.monotonic < self.paused_until && self.control.nudges <= self.state.nudges_seen => {
                Start::NotBefore(self.paused_until)
            }
            Some(pause) => Start::Probe(pause.probe),
        }
    }

    /// Notes that an attempt starts; gives the epoch that its [`Ended`] must carry.
    pub fn start(&mut self, delivery: DeliveryId) -> u64 {
        if self.state.pause.is_some() {
            self.probing = Some(delivery);
            self.nudges_probed = self.control.nudges;
        }
        self.state.epoch
    }

    /// Takes the end of an attempt.
    pub fn end(&mut self, ended: Ended, now: Moment, policy: &RetryPolicy) -> (Verdict, Turn) {
        let verdict = if ended.success {
            Verdict::Delivered
        } else if policy.max_attempts.is_some_and(|most| ended.attempts >= most) {
            Verdict::Discarded(Why::MaxAttempts)
        } else {
            Verdict::Queued
        };
        let turn = if ended.epoch < self.state.epoch {
            self.end_late(ended, verdict)
        } else if ended.success {
            self.end_well(policy)
        } else {
            self.end_badly(ended, verdict, now, policy)
        };
        (verdict, turn)
    }

    fn end_late(&mut self, ended: Ended, verdict: Verdict) -> Turn {
        match &mut self.state.pause {
            Some(pause) if verdict == Verdict::Queued && pause.probe.is_some_and(|probe| ended.delivery < probe) => {
                pause.probe = Some(ended.delivery);
                Turn::Changed
            }
            _ => Turn::None,
        }
    }

    fn end_well(&mut self, policy: &RetryPolicy) -> Turn {
        if self.state.pause.is_none() {
            self.width = (self.width * 2).min(policy.max_in_flight);
            return Turn::None;
        }
        self.open();
        Turn::Resumed
    }

    fn end_badly(&mut self, ended: Ended, verdict: Verdict, now: Moment, policy: &RetryPolicy) -> Turn {
        let (step, streak, earlier_probe, turn) = match &self.state.pause {
            None => (0, Duration::ZERO, None, Turn::Paused),
            Some(pause) => {
                // The time that really passed since the failure before, on the monotonic clock.
                let passed = self.waited_before.saturating_add(now.monotonic.saturating_sub(self.paused_from));
                let passed = passed.min(pause.wait + policy.attempt_limit());
                // A late failure may have put an earlier delivery in front of the probe that now failed.
                let earlier = pause.probe.filter(|probe| *probe < ended.delivery);
                (pause.step + 1, pause.streak + passed, earlier, Turn::Changed)
            }
        };
        self.probing = None;
        self.state.epoch += 1;
        self.state.nudges_seen = if turn == Turn::Paused { self.control.nudges } else { self.nudges_probed };
        if streak >= policy.give_up_after && turn == Turn::Changed {
            self.state.pause = None;
            self.state.nudges_seen = self.control.nudges;
            self.flushing = true;
            return Turn::Flush;
        }
        let mut wait = policy.backoff(step);
        if policy.honor_retry_after {
            wait = wait.max(ended.retry_after.unwrap_or_default().min(policy.backoff_max));
        }
        wait = wait.mul_f64(1.0 + policy.jitter * ended.dice).min(policy.give_up_after.saturating_sub(streak));
        let own = (verdict == Verdict::Queued).then_some(ended.delivery);
        self.paused_from = now.monotonic;
        self.paused_until = now.monotonic + wait;
        self.waited_before = Duration::ZERO;
        self.state.pause =
            Some(Pause { step, streak, wait, resume_at: now.wall.plus(wait), probe: earlier_probe.or(own) });
        turn
    }

    /// Ends the back-off: open, one at a time at first.
    fn open(&mut self) {
        self.state.epoch += 1;
        self.state.pause = None;
        self.state.nudges_seen = self.control.nudges;
        self.probing = None;
        self.width = 1;
    }

    /// Notes that the store has discarded everything up to `through`; the lane opens afresh.
    pub fn flushed(&mut self, through: DeliveryId) {
        self.state.discard_through = self.state.discard_through.max(through);
        self.flushing = false;
        self.width = 1;
    }

    /// Notes that a delivery is queued no longer for reasons outside this worker: it cannot be the probe.
    pub fn forget(&mut self, delivery: DeliveryId) {
        if let Some(pause) = &mut self.state.pause
            && pause.probe == Some(delivery)
        {
            pause.probe = None;
        }
    }

    /// Whether the lane waits after a failure, probes, or is paused by an operator.
    pub fn is_paused(&self) -> bool {
        self.state.pause.is_some() || self.control.suspended
    }

    /// Whether the lane waits for the end of its back-off or of its probe, which will come by itself.
    pub fn waits_for_backoff(&self) -> bool {
        self.state.pause.is_some() && !self.control.suspended && self.control.gate == Gate::Open
    }

    /// Whether the hook's status and operators let anything start.
    pub fn can_go_on(&self) -> bool {
        self.control.gate == Gate::Open && !self.control.suspended
    }

    /// What the hook's status lets happen.
    pub fn gate(&self) -> Gate {
        self.control.gate
    }
}
