//! tieback manages, sends and receives Procore webhooks.
#![deny(unsafe_code)]

pub mod error;
pub mod random;
pub mod secret;
pub mod service;
pub mod time;
pub mod types;

pub mod policy;
pub mod wire;

pub mod store;

pub mod net;
