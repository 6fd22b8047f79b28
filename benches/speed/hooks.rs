//! The same throughput with one hook, with 1,000 and with 10,000, as a ratio to 100 hooks.

use crate::Outcome;
use crate::endpoint::Endpoint;
use crate::host::Template;
use crate::rounds::{Arm, interleave};
use crate::size::Size;
use crate::throughput::HOOKS;

pub fn measure(size: &Size) -> Outcome<()> {
    let endpoint = Endpoint::start()?;
    let mut counts = [HOOKS, 1, 1_000, 10_000];
    counts.iter_mut().skip(1).for_each(|count| *count = size.hooks.min(*count));
    let templates: Vec<Template> =
        counts.iter().map(|count| Template::new(*count, &endpoint.url())).collect::<Outcome<_>>()?;
    let names: Vec<String> = counts.iter().map(|count| format!("{count} hooks")).collect();
    let mut arms: Vec<Arm<'_>> = Vec::new();
    for (name, template) in names.iter().zip(&templates) {
        arms.push((name, Box::new(|| template.deliver(size.events))));
    }
    let medians = interleave(size.rounds, &mut arms)?;
    let of_hundred = medians[0];
    let ratios = counts.iter().zip(&medians).skip(1).map(|(count, rate)| format!("{count}: {:.2}", rate / of_hundred));
    let ratios: Vec<String> = ratios.collect();
    println!("hooks       ratio to {HOOKS} hooks  {}  ({HOOKS}: {of_hundred:.0}/s)", ratios.join("  "));
    Ok(())
}
