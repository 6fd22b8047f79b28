//! Certificates: which are refused and how that is told, and those that one adds.

use std::io::Write;

use tieback::engine::EngineOptions;
use tieback::error::{Error, ErrorKind};
use tieback::net::client::Outbound;
use tieback::net::send::Sender;
use tieback::net::tls::TlsOptions;
use tieback::policy::egress::Egress;
use tieback::policy::retry::RetryPolicy;
use tieback::secret::Secret;

use super::support::authority::{Authority, self_signed};
use super::support::child::in_child;
use super::support::sink::{Answer, Sink};
use super::{PATIENCE, error, send};

pub fn sender(tls: TlsOptions) -> Sender {
    let egress = Egress { danger_allow_http: true, danger_allow_private_addresses: true, ..Egress::default() };
    let policy = RetryPolicy { connect_timeout: PATIENCE, response_timeout: PATIENCE, ..RetryPolicy::default() };
    Sender::new(&policy, Outbound { tls, ..egress.into() }).unwrap()
}

pub fn trusting(pem: &str) -> TlsOptions {
    TlsOptions::default().trusting(pem.as_bytes()).unwrap()
}

pub fn https(config: std::sync::Arc<rustls::ServerConfig>) -> Sink {
    Sink::start_tls(config, |_, _| Answer::Status(204))
}

