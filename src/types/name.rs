//! Names of resources and events, as callers give them. Which of them exist is the catalogue's to say.

use crate::error::{Error, Result, shown};

/// The longest name, in characters.
const MAX_NAME: usize = 200;

/// Checks a name that a caller gave.
///
/// # Errors
/// `invalid_argument` when it is blank, over 200 characters, or has control characters.
pub(crate) fn check_name(what: &str, name: &str) -> Result<()> {
    let length = name.chars().count();
    if length > MAX_NAME {
        return Err(Error::invalid(format!("{what} has {length} characters: at most {MAX_NAME} are allowed")));
    }
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(Error::invalid(format!(
            "{what} `{}` is not usable: give 1 to {MAX_NAME} printable characters",
            shown(name)
        )));
    }
    Ok(())
}
