//! tieback's own neutral JSON: `_to_json`, options, operations, exports. One form for every language.
//!
//! Members have the names of the types' fields; what is absent is left out; ids are strings, moments RFC 3339, spans
//! whole milliseconds (`_ms`). Input is read strictly: an unknown member, a wrong type or a missing member is
//! `invalid_argument`, with the member's path. In input ids may be numbers too, and null means absent.

use serde_json::Value;

use super::exact;
use crate::error::{Error, Result};

mod answer;
mod delivery;
mod event;
mod hook;
mod members;
mod page;
mod pointer;
mod scope;
mod trigger;

pub use answer::{
    error_to_json, idle_report_to_json, integrity_report_to_json, log_line_to_json, notice_to_json, published_to_json,
    purged_to_json, restored_to_json, stats_to_json,
};
pub use delivery::{delivery_query_from_json, delivery_to_json};
pub use event::{event_from_json, event_to_json, event_to_text};
pub use hook::{changed_rate_limit, hook_create_from_json, hook_query_from_json, hook_to_json, hook_update_from_json};
pub use members::Members;
pub(crate) use members::within;
pub use page::page_request_from_json;
pub use pointer::{put_at, text_at};
pub use scope::{scope_from_json, scope_to_json};
pub use trigger::{
    id_from_json, resource_query_from_json, resource_to_json, trigger_create_from_json, trigger_to_json,
    triggers_created_to_json, triggers_deleted_to_json,
};

/// Parses the JSON text that a caller gave; numbers beyond a double's digits become text and are not rounded.
///
/// # Errors
/// `invalid_argument` with the line and column.
pub fn parse(text: &str) -> Result<Value> {
    exact::parse(text).map_err(|cause| Error::invalid(format!("the input is not JSON: {cause}")))
}
