//! What only a store in a file has to do: keep what it was given, refuse files that are not its own or not whole, share
//! its file with nobody, commit together what waits, come through a full disk, and live long: backups, restoring them,
//! looking for damage.

#[path = "../store/given.rs"]
mod given;
#[path = "../store/schemas.rs"]
mod schemas;

mod backup;
mod bad_files;
mod disk;
mod figures;
mod integrity;
mod migrate;
mod restore;
mod sharing;
mod together;
