//! From the call of `publish` to the request at the endpoint, at 100 events a second. The baseline keeps each body by
//! one write and one sync of a file, the least that a durable publisher does, and then has bare reqwest send it.

use std::fs::File;
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::bare::{Bare, body};
use crate::endpoint::Endpoint;
use crate::host::{Template, event_of, folder};
use crate::size::Size;
use crate::throughput::HOOKS;

/// The time between two events.
const PACE: Duration = Duration::from_millis(10);

pub fn measure(size: &Size) -> Outcome<()> {
    let endpoint = Endpoint::start()?;
    let host = Template::new(HOOKS, &endpoint.url())?.open()?;
    host.engine.start()?;
    let (bare, kept) = (Bare::new(&endpoint.url())?, folder()?);
    let mut file = File::create(kept.path().join("kept"))?;

    let events = (size.watch_ms / PACE.as_millis() as usize).max(2);
    let (mut of_bare, mut of_tieback) = (Vec::new(), Vec::new());
    for _ in 0..size.rounds {
        of_bare.extend(paced(&endpoint, events, |resource| {
            let body = body(event_of(resource % HOOKS, resource)?)?;
            file.write_all(&body)?;
            file.sync_data()?;
            bare.begin_send(body);
            Ok(())
        })?);
        of_tieback.extend(paced(&endpoint, events, |resource| {
            host.engine.publish(&event_of(resource % HOOKS, resource)?)?;
            Ok(())
        })?);
    }
    let (bare, tieback) = (Percentiles::of(of_bare), Percentiles::of(of_tieback));
    println!(
        "latency     p50 {:.2} ms, p99 {:.2} ms  (one sync and bare reqwest: p50 {:.2} ms, p99 {:.2} ms; ratios \
         {:.1} and {:.1})",
        tieback.p50,
        tieback.p99,
        bare.p50,
        bare.p99,
        tieback.p50 / bare.p50,
        tieback.p99 / bare.p99
    );
    Ok(())
}

/// Publishes at an even pace; gives how long each took to come, in milliseconds.
fn paced(endpoint: &Endpoint, events: usize, mut publish: impl FnMut(usize) -> Outcome<()>) -> Outcome<Vec<f64>> {
    let before = endpoint.answered();
    endpoint.note_arrivals();
    let mut begun = Vec::with_capacity(events);
    let begin = Instant::now();
    for n in 0..events {
        thread::sleep((begin + PACE * n as u32).saturating_duration_since(Instant::now()));
        begun.push(Instant::now());
        publish(n + 1)?;
    }
    endpoint.wait_for(before + events as u64, Duration::from_secs(60))?;
    let arrivals = endpoint.take_arrivals();
    let took = arrivals.into_iter().filter_map(|(resource, at)| Some(at.duration_since(*begun.get(resource - 1)?)));
    let took: Vec<f64> = took.map(|took| took.as_secs_f64() * 1e3).collect();
    if took.len() != events {
        return Err(format!("{} of {events} events came", took.len()).into());
    }
    Ok(took)
}

struct Percentiles {
    p50: f64,
    p99: f64,
}

impl Percentiles {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |part: f64| values[((values.len() - 1) as f64 * part).round() as usize];
        Self { p50: at(0.50), p99: at(0.99) }
    }
}
