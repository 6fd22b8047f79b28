//! HTTP/2, where the server chooses it: the same attempt, on a connection that many share.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tieback::net::client::Outbound;
use tieback::net::send::Sender;
use tieback::net::tls::TlsOptions;
use tieback::policy::egress::Egress;
use tieback::policy::retry::RetryPolicy;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::support::authority::Authority;
use super::{PATIENCE, SHORT, error, send};

/// What a server does with its connections, given which one it is.
#[derive(Clone, Copy)]
enum Conduct {
    /// Answers each request with 204, after this long.
    Answer(Duration),
    /// Refuses each request by resetting its stream.
    Reset,
    /// Answers one request, and then reads nothing from its first connection any more; others it serves.
    FreezeFirst,
    /// Finishes the handshake only after this long, then answers.
    SlowHandshake(Duration),
}

struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    pem: String,
}

impl Server {
    async fn start(conduct: Conduct) -> Self {
        let authority = Authority::new();
        let mut config = Arc::unwrap_or_clone(authority.server("127.0.0.1", 2040));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            requests: Arc::default(),
            pem: authority.pem(),
        };
        let (connections, requests) = (Arc::clone(&server.connections), Arc::clone(&server.requests));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let nth = connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(acceptor.clone(), socket, nth, conduct, Arc::clone(&requests)));
            }
        });
        server
    }

    fn url(&self) -> String {
        format!("https://{}/events?tenant=7", self.address)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn sender(&self, connect_timeout: Duration, response_timeout: Duration) -> Sender {
        let policy = RetryPolicy { connect_timeout, response_timeout, ..RetryPolicy::default() };
        let egress = Egress { danger_allow_private_addresses: true, ..Egress::default() };
        let tls = TlsOptions::default().trusting(self.pem.as_bytes()).unwrap();
        Sender::new(&policy, Outbound { tls, ..egress.into() }).unwrap()
    }
}

async fn serve(acceptor: TlsAcceptor, socket: TcpStream, nth: usize, conduct: Conduct, requests: Arc<AtomicUsize>) {
    if let Conduct::SlowHandshake(taking) = conduct {
        tokio::time::sleep(taking).await;
    }
    let stream: TlsStream<TcpStream> = acceptor.accept(socket).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]), "both speak HTTP/2, so that is spoken");
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        requests.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            check(request).await;
            match conduct {
                Conduct::Answer(after) => tokio::time::sleep(after).await,
                Conduct::Reset => return respond.send_reset(h2::Reason::REFUSED_STREAM),
                Conduct::FreezeFirst | Conduct::SlowHandshake(_) => {}
            }
            // The peer may have gone: that is what some of these tests are about.
            let _ = respond.send_response(http::Response::builder().status(204).body(()).unwrap(), true);
        });
        if matches!(conduct, Conduct::FreezeFirst) && nth == 0 {
            // The answer goes out; then the connection is neither read nor closed.
            let _ = tokio::time::timeout(SHORT / 3, connection.accept()).await;
            std::future::pending::<()>().await;
        }
    }
}

/// The request is the one that HTTP/1.1 would have been.
async fn check(request: http::Request<h2::RecvStream>) {
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri().path_and_query().unwrap(), "/events?tenant=7");
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("content-type").as_deref(), Some("application/json"));
    assert_eq!(header("content-length").as_deref(), Some("2"));
    assert_eq!(header("authorization").as_deref(), Some("Bearer s3cret"));
    let mut body = request.into_body();
    let mut read = Vec::new();
    while let Some(Ok(bytes)) = body.data().await {
        read.extend_from_slice(&bytes);
    }
    assert_eq!(Bytes::from(read), "{}");
}

#[tokio::test]
async fn many_attempts_at_once_share_one_connection() {
    let server = Server::start(Conduct::Answer(Duration::ZERO)).await;
    let sender = server.sender(PATIENCE, PATIENCE);
    let first = send(&sender, &server.url()).await;
    assert!(first.success(), "{first:?}");
    let many: Vec<_> = (0..50)
        .map(|_| {
            let (sender, url) = (sender.clone(), server.url());
            tokio::spawn(async move { send(&sender, &url).await })
        })
        .collect();
    for attempt in many {
        let attempt = attempt.await.unwrap();
        assert_eq!(attempt.response_status, Some(204), "{attempt:?}");
    }
    assert_eq!((server.connections(), server.requests.load(Ordering::SeqCst)), (1, 51));
}

#[tokio::test]
async fn hanging_before_the_headers_ends_at_the_response_limit() {
    let server = Server::start(Conduct::Answer(2 * PATIENCE)).await;
    let begun = Instant::now();
    let attempt = send(&server.sender(PATIENCE, SHORT), &server.url()).await;
    assert_eq!(error(&attempt), "no response within 300 ms");
    assert!(begun.elapsed() >= SHORT && begun.elapsed() < PATIENCE);
}

#[tokio::test]
async fn the_response_limit_counts_from_the_end_of_the_handshake() {
    let server = Server::start(Conduct::SlowHandshake(4 * SHORT)).await;
    let attempt = send(&server.sender(PATIENCE, 3 * SHORT), &server.url()).await;
    assert!(attempt.success(), "{attempt:?}");
}

#[tokio::test]
async fn an_answer_slower_than_the_connect_limit_is_waited_for() {
    let server = Server::start(Conduct::Answer(2 * SHORT)).await;
    let sender = server.sender(SHORT, PATIENCE);
    for _ in 0..2 {
        assert!(send(&sender, &server.url()).await.success());
    }
}

#[tokio::test]
async fn a_stream_that_is_reset_is_a_failed_attempt_and_nothing_is_sent_twice() {
    let server = Server::start(Conduct::Reset).await;
    let attempt = send(&server.sender(PATIENCE, PATIENCE), &server.url()).await;
    assert_eq!(error(&attempt), "the HTTP/2 request was broken off");
    assert_eq!(server.requests.load(Ordering::SeqCst), 1);
}

/// The probes of a lane come faster than an idle connection is let go, and other hooks share it.
#[tokio::test]
async fn a_dead_connection_is_noticed_and_replaced_while_it_is_in_use() {
    let server = Server::start(Conduct::FreezeFirst).await;
    let sender = server.sender(PATIENCE, SHORT);
    assert!(send(&sender, &server.url()).await.success());
    let begun = Instant::now();
    while !send(&sender, &server.url()).await.success() {
        assert!(begun.elapsed() < PATIENCE, "attempts still go to the dead connection");
    }
    assert_eq!(server.connections(), 2);
}
