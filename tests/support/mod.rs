//! What several test programs share. Each uses a part of it.
#![allow(dead_code)]

pub mod authority;
pub mod child;
pub mod gate;
pub mod process;
pub mod rig;
pub mod shim;
pub mod sink;
pub mod vectors;
