//! How much each part does.

use crate::Outcome;

/// The numbers of one run. Each has an option of its name.
#[derive(Clone, Debug)]
pub struct Size {
    /// Events of one round.
    pub events: usize,
    /// Rounds, of which the median counts.
    pub rounds: usize,
    /// The most hooks.
    pub hooks: usize,
    /// Deliveries that are in the store already.
    pub stored: usize,
    /// Deliveries in the queue.
    pub queued: usize,
    /// How long to look at what takes its time: an idle engine, paced publishing, in milliseconds.
    pub watch_ms: usize,
}

const OPTIONS: [&str; 6] = ["--events", "--rounds", "--hooks", "--stored", "--queued", "--watch-ms"];

impl Size {
    /// What the documented figures are measured with.
    fn full() -> Self {
        Self { events: 20_000, rounds: 5, hooks: 10_000, stored: 5_000_000, queued: 1_000_000, watch_ms: 5_000 }
    }

    /// So small that the parts run with every test.
    pub fn small() -> Self {
        Self { events: 200, rounds: 1, hooks: 120, stored: 2_000, queued: 1_000, watch_ms: 200 }
    }

    /// The full size, but for what the arguments say.
    pub fn of(arguments: &[String]) -> Outcome<Self> {
        let mut size = Self::full();
        for (option, value) in arguments.iter().zip(arguments.iter().skip(1)) {
            let place = match option.as_str() {
                "--events" => &mut size.events,
                "--rounds" => &mut size.rounds,
                "--hooks" => &mut size.hooks,
                "--stored" => &mut size.stored,
                "--queued" => &mut size.queued,
                "--watch-ms" => &mut size.watch_ms,
                _ => continue,
            };
            let number = value.parse().ok().filter(|number| *number > 0);
            *place = number.ok_or_else(|| format!("{option} `{value}` is not a number from 1"))?;
        }
        Ok(size)
    }

    /// Whether the next argument belongs to this one.
    pub fn takes_value(argument: &str) -> bool {
        OPTIONS.contains(&argument)
    }

    /// The same numbers as options of a command.
    pub fn options(&self) -> Vec<String> {
        let Self { events, rounds, hooks, stored, queued, watch_ms } = self;
        let values = [events, rounds, hooks, stored, queued, watch_ms];
        OPTIONS.into_iter().zip(values).flat_map(|(option, value)| [option.to_owned(), value.to_string()]).collect()
    }
}