#[tokio::test]
async fn an_extra_ca_is_trusted_and_its_servers_are_still_checked() {
    let authority = Authority::new();
    let sender = sender(trusting(&authority.pem()));
    for (config, is_fine) in [
        (authority.server("127.0.0.1", 2040), true),
        (authority.server("127.0.0.1", 2020), false),
        (authority.server("127.0.0.2", 2040), false),
        (Authority::new().server("127.0.0.1", 2040), false),
    ] {
        let sink = https(config);
        let attempt = send(&sender, &sink.url("/events?token=s3cret")).await;
        assert_eq!(attempt.success(), is_fine, "{attempt:?}");
        assert_eq!(sink.requests().len(), usize::from(is_fine), "{attempt:?}");
    }
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_when_it_is_added_itself() {
    let (config, pem) = self_signed("127.0.0.1");
    let sink = https(config);
    assert!(send(&sender(trusting(&pem)), &sink.url("/events")).await.success());
    assert!(!send(&sender(TlsOptions::default()), &sink.url("/events")).await.success());
}

#[tokio::test]
async fn several_extra_cas_are_trusted_from_texts_and_from_files() {
    let authorities = [Authority::new(), Authority::new(), Authority::new()];
    let both = format!("two of them\n{}\n{}", authorities[0].pem(), authorities[1].pem());
    let third = authorities[2].root_file();
    let tls = TlsOptions::chosen(Some(&both), Some(third.path()), None, None).unwrap();
    for authority in &authorities {
        let sink = https(authority.server("127.0.0.1", 2040));
        assert!(send(&sender(tls.clone()), &sink.url("/events")).await.success());
    }
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_server_that_asks_for_one() {
    let authority = Authority::new();
    let (certificate, key) = authority.member();
    let member = trusting(&authority.pem()).showing(certificate.as_bytes(), &Secret::new(key)).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let sink = https(authority.server_for_members("127.0.0.1", version));
        let attempt = send(&sender(member.clone()), &sink.url("/events")).await;
        assert!(attempt.success(), "{attempt:?}");

        let stranger = send(&sender(trusting(&authority.pem())), &sink.url("/events")).await;
        let told = error(&stranger);
        // TLS 1.3 refuses after the handshake. When the refusal is there before the request is, only that is known.
        let untold = "the connection closed before the answer was complete";
        let may_be_untold = version == &rustls::version::TLS13 && told == untold;
        assert!(may_be_untold || told == "TLS: the server asks for a client certificate: set one", "{told}");
        assert_eq!(sink.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_client_certificate_of_another_authority_is_refused_and_told() {
    let authority = Authority::new();
    let (certificate, key) = Authority::new().member();
    let stranger = trusting(&authority.pem()).showing(certificate.as_bytes(), &Secret::new(key)).unwrap();
    let sink = https(authority.server_for_members("127.0.0.1", &rustls::version::TLS12));
    let attempt = send(&sender(stranger), &sink.url("/events")).await;
    assert_eq!(
        error(&attempt),
        "TLS: the server refused our client certificate, or wants one: set one that it accepts (UnknownCA)"
    );
    assert_eq!(sink.requests().len(), 0);
}

#[test]
fn certificates_and_keys_that_cannot_be_used_are_refused_when_they_are_given() {
    let authority = Authority::new();
    let (certificate, key) = authority.member();
    let (_, other_key) = authority.member();
    let broken = "-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nc2VzYW1l\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let showing = |certificate: &str, key: &str| TlsOptions::chosen(None, None, Some(certificate), Some(key));
    let missing = std::path::Path::new("no/such/ca.pem");
    let cases = [
        (TlsOptions::default().trusting(b""), "holds no certificate in PEM"),
        (TlsOptions::default().trusting(key.as_bytes()), "holds no certificate in PEM"),
        (TlsOptions::default().trusting(&certificate.as_bytes()[..200]), "is not whole PEM"),
        (TlsOptions::default().trusting(format!("{certificate}{broken}").as_bytes()), "certificate 2 of the extra CA"),
        (TlsOptions::default().trusting_file(missing), "`no/such/ca.pem` cannot be read"),
        (showing("", &key), "the client certificate holds no certificate"),
        (showing(&certificate, ""), "the client key cannot be read"),
        (showing(&certificate, &certificate), "the client key cannot be read"),
        (showing(&certificate, encrypted), "openssl pkey"),
        (showing(&certificate, &other_key), "do not belong together"),
        (TlsOptions::chosen(None, None, Some(&certificate), None), "needs client_key_pem"),
        (TlsOptions::chosen(None, None, None, Some(&key)), "needs client_certificate_pem"),
    ];
    for (answer, expected) in cases {
        let error: Error = answer.expect_err(expected);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains(expected), "`{expected}` is missing in: {error}");
        let told = format!("{error} {error:?}");
        for secret in [&key, &other_key] {
            let line = secret.lines().nth(1).unwrap();
            assert!(!told.contains(line), "{told}");
        }
    }
}

#[test]
fn options_in_json_take_certificates_and_never_print_the_key() {
    let authority = Authority::new();
    let (certificate, key) = authority.member();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(authority.pem().as_bytes()).unwrap();
    let json = serde_json::json!({
        "path": "hooks.db",
        "allow_networks": ["10.20.0.0/16"],
        "extra_ca_pem": authority.pem(),
        "extra_ca_file": file.path(),
        "client_certificate_pem": certificate,
        "client_key_pem": key,
    });
    let options = EngineOptions::from_json(&json).unwrap();
    let told = format!("{:?} {:?}", options.tls, options.egress);
    assert!(told.contains("2 certificates") && told.contains("10.20.0.0/16"), "{told}");
    assert!(!told.contains(key.lines().nth(1).unwrap()), "{told}");

    let wrong = serde_json::json!({ "path": "hooks.db", "allow_networks": ["10.20.0.0/16", "inside"] });
    let error = EngineOptions::from_json(&wrong).err().expect("it is refused");
    assert!(error.message().contains("allow_networks[1]") && error.message().contains("`inside`"), "{error}");
}

/// Only on Linux can a test say which roots the machine has.
#[cfg(target_os = "linux")]
#[test]
fn a_machine_without_roots_delivers_to_http_and_to_extra_cas() {
    const PLAIN: &str = "TIEBACK_TEST_PLAIN";
    const SECURE: &str = "TIEBACK_TEST_SECURE";
    const EXTRA_CA: &str = "TIEBACK_TEST_EXTRA_CA";
    if let Ok(secure) = std::env::var(SECURE) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bare = sender(TlsOptions::default());
            assert!(send(&bare, &std::env::var(PLAIN).unwrap()).await.success());
            let told = send(&bare, &secure).await;
            assert!(error(&told).contains("no root certificates: install the package ca-certificates"), "{told:?}");
            let extra_ca = std::env::var(EXTRA_CA).unwrap();
            assert!(send(&sender(trusting(&extra_ca)), &secure).await.success());
        });
        return;
    }
    let authority = Authority::new();
    let (plain, secure) = (Sink::always(204), https(authority.server("127.0.0.1", 2040)));
    let nothing = tempfile::tempdir().unwrap();
    let no_file = nothing.path().join("none.pem");
    std::fs::write(&no_file, "").unwrap();
    let (plain_url, secure_url, pem) = (plain.url("/events"), secure.url("/events"), authority.pem());
    let environment = [
        (PLAIN, &*plain_url),
        (SECURE, &secure_url),
        (EXTRA_CA, &pem),
        ("SSL_CERT_FILE", no_file.to_str().unwrap()),
        ("SSL_CERT_DIR", nothing.path().to_str().unwrap()),
    ];
    in_child("certificates::a_machine_without_roots_delivers_to_http_and_to_extra_cas", &environment);
    assert_eq!((plain.requests().len(), secure.requests().len()), (1, 1));
}
