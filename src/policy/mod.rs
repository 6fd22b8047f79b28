//! Decisions, all of them pure: no I/O, no clock, no dice. Time and randomness come in as arguments.

// The order is a floor plan: a module names only modules above it.

pub mod retry;

pub mod lane;

pub mod queue;

pub mod lease;

pub mod dispatch;

pub mod catalogue;

pub mod egress;
pub mod network;

pub mod matching;

pub mod publishable;

pub mod seal;

pub mod redact;
