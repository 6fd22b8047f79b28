//! Sealing: secrets of a hook as they are stored when the engine has a store key, and the way back.
//!
//! The cipher is AES-256-GCM-SIV (RFC 8452). It forgives a nonce that comes twice: who injects a repeatable source of
//! random bits loses no secret. A sealed text is bound to its hook and its column: moved elsewhere, it does not open.
//!
//! ```text
//! tieback-sealed:1:<id of the key>:<base64 of nonce, ciphertext, tag>
//! ```

use std::fmt;

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use data_encoding::{BASE64_NOPAD, HEXLOWER};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::secret::SecretKey;
use crate::types::HookId;

/// How a sealed text begins. A secret in clear text that begins so is refused.
const PREFIX: &str = "tieback-sealed:1:";

/// Random bytes for one sealing.
pub type NonceBytes = [u8; 12];

/// What tells keys apart and gives nothing of them away: 64 bits of a hash of the key, as 16 hex digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyId(Box<str>);

impl KeyId {
    fn of(key: &SecretKey) -> Self {
        let hash = Sha256::new().chain_update(b"tieback store key id\0").chain_update(key.expose()).finalize();
        Self(HEXLOWER.encode(&hash[..8]).into())
    }

    /// The 16 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The keys of a store: the present one seals, all of them open. Without any, secrets are kept in clear text.
#[derive(Clone, Debug, Default)]
pub struct StoreKeys(Vec<(KeyId, SecretKey)>);

impl StoreKeys {
    /// Reads the present key and older ones from text, as [`SecretKey::parse`] does.
    ///
    /// # Errors
    /// `invalid_argument` for a text that is no key, and for older keys without a present one. No error repeats a text.
    pub fn chosen<'a>(present: Option<&str>, old: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let read = |option: &'static str| {
            move |text: &str| {
                let key = SecretKey::parse(text);
                key.map_err(|error| Error::invalid(format!("{option}: {}", error.message())))
            }
        };
        let present = present.map(read("store_key")).transpose()?;
        let old = old.into_iter().map(read("store_key_old")).collect::<Result<Vec<_>>>()?;
        if present.is_none() && !old.is_empty() {
            return Err(Error::invalid(
                "store_key_old is given without store_key: a sealed store stays sealed, so give the key that seals",
            ));
        }
        Ok(Self(present.into_iter().chain(old).map(|key| (KeyId::of(&key), key)).collect()))
    }

    /// The id of the key that seals, if there is one.
    pub fn present(&self) -> Option<&KeyId> {
        self.0.first().map(|(id, _)| id)
    }

    /// Whether the key with this id is among them.
    pub fn has(&self, id: &str) -> bool {
        self.key(id).is_some()
    }

    /// Whether the text is sealed with the present key.
    pub fn is_sealed_with_present(&self, stored: &str) -> bool {
        let sealed_with = parts(stored).map(|(id, _)| id);
        sealed_with.is_some() && sealed_with == self.present().map(KeyId::as_str)
    }

    /// The text as it is to be stored at this place: sealed with the present key, or as it is when there is none.
    ///
    /// # Errors
    /// `invalid_argument` for a text that looks sealed already.
    pub fn seal(&self, text: &str, place: Place, nonce: &NonceBytes) -> Result<Zeroizing<String>> {
        if text.starts_with(PREFIX) {
            return Err(Error::invalid(format!(
                "{place} begins with `{PREFIX}`, which marks what the store has sealed: give another value"
            )));
        }
        let Some((id, key)) = self.0.first() else { return Ok(Zeroizing::new(text.to_owned())) };
        let bound_to = place.bound();
        let payload = Payload { msg: text.as_bytes(), aad: bound_to.as_bytes() };
        // Only a text of more than 64 GiB cannot be sealed.
        let sealed = cipher(key).encrypt(&Nonce::from(*nonce), payload);
        let sealed = sealed.map_err(|_| Error::new(ErrorKind::Internal, format!("{place} cannot be sealed")))?;
        let sealed = BASE64_NOPAD.encode(&[nonce.as_slice(), &sealed].concat());
        Ok(Zeroizing::new(format!("{PREFIX}{id}:{sealed}")))
    }

    /// The text that was stored at this place, in clear.
    ///
    /// # Errors
    /// `storage` when its key is not among these, or it is not what was sealed for this place.
    pub fn open(&self, stored: &str, place: Place) -> Result<Zeroizing<String>> {
        if !stored.starts_with(PREFIX) {
            return Ok(Zeroizing::new(stored.to_owned()));
        }
        let (id, sealed) = parts(stored).ok_or_else(|| place.damaged())?;
        let key = self.key(id).ok_or_else(|| {
            Error::new(
                ErrorKind::Storage,
                format!(
                    "{place} is sealed with the store key {id}, which this engine was not given: open it with that key \
                     in store_key_old, or give the hook this value again"
                ),
            )
        })?;
        let sealed = BASE64_NOPAD.decode(sealed.as_bytes()).map_err(|_| place.damaged())?;
        let (nonce, sealed) = sealed.split_first_chunk::<12>().ok_or_else(|| place.damaged())?;
        let bound_to = place.bound();
        let payload = Payload { msg: sealed, aad: bound_to.as_bytes() };
        let opened = cipher(key).decrypt(&Nonce::from(*nonce), payload).map_err(|_| place.damaged())?;
        let opened = String::from_utf8(opened).map_err(|_| place.damaged())?;
        Ok(Zeroizing::new(opened))
    }

