//! An endpoint on loopback that answers every POST with 204 and keeps its connections. Under `/hang` it never answers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::Outcome;

/// The endpoint, on two threads of its own.
pub struct Endpoint {
    address: String,
    log: Arc<Log>,
    _runtime: Runtime,
}

/// What has come.
#[derive(Default)]
struct Log {
    answered: AtomicU64,
    /// With [`Endpoint::note_arrivals`]: which resource's event came when.
    arrivals: Mutex<Option<Vec<(usize, Instant)>>>,
}

impl Endpoint {
    pub fn start() -> Outcome<Self> {
        let runtime = Runtime::new()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let (address, log) = (listener.local_addr()?.to_string(), Arc::new(Log::default()));
        let noting = Arc::clone(&log);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let log = Arc::clone(&noting);
                tokio::spawn(async move { serve(stream, &log).await });
            }
        });
        Ok(Self { address, log, _runtime: runtime })
    }

    /// Where everything is answered at once.
    pub fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }

    /// Where nothing is answered.
    pub fn hanging_url(&self) -> String {
        format!("http://{}/hang", self.address)
    }

    /// How many requests were answered.
    pub fn answered(&self) -> u64 {
        self.log.answered.load(Ordering::Acquire)
    }

    /// Waits until so many were answered.
    pub fn wait_for(&self, answered: u64, limit: Duration) -> Outcome<()> {
        let deadline = Instant::now() + limit;
        while self.answered() < answered {
            if Instant::now() >= deadline {
                return Err(format!("{} of {answered} requests came in {limit:?}", self.answered()).into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// From now on notes which event comes when.
    pub fn note_arrivals(&self) {
        *self.arrivals() = Some(Vec::new());
    }

    /// What was noted.
    pub fn take_arrivals(&self) -> Vec<(usize, Instant)> {
        self.arrivals().take().unwrap_or_default()
    }

    fn arrivals(&self) -> std::sync::MutexGuard<'_, Option<Vec<(usize, Instant)>>> {
        self.log.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(mut stream: TcpStream, log: &Log) -> std::io::Result<()> {
    let mut kept = Vec::with_capacity(4096);
    loop {
        if stream.read_buf(&mut kept).await? == 0 {
            return Ok(());
        }
        while let Some(length) = request_length(&kept) {
            if kept.len() < length {
                break;
            }
            if kept.starts_with(b"POST /hang") {
                // Until the other side gives up.
                while stream.read_buf(&mut kept).await? > 0 {}
                return Ok(());
            }
            if let Some(arrivals) = &mut *log.arrivals.lock().unwrap_or_else(PoisonError::into_inner) {
                arrivals.extend(resource(&kept[..length]).map(|resource| (resource, Instant::now())));
            }
            kept.drain(..length);
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
            log.answered.fetch_add(1, Ordering::Release);
        }
    }
}

/// How long the first request of these bytes is, once its head is complete.
fn request_length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?.to_ascii_lowercase();
    let body: usize = text.split("content-length:").nth(1)?.split("\r\n").next()?.trim().parse().ok()?;
    Some(head + body)
}

/// The number of the resource that a v2.0 payload is about.
fn resource(request: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(request).ok()?;
    let rest = text.split("\"resource_id\":").nth(1)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
