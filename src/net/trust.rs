//! Whose certificates are trusted is decided by the platform's verifier; here its refusals are given the names that
//! they lack. rustls says only that an issuer is unknown, and people need to know which.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

/// The most characters of an issuer's name that are repeated. Whoever runs the endpoint chose it.
const MAX_NAME: usize = 120;

/// Why a certificate leads to nobody who is trusted.
#[derive(Debug, thiserror::Error)]
pub(super) enum Untrusted {
    /// There is nobody to trust.
    #[error(
        "unknown issuer: this machine has no root certificates: install the package ca-certificates, name a PEM file \
         in SSL_CERT_FILE, or add an extra CA"
    )]
    NoRoots,
    /// The server vouches for itself.
    #[error("the certificate is signed by itself: add it as extra CA, if you trust it")]
    SelfSigned,
    /// The last certificate of the chain that the server sent is issued by nobody known.
    #[error(
        "unknown issuer {0}: add its certificate as extra CA, if you trust it; an issuer that is none of the roots has \
         to be sent along by the endpoint"
    )]
    Issuer(String),
    /// The certificate is for other hosts than the one that was asked for.
    #[error("{}", other_name(.0))]
    OtherName(Vec<String>),
}

impl Untrusted {
    /// `None` when the certificate cannot be read.
    fn names(end_entity: &CertificateDer<'_>) -> Option<Self> {
        let names = read(end_entity)?.subject_alternative_name().ok()?.map_or_else(Vec::new, |names| {
            let names = names.value.general_names.iter();
            names.filter_map(host).collect()
        });
        Some(Self::OtherName(names))
    }

    /// `None` when the certificates cannot be read.
    fn by(end_entity: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> Option<Self> {
        let mut last = read(end_entity)?;
        if is_self_issued(&last) {
            return Some(Self::SelfSigned);
        }
        let sent: Vec<_> = intermediates.iter().filter_map(read).collect();
        for _ in &sent {
            let Some(issuer) = sent.iter().find(|one| one.subject().as_raw() == last.issuer().as_raw()) else { break };
            last = issuer.clone();
            if is_self_issued(&last) {
                break;
            }
        }
        Some(Self::Issuer(quoted(&last.issuer().to_string())))
    }
}

fn host(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

fn other_name(names: &[String]) -> String {
    if names.is_empty() {
        return "certificate names no host in its subject alternative names (its common name does not count): the \
                endpoint needs one that does"
            .to_owned();
    }
    let shown: Vec<String> = names.iter().take(3).map(|name| quoted(name)).collect();
    let rest = if names.len() > shown.len() { ", ..." } else { "" };
    format!("certificate is for another name, {}{rest}: correct the hook's URL or the certificate", shown.join(", "))
}

/// Text that a stranger chose, fit for a message: in quotes, without control characters, not longer than is useful.
pub(super) fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(MAX_NAME).flat_map(char::escape_debug).collect();
    let rest = if text.chars().nth(MAX_NAME).is_some() { "..." } else { "" };
    format!("`{shown}{rest}`")
}

fn read<'a>(certificate: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    parse_x509_certificate(certificate).ok().map(|(_, certificate)| certificate)
}

fn is_self_issued(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject().as_raw() == certificate.issuer().as_raw()
}

/// Another verifier, whose refusals are made to say what the certificate says. It decides nothing itself.
#[derive(Debug)]
pub(super) struct NamingVerifier(Arc<dyn ServerCertVerifier>);

impl NamingVerifier {
    pub fn new(verifier: Arc<dyn ServerCertVerifier>) -> Self {
        Self(verifier)
    }
}

impl ServerCertVerifier for NamingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let answer = self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        answer.map_err(|error| {
            let why = match error {
                Error::InvalidCertificate(CertificateError::UnknownIssuer) => Untrusted::by(end_entity, intermediates),
                Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. }) => {
                    Untrusted::names(end_entity)
                }
                _ => None,
            };
            why.map_or(error, refusal)
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

fn refusal(why: Untrusted) -> Error {
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(why))))
}

/// Trusts nobody, for machines without roots: rustls' own verifier cannot be made of none.
#[derive(Debug)]
pub(super) struct TrustsNobody(pub Arc<CryptoProvider>);

impl ServerCertVerifier for TrustsNobody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Err(refusal(Untrusted::NoRoots))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
