//! What only a store in a file has to do: keep what it was given, refuse files that are not its own or not whole, share
//! its file with nobody, seal secrets in it, commit together what waits, and come through a full disk.

#[path = "../store/given.rs"]
mod given;
#[path = "../optional/mod.rs"]
mod optional;
#[path = "../support/process.rs"]
mod process;

mod bad_files;
mod disk;
mod migrate;
mod modes;
mod sealing;
mod sharing;
mod together;
