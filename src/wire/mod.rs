//! JSON to types and back. Pure.

pub mod exact;
pub mod own;
pub mod payload;
