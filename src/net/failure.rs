//! Why a request got no answer, in a few plain words. They are kept with the attempt and shown to people, so they are
//! stable, and hold neither URL nor header nor anything else that could be secret.

use std::error::Error;
use std::fmt;
use std::io;
use std::iter::successors;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use rustls::pki_types::{InvalidDnsNameError, UnixTime};
use rustls::{AlertDescription, CertificateError, OtherError};

use super::resolve::{NotResolved, OutOfDescriptors, Refused, is_out_of_descriptors};
use super::trust::Untrusted;
use crate::time::Timestamp;

const CLOSED_EARLY: &str = "the connection closed before the answer was complete";
const HTTP2_BROKEN: &str = "the HTTP/2 request was broken off";
const NOT_HTTP: &str = "the answer is not HTTP";
const CLIENT_CERTIFICATE: &str = "the server asks for a client certificate: set one";
const CLIENT_REFUSED: &str = "the server refused our client certificate, or wants one: set one that it accepts";
const NOTHING_IN_COMMON: &str =
    "no protocol version or cipher in common: the endpoint has to speak TLS 1.2 or 1.3 with ciphers of today";
const RENEW: &str = "the endpoint has to renew it, or this machine's clock is wrong";
const EARLY: &str = "this machine's clock is wrong, or the endpoint's was";
const DEMANDING: &str =
    "certificate demands something that is not known here: the endpoint needs one without that extension";
const NOT_FOR_SERVERS: &str = "certificate is not for servers (its extended key usage): the endpoint needs one that is";

/// The words for a request that failed.
pub(super) fn reason(error: &reqwest::Error, connect_timeout: Duration) -> String {
    if error.is_connect() && error.is_timeout() {
        return no_connection(connect_timeout);
    }
    if error.is_builder() {
        return "the request cannot be made of this URL and these headers".to_owned();
    }
    let known = causes(error).find_map(|cause| {
        if cause.is::<NotResolved>() {
            return Some("the host name does not resolve".to_owned());
        }
        if let Some(cause) = cause.downcast_ref::<Refused>() {
            return Some(refused(cause));
        }
        if let Some(words) = tunnel(&cause.to_string()) {
            return Some(words.to_owned());
        }
        if cause.is::<InvalidDnsNameError>() {
            return Some("the host name is not valid".to_owned());
        }
        if let Some(cause) = cause.downcast_ref::<rustls::Error>() {
            return Some(format!("TLS: {}", tls(cause)));
        }
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return network(cause, error.is_connect()).map(str::to_owned);
        }
        cause.downcast_ref::<hyper::Error>().and_then(http).map(str::to_owned)
    });
    let words = known.unwrap_or_else(|| unknown(error));
    // Only of a tunnel is it known which of the two could not be reached.
    if causes(error).any(|cause| cause.to_string() == "tunnel error: failed to create underlying connection") {
        return format!("the proxy cannot be reached: {words}");
    }
    words
}

/// Whether the request failed because this process, or this machine, may open no more files: the endpoint has no part
/// in that.
pub(super) fn is_shortage(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.is::<OutOfDescriptors>() || cause.downcast_ref().is_some_and(is_out_of_descriptors))
}

/// Whether this process can open only few more files at this moment: too few for a resolver to be believed when it says
/// that there is no such name.
pub(super) fn are_descriptors_scarce() -> bool {
    // It has a socket and some files open at once, and so may others.
    let opened: Vec<_> = (0..8).map(|_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))).collect();
    opened.iter().any(|socket| socket.as_ref().is_err_and(is_out_of_descriptors))
}

/// Whether the request failed because its host name did not resolve.
pub(super) fn is_unresolved(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.is::<NotResolved>())
}

/// The words for a destination that the rules do not allow: the same whether its URL or its resolver gave it away.
pub(super) fn refused(why: &dyn fmt::Display) -> String {
    format!("destination refused: {why}")
}

/// The words for a connection that was not there in time.
pub(super) fn no_connection(limit: Duration) -> String {
    format!("no connection within {}", plain(limit))
}

/// The words for an answer that was not there in time.
pub(super) fn no_response(limit: Duration) -> String {
    format!("no response within {}", plain(limit))
}

fn plain(limit: Duration) -> String {
    if limit.subsec_nanos() == 0 { format!("{} s", limit.as_secs()) } else { format!("{} ms", limit.as_millis()) }
}

/// The error and what caused it, outermost first. An [`io::Error`] that wraps another error does not give it as its
/// source but only that one's source; rustls' errors come wrapped so.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    successors(Some(error as &(dyn Error + 'static)), |&error| {
        match error.downcast_ref().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        }
    })
}

/// Why a proxy made no connection. The type of this error is not public, its words are.
fn tunnel(words: &str) -> Option<&'static str> {
    Some(match words.strip_prefix("tunnel error: ")? {
        "proxy authorization required" => "the proxy asks for credentials, or for other ones",
        // Some say by it that the credentials were wrong (tinyproxy answers 401).
        "unsuccessful" => "the proxy refuses to connect: it does not reach the endpoint, or wants other credentials",
        "unexpected end of file" => "the proxy closed the connection",
        // Why is said by the next cause.
        _ => return None,
    })
}

