//! Scopes: `{"company_id": 1}`, or `{"project_id": 2, "company_id": 1}`.

use serde_json::{Map, Value};

use super::members::{Members, wrong_type};
use crate::error::{Error, Result, shown};
use crate::types::{Id, Scope};

/// The scope's ids.
pub fn scope_to_json(scope: &Scope) -> Value {
    let ids = [("company_id", scope.company_id()), ("project_id", scope.project_id())];
    let members: Map<String, Value> =
        ids.into_iter().filter_map(|(name, id)| Some((name.to_owned(), Value::from(id?.to_string())))).collect();
    Value::Object(members)
}

/// Reads a scope. With both ids it is the project's.
///
/// # Errors
/// `invalid_argument` without any id, or for one that is not 1 to 2^63-1.
pub fn scope_from_json(input: &Value) -> Result<Scope> {
    let mut members = Members::of(input)?;
    let company_id = members.read("company_id", number)?;
    let project_id = members.read("project_id", number)?;
    members.end()?;
    match project_id {
        Some(project_id) => Scope::project(project_id, company_id),
        None => Scope::one_of(company_id, None),
    }
}

fn number(path: &str, value: &Value) -> Result<i64> {
    const EXPECTED: &str = "a number from 1 to 2^63-1";
    match value {
        Value::Number(number) => number.as_i64().ok_or_else(|| wrong_type(path, value, EXPECTED)),
        Value::String(text) => Id::new(text.as_str())
            .number()
            .ok_or_else(|| Error::invalid(format!("member `{path}` is `{}`: give {EXPECTED}", shown(text)))),
        _ => Err(wrong_type(path, value, EXPECTED)),
    }
}
