//! Single members of a JSON text by their place in it, a JSON pointer (RFC 6901) such as `/items/0/id`: for hosts that
//! have no JSON of their own.

use serde_json::{Map, Value};

use super::members::wrong_type;
use crate::error::{Error, Result, shown};

/// The value at a place: a text as it is, a number, `true`, `false`, a list or an object as JSON. `None` when there is
/// nothing, or null. The empty pointer is the whole.
///
/// # Errors
/// `invalid_argument` for a pointer that is neither empty nor begins with `/`.
pub fn text_at(json: &Value, pointer: &str) -> Result<Option<String>> {
    check(pointer)?;
    Ok(match json.pointer(pointer) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    })
}

/// Puts a value at a place, over what was there. Objects and lists on the way are made where there is nothing, or null:
/// a list where the place in it is `0` or `-`. In a list, its length and `-` are the place behind its end.
///
/// # Errors
/// `invalid_argument` for the empty pointer and one that does not begin with `/`, for a place in a list that is further
/// than behind its end, and when something on the way is neither object nor list. Part of the way may be made then.
pub fn put_at(json: &mut Value, pointer: &str, value: Value) -> Result<()> {
    check(pointer)?;
    if pointer.is_empty() {
        return Err(Error::invalid("the pointer is empty: give a place in the JSON, such as /event/resource_id"));
    }
    let (mut at, mut path) = (json, "");
    for token in pointer.split('/').skip(1) {
        if at.is_null() {
            *at = if token == "0" || token == "-" { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
        }
        at = match at {
            Value::Object(members) => members.entry(token.replace("~1", "/").replace("~0", "~")).or_insert(Value::Null),
            Value::Array(items) => place_in(items, token, path)?,
            other => return Err(wrong_type(&shown(path), other, "an object or a list")),
        };
        path = &pointer[..path.len() + 1 + token.len()];
    }
    *at = value;
    Ok(())
}

fn place_in<'a>(items: &'a mut Vec<Value>, token: &str, path: &str) -> Result<&'a mut Value> {
    let end = items.len();
    // As written by a number, and not as `01` or `+1`.
    let written = token.parse().ok().filter(|index: &usize| index.to_string() == token);
    let index = if token == "-" { Some(end) } else { written };
    let index = index.filter(|index| *index <= end).ok_or_else(|| {
        let (token, path) = (shown(token), shown(path));
        Error::invalid(format!("`{token}` is no place in the list `{path}`: give 0 to {end}, or - for its end"))
    })?;
    if index == end {
        items.push(Value::Null);
    }
    Ok(&mut items[index])
}

fn check(pointer: &str) -> Result<()> {
    if pointer.is_empty() || pointer.starts_with('/') {
        return Ok(());
    }
    Err(Error::invalid(format!("the pointer `{}` does not begin with /: give one such as /items/0/id", shown(pointer))))
}
