//! Several processes on one file: real ones, which share it, come and go, die and stand still.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod actor;

mod crowd;
mod lanes;
mod notice;
mod opening;
mod takeover;
