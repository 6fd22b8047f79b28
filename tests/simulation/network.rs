//! The endpoints: each goes through good and bad times, and every attempt meets the time that it is sent in.

use std::time::Duration;

use tieback::policy::retry::RetryPolicy;
use tieback::time::Timestamp;
use tieback::types::Attempt;

use crate::dice::Dice;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Up,
    /// It answers well, but late.
    Slow,
    /// It answers, but with anything but 2xx.
    Failing,
    /// No connection.
    Down,
    /// It takes the request and never answers.
    Hanging,
    /// Now this, now that.
    Flaky,
}

impl Phase {
    /// One that no attempt gets through.
    pub fn bad(dice: &mut Dice) -> Self {
        [Self::Failing, Self::Down, Self::Hanging][dice.below(3) as usize]
    }

    pub fn any(dice: &mut Dice) -> Self {
        match dice.below(9) {
            0..3 => Self::Up,
            3 => Self::Slow,
            4 => Self::Failing,
            5 => Self::Down,
            6 => Self::Hanging,
            _ => Self::Flaky,
        }
    }
}

/// What will become of an attempt that is sent now.
#[derive(Clone, Debug)]
pub struct Course {
    /// When the endpoint has the request, if it ever does.
    pub reaches_after: Option<Duration>,
    pub ends_after: Duration,
    pub status: Option<u16>,
    pub retry_after: Option<u32>,
    pub error: Option<&'static str>,
}

impl Course {
    pub fn of(phase: Phase, policy: &RetryPolicy, dice: &mut Dice) -> Self {
        let bad = |dice: &mut Dice| match dice.below(4) {
            0 => Phase::Slow,
            1 => Phase::Failing,
            2 => Phase::Down,
            _ => Phase::Hanging,
        };
        match phase {
            Phase::Flaky if dice.one_in(2) => Self::of(Phase::Up, policy, dice),
            Phase::Flaky => {
                let phase = bad(dice);
                Self::of(phase, policy, dice)
            }
            Phase::Up => Self::answered(policy.response_timeout / 50, good(dice), dice),
            Phase::Slow => Self::answered(policy.attempt_limit(), good(dice), dice),
            Phase::Failing => {
                let status = [301, 400, 404, 410, 429, 500, 503][dice.below(7) as usize];
                let course = Self::answered(policy.response_timeout, status, dice);
                let retry_after = (status == 429 || status == 503).then(|| 1 + dice.below(120) as u32);
                Self { retry_after, ..course }
            }
            Phase::Down if dice.one_in(2) => Self::without_answer(None, Duration::ZERO, "connection refused"),
            Phase::Down => Self::without_answer(None, policy.connect_timeout, "no connection in time"),
            Phase::Hanging => {
                let reaches_after = dice.span(policy.connect_timeout);
                let ends_after = reaches_after + policy.response_timeout;
                Self::without_answer(Some(reaches_after), ends_after, "no response in time")
            }
        }
    }

    fn answered(most: Duration, status: u16, dice: &mut Dice) -> Self {
        let ends_after = dice.span(most);
        let reaches_after = Some(ends_after.mul_f64(0.5));
        Self { reaches_after, ends_after, status: Some(status), retry_after: None, error: None }
    }

    fn without_answer(reaches_after: Option<Duration>, ends_after: Duration, error: &'static str) -> Self {
        Self { reaches_after, ends_after, status: None, retry_after: None, error: Some(error) }
    }

    pub fn attempt(&self, started_at: Timestamp) -> Attempt {
        let wait = self.retry_after.map(|secs| ("Retry-After".to_owned(), secs.to_string()));
        Attempt {
            started_at,
            completed_at: started_at.plus(self.ends_after),
            response_status: self.status,
            response_headers: wait.into_iter().collect(),
            response_error: self.error.map(str::to_owned),
            ..Attempt::default()
        }
    }
}

fn good(dice: &mut Dice) -> u16 {
    [200, 201, 204, 299][dice.below(4) as usize]
}
