//! One delivery attempt over real sockets: what goes out, what is kept of the answer, and how each way of breaking is
//! told.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tieback::net::send::Sender;
use tieback::policy::egress::Egress;
use tieback::policy::retry::RetryPolicy;
use tieback::store::Destination;
use tieback::time::{Clock, ManualClock, SystemClock, Timestamp};
use tieback::types::{Attempt, DestinationHeaders, DestinationUrl};

mod support;
use support::authority::Authority;
use support::child::in_child;
use support::sink::{Answer, Sink, refused_url};

/// The time limit under test where something hangs.
const SHORT: Duration = Duration::from_millis(300);
/// Far above what a loopback answer takes on a busy machine; far below "for ever".
const PATIENCE: Duration = Duration::from_secs(10);

const EVERYWHERE: Egress =
    Egress { danger_allow_http: true, danger_allow_private_addresses: true, allow_networks: Vec::new() };

fn sender(connect_timeout: Duration, response_timeout: Duration) -> Sender {
    let policy = RetryPolicy { connect_timeout, response_timeout, ..RetryPolicy::default() };
    Sender::new(&policy, EVERYWHERE).unwrap()
}

fn destination(url: &str, headers: &[(&str, &str)]) -> Destination {
    Destination {
        url: DestinationUrl::parse(url).unwrap(),
        headers: DestinationHeaders::parse(headers.iter().copied()).unwrap(),
    }
}

async fn send_with(sender: &Sender, url: &str) -> Attempt {
    sender.send(&destination(url, &[]), Bytes::from_static(b"{}"), &SystemClock::new()).await
}

async fn send(url: &str) -> Attempt {
    send_with(&sender(PATIENCE, PATIENCE), url).await
}

fn error(attempt: &Attempt) -> &str {
    assert_eq!(attempt.response_status, None, "{attempt:?}");
    assert!(!attempt.success());
    attempt.response_error.as_deref().expect("an attempt without an answer says why")
}

fn body_of(length: usize) -> Answer {
    Answer::StatusWith { status: 200, headers: vec![], body: vec![b'x'; length] }
}

// What goes out.

