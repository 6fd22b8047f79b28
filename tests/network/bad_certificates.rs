//! Bad certificates of every kind: none is accepted, nothing is sent, and each is told with what is wrong and what to
//! do.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    NameConstraints,
};
use rustls::ServerConfig;
use tieback::net::send::Sender;
use tieback::net::tls::TlsOptions;

use super::certificates::{https, sender, trusting};
use super::optional;
use super::support::authority::{Authority, self_signed, server_of};
use super::{error, send};

const HOST: &str = "127.0.0.1";

/// That a server of this kind gets nothing, and is told of in these words.
async fn expect(sender: &Sender, server: Arc<ServerConfig>, beginning: &str, remedy: &str) {
    let sink = https(server);
    let attempt = send(sender, &sink.url("/events?token=s3cret")).await;
    let told = error(&attempt);
    assert!(told.starts_with(&format!("TLS: {beginning}")), "`{beginning}` does not begin: {told}");
    assert!(told.contains(remedy), "`{remedy}` is missing in: {told}");
    assert!(!told.contains("s3cret"), "{told}");
    assert_eq!(sink.requests().len(), 0, "{beginning}");
}

/// A server of this authority whose certificate differs so.
fn server(authority: &Authority, change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
    authority.server_with(HOST, &[], change)
}

fn nothing(_: &mut CertificateParams) {}

#[tokio::test]
async fn a_certificate_out_of_its_time_is_told_with_the_day() {
    let authority = Authority::new();
    let sender = sender(trusting(&authority.pem()));
    let expired = authority.server(HOST, 2020);
    expect(&sender, expired, "certificate expired on 2020-01-01", "the endpoint has to renew it").await;
    let early = authority.server_between(HOST, 2090, 2099);
    expect(&sender, early, "certificate not valid before 2090-01-01", "this machine's clock is wrong").await;
}

#[tokio::test]
async fn a_certificate_for_another_name_is_told_with_the_names_that_it_has() {
    let authority = Authority::new();
    let sender = sender(trusting(&authority.pem()));
    let remedy = "correct the hook's URL or the certificate";
    let cases: [(&[&str], &str); 5] = [
        (&["webhooks.example.com"], "`webhooks.example.com`: "),
        (&["127.0.0.2"], "`127.0.0.2`: "),
        (&["::1", "*.example.com"], "`::1`, `*.example.com`: "),
        (&["a.test", "b.test", "c.test", "d.test"], "`a.test`, `b.test`, `c.test`, ...: "),
        // A name that looks like the address is none.
        (&["127.0.0.1.example.com"], "`127.0.0.1.example.com`: "),
    ];
    for (names, told) in cases {
        let other = server(&authority, |parameters| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            parameters.subject_alt_names = CertificateParams::new(names).unwrap().subject_alt_names;
        });
        expect(&sender, other, &format!("certificate is for another name, {told}"), remedy).await;
    }
}

#[tokio::test]
async fn a_common_name_alone_does_not_count() {
    let authority = Authority::new();
    let only_common = server(&authority, |parameters| {
        parameters.subject_alt_names.clear();
        parameters.distinguished_name.push(DnType::CommonName, HOST);
    });
    let beginning = "certificate names no host in its subject alternative names";
    expect(&sender(trusting(&authority.pem())), only_common, beginning, "the endpoint needs one that does").await;
}

#[tokio::test]
async fn a_server_that_vouches_for_itself_is_told() {
    let beginning = "the certificate is signed by itself";
    expect(&sender(TlsOptions::default()), self_signed(HOST).0, beginning, "add it as extra CA").await;
}

#[tokio::test]
async fn an_unknown_issuer_is_named_with_what_to_do() {
    let (trusted, stranger) = (Authority::new(), Authority::new());
    let sender = sender(trusting(&trusted.pem()));
    let unknown =
        |authority: &Authority| format!("unknown issuer `{}`: add its certificate as extra CA", authority.name());
    let remedy = "has to be sent along by the endpoint";
    expect(&sender, server(&stranger, nothing), &unknown(&stranger), remedy).await;

    // The issuer that is missing is the one at the end of what the endpoint sends.
    let middle = stranger.below(nothing);
    expect(&sender, middle.server_with(HOST, &[], nothing), &unknown(&middle), remedy).await;
    expect(&sender, middle.server_with(HOST, &[&middle], nothing), &unknown(&stranger), remedy).await;
    expect(&sender, middle.server_with(HOST, &[&middle, &stranger], nothing), &unknown(&stranger), remedy).await;
}

