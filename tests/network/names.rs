//! Names that resolve to what deliveries may not reach.

use std::sync::Arc;
use std::time::Instant;

use tieback::net::client::Outbound;
use tieback::net::resolve::{Looking, Lookup, SystemLookup};
use tieback::net::send::Sender;
use tieback::policy::egress::Egress;
use tieback::policy::network::Network;
use tieback::policy::retry::RetryPolicy;
use tieback::random::SeededRandom;
use tieback::types::PayloadVersion;

use super::scripted::{Scripted, Silent, Unreachable};
use super::support::rig::{Rig, company};
use super::support::sink::{Answer, Sink};
use super::{PATIENCE, SHORT, error, send};

/// The one address that is allowed in these tests.
const ALLOWED: &str = "127.0.0.1";
/// A public one, to which nothing may be sent here; a test that does so fails.
const PUBLIC: &str = "93.184.216.34";

/// `http`, and the allowed address.
fn rule() -> Egress {
    Egress { danger_allow_http: true, allow_networks: vec![Network::parse(ALLOWED).unwrap()], ..Egress::default() }
}

fn sender(lookup: impl Lookup + 'static) -> Sender {
    let policy = RetryPolicy { connect_timeout: PATIENCE, response_timeout: PATIENCE, ..RetryPolicy::default() };
    Sender::new(&policy, Outbound { lookup: Arc::new(lookup), ..rule().into() }).unwrap()
}

fn url_of(name: &str, sink: &Sink) -> String {
    format!("http://{name}:{}/events?token=s3cret", sink.address().port())
}

/// What a refused host is told, however it was found out.
fn refusal_of(host: &str) -> String {
    format!(
        "destination refused: the destination's address is not public: host `{host}` is refused (for tests and closed \
         networks, allow_networks allows chosen networks and danger_allow_private_addresses all of them)"
    )
}

fn closing() -> Answer {
    Answer::StatusWith { status: 200, headers: vec![("Connection".to_owned(), "close".to_owned())], body: vec![] }
}

#[tokio::test]
async fn the_connection_is_made_to_the_address_that_was_vetted_and_keeps_the_name() {
    let sink = Sink::start(|_, _| closing());
    // Whoever asks a second time between the check and the connection would be led astray.
    let names = Scripted::new(&[&[ALLOWED], &["127.0.0.2"]]);
    let attempt = send(&sender(names.clone()), &url_of("hooks.example.com", &sink)).await;
    assert!(attempt.success(), "{attempt:?}");
    assert_eq!(names.asked(), ["hooks.example.com"]);
    let host = format!("hooks.example.com:{}", sink.address().port());
    assert_eq!(sink.requests()[0].header("host"), Some(&*host));
}

#[tokio::test]
async fn a_connection_that_is_used_again_needs_no_second_look_up() {
    let sink = Sink::always(204);
    let names = Scripted::new(&[&[ALLOWED], &["10.0.0.1"]]);
    let sender = sender(names.clone());
    for _ in 0..5 {
        let attempt = send(&sender, &url_of("hooks.example.com", &sink)).await;
        assert!(attempt.success(), "{attempt:?}");
    }
    assert_eq!(sink.connections(), 1);
    assert_eq!(names.asked().len(), 1);
}

