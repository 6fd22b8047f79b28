//! The baseline: a bare asynchronous reqwest client. It sends the same bodies to the same endpoint, and keeps nothing.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tieback::time::Timestamp;
use tieback::types::{Event, Id, PayloadVersion};
use tieback::wire::payload;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::host::{IN_FLIGHT, event};

/// A client with a runtime of two threads.
pub struct Bare {
    client: reqwest::Client,
    runtime: Runtime,
    url: String,
}

impl Bare {
    pub fn new(url: &str) -> Outcome<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(IN_FLIGHT).build()?;
        Ok(Self { client, runtime, url: url.to_owned() })
    }

    /// Sends the bodies of this many events, as many at once as tieback may.
    pub fn send_all(&self, events: usize, hooks: usize) -> Outcome<Duration> {
        let bodies: Vec<Bytes> = (0..events).map(|n| body(event(n, hooks)?)).collect::<Outcome<_>>()?;
        let begin = Instant::now();
        self.runtime.block_on(async {
            let mut sends = JoinSet::new();
            for body in bodies {
                if sends.len() == IN_FLIGHT {
                    sends.join_next().await;
                }
                sends.spawn(send(self.request(body)));
            }
            while let Some(sent) = sends.join_next().await {
                sent??;
            }
            Outcome::Ok(())
        })?;
        Ok(begin.elapsed())
    }

    /// Sends one body, without waiting for its answer.
    pub fn begin_send(&self, body: Bytes) {
        self.runtime.spawn(send(self.request(body)));
    }

    fn request(&self, body: Bytes) -> reqwest::RequestBuilder {
        self.client
            .post(&self.url)
            .header("Content-Type", "application/json")
            .header("Authorization", "Bearer bench-token-12345")
            .body(body)
    }
}

async fn send(request: reqwest::RequestBuilder) -> reqwest::Result<()> {
    let answer = request.send().await?.error_for_status()?;
    answer.bytes().await.map(drop)
}

/// The payload of an event, with what the engine would make up, so that both sides send bodies of one size.
pub fn body(event: Event) -> Outcome<Bytes> {
    let complete = Event {
        id: Some(Id::from(1_764_000_000_000_000)),
        ulid: Some("01JMYXMZRBVKK0PC6XS8SA4QRE".to_owned()),
        timestamp: Some(Timestamp::parse("2025-02-25T16:04:43.619085Z")?),
        ..event
    };
    Ok(Bytes::from(payload::render(&complete, PayloadVersion::V2)?))
}
