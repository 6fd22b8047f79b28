//! Redaction: what an endpoint echoes of a hook's header values is masked before an answer is kept.
//!
//! Endpoints that fail like to print the request into their error page. Looked for is each stored value, the part
//! behind its first blank (`Bearer ...`), and for `Basic` the credentials in clear; as it is, and as JSON, URLs and
//! HTML write it.

use std::ops::Range;

use data_encoding::{BASE64, BASE64_NOPAD};
use zeroize::Zeroizing;

use crate::types::DestinationHeaders;

/// What stands in the place of a secret. No tail is shown: in a log nobody needs to recognise it.
const MASK: &[u8] = b"*****";

/// The shortest secret that is looked for, in bytes. A shorter one (`1`, `prod`) occurs by chance, and masking it would
/// shred bodies; it could also be guessed.
const SHORTEST: usize = 8;

/// The shortest beginning of a secret that is masked at the end of a body that was cut off. At least as long as the
/// mask, so that nothing becomes longer.
const SHORTEST_CUT: usize = 5;

/// What agrees with a secret for so many bytes is masked as far as it agrees: endpoints shorten what they print. It
/// also bounds the work on answers that were made to be slow to search.
const LONG_ENOUGH: usize = 32;

/// The secrets of one hook that answers must not repeat.
pub struct Redaction(Vec<Zeroizing<Vec<u8>>>);

impl Redaction {
    /// The secrets in these headers.
    pub fn of(headers: &DestinationHeaders) -> Self {
        let mut secrets: Vec<Zeroizing<Vec<u8>>> = Vec::new();
        for (_, value) in headers.iter() {
            let value = value.expose();
            secrets.push(Zeroizing::new(value.as_bytes().to_vec()));
            let Some((scheme, credentials)) = value.split_once(' ') else { continue };
            let credentials = credentials.trim_start();
            secrets.push(Zeroizing::new(credentials.as_bytes().to_vec()));
            if scheme.eq_ignore_ascii_case("basic") {
                secrets.extend(basic(credentials));
            }
        }
        secrets.retain(|secret| secret.len() >= SHORTEST);
        Self(secrets)
    }

    /// The bytes with every secret masked. When they were `cut` off, also a secret that only begins at their end.
    pub fn bytes(&self, bytes: Vec<u8>, cut: bool) -> Vec<u8> {
        let found = self.found(&bytes, cut);
        if found.is_empty() {
            return bytes;
        }
        let mut kept = Vec::with_capacity(bytes.len());
        let mut done = 0;
        for secret in found {
            kept.extend_from_slice(&bytes[done..secret.start]);
            kept.extend_from_slice(MASK);
            done = secret.end;
        }
        kept.extend_from_slice(&bytes[done..]);
        kept
    }

