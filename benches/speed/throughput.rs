//! Durable publish-to-delivered throughput, as a ratio to a bare reqwest client that only sends.

use crate::Outcome;
use crate::bare::Bare;
use crate::endpoint::Endpoint;
use crate::host::Template;
use crate::rounds::{interleave, per_second};
use crate::size::Size;

/// The number of hooks that the other parts compare with.
pub const HOOKS: usize = 100;

pub fn measure(size: &Size) -> Outcome<()> {
    let endpoint = Endpoint::start()?;
    let (bare, template) = (Bare::new(&endpoint.url())?, Template::new(HOOKS, &endpoint.url())?);
    let medians = interleave(
        size.rounds,
        &mut [
            ("bare reqwest", Box::new(|| Ok(per_second(size.events, bare.send_all(size.events, HOOKS)?)))),
            ("tieback", Box::new(|| template.deliver(size.events))),
        ],
    )?;
    let (bare, durable) = (medians[0], medians[1]);
    println!("throughput  ratio {:.2}  (bare reqwest {bare:.0}/s, tieback {durable:.0}/s)", durable / bare);
    Ok(())
}
