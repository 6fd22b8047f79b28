//! A forward proxy as people run it (tinyproxy), with credentials, between the sender and endpoints over both schemes.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tieback::net::client::Outbound;
use tieback::net::proxy::{ProxyChoice, ProxyOptions};
use tieback::net::send::Sender;
use tieback::net::tls::TlsOptions;
use tieback::policy::egress::Egress;
use tieback::policy::network::Network;
use tieback::policy::retry::RetryPolicy;
use tieback::types::Attempt;

use super::optional;
use super::support::authority::Authority;
use super::support::sink::{Answer, Sink, refused_url};
use super::{PATIENCE, error, send};

/// The proxy, for whoever says `user` and `sesame`. Dropping it ends it.
struct Tinyproxy {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Tinyproxy {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Another program may take the port in between; then it does not start, and the next one is tried.
        for _ in 0..5 {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
            let log = folder.path().join("log");
            let config = format!(
                "Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 30\nMaxClients 20\nBasicAuth user sesame\n\
                 LogFile \"{}\"\nLogLevel Connect\n",
                log.display()
            );
            let file = folder.path().join("tinyproxy.conf");
            std::fs::write(&file, config).unwrap();
            let process = Command::new("tinyproxy")
                .arg("-d")
                .arg("-c")
                .arg(&file)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut proxy = Self { process, port, folder: tempfile::tempdir().unwrap() };
            if proxy.listens() {
                proxy.folder = folder;
                return proxy;
            }
        }
        panic!("tinyproxy does not start");
    }

    fn listens(&mut self) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && self.process.try_wait().unwrap().is_none() {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// What the proxy has written down.
    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn sender(&self, credentials: &str, tls: TlsOptions) -> Sender {
        let url = format!("http://{credentials}127.0.0.1:{}", self.port);
        let choice = ProxyChoice { url: Some(&url), danger_proxy_resolves: true, ..ProxyChoice::default() };
        let proxy = ProxyOptions::chosen(choice).unwrap();
        let policy = RetryPolicy { connect_timeout: PATIENCE, response_timeout: PATIENCE, ..RetryPolicy::default() };
        let allow_networks = vec![Network::parse("127.0.0.1").unwrap()];
        let egress = Egress { danger_allow_http: true, allow_networks, ..Egress::default() };
        Sender::new(&policy, Outbound { tls, proxy, ..egress.into() }).unwrap()
    }
}

/// Sends, and again as a lane does when the connection closed: this proxy closes each connection over plain http after
/// its answer, and may do so in the moment in which it is used again.
async fn deliver(sender: &Sender, url: &str) -> Attempt {
    let mut attempt = send(sender, url).await;
    for _ in 0..3 {
        if !attempt.response_error.as_deref().is_some_and(|error| error.starts_with("the connection closed")) {
            break;
        }
        attempt = send(sender, url).await;
    }
    attempt
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_real_proxy_carries_both_schemes_for_those_who_may() {
    if !optional::can("tinyproxy", "a real forward proxy", || Command::new("tinyproxy").arg("-v").output().is_ok()) {
        return;
    }
    let authority = Authority::new();
    let tls = TlsOptions::default().trusting(authority.pem().as_bytes()).unwrap();
    let secure = Sink::start_tls(authority.server("127.0.0.1", 2040), |_, _| Answer::Status(204));
    let plain = Sink::always(204);
    let proxy = Tinyproxy::start();

    let member = proxy.sender("user:sesame@", tls.clone());
    for _ in 0..3 {
        for sink in [&secure, &plain] {
            let attempt = deliver(&member, &sink.url("/events?tenant=7")).await;
            assert!(attempt.success(), "{attempt:?}");
        }
    }
    assert_eq!(secure.connections(), 1, "the tunnel is used again");
    assert_eq!((secure.requests().len(), plain.requests().len()), (3, 3));
    // The proxy forwards requests over http, and says so; into the tunnel it cannot look.
    assert!(plain.requests()[0].header("via").is_some_and(|via| via.contains("tinyproxy")));
    assert_eq!(secure.requests()[0].header("via"), None);
    for sink in [&secure, &plain] {
        let request = &sink.requests()[0];
        assert_eq!((request.path.as_str(), &*request.body), ("/events?tenant=7", &b"{}"[..]));
        assert_eq!(request.header("proxy-authorization"), None);
    }
    assert!(proxy.log().contains(&format!("CONNECT 127.0.0.1:{}", secure.address().port())), "{}", proxy.log());

    let refuses = "the proxy refuses to connect: it does not reach the endpoint, or wants other credentials";
    let asks = "the proxy asks for credentials, or for other ones";
    // Where wrong ones are given this one answers 401 instead of 407.
    for (credentials, told, status) in [("", asks, 407), ("user:wrong@", refuses, 401)] {
        let stranger = proxy.sender(credentials, tls.clone());
        let attempt = send(&stranger, &secure.url("/events")).await;
        assert_eq!(error(&attempt), told);
        let attempt = send(&stranger, &plain.url("/events")).await;
        assert_eq!(attempt.response_status, Some(status), "over plain http the proxy itself answers");
    }
    let nobody = refused_url().replace("http://", "https://");
    assert_eq!(error(&send(&member, &nobody).await), refuses);
    assert_eq!((secure.requests().len(), plain.requests().len()), (3, 3));
}