#[tokio::test]
async fn the_request_is_a_post_of_the_exact_payload_with_the_stored_headers() {
    let sink = Sink::always(204);
    let payload = "{ \"b\": 1,\n\t\"a\": 1.50, \"name\": \"Ölfeld\" }\n".as_bytes();
    let stored = [("Authorization", "Bearer  a.b-c=="), ("X-Api-Key", "k:1, k:2"), ("Accept", "text/plain")];
    let destination = destination(&sink.url("/in/procore?tenant=7&q=a%20b"), &stored);

    let attempt = sender(PATIENCE, PATIENCE).send(&destination, Bytes::from_static(payload), &SystemClock::new()).await;

    assert!(attempt.success(), "{attempt:?}");
    let [request] = &sink.requests()[..] else { panic!("one attempt is one request") };
    assert_eq!(request.method, "POST");
    assert_eq!(request.path, "/in/procore?tenant=7&q=a%20b");
    assert_eq!(request.body, payload);
    let mut sent: Vec<(&str, &str)> = request.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    sent.sort_unstable();
    let length = payload.len().to_string();
    let host = sink.address().to_string();
    let agent = concat!("tieback/", env!("CARGO_PKG_VERSION"));
    let expected = [
        ("Accept", "text/plain"),
        ("Authorization", "Bearer  a.b-c=="),
        ("Content-Length", &length),
        ("Content-Type", "application/json"),
        ("Host", &host),
        ("User-Agent", agent),
        ("X-Api-Key", "k:1, k:2"),
    ];
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn a_large_payload_arrives_whole() {
    let sink = Sink::always(204);
    let payload: Vec<u8> = (0..256 * 1024).map(|n: u32| n.to_le_bytes()[0]).collect();
    let destination = destination(&sink.url("/events"), &[]);
    let attempt = sender(PATIENCE, PATIENCE).send(&destination, payload.clone().into(), &SystemClock::new()).await;
    assert!(attempt.success(), "{attempt:?}");
    assert_eq!(sink.requests()[0].body, payload);
    assert_eq!(sink.requests()[0].header("content-length"), Some("262144"));
}

#[tokio::test]
async fn an_empty_payload_is_sent_with_length_zero_and_waits_for_its_answer() {
    let sink = Sink::start(|_, _| {
        // Longer than the connect limit below, which must not end it.
        std::thread::sleep(2 * SHORT);
        Answer::Status(204)
    });
    let destination = destination(&sink.url("/events"), &[]);
    let attempt = sender(SHORT, PATIENCE).send(&destination, Bytes::new(), &SystemClock::new()).await;
    assert!(attempt.success(), "{attempt:?}");
    assert_eq!(sink.requests()[0].header("content-length"), Some("0"));
}

#[tokio::test]
async fn redirects_are_answers_and_are_not_followed() {
    let elsewhere = Sink::always(204);
    let location = elsewhere.url("/moved");
    for status in [301, 302, 303, 307, 308] {
        let headers = vec![("Location".to_owned(), location.clone())];
        let sink =
            Sink::start(move |_, _| Answer::StatusWith { status, headers: headers.clone(), body: b"moved".to_vec() });
        let attempt = send(&sink.url("/events")).await;
        assert_eq!(attempt.response_status, Some(status));
        assert!(!attempt.success());
        assert_eq!(attempt.response_body, b"moved");
        assert_eq!(sink.requests().len(), 1);
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_set_cookie_is_not_sent_back() {
    let sink = Sink::start(|_, _| Answer::StatusWith {
        status: 200,
        headers: vec![("Set-Cookie".to_owned(), "session=1".to_owned())],
        body: vec![],
    });
    let sender = sender(PATIENCE, PATIENCE);
    send_with(&sender, &sink.url("/events")).await;
    send_with(&sender, &sink.url("/events")).await;
    assert_eq!(sink.requests()[1].header("cookie"), None);
}

#[test]
fn proxies_of_the_environment_are_ignored() {
    const TARGET: &str = "TIEBACK_TEST_TARGET";
    if let Ok(target) = std::env::var(TARGET) {
        assert!(block_on(send(&target)).success());
        return;
    }
    let proxy = Sink::always(204);
    let target = Sink::always(204);
    let proxy_url = proxy.url("");
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let mut environment: Vec<(&str, &str)> = names.iter().map(|name| (*name, &*proxy_url)).collect();
    let target_url = target.url("/events");
    environment.push((TARGET, &target_url));

    in_child("proxies_of_the_environment_are_ignored", &environment);

    assert_eq!(target.requests().len(), 1);
    assert_eq!(proxy.connections(), 0);
}

// What is kept of the answer.

#[tokio::test]
async fn only_2xx_is_success() {
    for status in [200, 201, 202, 204, 299, 304, 400, 401, 404, 410, 429, 500, 503] {
        let sink = Sink::always(status);
        let attempt = send(&sink.url("/events")).await;
        assert_eq!(attempt.response_status, Some(status));
        assert_eq!(attempt.success(), status < 300, "{status}");
        assert_eq!(attempt.response_error, None);
        assert!(!attempt.response_body_truncated);
        assert_eq!(sink.requests().len(), 1, "one attempt is one request");
    }
}

#[tokio::test]
async fn retry_after_of_a_429_is_understood() {
    let sink = Sink::start(|_, _| Answer::StatusWith {
        status: 429,
        headers: vec![("Retry-After".to_owned(), "120".to_owned())],
        body: b"slow down".to_vec(),
    });
    let attempt = send(&sink.url("/events")).await;
    assert_eq!(attempt.retry_after(), Some(Duration::from_secs(120)));
    assert_eq!(attempt.response_body, b"slow down");
}

#[tokio::test]
async fn headers_are_kept_in_order_up_to_their_bounds() {
    let many: Vec<(String, String)> = (0..200).map(|n| (format!("x-{n}"), format!("value {n}"))).collect();
    let sink = Sink::start({
        let headers = many.clone();
        move |_, _| Answer::StatusWith { status: 204, headers: headers.clone(), body: vec![] }
    });
    let attempt = send(&sink.url("/events")).await;
    assert!(attempt.success(), "{attempt:?}");
    assert_eq!(attempt.response_headers, many[..100]);

    let large: Vec<(String, String)> = (0..10).map(|n| (format!("x-{n}"), "v".repeat(4000))).collect();
    let sink = Sink::start({
        let headers = large.clone();
        move |_, _| Answer::StatusWith { status: 204, headers: headers.clone(), body: vec![] }
    });
    let attempt = send(&sink.url("/events")).await;
    assert!(attempt.success(), "{attempt:?}");
    assert_eq!(attempt.response_headers, large[..4]);
}

#[tokio::test]
async fn a_body_of_exactly_the_bound_is_kept_whole() {
    let sink = Sink::start(|_, _| body_of(65_536));
    let attempt = send(&sink.url("/events")).await;
    assert_eq!(attempt.response_body, vec![b'x'; 65_536]);
    assert!(!attempt.response_body_truncated);
}

#[tokio::test]
async fn a_longer_body_is_kept_to_the_bound_and_marked() {
    let sink = Sink::start(|_, _| body_of(65_537));
    let attempt = send(&sink.url("/events")).await;
    assert!(attempt.success());
    assert_eq!(attempt.response_body, vec![b'x'; 65_536]);
    assert!(attempt.response_body_truncated);
}

#[tokio::test]
async fn a_secret_that_the_bound_cuts_is_masked_with_what_is_left_of_it() {
    const SECRET: &str = "s3cret-token-of-the-hook";
    for (left, end) in [(8, &b"x*****"[..]), (5, b"x*****"), (4, b"xs3cr")] {
        let mut body = vec![b'x'; Attempt::MAX_BODY_BYTES - left];
        body.extend_from_slice(SECRET.as_bytes());
        let sink = Sink::start(move |_, _| Answer::StatusWith { status: 500, headers: vec![], body: body.clone() });
        let destination = destination(&sink.url("/events"), &[("Authorization", &format!("Bearer {SECRET}"))]);
        let sender = sender(PATIENCE, PATIENCE);
        let attempt = sender.send(&destination, Bytes::from_static(b"{}"), &SystemClock::new()).await;
        assert!(attempt.response_body_truncated);
        assert!(attempt.response_body.len() <= Attempt::MAX_BODY_BYTES);
        assert!(attempt.response_body.ends_with(end), "of {left} bytes that are left");
    }
}

#[tokio::test]
async fn an_endless_body_is_kept_to_the_bound_and_its_connection_dropped() {
    let sink = Sink::start(|_, n| if n == 0 { Answer::EndlessBody } else { Answer::Status(204) });
    let sender = sender(PATIENCE, PATIENCE);
    let begun = Instant::now();
    let attempt = send_with(&sender, &sink.url("/events")).await;
    assert!(begun.elapsed() < PATIENCE, "the bound ends the attempt, not the deadline");
    assert!(attempt.success());
    assert_eq!(attempt.response_body, vec![b'x'; 65_536]);
    assert!(attempt.response_body_truncated);
    send_with(&sender, &sink.url("/events")).await;
    assert_eq!(sink.requests()[1].connection, 1);
}

#[tokio::test]
async fn a_hanging_body_ends_at_the_deadline_and_the_status_decides() {
    let sink = Sink::start(|_, _| Answer::HangAfterHeaders);
    let begun = Instant::now();
    let attempt = send_with(&sender(PATIENCE, SHORT), &sink.url("/events")).await;
    let taken = begun.elapsed();
    assert!(taken >= SHORT && taken < PATIENCE, "{taken:?}");
    assert!(attempt.success());
    assert_eq!(attempt.response_error, None);
    assert_eq!(attempt.response_body, b"");
    assert!(attempt.response_body_truncated);
}

#[tokio::test]
async fn a_body_cut_short_is_kept_and_marked_and_the_status_decides() {
    let sink = Sink::start(|_, _| Answer::CutMidBody);
    let attempt = send(&sink.url("/events")).await;
    assert!(attempt.success());
    assert_eq!(attempt.response_error, None);
    assert_eq!(attempt.response_body, b"hello");
    assert!(attempt.response_body_truncated);
}

#[tokio::test]
async fn the_times_of_an_attempt_are_the_clocks() {
    let clock = ManualClock::at(Timestamp::parse("2025-02-06T23:34:12Z").unwrap());
    let sink = Sink::start({
        let clock = clock.clone();
        move |_, _| {
            clock.advance(Duration::from_secs(3));
            Answer::Status(204)
        }
    });
    let attempt =
        sender(PATIENCE, PATIENCE).send(&destination(&sink.url("/"), &[]), Bytes::from_static(b"{}"), &clock).await;
    assert_eq!(attempt.started_at.to_string(), "2025-02-06T23:34:12.000000Z");
    assert_eq!(attempt.completed_at, clock.now().wall);
    assert_eq!(attempt.completed_at.since(attempt.started_at), Duration::from_secs(3));
}

// Connections.

#[tokio::test]
async fn attempts_one_after_another_share_a_connection() {
    assert_eq!(connections_of_forty_attempts().await, 1);
}

/// There the client may open a further connection when the next attempt begins in the very moment in which the last
/// one's connection goes back to the pool.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_one_after_another_share_a_connection_on_many_threads() {
    let connections = tokio::spawn(connections_of_forty_attempts()).await.unwrap();
    assert!(connections < 20, "{connections} connections for 40 attempts");
}

async fn connections_of_forty_attempts() -> usize {
    let sink = Sink::start(|_, n| match n % 4 {
        0 => Answer::Status(204),
        1 => body_of(65_536),
        2 => Answer::Status(503),
        _ => body_of(10),
    });
    let sender = sender(PATIENCE, PATIENCE);
    for _ in 0..40 {
        let attempt = send_with(&sender.clone(), &sink.url("/events")).await;
        assert_eq!(attempt.response_error, None);
        assert!(!attempt.response_body_truncated);
    }
    assert_eq!(sink.requests().len(), 40);
    sink.connections()
}

#[tokio::test]
async fn a_connection_that_the_endpoint_closed_while_unused_is_not_used_again() {
    // `Connection: close` is not said, as by servers that let idle connections run out.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    let (closed, is_closed) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut socket, _) = listener.accept().unwrap();
            read_a_request(&mut socket);
            socket.write_all(b"HTTP/1.1 204 \r\n\r\n").unwrap();
            drop(socket);
            let _ = closed.send(());
        }
    });
    let sender = sender(PATIENCE, PATIENCE);
    assert!(send_with(&sender, &url).await.success());
    // The runtime goes on meanwhile, and so hears of the close.
    tokio::task::spawn_blocking(move || is_closed.recv_timeout(PATIENCE).unwrap()).await.unwrap();
    let second = send_with(&sender, &url).await;
    assert!(second.success(), "{second:?}");
    server.join().unwrap();
}

