//! What TLS connections trust beyond the machine's roots, and how they show who we are.

use std::fmt;
use std::fs;
use std::path::Path;

use reqwest::{Certificate, ClientBuilder, Identity, tls};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// Certificates of one's own. The default is none: the machine's roots are trusted, and nobody is told who asks.
///
/// Names, times and signatures are always checked; nothing turns that off. TLS 1.2 is the oldest version spoken.
#[derive(Clone, Default)]
pub struct TlsOptions {
    extra_ca: Vec<CertificateDer<'static>>,
    client: Option<Identity>,
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
        certificates("the client certificate", certificate_pem)?;
        if key_pem.expose().contains("ENCRYPTED") {
            return Err(Error::invalid(
                "the client key is encrypted: give it decrypted (openssl pkey -in key.pem), from a place that only \
                 this program reads",
            ));
        }
        let both = Secret::new(format!("{}\n{}", String::from_utf8_lossy(certificate_pem), key_pem.expose()));
        // What those who parse a key say about it is not passed on: it might quote from it.
        let client = Identity::from_pem(both.expose().as_bytes())
            .map_err(|_| Error::invalid("the client key cannot be read: give one private key in PEM"))?;
        // Whether they belong together shows when a client is made; here there is somebody who can be told.
        ClientBuilder::new().tls_certs_only([]).identity(client.clone()).build().map_err(|_| {
            Error::invalid("the client certificate and the client key do not belong together, or are of no known kind")
        })?;
        self.client = Some(client);
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

    /// Whether these options alone let any certificate be trusted.
    pub(super) fn trusts_anyone(&self) -> bool {
        !self.extra_ca.is_empty()
    }

    /// Builds a client with these options and the machine's roots; `without_roots` with the options alone.
    pub(super) fn apply(&self, builder: ClientBuilder, without_roots: bool) -> reqwest::Result<ClientBuilder> {
        let extra_ca: Vec<Certificate> = self
            .extra_ca
            .iter()
            .map(|certificate| Certificate::from_der(certificate))
            .collect::<reqwest::Result<_>>()?;
        let builder = builder.tls_version_min(tls::Version::TLS_1_2);
        let builder = if without_roots { builder.tls_certs_only(extra_ca) } else { builder.tls_certs_merge(extra_ca) };
        Ok(match &self.client {
            Some(client) => builder.identity(client.clone()),
            None => builder,
        })
    }
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
