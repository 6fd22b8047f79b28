//! The dispatch machine, driven by hand: every input is given and every effect looked at.

mod bench;
mod changes;
mod fair;
mod idle;
mod keeping;
mod limited;
mod order;
mod ousted;
mod room;
mod tenure;
mod town;
