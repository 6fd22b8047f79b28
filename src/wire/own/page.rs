//! Pages: which one is wanted, and one that was given.

use serde_json::{Map, Value};

use super::members::Members;
use crate::error::Result;
use crate::types::{Id, PageRequest};

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

/// A page: its `items`, and `next`, where the next one begins, unless it is the last.
pub fn page_to_json(items: impl Iterator<Item = Value>, next: Option<&str>) -> Value {
    let mut page = Map::new();
    page.insert("items".to_owned(), items.collect());
    if let Some(next) = next {
        page.insert("next".to_owned(), Value::from(next));
    }
    Value::Object(page)
}
