//! One lane as a worker has been told of it, and what the model makes of that.

use std::collections::BTreeSet;
use std::time::Duration;

use tieback::policy::lane::{Control, Gate};
use tieback::policy::queue::{LaneWrite, Tenure};
use tieback::policy::retry::RetryPolicy;
use tieback::time::{Moment, Timestamp};
use tieback::types::DeliveryId;

use crate::model::{Micros, Mode, Model};

/// What a worker has been told of a lane, and what the model makes of it.
#[derive(Clone, Debug)]
pub struct Told {
    pub model: Model,
    pub control: Control,
    pub url: String,
    /// By what right the worker acts on the lane, while it does.
    pub tenure: Option<Tenure>,
    pub last_fence: u64,
    /// Up to when the model's counters have ticked.
    as_of: Duration,
    pub wall_at_pause: Timestamp,
    /// The probe may have been given up: whoever is first may stand in for it.
    pub vague_probe: bool,
    /// What the worker knows to be settled.
    pub settled: BTreeSet<DeliveryId>,
}

impl Told {
    pub fn new(now: Moment) -> Self {
        Self {
            model: Model::new(),
            control: Control::default(),
            url: String::new(),
            tenure: None,
            last_fence: 0,
            as_of: now.monotonic,
            wall_at_pause: now.wall,
            vague_probe: false,
            settled: BTreeSet::new(),
        }
    }

    pub fn tick(&mut self, now: Moment) {
        self.model.pass(micros(now.monotonic - self.as_of));
        self.as_of = now.monotonic;
    }

    /// Another worker takes the lane over.
    pub fn restart(&mut self, now: Moment) {
        let by_the_wall = now.wall.as_micros() - self.wall_at_pause.as_micros();
        self.model.restart(by_the_wall);
        self.wall_at_pause = self.wall_at_pause.min(now.wall);
        self.as_of = now.monotonic;
        (self.tenure, self.last_fence) = (None, 0);
    }

    pub fn check_state(&self, write: &LaneWrite, policy: &RetryPolicy) {
        assert_eq!(write.flush, self.model.mode == Mode::Flushing);
        match (&self.model.mode, &write.state.pause) {
            (Mode::Paused(outage) | Mode::Probing(outage), Some(pause)) => {
                assert_eq!(pause.step + 1, outage.failures, "hook {}", write.hook);
                assert_eq!(micros(pause.streak), outage.failing_for);
                assert_eq!(micros(pause.wait), outage.wait);
                assert!(self.vague_probe || pause.probe == outage.probe, "{pause:?} {outage:?}");
                assert!(pause.wait <= policy.backoff_max && pause.streak < policy.give_up_after);
            }
            (Mode::Open { .. } | Mode::Flushing, None) => {}
            (mode, pause) => panic!("hook {}: model {mode:?}, lane {pause:?}", write.hook),
        }
    }

    /// How long the lane waits after its last failure, if it is in a back-off.
    pub fn wait(&self) -> Duration {
        match &self.model.mode {
            Mode::Paused(outage) | Mode::Probing(outage) => Duration::from_micros(outage.wait),
            Mode::Open { .. } | Mode::Flushing => Duration::ZERO,
        }
    }

    pub fn hear(&mut self, control: &Control) {
        let before = std::mem::replace(&mut self.control, control.clone());
        self.model.enabled = control.gate == Gate::Open;
        self.model.suspend(control.suspended);
        if control.resets > before.resets {
            self.model.open();
        }
        if control.nudges > before.nudges {
            self.model.nudge();
        }
    }
}

pub fn micros(span: Duration) -> Micros {
    Micros::try_from(span.as_micros()).expect("spans of a run are short")
}
