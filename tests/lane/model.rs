//! The lane as its design tells it, told again plainly: no epochs, no moments, only counters that tick. What is in
//! flight carries whether it is fresh; a pause counts down what is left of it and counts up what has passed.

use tieback::types::DeliveryId;

/// All spans in microseconds.
pub type Micros = u64;

#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    pub first_wait: Micros,
    pub longest_wait: Micros,
    pub patience: Micros,
    pub attempt_limit: Micros,
    pub most_in_flight: u32,
    pub most_attempts: Option<u32>,
    pub honours_retry_after: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    Open { width: u32 },
    Paused(Outage),
    Probing(Outage),
    Flushing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    pub failures: u32,
    pub failing_for: Micros,
    pub wait: Micros,
    pub left: Micros,
    pub passed: Micros,
    pub probe: Option<DeliveryId>,
    /// Somebody wants a probe now (while waiting) or right after this one (while probing).
    pub hurry: bool,
    /// The probe under way was hurried: whoever takes over hurries again.
    pub hurried: bool,
}

/// What the model allows to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    Any(u32),
    Probe(Option<DeliveryId>),
    After(Micros),
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Delivered,
    StaysQueued,
    GivenUp,
}

#[derive(Clone, Debug)]
pub struct Model {
    pub mode: Mode,
    pub enabled: bool,
    pub suspended: bool,
    /// Counts the moments at which everything in flight becomes late.
    pub era: u32,
}

impl Model {
    pub fn new() -> Self {
        Self { mode: Mode::Open { width: 1 }, enabled: true, suspended: false, era: 0 }
    }

    pub fn pass(&mut self, span: Micros) {
        if let Mode::Paused(outage) | Mode::Probing(outage) = &mut self.mode {
            outage.left = outage.left.saturating_sub(span);
            outage.passed = outage.passed.saturating_add(span);
        }
    }

    pub fn allowed(&self) -> Allowed {
        match &self.mode {
            _ if !self.enabled || self.suspended => Allowed::Nothing,
            Mode::Open { width } => Allowed::Any(*width),
            Mode::Paused(outage) if outage.left == 0 || outage.hurry => Allowed::Probe(outage.probe),
            Mode::Paused(outage) => Allowed::After(outage.left),
            Mode::Probing(_) | Mode::Flushing => Allowed::Nothing,
        }
    }

    pub fn start(&mut self) {
        if let Mode::Paused(outage) = &self.mode {
            self.mode = Mode::Probing(Outage { hurry: false, hurried: outage.hurry, ..outage.clone() });
        }
    }

    pub fn success(&mut self, fresh: bool, numbers: &Numbers) -> Fate {
        if fresh {
            match &mut self.mode {
                Mode::Open { width } => *width = numbers.most_in_flight.min(*width * 2),
                _ => self.open(),
            }
        }
        Fate::Delivered
    }

    pub fn failure(
        &mut self,
        delivery: DeliveryId,
        fresh: bool,
        attempts: u32,
        asked: Option<Micros>,
        numbers: &Numbers,
    ) -> Fate {
        let given_up = numbers.most_attempts.is_some_and(|most| attempts >= most);
        let fate = if given_up { Fate::GivenUp } else { Fate::StaysQueued };
        let candidate = (!given_up).then_some(delivery);
        if !fresh {
            if let Mode::Paused(outage) | Mode::Probing(outage) = &mut self.mode
                && let (Some(late), Some(probe)) = (candidate, outage.probe)
                && late < probe
            {
                outage.probe = Some(late);
            }
            return fate;
        }
        self.era += 1;
        let (failures, failing_for, probe, hurry) = match &self.mode {
            Mode::Open { .. } => (1, 0, candidate, false),
            Mode::Paused(outage) | Mode::Probing(outage) => {
                let counted = outage.passed.min(outage.wait + numbers.attempt_limit);
                let earlier = outage.probe.filter(|probe| *probe < delivery);
                (outage.failures + 1, outage.failing_for + counted, earlier.or(candidate), outage.hurry)
            }
            Mode::Flushing => panic!("nothing fresh is in flight while a flush is under way"),
        };
        if failures > 1 && failing_for >= numbers.patience {
            self.mode = Mode::Flushing;
            return fate;
        }
        let mut wait = numbers.first_wait;
        for _ in 1..failures.min(64) {
            wait = numbers.longest_wait.min(wait * 2);
        }
        if numbers.honours_retry_after {
            wait = wait.max(asked.unwrap_or(0).min(numbers.longest_wait));
        }
        wait = wait.min(numbers.patience - failing_for);
        self.mode =
            Mode::Paused(Outage { failures, failing_for, wait, left: wait, passed: 0, probe, hurry, hurried: false });
        fate
    }

    pub fn flushed(&mut self) {
        self.mode = Mode::Open { width: 1 };
    }

    /// The end of every back-off; what is in flight is late from now on.
    pub fn open(&mut self) {
        self.era += 1;
        if self.mode != Mode::Flushing {
            self.mode = Mode::Open { width: 1 };
        }
    }

    pub fn nudge(&mut self) {
        if let Mode::Paused(outage) | Mode::Probing(outage) = &mut self.mode {
            outage.hurry = true;
        }
    }

    pub fn suspend(&mut self, suspended: bool) {
        if self.suspended
            && !suspended
            && let Mode::Open { width } = &mut self.mode
        {
            *width = 1;
        }
        self.suspended = suspended;
    }

    pub fn forget(&mut self, delivery: DeliveryId) {
        if let Mode::Paused(outage) | Mode::Probing(outage) = &mut self.mode
            && outage.probe == Some(delivery)
        {
            outage.probe = None;
        }
    }

    /// A new process, whose wall clock says that the pause began this long ago (less than nothing, if it was set back).
    pub fn restart(&mut self, by_the_wall: i64) {
        match &mut self.mode {
            Mode::Open { width } => *width = 1,
            Mode::Paused(outage) | Mode::Probing(outage) => {
                outage.passed = by_the_wall.max(0).unsigned_abs();
                outage.left = outage.wait - outage.passed.min(outage.wait);
                outage.hurry |= std::mem::take(&mut outage.hurried);
                self.mode = Mode::Paused(outage.clone());
            }
            // The flush was not kept; the pause before it is.
            Mode::Flushing => panic!("the test keeps a flush before it restarts"),
        }
    }
}
