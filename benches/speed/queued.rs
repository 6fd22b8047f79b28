//! How much more memory is resident with a million deliveries in one hook's queue: while they are published, while a
//! second hook beside it is served, and while they are delivered. The baseline is the same engine before.

use std::thread;
use std::time::{Duration, Instant};

use tieback::types::Event;

use crate::Outcome;
use crate::endpoint::Endpoint;
use crate::host::{Host, Template, event_of, scope};
use crate::process;
use crate::size::Size;

/// The number of the hook whose queue grows: it is paused meanwhile.
const LONG: usize = 0;
/// The number of the hook that is served all the time.
const SERVED: usize = 1;
/// Published at a time.
const PART: usize = 500;

pub fn measure(size: &Size) -> Outcome<()> {
    if !process::tells() {
        println!("queued      skipped: this system does not tell how much memory is resident");
        return Ok(());
    }
    let endpoint = Endpoint::start()?;
    let host = Template::new(2, &endpoint.url())?.open()?;
    host.engine.start()?;
    // Whatever the first deliveries make: connections, buffers, the store's own cache.
    for _ in 0..(size.queued / 50_000).clamp(1, 20) {
        publish(&host, LONG, PART)?;
        publish(&host, SERVED, PART)?;
    }
    host.engine.run_until_idle(Duration::from_secs(600), true)?;
    let before = process::resident_bytes()?;
    let answered_before = endpoint.answered();

    let hook = host.hook(LONG)?;
    host.engine.pause(&scope(LONG)?, &hook.id)?;
    let (mut most, parts) = (before, size.queued.div_ceil(PART));
    for _ in 0..parts {
        publish(&host, LONG, PART)?;
        publish(&host, SERVED, PART / 20)?;
        most = most.max(process::resident_bytes()?);
    }
    let queued = host.engine.stats()?.queued;
    if queued < size.queued as u64 {
        return Err(format!("only {queued} deliveries are queued").into());
    }
    let published = most;

    host.engine.resume(&scope(LONG)?, &hook.id)?;
    let deadline = Instant::now() + Duration::from_secs(1200);
    let end = answered_before + (parts * (PART + PART / 20)) as u64;
    while endpoint.answered() < end {
        if Instant::now() >= deadline {
            return Err("the long queue was not delivered".into());
        }
        most = most.max(process::resident_bytes()?);
        thread::sleep(Duration::from_millis(20));
    }
    host.engine.run_until_idle(Duration::from_secs(600), true)?;
    most = most.max(process::resident_bytes()?);
    println!(
        "queued      {:.0} MiB more with {queued} queued  ({:.0} MiB before, {:.0} MiB at the most until all were \
         queued, {:.0} MiB until all were delivered)",
        mib(most) - mib(before),
        mib(before),
        mib(published),
        mib(most)
    );
    Ok(())
}

fn publish(host: &Host, hook: usize, events: usize) -> Outcome<()> {
    let events: Vec<Event> = (1..=events).map(|resource| event_of(hook, resource)).collect::<Outcome<_>>()?;
    host.publish(&events)
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
