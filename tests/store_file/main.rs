//! What only a store in a file has to do: keep what it was given, refuse files that are not its own or not whole, share
//! its file with others, commit together what waits, and come through a full disk.

#[path = "../store/given.rs"]
mod given;

mod bad_files;
mod disk;
mod migrate;
mod sharing;
mod together;
