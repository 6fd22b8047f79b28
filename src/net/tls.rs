//! What TLS connections trust beyond the machine's roots, and how they show who we are.

use std::fmt;
use std::fs;
use std::path::Path;

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::trust::{NamingVerifier, TrustsNobody};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Certificates of one's own. The default is none: the machine's roots are trusted, and nobody is told who asks.
///
/// Names, times and signatures are always checked; nothing turns that off. TLS 1.2 is the oldest version spoken.
#[derive(Clone, Default)]
pub struct TlsOptions {
    extra_ca: Vec<CertificateDer<'static>>,
    client: Option<Arc<CertifiedKey>>,
}

impl TlsOptions {
    /// Trusts these certificates beside the machine's roots: one or more in PEM, of authorities or of single servers.
    ///
    /// # Errors
    /// `invalid_argument` for what holds no certificate, or one that cannot be read.
    pub fn trusting(mut self, pem: &[u8]) -> Result<Self> {
        let certificates = certificates("the extra CA", pem)?;
        for (index, certificate) in certificates.iter().enumerate() {
            RootCertStore::empty().add(certificate.clone()).map_err(|cause| {
                Error::invalid(format!(
                    "certificate {} of the extra CA cannot be read: give X.509 version 3 certificates in PEM",
                    index + 1
                ))
                .caused_by(cause)
            })?;
        }
        self.extra_ca.extend(certificates);
        Ok(self)
    }

    /// The same, from a file.
    ///
    /// # Errors
    /// As for [`TlsOptions::trusting`]; also when the file cannot be read.
    pub fn trusting_file(self, path: &Path) -> Result<Self> {
        let pem = fs::read(path).map_err(|cause| {
            Error::invalid(format!("the extra CA `{}` cannot be read: {cause}", path.display())).caused_by(cause)
        })?;
        self.trusting(&pem)
    }

    /// Shows this certificate to servers that ask for one: its chain, the own certificate first, and its private key,
    /// both in PEM.
    ///
    /// # Errors
    /// `invalid_argument` when one of them cannot be read, or they do not belong together.
    pub fn showing(mut self, certificate_pem: &[u8], key_pem: &Secret) -> Result<Self> {
        let chain = certificates("the client certificate", certificate_pem)?;
        if key_pem.expose().contains("ENCRYPTED") {
            return Err(Error::invalid(
                "the client key is encrypted: give it decrypted (openssl pkey -in key.pem), from a place that only \
                 this program reads",
            ));
        }
        // What those who parse a key say about it is not passed on: it might quote from it.
        let key = PrivateKeyDer::from_pem_slice(key_pem.expose().as_bytes())
            .map_err(|_| Error::invalid("the client key cannot be read: give one private key in PEM"))?;
        let client = CertifiedKey::from_der(chain, key, &provider()).map_err(|_| {
            Error::invalid("the client certificate and the client key do not belong together, or are of no known kind")
        })?;
        self.client = Some(Arc::new(client));
        Ok(self)
    }

    /// Reads both ways of giving an extra CA and both halves of a client certificate, as far as they are given.
    ///
    /// # Errors
    /// Those of the other methods; `invalid_argument` when one half of a client certificate is missing.
    pub fn chosen(
        extra_ca_pem: Option<&str>,
        extra_ca_file: Option<&Path>,
        client_certificate_pem: Option<&str>,
        client_key_pem: Option<&str>,
    ) -> Result<Self> {
        let mut chosen = Self::default();
        if let Some(pem) = extra_ca_pem {
            chosen = chosen.trusting(pem.as_bytes())?;
        }
        if let Some(path) = extra_ca_file {
            chosen = chosen.trusting_file(path)?;
        }
        match (client_certificate_pem, client_key_pem) {
            (Some(certificate), Some(key)) => chosen.showing(certificate.as_bytes(), &Secret::new(key)),
            (None, None) => Ok(chosen),
            (Some(_), None) => Err(Error::invalid("client_certificate_pem needs client_key_pem: give both or none")),
            (None, Some(_)) => Err(Error::invalid("client_key_pem needs client_certificate_pem: give both or none")),
        }
    }

    /// How connections are made under these options, with the machine's roots or with the options alone.
    pub(super) fn config(&self, with_roots: bool) -> Result<ClientConfig, rustls::Error> {
        let provider = provider();
        let builder =
            ClientConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&[&TLS13, &TLS12])?;
        let verifier: Arc<dyn ServerCertVerifier> = match self.extra_ca.is_empty() {
            _ if !with_roots => self.alone(provider)?,
            true => Arc::new(Verifier::new(provider)?),
            false => Arc::new(Verifier::new_with_extra_roots(self.extra_ca.iter().cloned(), provider)?),
        };
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(NamingVerifier::new(verifier)));
        let mut config = match &self.client {
            Some(client) => builder.with_client_cert_resolver(shown(client)),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = ALPN.map(<[u8]>::to_vec).into();
        Ok(config)
    }

    /// Trusts the extra CAs and nobody else. Without any it refuses every certificate, as one of an unknown issuer.
    fn alone(&self, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
        if self.extra_ca.is_empty() {
            return Ok(Arc::new(TrustsNobody(provider)));
        }
        let mut roots = RootCertStore::empty();
        for certificate in &self.extra_ca {
            roots.add(certificate.clone())?;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        Ok(verifier.map_err(|cause| rustls::Error::General(cause.to_string()))?)
    }
}

/// What is offered in the handshake, the favourite first.
const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The cryptography of this process, where it has chosen one, else ours.
fn provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()))
}

fn shown(client: &Arc<CertifiedKey>) -> Arc<dyn ResolvesClientCert> {
    Arc::new(SingleCertAndKey::from(Arc::clone(client)))
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("extra_ca", &format_args!("{} certificates", self.extra_ca.len()))
            .field("has_client_certificate", &self.client.is_some())
            .finish()
    }
}

fn certificates(what: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let unfit =
        |why: &str| Error::invalid(format!("{what} {why}: give text that begins with `-----BEGIN CERTIFICATE-----`"));
    let read: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => Err(unfit("holds no certificate in PEM")),
        Ok(certificates) => Ok(certificates),
        Err(_) => Err(unfit("is not whole PEM")),
    }
}
