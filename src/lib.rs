//! tieback manages, sends and receives Procore webhooks: hooks, triggers, events, deliveries.
//!
//! ```text
//! manage    caller -> Service ----------> Embedded -> Store (SQLite)
//! deliver   Engine::publish(events) -> match triggers -> one transaction: events + deliveries      "Ok" means: on disk
//!           worker: takes a lane's next deliveries -> POST -> outcome -> lane step -> one transaction
//! ```
//!
//! Where to look:
//!
//! * [`engine::Engine`] publishes and delivers; [`embedded::Embedded`] is its [`service::Service`].
//! * [`policy::lane`] says when a hook's deliveries are sent; [`policy::dispatch`] runs all lanes of a worker.
//! * [`store`] says what is kept; [`net`] makes the attempts; [`wire::payload`] writes their bodies.
//! * `capi` is the C ABI; its manual is `include/tieback.h`.
//!
//! ```
//! use std::sync::Arc;
//! use tieback::{embedded::Embedded, engine::{Engine, EngineOptions}, service::Service, types::*};
//!
//! # fn main() -> tieback::error::Result<()> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("hooks.db");
//! let engine = Arc::new(Engine::open(EngineOptions::at(path))?);
//! let service = Embedded::new(engine.clone());
//! let scope = Scope::company(5358233)?;
//! let hook = service.hook_create(&scope, &HookCreate {
//!     namespace: Namespace::parse("acme-invoice-sync")?,
//!     payload_version: PayloadVersion::V4,
//!     destination_url: DestinationUrl::parse("https://webhooks.example.com/events")?,
//!     destination_headers: DestinationHeaders::parse([("Authorization", "Bearer a-long-secret")])?,
//!     signing_secrets: SigningSecrets::default(),
//!     rate_limit: None,
//! })?;
//! service.trigger_create(&scope, &hook.id, &TriggerCreate::new("Company Users", "update")?)?;
//! let published = engine.publish(&Event::new(&scope, "Company Users", Id::parse("resource_id", "42")?, "update"))?;
//! assert_eq!(published.deliveries, 1);
//! # Ok(())
//! # }
//! ```
#![deny(unsafe_code)]

// The floors, lowest first: a module names only modules above it in this list (tests/tidy holds that).

pub mod error;

pub mod time;

pub mod random;

pub mod secret;

pub mod types;

pub mod report;

pub mod service;

pub mod wire;

pub mod policy;

pub mod runtime;

pub mod store;

pub mod net;

pub mod engine;

pub mod embedded;

pub mod ops;

#[cfg(feature = "cli")]
pub mod cli;

#[cfg(feature = "capi")]
#[allow(unsafe_code)]
pub mod capi;
