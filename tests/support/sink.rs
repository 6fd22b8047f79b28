//! A scripted endpoint on a real loopback socket: it records every request, and answers each as its script says, also
//! in the ways in which servers break.
//!
//! One thread accepts, one serves each connection. Dropping the sink closes every socket, which ends whatever hangs,
//! and joins every thread.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Path and query, as on the request line.
    pub path: String,
    /// Names and values as sent, in order.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Which connection it came on: 0 for the first that was accepted.
    pub connection: usize,
    /// When it was there in full.
    pub received_at: Instant,
}

impl Request {
    /// The value of a header, if it was sent; more than one is a failed test.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "header `{name}` was sent twice");
        value
    }
}

/// What the endpoint does with a request.
#[derive(Clone, Debug)]
#[allow(clippy::enum_variant_names)] // `CloseWithoutAnswer` says it best.
pub enum Answer {
    /// This status, no body; the connection stays open.
    Status(u16),
    /// A whole answer; the connection stays open.
    StatusWith { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// Says nothing until the peer gives up.
    HangBeforeHeaders,
    /// 200 and the headers of a body that never comes, until the peer gives up.
    HangAfterHeaders,
    /// 200 and a chunked body that goes on until the peer gives up.
    EndlessBody,
    /// Closes in the middle of a header.
    CutMidHeaders,
    /// 200, and closes with half of the body sent.
    CutMidBody,
    /// Closes without a byte.
    CloseWithoutAnswer,
    /// Greets like an SSH server and closes.
    NotHttp,
}

type Script = dyn Fn(&Request, usize) -> Answer + Send + Sync;

/// The endpoint.
pub struct Sink {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    script: Box<Script>,
    tls: Option<Arc<rustls::ServerConfig>>,
    stopping: AtomicBool,
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Default)]
struct Seen {
    requests: Vec<Request>,
    connections: usize,
    /// The sockets that are open, by connection number.
    open: Vec<(usize, TcpStream)>,
}

impl Sink {
    /// An endpoint whose script is given each request and how many came before it.
    pub fn start(script: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::listen(None, Box::new(script))
    }

    /// The same over TLS.
    pub fn start_tls(
        config: Arc<rustls::ServerConfig>,
        script: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Some(config), Box::new(script))
    }

    /// An endpoint that always answers with this status.
    pub fn always(status: u16) -> Self {
        Self::start(move |_, _| Answer::Status(status))
    }

    fn listen(tls: Option<Arc<rustls::ServerConfig>>, script: Box<Script>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        let address = listener.local_addr().expect("a bound address");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared {
            script,
            tls,
            stopping: AtomicBool::new(false),
            seen: Mutex::default(),
            changed: Condvar::new(),
        });
        let acceptor = std::thread::spawn({
            let shared = shared.clone();
            move || accept(&listener, &shared)
        });
        Self { address, scheme, shared, acceptor: Some(acceptor) }
    }

    /// The URL of a path (and query) here.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All requests so far, in the order in which they were complete.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.seen().requests.clone()
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.seen().connections
    }

    /// All requests, once there are at least `count`; fails the test when they are not there in time.
    pub fn wait_for(&self, count: usize, deadline: Duration) -> Vec<Request> {
        let seen = self.shared.seen();
        let (seen, _) = self
            .shared
            .changed
            .wait_timeout_while(seen, deadline, |seen| seen.requests.len() < count)
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let there = seen.requests.len();
        assert!(there >= count, "{there} of {count} requests came within {deadline:?}");
        seen.requests.clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        for (_, socket) in &self.shared.seen().open {
            let _ = socket.shutdown(Shutdown::Both);
        }
        // Wakes the acceptor.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let ended = acceptor.join();
            if !std::thread::panicking() {
                ended.expect("the sink's threads end without a panic");
            }
        }
    }
}

/// A URL at a port where nobody listens, and nobody will: an open connection holds the port as its near end.
pub fn refused_url() -> String {
    static HELD: OnceLock<(TcpListener, TcpStream)> = OnceLock::new();
    let (_, near_end) = HELD.get_or_init(|| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        let near_end = TcpStream::connect(listener.local_addr().expect("a bound address")).expect("a connection");
        (listener, near_end)
    });
    format!("http://{}/events", near_end.local_addr().expect("a connected address"))
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut serving: Vec<JoinHandle<()>> = Vec::new();
    while !shared.stopping() {
        let Ok((socket, _)) = listener.accept() else { continue };
        let number = {
            let mut seen = shared.seen();
            // Under the lock: either `drop` finds this socket in the list, or we find that it is stopping.
            if shared.stopping() {
                break;
            }
            let number = seen.connections;
            seen.connections += 1;
            seen.open.push((number, socket.try_clone().expect("a second handle of the socket")));
            number
        };
        let (ended, running) = serving.into_iter().partition(JoinHandle::is_finished);
        serving = running;
        join(ended);
        serving.push(std::thread::spawn({
            let shared = shared.clone();
            move || {
                // The peer may break off at any point; that is no concern of the sink.
                let _ = serve(&socket, number, &shared);
                finish(socket);
                shared.seen().open.retain(|(other, _)| *other != number);
            }
        }));
    }
    join(serving);
}

