//! Forward proxies: who goes through one, with which credentials, and what stays refused.

use std::sync::Arc;

use tieback::error::ErrorKind;
use tieback::net::client::Outbound;
use tieback::net::proxy::{ProxyChoice, ProxyOptions};
use tieback::net::send::Sender;
use tieback::net::tls::TlsOptions;
use tieback::policy::egress::Egress;
use tieback::policy::network::Network;
use tieback::policy::retry::RetryPolicy;

use super::forward::ForwardProxy;
use super::scripted::Scripted;
use super::support::authority::Authority;
use super::support::child::in_child;
use super::support::sink::{Answer, Sink, refused_url};
use super::{PATIENCE, error, send};

/// `user` and `p@ss:word`, as RFC 7617 writes them.
const CREDENTIALS: &str = "Basic dXNlcjpwQHNzOndvcmQ=";
const IN_URL: &str = "user:p%40ss%3Aword@";

fn through(url: &str, no_proxy: Option<&str>) -> ProxyOptions {
    let choice = ProxyChoice { url: Some(url), no_proxy, danger_proxy_resolves: true, ..ProxyChoice::default() };
    ProxyOptions::chosen(choice).unwrap()
}

/// A sender whose rule allows `http`, and nothing but public addresses.
fn sender(proxy: ProxyOptions, names: &Scripted) -> Sender {
    trusting(proxy, names, TlsOptions::default(), Vec::new())
}

fn trusting(proxy: ProxyOptions, names: &Scripted, tls: TlsOptions, allow_networks: Vec<Network>) -> Sender {
    let policy = RetryPolicy { connect_timeout: PATIENCE, response_timeout: PATIENCE, ..RetryPolicy::default() };
    let egress = Egress { danger_allow_http: true, allow_networks, ..Egress::default() };
    let outbound = Outbound { lookup: Arc::new(names.clone()), tls, proxy, ..egress.into() };
    Sender::new(&policy, outbound).unwrap()
}

#[tokio::test]
async fn http_goes_through_the_proxy_in_absolute_form_with_credentials() {
    let (proxy, sink) = (ForwardProxy::for_those_with(CREDENTIALS), Sink::always(204));
    let names = Scripted::new(&[&[]]);
    let url = format!("http://hooks.example.com:{}/events?tenant=7", sink.address().port());

    let attempt = send(&sender(through(&proxy.url(IN_URL), None), &names), &url).await;
    assert!(attempt.success(), "{attempt:?}");
    assert_eq!(proxy.asked(), [format!("POST {url}")]);
    let request = &sink.requests()[0];
    assert_eq!(request.path, "/events?tenant=7");
    assert_eq!(request.body, b"{}");
    assert_eq!(request.header("authorization"), Some("Bearer s3cret"));
    assert_eq!(names.asked().len(), 0, "the proxy resolves the name");

    let attempt = send(&sender(through(&proxy.url("user:wrong@"), None), &names), &url).await;
    assert_eq!(attempt.response_status, Some(407));
    assert_eq!(sink.requests().len(), 1);
}

#[tokio::test]
async fn https_goes_through_a_tunnel_that_keeps_the_name_and_hides_the_request() {
    let authority = Authority::new();
    let proxy = ForwardProxy::for_those_with(CREDENTIALS);
    let sink = Sink::start_tls(authority.server("hooks.example.com", 2040), |_, _| Answer::Status(204));
    let names = Scripted::new(&[&[]]);
    let tls = TlsOptions::default().trusting(authority.pem().as_bytes()).unwrap();
    let sender_of =
        |credentials: &str| trusting(through(&proxy.url(credentials), None), &names, tls.clone(), Vec::new());
    let port = sink.address().port();
    let url = format!("https://hooks.example.com:{port}/events");

    let sender = sender_of(IN_URL);
    for _ in 0..3 {
        let attempt = send(&sender, &url).await;
        assert!(attempt.success(), "{attempt:?}");
    }
    assert_eq!(proxy.asked(), [format!("CONNECT hooks.example.com:{port}")], "the tunnel is used again");
    assert_eq!(sink.connections(), 1);
    assert_eq!(sink.requests()[0].header("proxy-authorization"), None);

    // Another name than the certificate's: the proxy vouches for nobody.
    let attempt = send(&sender, &url.replace("hooks", "other")).await;
    assert!(error(&attempt).starts_with("TLS: certificate is for another name, `hooks.example.com`: "), "{attempt:?}");
    let attempt = send(&sender_of("user:wrong@"), &url).await;
    assert_eq!(error(&attempt), "the proxy asks for credentials, or for other ones");
    assert_eq!(sink.requests().len(), 3);
}

#[tokio::test]
async fn what_a_proxy_cannot_do_is_told() {
    let names = Scripted::new(&[&[]]);
    let proxy = ForwardProxy::open();
    let dead = refused_url().replace("http://", "https://hooks.example.com/").replace("/events", "");
    let port = dead.rsplit_once(':').unwrap().1;
    let url = format!("https://hooks.example.com:{port}/events");
    let attempt = send(&sender(through(&proxy.url(""), None), &names), &url).await;
    assert_eq!(
        error(&attempt),
        "the proxy refuses to connect: it does not reach the endpoint, or wants other credentials"
    );

    let nobody = format!("http://user:s3cret@127.0.0.1:{port}");
    let attempt = send(&sender(through(&nobody, None), &names), &url).await;
    assert_eq!(error(&attempt), "the proxy cannot be reached: connection refused");
}