    /// Where secrets are, in order, each at least as long as the mask.
    fn found(&self, bytes: &[u8], cut: bool) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for at in 0..bytes.len() {
            let rest = &bytes[at..];
            let last = found.last_mut().filter(|last| at < last.end);
            let is_inside = last.is_some();
            let lengths = self.0.iter().filter_map(|secret| {
                // Inside of one another secrets are looked for only as they are: the other ways to write them could be
                // made to take long.
                let occurs = if is_inside { occurs_plainly(rest, secret) } else { occurs(rest, secret) };
                match occurs {
                    Occurs::Whole(length) => Some(length),
                    Occurs::CutAfter(seen) if seen >= if cut { SHORTEST_CUT } else { LONG_ENOUGH } => Some(rest.len()),
                    Occurs::CutAfter(_) | Occurs::Not => None,
                }
            });
            // The longest: secrets that begin alike (tokens of one issuer do) are told apart by their ends.
            let Some(length) = lengths.max() else { continue };
            match last {
                Some(last) => last.end = last.end.max(at + length),
                None => found.push(at..at + length),
            }
        }
        found
    }

    /// The text with every secret masked.
    pub fn text(&self, text: String) -> String {
        // A secret is valid UTF-8, so it begins and ends where characters of the text do.
        String::from_utf8(self.bytes(text.into_bytes(), false))
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

/// The user with the password, and the password, out of `Basic` credentials.
fn basic(credentials: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let decoded = BASE64.decode(credentials.as_bytes()).or_else(|_| BASE64_NOPAD.decode(credentials.as_bytes()));
    let Ok(pair) = decoded.map(Zeroizing::new) else { return Vec::new() };
    let password = pair.iter().position(|byte| *byte == b':').map(|colon| Zeroizing::new(pair[colon + 1..].to_vec()));
    [Some(pair), password].into_iter().flatten().filter(|secret| str::from_utf8(secret).is_ok()).collect()
}

/// Whether a secret begins where bytes begin.
enum Occurs {
    Not,
    /// It does, at least for long enough, and ends after so many bytes.
    Whole(usize),
    /// The bytes end inside it, when so many bytes of the secret have been seen.
    CutAfter(usize),
}

fn occurs_plainly(bytes: &[u8], secret: &[u8]) -> Occurs {
    if bytes.starts_with(secret) { Occurs::Whole(secret.len()) } else { Occurs::Not }
}

fn occurs(bytes: &[u8], secret: &[u8]) -> Occurs {
    if let whole @ Occurs::Whole(_) = occurs_plainly(bytes, secret) {
        return whole;
    }
    let mut at = 0;
    for (seen, byte) in secret.iter().enumerate() {
        match written(&bytes[at..], *byte) {
            Written::As(length) => at += length,
            Written::Cut => return Occurs::CutAfter(seen),
            Written::Not if seen >= LONG_ENOUGH => return Occurs::Whole(at),
            Written::Not => return Occurs::Not,
        }
    }
    Occurs::Whole(at)
}

/// Whether bytes begin with one byte of a secret, in one of the ways to write it.
enum Written {
    Not,
    /// In so many bytes.
    As(usize),
    /// The bytes end before it could be told.
    Cut,
}

fn written(bytes: &[u8], wanted: u8) -> Written {
    let Some(first) = bytes.first() else { return Written::Cut };
    if *first == wanted && !matches!(first, b'\\' | b'%' | b'&') {
        return Written::As(1);
    }
    let escaped = match first {
        b'\\' => escaped(&bytes[1..], wanted),
        b'%' => hex(&bytes[1..], 2, wanted, 1),
        b'&' => entity(bytes, wanted),
        b'+' if wanted == b' ' => Written::As(1),
        _ => Written::Not,
    };
    // A mark that is itself of the secret can be escaped too: `&amp;`.
    if *first == wanted && !matches!(escaped, Written::As(_)) { Written::As(1) } else { escaped }
}

/// JSON: `\/`, `\"`, `\\`, `\u002b`.
fn escaped(bytes: &[u8], wanted: u8) -> Written {
    match bytes.first() {
        None => Written::Cut,
        Some(b'u') => hex(&bytes[1..], 4, wanted, 2),
        Some(byte) if *byte == wanted && byte.is_ascii_punctuation() => Written::As(2),
        Some(_) => Written::Not,
    }
}

/// A number of so many hex digits, behind a mark of some length.
fn hex(bytes: &[u8], digits: usize, wanted: u8, mark: usize) -> Written {
    let there = &bytes[..digits.min(bytes.len())];
    let text = str::from_utf8(there).unwrap_or_default();
    if text.len() != there.len() || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Written::Not;
    }
    if there.len() < digits {
        return Written::Cut;
    }
    if u32::from_str_radix(text, 16) == Ok(wanted.into()) { Written::As(mark + digits) } else { Written::Not }
}

