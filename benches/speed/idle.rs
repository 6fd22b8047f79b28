//! The processor time of a started engine that has nothing to do, with 10,000 hooks that have each delivered once; as a
//! difference to an engine without hooks.

use std::thread;
use std::time::Duration;

use crate::Outcome;
use crate::endpoint::Endpoint;
use crate::host::{Host, Template, event};
use crate::process;
use crate::rounds::interleave;
use crate::size::Size;

pub fn measure(size: &Size) -> Outcome<()> {
    if !process::tells() {
        println!("idle        skipped: this system does not tell the processor time of threads");
        return Ok(());
    }
    let endpoint = Endpoint::start()?;
    let watched = Duration::from_millis(size.watch_ms as u64);
    let none = Template::new(0, &endpoint.url())?.open()?;
    none.engine.start()?;
    let none = idle_micros(none, watched, size.rounds)?;

    let many = Template::new(size.hooks, &endpoint.url())?.open()?;
    many.engine.start()?;
    let all = (0..size.hooks).map(|n| event(n, size.hooks)).collect::<Outcome<Vec<_>>>()?;
    many.publish(&all)?;
    many.engine.run_until_idle(Duration::from_secs(600), true)?;
    let many = idle_micros(many, watched, size.rounds)?;
    println!(
        "idle        {:.3} % of one processor with {} hooks, {:.3} % with none  ({many:.0} and {none:.0} microseconds \
         in {:.1} s)",
        percent(many, watched),
        size.hooks,
        percent(none, watched),
        watched.as_secs_f64()
    );
    Ok(())
}

/// What the whole process takes meanwhile, the watching thread and the idle endpoint included.
fn idle_micros(host: Host, watched: Duration, rounds: usize) -> Outcome<f64> {
    // What the end of the work leaves to do.
    thread::sleep(watched / 5);
    let mut look = || {
        let before = process::cpu_time()?;
        thread::sleep(watched);
        Ok((process::cpu_time()? - before).as_secs_f64() * 1e6)
    };
    let median = interleave(rounds, &mut [("microseconds", Box::new(&mut look))])?[0];
    drop(host);
    Ok(median)
}

fn percent(micros: f64, watched: Duration) -> f64 {
    micros / watched.as_secs_f64() / 1e4
}
