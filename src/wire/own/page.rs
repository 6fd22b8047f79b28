//! Pages of lists.

use serde_json::{Value, json};

use super::members::Members;
use crate::error::Result;
use crate::types::{Id, PageRequest};

/// Items that are JSON already, and where the next page begins: `next` is left out on the last one.
pub fn page_to_json(items: Vec<Value>, next: Option<&Id>) -> Value {
    match next {
        Some(next) => json!({"items": items, "next": next.as_str()}),
        None => json!({"items": items}),
    }
}

/// Reads which page is wanted: `limit` (0 for the service's default) and `after`, the page before's `next`.
///
/// # Errors
/// `invalid_argument`.
pub fn page_request_from_json(input: &Value) -> Result<PageRequest> {
    let mut members = Members::of(input)?;
    let after = members.id("after")?;
    let page = PageRequest {
        limit: members.whole32("limit")?.unwrap_or_default(),
        after: after.map(|after| Id::parse("after", after.as_str())).transpose()?,
    };
    members.end()?;
    Ok(page)
}
