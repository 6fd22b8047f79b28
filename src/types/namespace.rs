//! Namespaces keep the hooks of different integrations apart.

use std::fmt;

use crate::error::{Error, Result, shown};

/// A namespace: lower-case `a-z`, digits and dashes (Procore's guide, "Namespaces").
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Namespace(Box<str>);

impl Namespace {
    /// The longest namespace, in characters. Procore publishes no limit; this is tieback's.
    pub const MAX_LEN: usize = 100;

    /// Checks the characters and the length.
    ///
    /// # Errors
    /// `invalid_argument` that names the first wrong character.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-'));
        if let Some(wrong) = wrong {
            return Err(Error::invalid(format!(
                "namespace `{}` has `{}`: use lower-case a-z, digits and dashes, such as acme-invoice-sync",
                shown(text),
                wrong.escape_debug()
            )));
        }
        if text.is_empty() || text.len() > Self::MAX_LEN {
            return Err(Error::invalid(format!(
                "a namespace of {} characters is not allowed: give 1 to {}",
                text.len(),
                Self::MAX_LEN
            )));
        }
        Ok(Self(text.into()))
    }

    /// The namespace as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