fn network(error: &io::Error, connecting: bool) -> Option<&'static str> {
    use io::ErrorKind::{
        AddrNotAvailable, BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable,
        NetworkDown, NetworkUnreachable, PermissionDenied, TimedOut, UnexpectedEof,
    };
    Some(match error.kind() {
        ConnectionRefused => "connection refused",
        ConnectionReset | ConnectionAborted | BrokenPipe => "connection reset",
        HostUnreachable => "host unreachable",
        NetworkUnreachable | NetworkDown => "network unreachable",
        AddrNotAvailable => "no local address or port is left for the connection",
        PermissionDenied => "this machine does not permit the connection",
        TimedOut => "connection timed out",
        UnexpectedEof if connecting => "TLS: the connection closed during the handshake",
        UnexpectedEof => CLOSED_EARLY,
        _ => return None,
    })
}

fn http(error: &hyper::Error) -> Option<&'static str> {
    if error.is_parse() {
        Some(NOT_HTTP)
    } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        Some(CLOSED_EARLY)
    } else if error.to_string() == "http2 error" {
        // A stream that was reset, a connection that says goodbye or gives no sign of life: hyper does not let them be
        // told apart.
        Some(HTTP2_BROKEN)
    } else {
        None
    }
}

fn tls(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(cause) => certificate(cause),
        rustls::Error::NoCertificatesPresented => "no certificate presented".to_owned(),
        rustls::Error::InvalidMessage(_) => "the server does not speak TLS".to_owned(),
        rustls::Error::PeerIncompatible(_) | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            NOTHING_IN_COMMON.to_owned()
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => CLIENT_CERTIFICATE.to_owned(),
        rustls::Error::AlertReceived(
            alert @ (AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::AccessDenied),
        ) => format!("{CLIENT_REFUSED} ({alert:?})"),
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "the server refused the handshake: it has no cipher in common with us, or wants a client certificate"
                .to_owned()
        }
        // The alert's name is of the protocol: `UnrecognizedName`, `InternalError`, ...
        rustls::Error::AlertReceived(alert) => format!("the server refused with {alert:?}"),
        _ => "the handshake failed".to_owned(),
    }
}

fn certificate(error: &CertificateError) -> String {
    let plain = match error {
        CertificateError::ExpiredContext { not_after, .. } => {
            return format!("certificate expired on {}: {RENEW}", day(*not_after));
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            return format!("certificate not valid before {}: {EARLY}", day(*not_before));
        }
        CertificateError::Other(OtherError(cause)) => return other(&**cause),
        CertificateError::UnknownIssuer => "unknown issuer: add its certificate as extra CA, if you trust it",
        CertificateError::Expired => {
            "certificate expired: the endpoint has to renew it, or this machine's clock is wrong"
        }
        CertificateError::NotValidYet => {
            "certificate not yet valid: this machine's clock is wrong, or the endpoint's was"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "certificate is for another name: correct the hook's URL or the certificate"
        }
        CertificateError::Revoked => "certificate revoked: the endpoint needs another one",
        CertificateError::BadSignature => {
            "certificate has a wrong or weak signature: the endpoint needs one that its issuer has signed, RSA keys \
             from 2048 bits on"
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "certificate is signed in a way that is weak or not known: the endpoint needs one signed with SHA-256 or \
             better"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => NOT_FOR_SERVERS,
        CertificateError::BadEncoding => "certificate cannot be read: the endpoint needs another one",
        CertificateError::UnhandledCriticalExtension => DEMANDING,
        _ => "certificate not valid: the endpoint needs another one",
    };
    plain.to_owned()
}

fn other(cause: &(dyn Error + 'static)) -> String {
    if let Some(untrusted) = cause.downcast_ref::<Untrusted>() {
        return untrusted.to_string();
    }
    let plain = match cause.downcast_ref::<webpki::Error>() {
        Some(webpki::Error::CaUsedAsEndEntity) => {
            "certificate is an authority's, not a server's: the endpoint needs one that is issued for it"
        }
        Some(webpki::Error::EndEntityUsedAsCa) => {
            "certificate was issued by one that is no authority's: the endpoint needs one from an authority"
        }
        Some(webpki::Error::NameConstraintViolation) => {
            "certificate is for a name that its issuer may not vouch for: the endpoint needs one from another issuer"
        }
        Some(webpki::Error::PathLenConstraintViolated) => {
            "certificate has more issuers above it than they permit: the endpoint needs one from another issuer"
        }
        Some(webpki::Error::UnsupportedCriticalExtension) => DEMANDING,
        Some(webpki::Error::UnsupportedCertVersion) => {
            "certificate is of an old version of X.509: the endpoint needs one of version 3"
        }
        // The platform's verifier has its own error for this, whose type is not public.
        None if cause.to_string() == "certificate had invalid extensions" => NOT_FOR_SERVERS,
        _ => "certificate not valid: the endpoint needs another one",
    };
    plain.to_owned()
}

/// The day, as the clock of Greenwich has it.
fn day(time: UnixTime) -> String {
    let moment = Timestamp::default().plus(Duration::from_secs(time.as_secs()));
    moment.to_string().chars().take(10).collect()
}

/// What no case above knows. The words of the operating system and of hyper name no destination; those of other layers
/// might, and are left out.
fn unknown(error: &reqwest::Error) -> String {
    let cause = causes(error).find_map(|cause| {
        let system = cause.downcast_ref::<io::Error>().filter(|cause| cause.raw_os_error().is_some());
        system.map(io::Error::to_string).or_else(|| cause.downcast_ref::<hyper::Error>().map(hyper::Error::to_string))
    });
    let what = if error.is_connect() { "no connection" } else { "the request failed" };
    cause.map_or_else(|| what.to_owned(), |cause| format!("{what}: {cause}"))
}
