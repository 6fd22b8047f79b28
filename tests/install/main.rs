//! `make install`: what it puts where; that programs in C and C++ are built from it by pkg-config and by CMake, with
//! the shared and with the static library; that nothing is left of it after `make uninstall`.
#![cfg(all(feature = "capi", feature = "cli", unix))]

mod cargo_c;
mod cmake;
mod manual;
mod needs;
#[path = "../optional/mod.rs"]
mod optional;
mod pkg_config;
mod stage;
mod tree;
