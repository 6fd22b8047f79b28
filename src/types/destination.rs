//! Where a hook's deliveries go, and the headers they carry.

use std::fmt;

use url::Url;

use crate::error::{Error, Result, shown};
use crate::secret::Secret;

/// The URL of an endpoint: absolute, `https` (or `http`, which the engine refuses unless told otherwise), without
/// credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct DestinationUrl(Url);

impl DestinationUrl {
    /// The longest URL that is taken, in bytes.
    pub const MAX_LEN: usize = 2048;

    /// Parses the URL. Whether its scheme and address are allowed is the engine's
    /// [egress rule](crate::policy::egress::Egress).
    ///
    /// # Errors
    /// `invalid_argument` when it does not parse, has another scheme, no host, a fragment, credentials, or a character
    /// that a URL cannot have.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > Self::MAX_LEN {
            let length = text.len();
            return Err(Error::invalid(format!(
                "the destination URL has {length} bytes: at most {} are allowed",
                Self::MAX_LEN
            )));
        }
        // The text may hold credentials or a token in its query: no message below repeats it.
        let url = Url::parse(text).map_err(|cause| {
            Error::invalid(format!(
                "the destination URL does not parse ({cause}): write it like https://webhooks.example.com/events"
            ))
        })?;
        // What a browser would mend (a line break, a backslash, a missing `//`) means something else than it says.
        if let Some(at) = text.chars().position(|c| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(Error::invalid(format!(
                "the destination URL has a blank, a control character or a backslash as its character {}: leave it \
                 out, or write it in percent-encoding, such as %20",
                at + 1
            )));
        }
        if !text[url.scheme().len()..].starts_with("://") && matches!(url.scheme(), "https" | "http") {
            return Err(Error::invalid(
                "the destination URL has no `//` after its scheme: write it like https://host/path",
            ));
        }
        if !matches!(url.scheme(), "https" | "http") {
            return Err(Error::invalid(format!("the destination URL's scheme is `{}`: use https", url.scheme())));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(Error::invalid("the destination URL has no host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::invalid(format!(
                "the destination URL for host `{}` has credentials in it: put them into destination_headers as \
                 Authorization",
                url.host_str().unwrap_or_default()
            )));
        }
        if url.fragment().is_some() {
            return Err(Error::invalid("the destination URL has a fragment (`#`), which is never sent: leave it out"));
        }
        Ok(Self(url))
    }

    /// The URL as text, normalised.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The parsed URL.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Who receives: scheme, host and port, such as `https://erp.example.com:8443`.
    pub fn receiver(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether what was meant for another URL's receiver may be sent to this one too: the same scheme, host and port,
    /// or `https` in the place of `http` on the usual ports.
    pub fn is_receiver_of(&self, other: &Self) -> bool {
        let usual = |url: &Url, scheme: &str| url.scheme() == scheme && url.port().is_none();
        let encrypted_now = usual(&self.0, "https") && usual(&other.0, "http") && self.0.host() == other.0.host();
        self.0.origin() == other.0.origin() || encrypted_now
    }
}

impl fmt::Debug for DestinationUrl {
    /// Without the query, which may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        shown.set_query(None);
        f.write_str(shown.as_str())
    }
}

/// The headers that every delivery of a hook carries, with their values as secrets. Names compare without case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DestinationHeaders(Vec<(Box<str>, Secret)>);

/// Headers that belong to the connection or that tieback itself must set (RFC 9110, section 7.6.1).
const RESERVED: [&str; 12] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl DestinationHeaders {
    /// The most headers a hook may have.
    pub const MAX_COUNT: usize = 32;
    /// The most bytes all names and values may have together.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Checks names and values.
    ///
    /// # Errors
    /// `invalid_argument` for a name that is no header name, is reserved or is given twice, for a value with control
    /// characters (CR, LF) or outside Latin text, and for too many or too large headers.
    pub fn parse<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut kept: Vec<(Box<str>, Secret)> = Vec::new();
        let mut bytes = 0;
        for (name, value) in headers {
            let lower = name.to_ascii_lowercase();
            let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err(Error::invalid(format!("`{}` is not a header name", shown(name))));
            }
            if RESERVED.contains(&lower.as_str()) || lower.starts_with("proxy-") {
                return Err(Error::invalid(format!(
                    "header `{}` cannot be set: it belongs to the connection or to tieback itself",
                    shown(name)
                )));
            }
            if kept.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                return Err(Error::invalid(format!("header `{}` is given twice", shown(name))));
            }
            if value.bytes().any(|b| b != b'\t' && !(b' '..=b'~').contains(&b)) {
                return Err(Error::invalid(format!(
                    "the value of header `{}` has a character that a header cannot carry (such as CR or LF): use \
                     visible ASCII",
                    shown(name)
                )));
            }
            if value.trim() != value {
                return Err(Error::invalid(format!(
                    "the value of header `{}` begins or ends with a blank, which HTTP would drop",
                    shown(name)
                )));
            }
            bytes += name.len() + value.len();
            kept.push((name.into(), Secret::new(value)));
        }
        if kept.len() > Self::MAX_COUNT || bytes > Self::MAX_BYTES {
            return Err(Error::invalid(format!(
                "{} destination headers of {bytes} bytes are too much: at most {} of {} bytes together",
                kept.len(),
                Self::MAX_COUNT,
                Self::MAX_BYTES
            )));
        }
        Ok(Self(kept))
    }

    /// Names and values, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// Names and masked values: what answers show.
    pub fn masked(&self) -> Vec<(String, String)> {
        self.iter().map(|(name, value)| (name.to_owned(), value.masked())).collect()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