    fn key(&self, id: &str) -> Option<&SecretKey> {
        self.0.iter().find(|(known, _)| known.as_str() == id).map(|(_, key)| key)
    }
}

/// Where a secret is stored. What is sealed for one place opens at no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The hook.
    pub hook: HookId,
    /// The column's name.
    pub column: &'static str,
}

impl Place {
    fn bound(self) -> String {
        format!("tieback hook {}\0{}", self.hook.0, self.column)
    }

    fn damaged(self) -> Error {
        Error::new(
            ErrorKind::Storage,
            format!(
                "{self} cannot be opened: it was changed since it was sealed, or is another hook's; give the hook this \
                 value again, or restore the store from a backup"
            ),
        )
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of hook {}", self.column, self.hook.0)
    }
}

fn cipher(key: &SecretKey) -> Aes256GcmSiv {
    Aes256GcmSiv::new(key.expose().into())
}

/// The key's id and the sealed part of a sealed text.
fn parts(stored: &str) -> Option<(&str, &str)> {
    stored.strip_prefix(PREFIX)?.split_once(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { hook: HookId(7), column: "destination_headers" };
    const NEW: &str = "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100";
    const OLD: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn keys(present: &str, old: &[&str]) -> StoreKeys {
        StoreKeys::chosen(Some(present), old.iter().copied()).unwrap()
    }

    /// RFC 8452, appendix C.2: 8 bytes of plaintext, one byte of associated data.
    #[test]
    fn the_cipher_is_the_one_of_the_standard() {
        let mut key = [0; 32];
        key[0] = 1;
        let mut nonce = [0; 12];
        nonce[0] = 3;
        let payload = Payload { msg: &[2, 0, 0, 0, 0, 0, 0, 0], aad: &[1] };
        let sealed = Aes256GcmSiv::new(&key.into()).encrypt(&Nonce::from(nonce), payload).unwrap();
        assert_eq!(HEXLOWER.encode(&sealed), "1de22967237a813291213f267e3b452f02d01ae33e4ec854");
    }

    #[test]
    fn what_was_sealed_opens_with_its_key_at_its_place_alone() {
        let sealed = keys(OLD, &[]).seal("Bearer s3cret", PLACE, &[9; 12]).unwrap();
        assert!(!sealed.contains("s3cret"));
        assert_eq!(keys(OLD, &[]).open(&sealed, PLACE).unwrap().as_str(), "Bearer s3cret");
        assert_eq!(keys(NEW, &[OLD]).open(&sealed, PLACE).unwrap().as_str(), "Bearer s3cret");

        for elsewhere in [Place { hook: HookId(8), ..PLACE }, Place { column: "signing_secrets", ..PLACE }] {
            let error = keys(OLD, &[]).open(&sealed, elsewhere).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Storage);
            assert!(error.message().contains("cannot be opened"), "{error}");
        }
        let error = keys(NEW, &[]).open(&sealed, PLACE).unwrap_err();
        assert!(error.message().contains(keys(OLD, &[]).present().unwrap().as_str()), "{error}");
    }

    /// Every character of what is stored counts: none can be changed or left out.
    #[test]
    fn nothing_of_a_sealed_text_can_be_changed() {
        let keys = keys(OLD, &[]);
        let sealed = keys.seal("s3cret", PLACE, &[9; 12]).unwrap();
        for at in PREFIX.len()..sealed.len() {
            for other in ["", if &sealed[at..=at] == "A" { "B" } else { "A" }] {
                let changed = format!("{}{other}{}", &sealed[..at], &sealed[at + 1..]);
                assert_eq!(keys.open(&changed, PLACE).unwrap_err().kind(), ErrorKind::Storage, "{changed}");
            }
        }
    }

    #[test]
    fn without_a_key_texts_are_kept_as_they_are_and_none_can_pass_for_sealed() {
        let none = StoreKeys::default();
        assert_eq!(none.seal("s3cret", PLACE, &[0; 12]).unwrap().as_str(), "s3cret");
        assert_eq!(none.open("s3cret", PLACE).unwrap().as_str(), "s3cret");
        assert_eq!(none.seal("tieback-sealed:1:x:y", PLACE, &[0; 12]).unwrap_err().kind(), ErrorKind::InvalidArgument);
        assert_eq!(StoreKeys::chosen(None, [OLD]).unwrap_err().kind(), ErrorKind::InvalidArgument);
        assert!(StoreKeys::chosen(Some(OLD), ["short"]).unwrap_err().message().starts_with("store_key_old: "));
        let shown = format!("{:?}", keys(NEW, &[OLD]));
        assert!(!shown.contains(&OLD[..8]) && !shown.contains(&NEW[..8]) && shown.contains("[redacted]"), "{shown}");
    }
}
