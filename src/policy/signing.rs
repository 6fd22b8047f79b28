//! Signatures of deliveries, by the Standard Webhooks specification, scheme `v1`: HMAC-SHA256 over the message's id,
//! the attempt's time and the payload.
//!
//! ```text
//! webhook-id         the event's ULID: the same at every attempt, at a redelivery, and on every hook of the event
//! webhook-timestamp  seconds since 1970 when the attempt began: another one at every attempt
//! webhook-signature  v1,BASE64 for each secret, in their order, with a blank between
//! ```
//!
//! What is signed is unambiguous, since neither a ULID nor a number has a full stop in it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::{Error, Result};
use crate::time::Timestamp;
use crate::types::{DestinationHeaders, SigningSecret, SigningSecrets};

/// The header of the message's id.
pub const ID: &str = "webhook-id";
/// The header of the attempt's time.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header of the signatures.
pub const SIGNATURE: &str = "webhook-signature";

/// The headers that sign an attempt, names and values; none without a secret.
pub fn headers(secrets: &SigningSecrets, id: &str, now: Timestamp, payload: &[u8]) -> Vec<(&'static str, String)> {
    if secrets.is_empty() {
        return Vec::new();
    }
    let seconds = now.as_micros().div_euclid(1_000_000);
    let signatures: Vec<String> = secrets.iter().map(|secret| sign(secret, id, seconds, payload)).collect();
    vec![(ID, id.to_owned()), (TIMESTAMP, seconds.to_string()), (SIGNATURE, signatures.join(" "))]
}

/// One signature: `v1,` and the base64 of the HMAC of `{id}.{seconds}.{payload}`.
pub fn sign(secret: &SigningSecret, id: &str, seconds: i64, payload: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.key()).expect("HMAC takes a key of any length");
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(payload);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Refuses a destination header that a signature would have to share its name with.
///
/// # Errors
/// `invalid_argument` that names the header.
pub fn check_headers(headers: &DestinationHeaders, secrets: &SigningSecrets) -> Result<()> {
    let signed = |name: &str| [ID, TIMESTAMP, SIGNATURE].iter().any(|own| own.eq_ignore_ascii_case(name));
    match headers.iter().find(|(name, _)| signed(name)) {
        Some((name, _)) if !secrets.is_empty() => Err(Error::invalid(format!(
            "header `{name}` cannot be set on a hook with signing_secrets, whose signature uses it: take the header or \
             the secrets away"
        ))),
        _ => Ok(()),
    }
}
