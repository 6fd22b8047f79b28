//! Who may have an attempt in flight: the slots of a worker, kept from filling up with endpoints that hang.
//!
//! A lane is trusted by what its last attempt was like. Lanes in doubt have at most half of the slots together, with
//! those that are new at most three quarters, and only proven ones may take them all. So however many endpoints hang or
//! are new, a quarter of the slots goes round among those that answer.

use std::collections::VecDeque;
use std::time::Duration;

use crate::policy::lane::Lane;
use crate::types::{Attempt, HookId};

/// What is known of a lane's endpoint. Those of less trust come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// It is in back-off, or its last attempt failed or took longer than [`PROMPT`].
    Doubted,
    /// No attempt of it has ended in this worker yet, and it was not in back-off when it was taken over.
    #[default]
    New,
    /// Its last attempt was taken, and promptly.
    Proven,
}

/// An endpoint that takes longer holds a slot for so long that others would feel it.
const PROMPT: Duration = Duration::from_secs(1);

const LEVELS: usize = 3;

impl Trust {
    /// What an attempt that has ended says of its endpoint. A late success does not clear a lane that is in back-off.
    pub fn after(attempt: &Attempt, lane: &Lane) -> Self {
        let prompt = attempt.completed_at.since(attempt.started_at) <= PROMPT;
        let in_back_off = lane.state().pause.is_some();
        if attempt.success() && prompt && !in_back_off { Self::Proven } else { Self::Doubted }
    }
}

/// The slots of one worker.
#[derive(Debug)]
pub struct Slots {
    /// How many may be taken by lanes of this trust and less together.
    most: [usize; LEVELS],
    /// How many are taken by lanes of this trust.
    taken: [usize; LEVELS],
    /// Lanes of this trust that could start something and have to wait for a slot, in turn.
    waiting: [VecDeque<HookId>; LEVELS],
}

impl Slots {
    /// So many slots. At least one is for everybody.
    pub fn new(count: usize) -> Self {
        let most = [count - count / 2, count - count / 4, count];
        Self { most, taken: [0; LEVELS], waiting: Default::default() }
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.taken.iter().sum()
    }

    /// Whether no lane can start anything.
    pub fn are_full(&self) -> bool {
        self.taken() >= self.most[LEVELS - 1]
    }

    /// Whether a lane of this trust may take one.
    pub fn has_room(&self, trust: Trust) -> bool {
        let mut taken: usize = self.taken[..trust as usize].iter().sum();
        (trust as usize..LEVELS).all(|level| {
            taken += self.taken[level];
            taken < self.most[level]
        })
    }

    /// Takes one.
    pub fn take(&mut self, trust: Trust) {
        self.taken[trust as usize] += 1;
    }

    /// Gives one back.
    pub fn free(&mut self, trust: Trust) {
        self.taken[trust as usize] -= 1;
    }

    /// Counts a lane's slots as those of another trust.
    pub fn change(&mut self, from: Trust, to: Trust, count: usize) {
        self.taken[from as usize] -= count;
        self.taken[to as usize] += count;
    }

    /// Has a lane wait for a slot of its trust.
    pub fn wait(&mut self, hook: HookId, trust: Trust) {
        self.waiting[trust as usize].push_back(hook);
    }

    /// The lane that has waited longest among those for which there is room by now; the most trusted first.
    pub fn call(&mut self) -> Option<HookId> {
        let trusts = [Trust::Proven, Trust::New, Trust::Doubted];
        trusts.into_iter().find_map(
            |trust| {
                if self.has_room(trust) { self.waiting[trust as usize].pop_front() } else { None }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Trust::{Doubted, New, Proven};
    use super::*;

    /// How many of a trust find room.
    fn fill(slots: &mut Slots, trust: Trust) -> usize {
        let mut count = 0;
        while slots.has_room(trust) {
            slots.take(trust);
            count += 1;
        }
        count
    }

    #[test]
    fn doubted_lanes_leave_half_and_new_ones_a_quarter_to_the_proven() {
        let mut slots = Slots::new(256);
        assert_eq!([Doubted, New, Proven].map(|trust| fill(&mut slots, trust)), [128, 64, 64]);
        let mut slots = Slots::new(256);
        assert_eq!([New, Doubted, Proven].map(|trust| fill(&mut slots, trust)), [192, 0, 64]);
        let mut slots = Slots::new(256);
        assert_eq!([Proven, New, Doubted].map(|trust| fill(&mut slots, trust)), [256, 0, 0]);
    }

    #[test]
    fn every_trust_gets_a_slot_however_few_there_are() {
        for count in 1..10 {
            for trust in [Doubted, New, Proven] {
                let mut slots = Slots::new(count);
                assert!(fill(&mut slots, trust) >= 1, "{trust:?} of {count}");
                assert_eq!(slots.are_full(), slots.taken() == count);
            }
        }
    }

    #[test]
    fn who_waits_is_called_in_turn_when_there_is_room_for_it() {
        let mut slots = Slots::new(4);
        fill(&mut slots, Doubted);
        (1..=3).for_each(|id| slots.wait(HookId(id), Doubted));
        assert_eq!(slots.call(), None);
        slots.free(Doubted);
        assert_eq!(slots.call(), Some(HookId(1)));
        slots.take(Doubted);
        assert_eq!(slots.call(), None);
        // A lane that has proved itself counts as one in doubt no more.
        slots.change(Doubted, Proven, 1);
        assert_eq!([slots.call(), slots.call(), slots.call()], [Some(HookId(2)), Some(HookId(3)), None]);
    }
}