// How each way of breaking is told.

#[tokio::test]
async fn a_refused_connection_is_told() {
    assert_eq!(error(&send(&refused_url()).await), "connection refused");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_told() {
    // A label of 64 letters can be in no zone (RFC 1035, section 2.3.4): no name server needs to be asked.
    let url = format!("http://{}.invalid/events?token=s3cret", "a".repeat(64));
    assert_eq!(error(&send(&url).await), "the host name does not resolve");
    assert_eq!(error(&send(&url.replace("http://", "https://")).await), "the host name is not valid");
}

#[tokio::test]
async fn a_connection_that_does_not_stand_in_time_is_told() {
    // It is accepted by the kernel, and nobody ever speaks TLS on it: connecting includes the handshake.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let begun = Instant::now();
    let url = format!("https://{}/events", listener.local_addr().unwrap());
    let attempt = send_with(&sender(SHORT, PATIENCE), &url).await;
    assert_eq!(error(&attempt), "no connection within 300 ms");
    assert!(begun.elapsed() < PATIENCE);
}

#[tokio::test]
async fn hanging_before_the_headers_is_told_at_the_deadline() {
    let sink = Sink::start(|_, _| Answer::HangBeforeHeaders);
    let begun = Instant::now();
    let attempt = send_with(&sender(PATIENCE, SHORT), &sink.url("/events")).await;
    let taken = begun.elapsed();
    assert_eq!(error(&attempt), "no response within 300 ms");
    assert!(taken >= SHORT && taken < PATIENCE, "{taken:?}");
    assert_eq!(sink.requests().len(), 1);
}

#[tokio::test]
async fn whole_seconds_are_told_as_seconds() {
    let sink = Sink::start(|_, _| Answer::HangBeforeHeaders);
    let attempt = send_with(&sender(PATIENCE, Duration::from_secs(1)), &sink.url("/events")).await;
    assert_eq!(error(&attempt), "no response within 1 s");
}

#[tokio::test]
async fn an_answer_cut_in_its_headers_is_told() {
    let sink = Sink::start(|_, _| Answer::CutMidHeaders);
    let attempt = send(&sink.url("/events")).await;
    assert_eq!(error(&attempt), "the connection closed before the answer was complete");
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_told_and_nothing_is_sent_twice() {
    let sink = Sink::start(|_, _| Answer::CloseWithoutAnswer);
    let attempt = send(&sink.url("/events")).await;
    assert_eq!(error(&attempt), "the connection closed before the answer was complete");
    assert_eq!(sink.requests().len(), 1);
}

#[tokio::test]
async fn a_reset_connection_is_told() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        // Closing with something unread sends a reset instead of an end.
        socket.read_exact(&mut [0; 1]).unwrap();
    });
    let attempt = send(&url).await;
    assert_eq!(error(&attempt), "connection reset");
    server.join().unwrap();
}

