//! The dispatch machine, driven by hand: every input is given and every effect looked at.

mod bench;
mod changes;
mod idle;
mod keeping;
mod order;
mod room;
mod tenure;
