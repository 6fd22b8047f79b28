//! Rounds in which every arm has its turn, and what is told of them: these machines are noisy.

use std::time::Duration;

use crate::Outcome;

/// One of the things that are compared: it runs once and says how much it did per second, or another number.
pub type Arm<'a> = (&'a str, Box<dyn FnMut() -> Outcome<f64> + 'a>);

/// Runs the arms in turn, every other round backwards, so that a machine that becomes slower or faster is the same to
/// all. Gives the median of each.
pub fn interleave(rounds: usize, arms: &mut [Arm<'_>]) -> Outcome<Vec<f64>> {
    let mut values = vec![Vec::new(); arms.len()];
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..arms.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for arm in order {
            values[arm].push((arms[arm].1)()?);
        }
        let of_round = arms.iter().zip(&values).map(|((name, _), values)| format!("{name} {:.0}", values[round]));
        eprintln!("  round {}: {}", round + 1, of_round.collect::<Vec<_>>().join("   "));
    }
    Ok(values.into_iter().map(median).collect())
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How many per second.
pub fn per_second(count: usize, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}
