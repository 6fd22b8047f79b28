//! A certificate authority that only tests know, and the servers and clients that it vouches for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

pub struct Authority {
    root: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// One whose own certificate is another.
    pub fn with(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let (parameters, key) = for_authority(change);
        let root = parameters.self_signed(&key).unwrap();
        Self { root, issuer: Issuer::new(parameters, key) }
    }

    /// One that this one vouches for.
    pub fn below(&self, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let (parameters, key) = for_authority(change);
        let root = parameters.signed_by(&key, &self.issuer).unwrap();
        Self { root, issuer: Issuer::new(parameters, key) }
    }

    /// Its name, as certificates say it.
    pub fn name(&self) -> String {
        let (_, certificate) = x509_parser::parse_x509_certificate(self.root.der()).unwrap();
        certificate.subject().to_string()
    }

    /// Its private key, in PEM.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// Its own certificate.
    pub fn pem(&self) -> String {
        self.root.pem()
    }

    /// The same in a file.
    pub fn root_file(&self) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), self.pem()).unwrap();
        file
    }

    /// A server with a certificate for this name or address, good until that year.
    pub fn server(&self, name: &str, until: i32) -> Arc<ServerConfig> {
        self.server_between(name, 2010, until)
    }

    /// A server whose certificate is good from one year until another.
    pub fn server_between(&self, name: &str, from: i32, until: i32) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let certificate = for_servers(name, from, until).signed_by(&key, &self.issuer).unwrap();
        serving(vec![certificate.der().clone()], secret(&key))
    }

    /// A server for this name whose certificate is another, with these authorities' certificates behind it.
    pub fn server_with(
        &self,
        name: &str,
        chain: &[&Self],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let mut parameters = for_servers(name, 2010, 2040);
        change(&mut parameters);
        let own = parameters.signed_by(&key, &self.issuer).unwrap().der().clone();
        let chain = std::iter::once(own).chain(chain.iter().map(|authority| authority.root.der().clone()));
        serving(chain.collect(), secret(&key))
    }

    /// A server that speaks with nobody who shows no certificate of this authority.
    pub fn server_for_members(&self, name: &str, version: &'static SupportedProtocolVersion) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let certificate = for_servers(name, 2010, 2040).signed_by(&key, &self.issuer).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der().clone()).unwrap();
        let members = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
        let config = ServerConfig::builder_with_protocol_versions(&[version])
            .with_client_cert_verifier(members)
            .with_single_cert(vec![certificate.der().clone()], secret(&key))
            .unwrap();
        Arc::new(config)
    }

    /// A client's certificate and key, in PEM.
    pub fn member(&self) -> (String, String) {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        (parameters.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

/// A server that vouches for itself, and its certificate in PEM.
pub fn self_signed(name: &str) -> (Arc<ServerConfig>, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = for_servers(name, 2010, 2040).self_signed(&key).unwrap();
    (serving(vec![certificate.der().clone()], secret(&key)), certificate.pem())
}

/// A server with a chain and a key that were made elsewhere, in PEM.
pub fn server_of(chain_pem: &str, key_pem: &str) -> Arc<ServerConfig> {
    let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes()).map(Result::unwrap).collect();
    serving(chain, PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).unwrap())
}

fn for_authority(change: impl FnOnce(&mut CertificateParams)) -> (CertificateParams, KeyPair) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let mut parameters = CertificateParams::default();
    // Issuers are found by their names: two authorities of one name would be told from each other by signatures.
    let name = format!("test authority {}", COUNT.fetch_add(1, Ordering::Relaxed));
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    change(&mut parameters);
    (parameters, KeyPair::generate().unwrap())
}

fn for_servers(name: &str, from: i32, until: i32) -> CertificateParams {
    let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
    parameters.not_before = date_time_ymd(from, 1, 1);
    parameters.not_after = date_time_ymd(until, 1, 1);
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters
}

fn serving(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Arc<ServerConfig> {
    Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap())
}

fn secret(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::try_from(key.serialize_der()).unwrap()
}
