//! Disks that fail in the middle of the work: an error, or the end of the process, at each single call to the system
//! that the work makes.
#![cfg(target_os = "linux")]

#[path = "../store/given.rs"]
mod given;
#[path = "../optional/mod.rs"]
mod optional;
#[path = "../store/schemas.rs"]
mod schemas;
#[path = "../support/mod.rs"]
mod support;

mod control;
mod errors;
mod kills;
