//! Durable publish-to-delivered throughput, as a ratio to a bare asynchronous reqwest client in the same run.
//!
//! Both send the same bodies to the same loopback endpoint, which answers 204: 100 hooks, 1,000 resources, 64 attempts
//! in flight. The bare client only sends. tieback also keeps every event, delivery and attempt on disk, in order per
//! resource. Rounds are interleaved, and medians compared, since these machines are noisy.
//!
//! `make bench`, or `cargo bench --bench throughput -- --events 20000 --rounds 5`.
// A benchmark prints its figures.
#![allow(clippy::print_stdout)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tieback::embedded::Embedded;
use tieback::engine::{Engine, EngineOptions};
use tieback::policy::egress::Egress;
use tieback::service::Service;
use tieback::time::Timestamp;
use tieback::types::{
    DestinationHeaders, DestinationUrl, Event, HookCreate, Id, Namespace, PayloadVersion, Scope, SigningSecrets,
    TriggerCreate,
};
use tieback::wire::payload;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const HOOKS: usize = 100;
const RESOURCES: usize = 1000;
const IN_FLIGHT: usize = 64;
const BATCH: usize = 100;
const COMPANY: i64 = 5_358_233;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let events = argument("--events").unwrap_or(20_000);
    let rounds = argument("--rounds").unwrap_or(5);
    let sink = Runtime::new()?;
    let url = sink.block_on(listen())?;
    println!("{events} events, {HOOKS} hooks, {RESOURCES} resources, {IN_FLIGHT} in flight, {rounds} rounds");

    let (mut bare, mut durable) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        bare.push(per_second(events, bare_client(&url, events)?));
        durable.push(per_second(events, engine(&url, events)?));
        println!("round {round}: bare reqwest {:>7.0}/s   tieback {:>7.0}/s", bare[round - 1], durable[round - 1]);
    }
    let (bare, durable) = (median(&mut bare), median(&mut durable));
    println!("median:  bare reqwest {bare:>7.0}/s   tieback {durable:>7.0}/s   ratio {:.2}", durable / bare);
    Ok(())
}

/// Sends the bodies and does nothing else.
fn bare_client(url: &str, events: usize) -> Result<Duration, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let bodies = (0..events).map(|n| Ok(Bytes::from(payload::render(&complete(n)?, PayloadVersion::V2)?)));
    let bodies: Vec<Bytes> = bodies.collect::<Result<_, Failure>>()?;
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(IN_FLIGHT).build()?;
    let begin = Instant::now();
    runtime.block_on(async {
        let mut sends = JoinSet::new();
        for body in bodies {
            if sends.len() == IN_FLIGHT {
                sends.join_next().await;
            }
            let request = client
                .post(url)
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer bench-token-12345")
                .body(body);
            sends.spawn(async move {
                let answer = request.send().await?.error_for_status()?;
                answer.bytes().await.map(drop)
            });
        }
        while let Some(sent) = sends.join_next().await {
            sent??;
        }
        Ok::<_, Failure>(())
    })?;
    Ok(begin.elapsed())
}

/// Publishes in batches while a started engine delivers; ends when everything is delivered and kept.
fn engine(url: &str, events: usize) -> Result<Duration, Failure> {
    let folder = tempfile::tempdir()?;
    let mut options = EngineOptions::at(folder.path().join("bench.db"));
    options.egress = Egress { danger_allow_http: true, danger_allow_private_addresses: true, ..Egress::default() };
    options.limits.in_flight = IN_FLIGHT;
    let engine = Arc::new(Engine::open(options)?);
    let service = Embedded::new(Arc::clone(&engine));
    for hook in 0..HOOKS {
        let scope = scope(hook)?;
        let create = HookCreate {
            namespace: Namespace::parse("bench")?,
            payload_version: PayloadVersion::V2,
            destination_url: DestinationUrl::parse(url)?,
            destination_headers: DestinationHeaders::parse([("Authorization", "Bearer bench-token-12345")])?,
            signing_secrets: SigningSecrets::default(),
            rate_limit: None,
        };
        let hook = service.hook_create(&scope, &create)?;
        service.trigger_create(&scope, &hook.id, &TriggerCreate::new("RFIs", "update")?)?;
    }
    let events: Vec<Event> = (0..events).map(event).collect::<Result<_, _>>()?;
    engine.start()?;
    let begin = Instant::now();
    for batch in events.chunks(BATCH) {
        for published in engine.publish_many(batch)? {
            assert_eq!(published?.deliveries, 1);
        }
    }
    let report = engine.run_until_idle(Duration::from_secs(600), true)?;
    let elapsed = begin.elapsed();
    assert!(report.idle && engine.stats()?.queued == 0, "not everything was delivered: {report:?}");
    engine.stop(Duration::from_secs(5))?;
    Ok(elapsed)
}

fn scope(hook: usize) -> tieback::error::Result<Scope> {
    Scope::project(hook as i64 + 1, Some(COMPANY))
}

fn event(n: usize) -> tieback::error::Result<Event> {
    let resource = (n / HOOKS) % (RESOURCES / HOOKS) + 1;
    Ok(Event::new(&scope(n % HOOKS)?, "RFIs", Id::from(resource as i64), "update"))
}

/// The event with what the engine would make up, so that both sides send bodies of one size.
fn complete(n: usize) -> Result<Event, Failure> {
    let mut event = event(n)?;
    event.id = Some(Id::from(1_764_000_000_000_000 + n as i64));
    event.ulid = Some("01JMYXMZRBVKK0PC6XS8SA4QRE".to_owned());
    event.timestamp = Some(Timestamp::parse("2025-02-25T16:04:43.619085Z")?);
    Ok(event)
}

/// An endpoint that answers every POST with 204 and keeps its connections.
async fn listen() -> Result<String, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/events", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move { serve(stream).await });
        }
    });
    Ok(url)
}

async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut kept = Vec::with_capacity(4096);
    loop {
        if stream.read_buf(&mut kept).await? == 0 {
            return Ok(());
        }
        while let Some(length) = request_length(&kept) {
            if kept.len() < length {
                break;
            }
            kept.drain(..length);
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
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

fn argument(name: &str) -> Option<usize> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)?.parse().ok()
}

fn per_second(count: usize, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
