//! An endpoint for thousands of hosts: it counts how many connections are open at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Runs as long as its runtime does. Every address of this machine leads to it.
pub struct Crowd {
    pub address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    open: AtomicUsize,
    most_open: AtomicUsize,
    accepted: AtomicUsize,
    requests: AtomicUsize,
}

impl Crowd {
    /// Answers each request with 204 after this time.
    pub async fn start(takes: Duration) -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let crowd = Self { address: listener.local_addr().unwrap(), counts: Arc::default() };
        let counts = Arc::clone(&crowd.counts);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counts.accepted.fetch_add(1, Ordering::SeqCst);
                let open = counts.open.fetch_add(1, Ordering::SeqCst) + 1;
                counts.most_open.fetch_max(open, Ordering::SeqCst);
                let counts = Arc::clone(&counts);
                tokio::spawn(async move {
                    serve(stream, takes, &counts.requests).await;
                    counts.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        crowd
    }

    /// The most connections that were open at one time.
    pub fn most_open(&self) -> usize {
        self.counts.most_open.load(Ordering::SeqCst)
    }

    pub fn open(&self) -> usize {
        self.counts.open.load(Ordering::SeqCst)
    }

    pub fn accepted(&self) -> usize {
        self.counts.accepted.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }
}

/// Until the peer closes.
async fn serve(mut stream: TcpStream, takes: Duration, requests: &AtomicUsize) {
    let mut unread = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        while !is_whole(&unread) {
            match stream.read(&mut buffer).await {
                Ok(count) if count > 0 => unread.extend_from_slice(&buffer[..count]),
                _ => return,
            }
        }
        unread.clear();
        requests.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(takes).await;
        if stream.write_all(b"HTTP/1.1 204 \r\n\r\n").await.is_err() {
            return;
        }
    }
}

/// Whether a request is there to the end of its body; its client sends no second one before the answer.
fn is_whole(request: &[u8]) -> bool {
    let Some(head) = request.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&request[..head]);
    let length = text.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse::<usize>().ok());
    request.len() >= head + 4 + length.unwrap_or(0)
}
