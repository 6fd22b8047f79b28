//! How an engine is opened.

use std::path::PathBuf;
use std::sync::Arc;

use crate::policy::catalogue::Catalogue;
use crate::policy::dispatch::Limits;
use crate::policy::egress::Egress;
use crate::policy::retry::RetryPolicy;
use crate::random::{Random, SystemRandom};
use crate::time::{Clock, SystemClock};

/// How an engine is opened: where its store is, and what differs from the defaults.
#[derive(Clone)]
pub struct EngineOptions {
    /// The SQLite file. It is created, readable by its owner alone, when it is not there.
    pub path: PathBuf,
    /// Time limits, back-off, the end of patience. Procore's numbers.
    pub policy: RetryPolicy,
    /// Where deliveries may go. Public addresses over https.
    pub egress: Egress,
    /// Which resources and events exist. The built-in catalogue.
    pub catalogue: Catalogue,
    /// Where the time comes from. The machine's clock.
    pub clock: Arc<dyn Clock>,
    /// Where random bits come from. The operating system.
    pub random: Arc<dyn Random>,
    /// How much the worker does at once. 256 attempts in flight.
    pub limits: Limits,
}

impl EngineOptions {
    /// The defaults, on this file.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            policy: RetryPolicy::default(),
            egress: Egress::default(),
            catalogue: Catalogue::builtin(),
            clock: Arc::new(SystemClock::new()),
            random: Arc::new(SystemRandom),
            limits: Limits::default(),
        }
    }
}