fn join(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        thread.join().expect("a connection's thread ends without a panic");
    }
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// Ends a connection in good order: closing one with something unread would reset it, and might destroy what was sent
/// last, such as the reason of a TLS server that refuses its client. Dropping the sink ends the wait.
fn finish(mut socket: TcpStream) {
    let _ = socket.shutdown(Shutdown::Write);
    let _ = io::copy(&mut socket, &mut io::sink());
}

fn serve(socket: &TcpStream, number: usize, shared: &Shared) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let socket = socket.try_clone()?;
    let mut stream: Box<dyn Stream> = match &shared.tls {
        None => Box::new(socket),
        Some(config) => {
            let session = rustls::ServerConnection::new(config.clone()).map_err(io::Error::other)?;
            Box::new(rustls::StreamOwned::new(session, socket))
        }
    };
    let mut unread = Vec::new();
    loop {
        let Some(request) = read_request(&mut stream, &mut unread, number)? else {
            return stream.write_all(b"HTTP/1.1 400 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        };
        let nth = {
            let mut seen = shared.seen();
            seen.requests.push(request.clone());
            seen.requests.len() - 1
        };
        shared.changed.notify_all();
        let asked_to_close = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let goes_on = answer(&mut stream, (shared.script)(&request, nth))?;
        if !goes_on || asked_to_close {
            return Ok(());
        }
    }
}

/// The next request, or `None` for bytes that are none (such as a TLS greeting). The end of the stream is an error.
fn read_request(stream: &mut dyn Stream, unread: &mut Vec<u8>, connection: usize) -> io::Result<Option<Request>> {
    let head_end = loop {
        if unread.first().is_some_and(|first| !first.is_ascii_uppercase()) {
            return Ok(None);
        }
        match unread.windows(4).position(|window| window == b"\r\n\r\n") {
            Some(at) => break at,
            None => read_more(stream, unread)?,
        }
    };
    let head = String::from_utf8_lossy(&unread[..head_end]).into_owned();
    unread.drain(..head_end + 4);

    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(path), Some("HTTP/1.1"), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Ok(None);
    };
    let mut headers = Vec::new();
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { return Ok(None) };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        headers,
        body: Vec::new(),
        connection,
        received_at: Instant::now(),
    };
    let length = match (request.header("content-length").map(str::parse::<usize>), request.header("transfer-encoding"))
    {
        (Some(Ok(length)), None) => length,
        (None, None) => 0,
        _ => return Ok(None),
    };
    while unread.len() < length {
        read_more(stream, unread)?;
    }
    request.body = unread.drain(..length).collect();
    request.received_at = Instant::now();
    Ok(Some(request))
}

fn read_more(stream: &mut dyn Stream, unread: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    match stream.read(&mut buffer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            unread.extend_from_slice(&buffer[..count]);
            Ok(())
        }
    }
}

/// Answers, and says whether the connection goes on.
fn answer(stream: &mut dyn Stream, answer: Answer) -> io::Result<bool> {
    match answer {
        Answer::Status(status) => whole(stream, status, &[], &[])?,
        Answer::StatusWith { status, headers, body } => whole(stream, status, &headers, &body)?,
        Answer::HangBeforeHeaders => return until_gone(stream),
        Answer::HangAfterHeaders => {
            stream.write_all(b"HTTP/1.1 200 \r\nContent-Length: 10\r\n\r\n")?;
            stream.flush()?;
            return until_gone(stream);
        }
        Answer::EndlessBody => {
            stream.write_all(b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n")?;
            let chunk = [b"1000\r\n".as_slice(), &[b'x'; 0x1000], b"\r\n"].concat();
            loop {
                stream.write_all(&chunk)?;
            }
        }
        Answer::CutMidHeaders => {
            stream.write_all(b"HTTP/1.1 200 \r\nContent-Ty")?;
            return Ok(false);
        }
        Answer::CutMidBody => {
            stream.write_all(b"HTTP/1.1 200 \r\nContent-Length: 10\r\n\r\nhello")?;
            return Ok(false);
        }
        Answer::CloseWithoutAnswer => return Ok(false),
        Answer::NotHttp => {
            stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n")?;
            return Ok(false);
        }
    }
    Ok(true)
}

fn whole(stream: &mut dyn Stream, status: u16, headers: &[(String, String)], body: &[u8]) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {status} \r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    // These have no body, and say so by themselves.
    if !matches!(status, 204 | 304) {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    head += "\r\n";
    // One write, so that nothing waits for an acknowledgement between the two.
    stream.write_all(&[head.as_bytes(), body].concat())?;
    stream.flush()
}

/// Waits until the peer closes, or the sink does.
fn until_gone(stream: &mut dyn Stream) -> io::Result<bool> {
    let mut buffer = [0; 1024];
    while stream.read(&mut buffer)? > 0 {}
    Ok(false)
}