#[tokio::test]
async fn another_protocol_is_told() {
    let sink = Sink::start(|_, _| Answer::NotHttp);
    assert_eq!(error(&send(&sink.url("/events")).await), "the answer is not HTTP");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_told() {
    let sink = Sink::always(204);
    let url = sink.url("/events?token=s3cret").replace("http://", "https://");
    assert_eq!(error(&send(&url).await), "TLS: the server does not speak TLS");
    assert_eq!(sink.requests().len(), 0);
}

#[tokio::test]
async fn an_untrusted_certificate_is_told_and_nothing_is_sent() {
    let sink = Sink::start_tls(Authority::new().server("127.0.0.1", 2040), |_, _| Answer::Status(204));
    assert_eq!(
        error(&send(&sink.url("/events?token=s3cret")).await),
        "TLS: unknown issuer: add its certificate as extra CA, if you trust it"
    );
    assert_eq!(sink.requests().len(), 0);
}

/// Only on Linux can a test say which roots the machine has.
#[cfg(target_os = "linux")]
#[test]
fn certificates_are_checked_against_the_machines_roots() {
    const URLS: &str = "TIEBACK_TEST_URLS";
    if let Ok(urls) = std::env::var(URLS) {
        let attempts: Vec<Attempt> = urls.split(' ').map(|url| block_on(send(url))).collect();
        assert!(attempts[0].success(), "{:?}", attempts[0]);
        assert_eq!(error(&attempts[1]), "TLS: certificate is for another name");
        assert_eq!(error(&attempts[2]), "TLS: certificate expired");
        return;
    }
    let authority = Authority::new();
    let servers = [("127.0.0.1", 2040), ("webhooks.example.com", 2040), ("127.0.0.1", 2020)]
        .map(|(name, until)| Sink::start_tls(authority.server(name, until), |_, _| Answer::Status(204)));
    let urls = servers.each_ref().map(|sink| sink.url("/events")).join(" ");
    let roots = authority.root_file();

    let environment = [(URLS, &*urls), ("SSL_CERT_FILE", roots.path().to_str().unwrap())];
    in_child("certificates_are_checked_against_the_machines_roots", &environment);

    assert_eq!(servers.each_ref().map(|sink| sink.requests().len()), [1, 0, 0]);
}

#[cfg(target_os = "linux")]
#[test]
fn the_response_limit_counts_from_the_end_of_the_tls_handshake() {
    const URL: &str = "TIEBACK_TEST_URL";
    if let Ok(url) = std::env::var(URL) {
        let attempt = block_on(send_with(&sender(PATIENCE, 3 * SHORT), &url));
        assert!(attempt.success(), "{attempt:?}");
        return;
    }
    let authority = Authority::new();
    let config = authority.server("127.0.0.1", 2040);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("https://{}/events", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        // A slow handshake, longer than the response limit.
        std::thread::sleep(5 * SHORT);
        let mut stream = rustls::StreamOwned::new(rustls::ServerConnection::new(config).unwrap(), socket);
        read_a_request(&mut stream);
        stream.write_all(b"HTTP/1.1 204 \r\n\r\n").unwrap();
        stream.flush().unwrap();
    });
    let roots = authority.root_file();
    let environment = [(URL, &*url), ("SSL_CERT_FILE", roots.path().to_str().unwrap())];
    in_child("the_response_limit_counts_from_the_end_of_the_tls_handshake", &environment);
    server.join().unwrap();
}

// What is refused before anything is sent.

#[tokio::test]
async fn what_the_switches_do_not_allow_is_refused_without_a_connection() {
    let sink = Sink::always(204);
    let cases = [
        (sink.url("/events?token=s3cret"), Egress { danger_allow_http: false, ..EVERYWHERE }),
        (sink.url("/events?token=s3cret"), Egress { danger_allow_private_addresses: false, ..EVERYWHERE }),
    ];
    for (url, egress) in cases {
        let sender = Sender::new(&RetryPolicy::default(), egress).unwrap();
        let attempt = send_with(&sender, &url).await;
        let error = error(&attempt);
        assert!(error.starts_with("destination refused: "), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    assert_eq!(sink.connections(), 0);
}

// The parts that several tests use.

/// Reads a request whose payload is `{}`.
fn read_a_request(stream: &mut impl Read) {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n{}") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        read.extend_from_slice(&byte);
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
