//! 99 healthy hooks beside one that never answers, so that each of its attempts takes its full time limit of 5 s; as a
//! ratio to the same 99 alone. What counts is when the last request of the healthy ones has come.

use std::time::{Duration, Instant};

use tieback::types::Event;

use crate::Outcome;
use crate::endpoint::Endpoint;
use crate::host::{Template, event};
use crate::rounds::{interleave, per_second};
use crate::size::Size;
use crate::throughput::HOOKS;

/// The number of the hook that hangs.
const HANGS: usize = 0;

pub fn measure(size: &Size) -> Outcome<()> {
    let endpoint = Endpoint::start()?;
    let url = |hook| if hook == HANGS { endpoint.hanging_url() } else { endpoint.url() };
    let template = Template::with(HOOKS, &url)?;
    // Long enough for the one that hangs to take up its time several times over.
    let events = 10 * size.events;
    let medians = interleave(
        size.rounds,
        &mut [
            ("99 alone", Box::new(|| deliver(&template, &endpoint, events, false))),
            ("99 beside one that hangs", Box::new(|| deliver(&template, &endpoint, events, true))),
        ],
    )?;
    let (alone, beside) = (medians[0], medians[1]);
    println!(
        "hanging     ratio {:.2}  (99 hooks alone {alone:.0}/s, beside one that hangs {beside:.0}/s)",
        beside / alone
    );
    Ok(())
}

fn deliver(template: &Template, endpoint: &Endpoint, events: usize, with_hanging: bool) -> Outcome<f64> {
    let host = template.open()?;
    let numbers = (0..events).filter(|n| with_hanging || n % HOOKS != HANGS);
    let all: Vec<Event> = numbers.map(|n| event(n, HOOKS)).collect::<Outcome<_>>()?;
    let healthy = (0..events).filter(|n| n % HOOKS != HANGS).count();
    let before = endpoint.answered();
    host.engine.start()?;
    let begin = Instant::now();
    host.publish(&all)?;
    endpoint.wait_for(before + healthy as u64, Duration::from_secs(600))?;
    let elapsed = begin.elapsed();
    host.engine.stop(Duration::from_secs(1))?;
    Ok(per_second(healthy, elapsed))
}
