//! JSON to types and back. Pure.

pub mod own;
pub mod payload;