#[tokio::test]
async fn an_issuer_in_the_middle_that_is_not_sent_is_named_and_one_that_is_sent_is_enough() {
    let root = Authority::new();
    let middle = root.below(nothing);
    let sender = sender(trusting(&root.pem()));
    let beginning = format!("unknown issuer `{}`", middle.name());
    let remedy = "an issuer that is none of the roots has to be sent along by the endpoint";
    expect(&sender, middle.server_with(HOST, &[], nothing), &beginning, remedy).await;

    let sink = https(middle.server_with(HOST, &[&middle], nothing));
    assert!(send(&sender, &sink.url("/events")).await.success());
}

#[tokio::test]
async fn a_hostile_issuers_name_cannot_break_the_message() {
    let stranger = Authority::with(|parameters| {
        parameters.distinguished_name.push(DnType::CommonName, format!("evil\n\u{1b}[31m` ok {}", "x".repeat(5_000)));
    });
    let sink = https(server(&stranger, nothing));
    let attempt = send(&sender(TlsOptions::default()), &sink.url("/events")).await;
    let told = error(&attempt);
    assert!(told.contains("evil\\n\\u{1b}[31m"), "{told}");
    assert!(told.len() < 400 && !told.contains(char::is_control), "{told}");
}

#[tokio::test]
async fn an_issuer_that_may_not_issue_is_told() {
    let root = Authority::new();
    let sender = sender(trusting(&root.pem()));
    for flag in [IsCa::NoCa, IsCa::ExplicitNoCa] {
        let no_authority = root.below(|parameters| parameters.is_ca = flag);
        let issued = no_authority.server_with(HOST, &[&no_authority], nothing);
        let beginning = "certificate was issued by one that is no authority's";
        expect(&sender, issued, beginning, "needs one from an authority").await;
    }

    let narrow = root.below(|parameters| parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let too_deep = narrow.below(nothing);
    let issued = too_deep.server_with(HOST, &[&too_deep, &narrow], nothing);
    let beginning = "certificate has more issuers above it than they permit";
    expect(&sender, issued, beginning, "needs one from another issuer").await;

    let elsewhere = root.below(|parameters| {
        parameters.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("example.com".to_owned())],
            excluded_subtrees: vec![GeneralSubtree::IpAddress(rcgen::CidrSubnet::V4([0; 4], [0; 4]))],
        });
    });
    let issued = elsewhere.server_with(HOST, &[&elsewhere], nothing);
    let beginning = "certificate is for a name that its issuer may not vouch for";
    expect(&sender, issued, beginning, "needs one from another issuer").await;
}

#[tokio::test]
async fn a_certificate_that_is_not_for_servers_is_told() {
    let authority = Authority::new();
    let sender = sender(trusting(&authority.pem()));
    let for_clients =
        server(&authority, |parameters| parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    expect(&sender, for_clients, "certificate is not for servers", "the endpoint needs one that is").await;

    let of_authority = server(&authority, |parameters| parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let beginning = "certificate is an authority's, not a server's";
    expect(&sender, of_authority, beginning, "the endpoint needs one that is issued for it").await;

    let demanding = authority.below(|parameters| {
        let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5, 0]);
        extension.set_criticality(true);
        parameters.custom_extensions = vec![extension];
    });
    let issued = demanding.server_with(HOST, &[&demanding], nothing);
    let beginning = "certificate demands something that is not known here";
    expect(&sender, issued, beginning, "the endpoint needs one without that extension").await;
}

#[tokio::test]
async fn a_signature_that_is_wrong_is_told() {
    // Two authorities of one name: the issuer is found, its signature does not fit.
    let named = |parameters: &mut CertificateParams| {
        parameters.distinguished_name.push(DnType::CommonName, "twins");
    };
    let (trusted, twin) = (Authority::with(named), Authority::with(named));
    let beginning = "certificate has a wrong or weak signature";
    expect(&sender(trusting(&trusted.pem())), server(&twin, nothing), beginning, "that its issuer has signed").await;
}

