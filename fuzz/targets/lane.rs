//! A lane's life as bytes say, step by step beside the model that its property tests use.

#[path = "../../tests/lane/model.rs"]
mod model;
#[path = "../../tests/lane/pair.rs"]
mod pair;

use std::time::Duration;

use tieback::policy::retry::RetryPolicy;

use model::{Micros, Mode};
use pair::{Pair, SECOND, Step, micros};

const HOUR: Micros = 3600 * SECOND;

pub fn run(data: &[u8]) -> String {
    let mut bytes = data.iter().copied();
    let mut next = || bytes.next();
    let Some(policy) = policy(&mut next) else { return String::new() };
    let mut pair = Pair::new(policy);
    while let Some(step) = step(&mut next) {
        pair.take(step);
    }
    let mode = match &pair.model.mode {
        Mode::Open { width } => format!("open {width}"),
        Mode::Paused(outage) => format!("paused {}", outage.failures),
        Mode::Probing(outage) => format!("probing {}", outage.failures),
        Mode::Flushing => "flushing".to_owned(),
    };
    let waits = pair.lane.state().pause.as_ref().map_or(0, |pause| micros(pause.wait).ilog2());
    let flags = (pair.model.enabled, pair.model.suspended, pair.flying.len().min(4), pair.flushes.min(3));
    format!("{mode} {waits} {flags:?}")
}

fn policy(next: &mut impl FnMut() -> Option<u8>) -> Option<RetryPolicy> {
    let (kind, most) = (next()?, next()?);
    let base = if kind & 1 == 0 {
        RetryPolicy::default()
    } else {
        RetryPolicy {
            backoff_min: Duration::from_millis(30),
            backoff_max: Duration::from_millis(500),
            give_up_after: Duration::from_secs(20),
            ..RetryPolicy::default()
        }
    };
    let policy = RetryPolicy {
        max_attempts: (kind & 2 != 0).then_some(2 + u32::from(kind >> 6)),
        max_in_flight: 1 + u32::from(most % 16),
        honor_retry_after: kind & 4 != 0,
        ..base
    };
    policy.check().expect("these numbers make sense together");
    Some(policy)
}

/// One byte says which step, the next ones how much.
fn step(next: &mut impl FnMut() -> Option<u8>) -> Option<Step> {
    const JUMPS: [i64; 6] = [3_600, -3_600, 86_400, -86_400, 31_536_000, -31_536_000];
    Some(match next()? % 18 {
        0 => Step::Pass(Micros::from(next()?) * SECOND / 10),
        1 => Step::Pass(Micros::from(next()?) * HOUR / 32),
        2 => Step::Pass(Micros::from(next()?)),
        3 | 4 => Step::PassWait(Micros::from(next()?) * SECOND / 50),
        5 => Step::WallJumps(JUMPS[usize::from(next()?) % JUMPS.len()] * 1_000_000),
        6 => Step::Start,
        7 => Step::StartMany(next()? % 8),
        8 => Step::Deliver(next()? % 8),
        9 | 10 => Step::ProbeFails,
        11 => Step::End {
            which: next()?.into(),
            success: next()? & 1 == 0,
            asked: next().filter(|asked| *asked > 0).map(|asked| u32::from(asked) * 40),
            attempts: 1 + u32::from(next()? % 6),
        },
        12 => Step::Disable,
        13 => Step::Enable,
        14 => Step::Suspend(next()? & 1 == 0),
        15 => Step::Nudge,
        16 => Step::ForgetProbe,
        _ => {
            if next()? & 3 == 0 {
                Step::Restart
            } else {
                Step::Flushed
            }
        }
    })
}
