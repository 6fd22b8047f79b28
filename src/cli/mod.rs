//! The command `tieback`.

pub mod rpc;
