//! Every choice of a run, from its seed.

use std::time::Duration;

use tieback::random::{Random, SeededRandom};

pub struct Dice(SeededRandom);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(SeededRandom::new(seed))
    }

    /// A number from 0 (included) to `end` (excluded).
    pub fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end.max(1)
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// A span up to `most`, in whole microseconds; short ones are as likely as long ones.
    pub fn span(&mut self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        let scale = most >> self.below(8);
        Duration::from_micros(self.below(scale + 1))
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(usize::try_from(self.below(items.len() as u64)).unwrap_or(0))
    }

    pub fn fraction(&mut self) -> f64 {
        self.0.fraction()
    }
}
