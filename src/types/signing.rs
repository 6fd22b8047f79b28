//! The secrets with which a hook's deliveries are signed, as the Standard Webhooks specification has them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// A secret that the owner of a hook shares with its endpoint: `whsec_` and 24 to 64 bytes in base64.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret {
    text: Secret,
    key: Zeroizing<Vec<u8>>,
}

impl SigningSecret {
    /// What every secret begins with.
    pub const PREFIX: &str = "whsec_";
    /// The fewest bytes of a key.
    pub const MIN_BYTES: usize = 24;
    /// The most bytes of a key.
    pub const MAX_BYTES: usize = 64;

    /// Checks a secret.
    ///
    /// # Errors
    /// `invalid_argument` when it does not begin with `whsec_`, is not base64, or has too few or too many bytes. No
    /// message repeats the secret.
    pub fn parse(text: &str) -> Result<Self> {
        if text.starts_with("*****") {
            return Err(Error::invalid(
                "the signing secret is a mask, as answers show it: give the real secret, or leave signing_secrets out \
                 to keep those that are there",
            ));
        }
        let Some(encoded) = text.strip_prefix(Self::PREFIX) else {
            return Err(Error::invalid(format!(
                "the signing secret does not begin with `{}`: write it like whsec_ and 24 to 64 random bytes in base64",
                Self::PREFIX
            )));
        };
        // The decoder would say which byte is wrong, and what it is.
        let key = STANDARD.decode(encoded).map(Zeroizing::new).map_err(|_| {
            Error::invalid(
                "the signing secret is not base64 after `whsec_`: use A-Z, a-z, 0-9, `+` and `/`, filled up with `=`",
            )
        })?;
        if !(Self::MIN_BYTES..=Self::MAX_BYTES).contains(&key.len()) {
            return Err(Error::invalid(format!(
                "the signing secret has {} bytes: give {} to {} random ones",
                key.len(),
                Self::MIN_BYTES,
                Self::MAX_BYTES
            )));
        }
        Ok(Self { text: Secret::new(text), key })
    }

    /// The secret as text: for the store only.
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    /// The bytes that sign.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// What answers show: five asterisks and the last five characters.
    pub fn masked(&self) -> String {
        self.text.masked()
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// The secrets of one hook. Each signs every delivery, so that an endpoint can change from one to the next without a
/// gap; with none, deliveries are not signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SigningSecrets(Vec<SigningSecret>);

impl SigningSecrets {
    /// The most secrets a hook may have.
    pub const MAX_COUNT: usize = 8;

    /// Checks the secrets.
    ///
    /// # Errors
    /// `invalid_argument` for a secret that is none (see [`SigningSecret::parse`]), for one that is given twice, and
    /// for too many. A message says which one it is by its place in the list.
    pub fn parse<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let mut kept: Vec<SigningSecret> = Vec::new();
        for text in secrets {
            let place = kept.len() + 1;
            let at_place = |error: Error| Error::invalid(format!("signing secret {place}: {}", error.message()));
            let secret = SigningSecret::parse(text).map_err(at_place)?;
            if let Some(same) = kept.iter().position(|other| other.key == secret.key) {
                return Err(Error::invalid(format!(
                    "signing secrets {} and {place} are the same: give each once",
                    same + 1
                )));
            }
            if kept.len() == Self::MAX_COUNT {
                return Err(Error::invalid(format!(
                    "there are more than {} signing secrets: take the oldest away",
                    Self::MAX_COUNT
                )));
            }
            kept.push(secret);
        }
        Ok(Self(kept))
    }

    /// The secrets, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = &SigningSecret> {
        self.0.iter()
    }

    /// Masks of the secrets: what answers show.
    pub fn masked(&self) -> Vec<String> {
        self.iter().map(SigningSecret::masked).collect()
    }

    /// Whether there are none: deliveries are not signed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