#[tokio::test]
async fn signatures_and_keys_that_are_too_weak_are_told() {
    if !optional::has("openssl", "weak certificates") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let weak_signature = openssl_signed(folder.path(), &authority.pem(), &authority.key_pem(), "-sha1");
    let beginning = "certificate is signed in a way that is weak or not known";
    expect(&sender(trusting(&authority.pem())), weak_signature, beginning, "SHA-256 or better").await;

    let (pem, key) = openssl_authority(folder.path(), "rsa:1024");
    let weak_key = openssl_signed(folder.path(), &pem, &key, "-sha256");
    let beginning = "certificate has a wrong or weak signature";
    expect(&sender(trusting(&pem)), weak_key, beginning, "RSA keys from 2048 bits on").await;
}

#[tokio::test]
async fn old_versions_of_tls_and_old_ciphers_are_not_spoken_and_told() {
    if !optional::has("openssl", "servers of old TLS") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (pem, _) = openssl_authority(folder.path(), "rsa:2048");
    let sender = sender(trusting(&pem));
    for (arguments, expected) in [
        (&["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"][..], "TLS: no protocol version or cipher in common: "),
        (&["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"], "TLS: no protocol version or cipher in common: "),
        (&["-tls1_2", "-cipher", "AES128-SHA"], "TLS: the server refused the handshake: it has no cipher in common"),
    ] {
        let server = OpensslServer::start(folder.path(), arguments);
        let attempt = send(&sender, &format!("https://127.0.0.1:{}/events", server.port)).await;
        assert!(error(&attempt).starts_with(expected), "{arguments:?}: {attempt:?}");
    }
}

/// `openssl s_server` with the authority's own certificate.
struct OpensslServer {
    process: Child,
    port: String,
}

impl OpensslServer {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut process = Command::new("openssl")
            .current_dir(folder)
            .args(["s_server", "-accept", "127.0.0.1:0", "-cert", "ca.pem", "-key", "ca.key"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let accepting = lines.map(Result::unwrap).find(|line| line.starts_with("ACCEPT")).expect("it says where");
        let port = accepting.rsplit_once(':').unwrap().1.to_owned();
        Self { process, port }
    }
}

impl Drop for OpensslServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An authority with a key of this kind, as `ca.pem` and `ca.key` in the folder, and both in PEM.
fn openssl_authority(folder: &Path, key: &str) -> (String, String) {
    let names = ["-subj", "/CN=openssl authority", "-addext", "basicConstraints=critical,CA:TRUE"];
    openssl(folder, &[&["req", "-x509", "-nodes", "-newkey", key, "-keyout", "ca.key", "-out", "ca.pem"], &names[..]]);
    let read = |name| std::fs::read_to_string(folder.join(name)).unwrap();
    (read("ca.pem"), read("ca.key"))
}

/// A server for this machine that the authority vouches for with this digest.
fn openssl_signed(folder: &Path, ca_pem: &str, ca_key: &str, digest: &str) -> Arc<ServerConfig> {
    std::fs::write(folder.join("ca.pem"), ca_pem).unwrap();
    std::fs::write(folder.join("ca.key"), ca_key).unwrap();
    std::fs::write(folder.join("names"), format!("subjectAltName=IP:{HOST}\n")).unwrap();
    let key = ["-nodes", "-newkey", "rsa:2048", "-keyout", "server.key"];
    openssl(folder, &[&["req", "-new", "-subj", "/CN=server", "-out", "server.csr"], &key]);
    let sign = ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-out", "server.pem"];
    openssl(folder, &[&sign, &["-days", "30", "-extfile", "names", digest]]);
    let read = |name| std::fs::read_to_string(folder.join(name)).unwrap();
    server_of(&read("server.pem"), &read("server.key"))
}

fn openssl(folder: &Path, arguments: &[&[&str]]) {
    let output = Command::new("openssl").current_dir(folder).args(arguments.concat()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