/// HTML: what pages escape of the characters that headers can have.
fn entity(bytes: &[u8], wanted: u8) -> Written {
    let names: &[&str] = match wanted {
        b'&' => &["&amp;", "&#38;", "&#x26;"],
        b'<' => &["&lt;", "&#60;", "&#x3C;"],
        b'>' => &["&gt;", "&#62;", "&#x3E;"],
        b'"' => &["&quot;", "&#34;", "&#x22;"],
        b'\'' => &["&apos;", "&#39;", "&#x27;", "&#039;"],
        b'+' => &["&#43;", "&#x2B;"],
        b'/' => &["&#47;", "&#x2F;"],
        b'=' => &["&#61;", "&#x3D;"],
        b'`' => &["&#96;", "&#x60;"],
        _ => return Written::Not,
    };
    for name in names {
        let compared = name.len().min(bytes.len());
        if bytes[..compared].eq_ignore_ascii_case(&name.as_bytes()[..compared]) {
            return if compared == name.len() { Written::As(compared) } else { Written::Cut };
        }
    }
    Written::Not
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "a/b+c=\"d&e<f>'g h";

    fn redacted(value: &str, body: &str, cut: bool) -> String {
        let headers = DestinationHeaders::parse([("Authorization", value)]).unwrap();
        let bytes = Redaction::of(&headers).bytes(body.as_bytes().to_vec(), cut);
        String::from_utf8(bytes).unwrap()
    }

    /// JSON by RFC 8259 (PHP escapes `/`, .NET escapes `+` and `&`), URLs by RFC 3986 and as forms, HTML's entities.
    #[test]
    fn a_value_is_found_in_every_way_to_write_it() {
        for written in [
            TOKEN,
            r#"a\/b+c=\"d&e<f>'g h"#,
            r#"a/b\u002Bc=\u0022d\u0026e\u003cf\u003E\u0027g h"#,
            "a%2Fb%2bc%3D%22d%26e%3Cf%3E%27g%20h",
            "a%2Fb%2Bc%3D%22d%26e%3Cf%3E%27g+h",
            "a/b+c=&quot;d&amp;e&lt;f&gt;&#39;g h",
            "a&#x2f;b&#43;c&#61;&#34;d&#38;e&#60;f&#62;&apos;g h",
        ] {
            assert_eq!(redacted(TOKEN, &format!("<{written}|{written}>"), false), "<*****|*****>", "{written}");
        }
        let other = "a/b+c=\"d&e<f>'g i a%2Fb%2bx";
        assert_eq!(redacted(TOKEN, other, false), other);
    }

    #[test]
    fn credentials_are_found_without_their_scheme_and_decoded() {
        assert_eq!(redacted("Bearer s3cret-token", "got s3cret-token.", false), "got *****.");
        assert_eq!(redacted("Bearer s3cret-token", "got Bearer s3cret-token.", false), "got *****.");
        assert_eq!(redacted("Token   s3cret-token", "got s3cret-token.", false), "got *****.");
        // RFC 7617, section 2.
        let basic = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
        assert_eq!(redacted(basic, "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", false), "*****");
        assert_eq!(redacted(basic, "Aladdin:open sesame is wrong", false), "***** is wrong");
        assert_eq!(redacted(basic, "not `open sesame`", false), "not `*****`");
    }

    #[test]
    fn short_values_shred_nothing() {
        assert_eq!(redacted("prod", "in production", false), "in production");
        assert_eq!(redacted("1234567", "12345678", false), "12345678");
        assert_eq!(redacted("Bearer 1", "Bearer 2: 1 bearer", false), "Bearer 2: 1 bearer");
        assert_eq!(redacted("12345678", "0123456789", false), "0*****9");
    }

    #[test]
    fn a_secret_that_is_cut_off_is_masked_too() {
        assert_eq!(redacted("s3cret-token", "got s3cret-tok", true), "got *****");
        assert_eq!(redacted("s3cret-token", "got s3cre", true), "got *****");
        assert_eq!(redacted("s3cret/token", r"got s3cret\u002", true), "got *****");
        assert_eq!(redacted("s3cret-token", "got s3cr", true), "got s3cr");
        assert_eq!(redacted("s3cret-token", "got s3cret-tok", false), "got s3cret-tok");
    }

    #[test]
    fn a_long_beginning_of_a_secret_is_masked_as_far_as_it_goes() {
        let secret = "0123456789abcdef".repeat(8);
        assert_eq!(redacted(&secret, &format!("got {}...", &secret[..40]), false), "got *****...");
        assert_eq!(redacted(&secret, &format!("got {}", &secret[..40]), false), "got *****");
        let short = format!("got {}...", &secret[..31]);
        assert_eq!(redacted(&secret, &short, false), short);
    }

    /// As tokens of one issuer do, whose header is the same; and as a value does that repeats itself.
    #[test]
    fn secrets_that_begin_alike_are_masked_to_their_ends() {
        let alike = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.";
        let (one, two) = (format!("{alike}eyJ1IjoxfQ.b25l-and-longer"), format!("{alike}eyJ1IjoyfQ.dHdv"));
        let headers = DestinationHeaders::parse([("X-One", one.as_str()), ("X-Two", two.as_str())]).unwrap();
        let body = format!("{two} {one} {alike}");
        assert_eq!(Redaction::of(&headers).text(body), "***** ***** *****");

        let repeating = format!("{}b-and-its-end", "a".repeat(40));
        assert_eq!(redacted(&repeating, &format!("<aa{repeating}>"), false), "<*****>");
    }

    #[test]
    fn bytes_that_are_no_text_stay_as_they_are() {
        let headers = DestinationHeaders::parse([("X-Key", "s3cret-token")]).unwrap();
        let body = [b"\xFF\x00".as_slice(), b"s3cret-token", b"\xFE\\"].concat();
        assert_eq!(Redaction::of(&headers).bytes(body, false), b"\xFF\x00*****\xFE\\");
        assert_eq!(Redaction::of(&headers).text("é s3cret-token é".to_owned()), "é ***** é");
    }
}