#[tokio::test]
async fn a_name_that_turns_to_another_address_is_refused_at_its_next_connection() {
    let sink = Sink::start(|_, _| closing());
    // The same port of another loopback address, where only Linux listens without being told.
    let inside = std::net::TcpListener::bind(("127.0.0.2", sink.address().port())).ok();
    if let Some(inside) = &inside {
        inside.set_nonblocking(true).unwrap();
    }
    let sender = sender(Scripted::new(&[&[ALLOWED], &["127.0.0.2"], &[ALLOWED]]));
    let url = url_of("rebinding.example.com", &sink);

    assert!(send(&sender, &url).await.success());
    assert_eq!(error(&send(&sender, &url).await), refusal_of("rebinding.example.com"));
    assert!(send(&sender, &url).await.success(), "the name is allowed again when its addresses are");

    assert_eq!(sink.requests().len(), 2);
    if let Some(inside) = inside {
        assert_eq!(inside.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came");
    }
}

#[tokio::test]
async fn one_address_that_is_not_allowed_refuses_the_whole_name() {
    let sink = Sink::always(204);
    for answer in [
        &[ALLOWED, "10.0.0.1"][..],
        &["10.0.0.1", ALLOWED],
        &[ALLOWED, "::1"],
        &["::1", ALLOWED],
        &[PUBLIC, "169.254.169.254"],
        &[ALLOWED, ALLOWED, ALLOWED, "fd00::1"],
    ] {
        let attempt = send(&sender(Scripted::new(&[answer])), &url_of("mixed.example.com", &sink)).await;
        assert_eq!(error(&attempt), refusal_of("mixed.example.com"), "{answer:?}");
    }
    assert_eq!(sink.connections(), 0);
}

#[tokio::test]
async fn every_kind_of_inner_address_is_refused_in_the_same_words() {
    let sink = Sink::always(204);
    for address in [
        "0.0.0.0",
        "10.20.30.40",
        "100.64.0.1",
        "127.0.0.2",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.2",
        "64:ff9b::a00:1",
        "2002:7f00:2::1",
        "fe80::1",
        "fd00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
    ] {
        let begun = Instant::now();
        let attempt = send(&sender(Scripted::new(&[&[address]])), &url_of("inner.example.com", &sink)).await;
        assert_eq!(error(&attempt), refusal_of("inner.example.com"), "{address}");
        assert!(begun.elapsed() < PATIENCE, "it was refused, not tried");
    }
    assert_eq!(sink.connections(), 0);
}

#[tokio::test]
async fn an_address_in_the_url_is_refused_in_the_same_words_and_nobody_is_asked() {
    let names = Scripted::new(&[&[ALLOWED]]);
    let sender = sender(names.clone());
    for host in ["127.0.0.2", "169.254.169.254", "[::1]", "[::ffff:a00:1]"] {
        assert_eq!(error(&send(&sender, &format!("http://{host}/?token=s3cret")).await), refusal_of(host));
    }
    assert_eq!(names.asked().len(), 0);
}

#[tokio::test]
async fn an_allowed_network_is_reached_by_address_and_by_name_mapped_or_not() {
    let sink = Sink::always(204);
    for address in [ALLOWED, "::ffff:127.0.0.1"] {
        let attempt = send(&sender(Scripted::new(&[&[address]])), &url_of("inner.example.com", &sink)).await;
        assert!(attempt.success(), "{address}: {attempt:?}");
    }
    assert!(send(&sender(Silent), &sink.url("/events")).await.success());
}

/// The machine's resolver under a name that the URL's rule cannot know.
struct SystemsLocalhost;

impl Lookup for SystemsLocalhost {
    fn lookup(&self, _: &str) -> Looking {
        SystemLookup.lookup("localhost")
    }
}

#[tokio::test]
async fn what_the_machines_resolver_says_is_vetted_too() {
    let sink = Sink::always(204);
    let url = url_of("intranet", &sink);
    let strict = Egress { danger_allow_http: true, ..Egress::default() };
    let open = Egress { danger_allow_private_addresses: true, ..strict.clone() };
    let sender = |egress: Egress| {
        let outbound = Outbound { lookup: Arc::new(SystemsLocalhost), ..egress.into() };
        Sender::new(&RetryPolicy::default(), outbound).unwrap()
    };
    assert_eq!(error(&send(&sender(strict), &url).await), refusal_of("intranet"));
    assert_eq!(sink.connections(), 0);
    assert!(send(&sender(open), &url).await.success());
}

#[tokio::test]
async fn a_name_without_an_address_is_told_and_so_is_a_name_server_that_fails() {
    let sink = Sink::always(204);
    let url = url_of("nowhere.example.com", &sink);
    for attempt in [send(&sender(Scripted::new(&[&[]])), &url).await, send(&sender(Unreachable), &url).await] {
        assert_eq!(error(&attempt), "the host name does not resolve");
    }
}

#[tokio::test]
async fn a_look_up_counts_into_the_time_to_connect() {
    let sink = Sink::always(204);
    let policy = RetryPolicy { connect_timeout: SHORT, response_timeout: PATIENCE, ..RetryPolicy::default() };
    let sender = Sender::new(&policy, Outbound { lookup: Arc::new(Silent), ..rule().into() }).unwrap();
    let begun = Instant::now();
    let attempt = send(&sender, &url_of("slow.example.com", &sink)).await;
    assert_eq!(error(&attempt), "no connection within 300 ms");
    assert!(begun.elapsed() < PATIENCE);
}

/// Rules are an engine's for its whole life: they are tightened by opening it anew, and then no connection of the old
/// rules is used again.
#[test]
fn an_engine_that_is_opened_with_tighter_rules_uses_no_connection_of_the_old_ones() {
    let sink = Sink::always(204);
    let names = Scripted::new(&[&[ALLOWED]]);
    let rig = Rig::with(|options| options.lookup = Arc::new(names.clone()));
    let scope = company();
    let hook = rig.hook(&scope, &url_of("hooks.example.com", &sink), PayloadVersion::V2);
    rig.engine.send_test(&scope, &hook.id).unwrap();
    rig.run();
    assert_eq!(sink.requests().len(), 1);

    let rig = rig.reopen(|options| {
        options.egress = Egress { danger_allow_http: true, ..Egress::default() };
        options.lookup = Arc::new(names.clone());
        // The clock begins anew: the same random bits would make the same ULID.
        options.random = Arc::new(SeededRandom::new(8));
    });
    rig.engine.send_test(&scope, &hook.id).unwrap();
    rig.run();
    let told = rig.deliveries(&scope, &hook)[1].attempts[0].response_error.clone();
    assert_eq!(told, Some(refusal_of("hooks.example.com")));
    assert_eq!((sink.requests().len(), sink.connections()), (1, 1));
}

#[test]
fn a_hook_is_created_without_a_look_up_and_its_name_is_vetted_at_the_attempt() {
    let names = Scripted::new(&[&["10.0.0.1"]]);
    let rig = Rig::with(|options| {
        options.egress = Egress::default();
        options.lookup = Arc::new(names.clone());
    });
    let scope = company();
    let hook = rig.hook(&scope, "https://hooks.example.com/events", PayloadVersion::V2);
    assert_eq!(names.asked().len(), 0);

    rig.engine.send_test(&scope, &hook.id).unwrap();
    rig.run();

    assert_eq!(names.asked(), ["hooks.example.com"]);
    let deliveries = rig.deliveries(&scope, &hook);
    assert_eq!(deliveries[0].attempts[0].response_error.as_deref(), Some(&*refusal_of("hooks.example.com")));
}
