//! New inputs from old ones.

use tieback::random::{Random, SeededRandom};

/// Longer ones are seldom of another kind, and slow.
const MAX_LEN: usize = 3_000;

/// What single bytes would rarely spell.
const WORDS: &[&str] = &[
    "https://",
    "http://",
    "://",
    "@",
    "?",
    "#",
    "%00",
    "%2e",
    "\\",
    "[::ffff:127.0.0.1]",
    "[::1]",
    "127.1",
    "0x7f.1",
    "2130706433",
    "localhost",
    ".localhost.",
    "169.254.169.254",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "xn--",
    ":443",
    "::",
    "/",
    "10.0.0.0/8",
    ",",
    "\u{ff0e}",
    "\u{3002}",
    "\u{ff11}",
    "\u{202e}",
    "\u{0}",
    "\n",
    "{",
    "}",
    "[",
    "]",
    "null",
    "true",
    "\"",
    "\\u0000",
    "\\ud800",
    "\":",
    "1e999",
    "-0",
    "0.1",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1.0",
    "\"id\":",
    "\"data\":",
    "\"ulid\":",
    "\"reason\":",
    "\"timestamp\":\"2025-02-06T23:34:12Z\"",
    "\"metadata\":{",
    "\"related_resources\":[{\"id\":1,\"name\":\"x\"}]",
    "\"company_id\":",
    "\"project_id\":",
    "\"resource_name\":\"RFIs\"",
    "\"resource_id\":",
    "\"event_type\":\"update\"",
    "\"unknown\":{",
    "\"proxy_url\":",
    "\"allow_networks\":[",
    "\"retry\":{",
    "_ms\":",
];

/// A source of mutations that follows from its seed.
pub struct Mutator(SeededRandom);

impl Mutator {
    pub fn new(seed: u64) -> Self {
        Self(SeededRandom::new(seed))
    }

    /// One of the inputs, changed in a few places.
    pub fn next(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        let mut input = inputs[self.below(inputs.len())].clone();
        for _ in 0..=self.below(4) {
            let other = &inputs[self.below(inputs.len())];
            self.change(&mut input, other);
        }
        input.truncate(MAX_LEN);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(input.len() + 1);
        match self.below(9) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = self.byte(),
            2 => input.insert(at, self.byte()),
            3 => {
                let until = (at + 1 + self.below(8)).min(input.len());
                input.drain(at..until.max(at));
            }
            4 => {
                let word = WORDS[self.below(WORDS.len())];
                input.splice(at..at, word.bytes());
            }
            5 => {
                // A word in the place of what was there.
                let word = WORDS[self.below(WORDS.len())];
                let until = (at + word.len()).min(input.len());
                input.splice(at..until, word.bytes());
            }
            6 => {
                // A part of itself, again.
                let until = (at + 1 + self.below(32)).min(input.len());
                let part = input[at..until.max(at)].to_vec();
                let to = self.below(input.len() + 1);
                input.splice(to..to, part);
            }
            7 => {
                // The rest of another one.
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            _ => {
                let many = self.below(16);
                input.extend((0..many).map(|_| self.byte()));
            }
        }
    }

    fn byte(&self) -> u8 {
        self.0.next_u64().to_le_bytes()[0]
    }

    fn below(&self, most: usize) -> usize {
        usize::try_from(self.0.next_u64() % most.max(1) as u64).expect("below a usize")
    }
}
