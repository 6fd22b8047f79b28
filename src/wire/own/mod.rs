//! tieback's own neutral JSON: `_to_json`, options, operations, exports. One form for every language.
//!
//! Members have the names of the types' fields; what is absent is left out; ids are strings, moments RFC 3339, spans
//! whole milliseconds (`_ms`). Input is read strictly: an unknown member, a wrong type or a missing member is
//! `invalid_argument`, with the member's path. In input ids may be numbers too, and null means absent.

mod event;
mod members;

pub use event::{event_from_json, event_to_json};
pub use members::Members;
