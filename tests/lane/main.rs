//! The lane: every sentence of its design as a test, and its behaviour against a plain model.

mod backoff;
mod control;
mod late;
mod model;
mod pair;
mod properties;
mod rig;
mod takeover;