#[tokio::test]
async fn the_no_proxy_list_is_reached_directly_and_vetted() {
    let (proxy, sink) = (ForwardProxy::open(), Sink::always(204));
    let no_proxy = "direct.example.com, 127.0.0.0/8";
    let url = |host: &str| format!("http://{host}:{}/events", sink.address().port());
    let names = Scripted::new(&[&["127.0.0.1"]]);

    let strict = sender(through(&proxy.url(""), Some(no_proxy)), &names);
    for host in ["direct.example.com", "under.direct.example.com"] {
        let attempt = send(&strict, &url(host)).await;
        assert!(error(&attempt).contains("the destination's address is not public"), "{attempt:?}");
    }
    assert_eq!(sink.connections(), 0);

    let loopback = vec![Network::parse("127.0.0.1").unwrap()];
    let sender = trusting(through(&proxy.url(""), Some(no_proxy)), &names, TlsOptions::default(), loopback);
    for host in ["direct.example.com", "127.0.0.1"] {
        assert!(send(&sender, &url(host)).await.success());
    }
    assert_eq!(proxy.asked().len(), 0);
    assert!(send(&sender, &url("other.example.com")).await.success());
    assert_eq!(proxy.asked().len(), 1);
}

#[tokio::test]
async fn addresses_and_names_of_this_machine_are_refused_before_the_proxy_is_asked() {
    let (proxy, names) = (ForwardProxy::open(), Scripted::new(&[&[]]));
    let sender = sender(through(&proxy.url(""), None), &names);
    for host in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "localhost", "a.localhost"] {
        let attempt = send(&sender, &format!("http://{host}/events")).await;
        assert!(error(&attempt).contains("the destination's address is not public"), "{attempt:?}");
    }
    assert_eq!(proxy.asked().len(), 0);
}

#[tokio::test]
async fn a_proxys_name_may_resolve_to_an_inner_address_and_nothing_else_is_reached_by_it() {
    let (proxy, sink) = (ForwardProxy::open(), Sink::always(204));
    let names = Scripted::new(&[&["127.0.0.1"]]);
    let options = through(&format!("http://proxy.internal:{}", proxy.port()), Some("proxy.internal"));
    let sender = sender(options, &names);
    let port = sink.address().port();

    assert!(send(&sender, &format!("http://hooks.example.com:{port}/events")).await.success());
    assert_eq!(names.asked(), ["proxy.internal"]);
    for host in ["proxy.internal", "PROXY.internal", "proxy.internal."] {
        let attempt = send(&sender, &format!("http://{host}:{port}/events")).await;
        assert!(error(&attempt).contains("the destination's address is not public"), "{attempt:?}");
    }
    assert_eq!(sink.requests().len(), 1);
}

#[test]
fn a_choice_that_makes_no_sense_is_refused_and_no_password_is_repeated() {
    let choice = ProxyChoice { danger_proxy_resolves: true, ..ProxyChoice::default() };
    let url = |url| ProxyChoice { url: Some(url), ..choice };
    let cases = [
        (ProxyChoice { danger_proxy_resolves: false, ..url("http://user:sesame@proxy:3128") }, "danger_proxy_resolves"),
        (ProxyChoice { from_environment: true, danger_proxy_resolves: false, ..choice }, "danger_proxy_resolves"),
        (ProxyChoice { from_environment: true, ..url("http://user:sesame@proxy:3128") }, "give one of them"),
        (ProxyChoice { from_environment: true, no_proxy: Some("intranet"), ..choice }, "NO_PROXY"),
        (ProxyChoice { no_proxy: Some("intranet"), ..choice }, "without a proxy"),
        (url("user:sesame@proxy:3128"), "is neither http nor https"),
        (url("proxy"), "is no URL"),
        (url("http://user:sesame@"), "is no URL"),
        (url("socks5://user:sesame@proxy:1080"), "is neither http nor https"),
        (url("http://user:sesame@proxy:3128/path"), "has a path"),
        (url("http://user:sesame@proxy:3128/?a=b"), "has a path"),
    ];
    for (choice, expected) in cases {
        let error = ProxyOptions::chosen(choice).expect_err(expected);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains(expected), "`{expected}` is missing in: {error}");
        assert!(!format!("{error} {error:?}").contains("sesame"), "{error:?}");
    }
    let told = format!("{:?}", through("http://user:sesame@proxy:3128", None));
    assert!(told.contains("http://proxy:3128/") && !told.contains("sesame") && !told.contains("user"), "{told}");
}

#[test]
fn proxies_of_the_environment_are_used_when_that_is_asked_for() {
    const TARGET: &str = "TIEBACK_TEST_TARGET";
    if let Ok(target) = std::env::var(TARGET) {
        let choice = ProxyChoice { from_environment: true, danger_proxy_resolves: true, ..ProxyChoice::default() };
        let sender = sender(ProxyOptions::chosen(choice).unwrap(), &Scripted::new(&[&["10.0.0.1"]]));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert!(runtime.block_on(send(&sender, &target)).success());
        let direct = runtime.block_on(send(&sender, "http://direct.example.com/"));
        assert!(error(&direct).contains("is not public"), "{direct:?}");
        return;
    }
    let (proxy, sink) = (ForwardProxy::for_those_with(CREDENTIALS), Sink::always(204));
    let target = format!("http://hooks.example.com:{}/events", sink.address().port());
    let proxy_url = proxy.url(IN_URL);
    let environment = [(TARGET, &*target), ("http_proxy", &proxy_url), ("no_proxy", "direct.example.com")];
    in_child("proxies::proxies_of_the_environment_are_used_when_that_is_asked_for", &environment);
    assert_eq!(proxy.asked(), [format!("POST {target}")]);
    assert_eq!(sink.requests().len(), 1);
}
