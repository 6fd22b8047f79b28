//! What goes over the network: one configured HTTP client, and the attempt to deliver that it makes.

mod client;
mod failure;
mod resolve;
pub mod send;
