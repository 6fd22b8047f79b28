//! Values that must not be seen: they print as `[redacted]`, are wiped when dropped, and are shown to callers masked.

use std::fmt;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, Encoding, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

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

/// A key of 256 bits. It never appears in `Debug`, in an error or in an answer, and is wiped when dropped.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; SecretKey::LEN]>);

impl SecretKey {
    /// How many bytes it has.
    pub const LEN: usize = 32;

    /// Reads a key from text: 44 characters of base64 (standard or for URLs, with or without its `=`) or 64 hex digits.
    /// Blanks and line ends around it, as files have them, do not count.
    ///
    /// # Errors
    /// `invalid_argument`, which does not repeat the text.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let digits = text.trim_end_matches('=');
        let encoding: Encoding = match digits.len() {
            64 => HEXLOWER_PERMISSIVE,
            43 if digits.contains(['-', '_']) => BASE64URL_NOPAD,
            43 => BASE64_NOPAD,
            _ => return Err(unfit(&format!("has {} characters", text.chars().count()))),
        };
        let mut key = Zeroizing::new([0; Self::LEN]);
        let is_whole = encoding.decode_mut(digits.as_bytes(), &mut *key) == Ok(Self::LEN);
        if !is_whole {
            return Err(unfit("has a character that its encoding does not have"));
        }
        if key.iter().all(|byte| *byte == key[0]) {
            return Err(unfit("has the same byte 32 times, as a key that was never set"));
        }
        Ok(Self(key))
    }

    /// The bytes: for the cipher only.
    pub fn expose(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

fn unfit(what: &str) -> Error {
    Error::invalid(format!(
        "the key {what}: give 32 random bytes as 44 characters of base64 or 64 hex digits, such as \
         `openssl rand -base64 32` prints"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes 0 to 31 in every form.
    #[test]
    fn a_key_is_read_from_base64_and_from_hex() {
        let bytes: [u8; 32] = std::array::from_fn(|index| index as u8);
        for text in [
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            "  AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
            "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F",
        ] {
            assert_eq!(*SecretKey::parse(text).unwrap().expose(), bytes, "{text}");
        }
        let (standard, for_urls) = ("+".repeat(42) + "8", "-".repeat(42) + "8");
        assert_eq!(SecretKey::parse(&standard).unwrap().expose(), SecretKey::parse(&for_urls).unwrap().expose());
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        let zeros = "0".repeat(64);
        for text in ["", "hunter2hunter2", &"g1".repeat(32), &"A+_A".repeat(11)[..43], &"é".repeat(43), &zeros] {
            let error = SecretKey::parse(text).unwrap_err();
            assert!(text.is_empty() || !error.message().contains(text), "{error}");
        }
        let key = SecretKey::parse(&"a1b2".repeat(16)).unwrap();
        assert_eq!(format!("{key:?}"), "[redacted]");
    }

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
