//! What goes over the network: one configured HTTP client, and the attempt to deliver that it makes.

pub mod client;
mod failure;
mod pool;
pub mod proxy;
pub mod resolve;
pub mod send;
pub mod tls;
mod trust;
