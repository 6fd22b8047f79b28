//! Values that must not be seen: they print as `[redacted]`, are wiped when dropped, and are shown to callers masked.

use std::fmt;

use zeroize::Zeroizing;

/// A value such as an `Authorization` header. It never appears in `Debug`, in an error or in an answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps the value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The value itself: for the wire and the store only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What answers show: five asterisks and the last five characters, as Procore masks `destination_headers`.
    /// Under ten characters no tail is shown, since it would be half the secret.
    pub fn masked(&self) -> String {
        const TAIL: usize = 5;
        let length = self.0.chars().count();
        let tail: String = if length < 2 * TAIL { String::new() } else { self.0.chars().skip(length - TAIL).collect() };
        format!("*****{tail}")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Procore's two samples (`*****xMiJ9`, `*****token`), and the short values.
    #[test]
    fn masks_show_the_last_five_characters_of_long_values_only() {
        assert_eq!(Secret::new("Bearer eyJ0eXAxMiJ9").masked(), "*****xMiJ9");
        assert_eq!(Secret::new("Bearer secret-token").masked(), "*****token");
        assert_eq!(Secret::new("123456789").masked(), "*****");
        assert_eq!(Secret::new("1234567890").masked(), "*****67890");
        assert_eq!(Secret::new("").masked(), "*****");
        assert_eq!(format!("{:?}", Secret::new("Bearer x")), "[redacted]");
    }
}
