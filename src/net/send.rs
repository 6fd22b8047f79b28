//! One attempt to deliver: a POST of the payload as it was queued, and what came back.
//!
//! ```text
//! |--- connect (TCP, TLS): connect_timeout ---|--- request, answer's headers, answer's body: response_timeout ---|
//! ```
//!
//! Connecting also means: getting a connection from the pool, and on one of HTTP/2 a free stream.
//!
//! The status decides, and it is known with the headers: whatever then happens to the body only marks the copy that is
//! kept as truncated. Of what comes back, the values of the hook's own headers are masked before anybody sees it.

use std::convert::Infallible;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request, Response};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use url::Host;

use super::client::{self, Clients, Outbound};
use super::failure;
use super::pool::Places;
use super::proxy::ProxyOptions;
use crate::error::Result;
use crate::policy::egress::{self, Egress};
use crate::policy::redact::Redaction;
use crate::policy::retry::RetryPolicy;
use crate::policy::signing;
use crate::store::Destination;
use crate::time::Clock;
use crate::types::{Attempt, DestinationHeaders};

/// The most headers of an answer that are kept.
const MAX_HEADERS: usize = 100;
/// How long to wait for a file descriptor before trying again.
const SHORTAGE_RETRY: Duration = Duration::from_millis(200);
/// The most bytes that the kept headers have together.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Makes attempts. Clones share one pool of connections.
///
/// It belongs to the tokio runtime on which it first sends: its connections live there.
#[derive(Clone)]
pub struct Sender {
    clients: Clients,
    places: Arc<Places>,
    told: Option<Arc<dyn Fn() + Send + Sync>>,
    egress: Egress,
    proxy: ProxyOptions,
    connect_timeout: Duration,
    response_timeout: Duration,
}

impl Sender {
    /// A sender with the policy's time limits. It reads the machine's root certificates and opens no connection.
    ///
    /// # Errors
    /// `tls` when no TLS client can be made at all.
    pub fn new(policy: &RetryPolicy, outbound: impl Into<Outbound>) -> Result<Self> {
        let outbound = outbound.into();
        let most = usize::try_from(outbound.max_idle_connections).unwrap_or(usize::MAX);
        Ok(Self {
            clients: client::build(policy, &outbound)?,
            places: Places::new(most),
            told: None,
            egress: outbound.egress,
            proxy: outbound.proxy,
            connect_timeout: policy.connect_timeout,
            response_timeout: policy.response_timeout,
        })
    }

    /// Has it call this when the process is out of file descriptors: once, until it has had enough for a while.
    #[must_use]
    pub fn telling(self, told: impl Fn() + Send + Sync + 'static) -> Self {
        Self { told: Some(Arc::new(told)), ..self }
    }

    /// Makes one attempt at the delivery of the event with this ULID. It never fails: what went wrong is in the
    /// [`Attempt`]. Where the destination has signing secrets, the attempt is signed with its own time.
    ///
    /// While this process may open no more files nothing is sent, and the endpoint has not failed: the attempt begins
    /// when there is a file descriptor for it.
    pub async fn send(&self, destination: &Destination, ulid: &str, payload: Bytes, clock: &dyn Clock) -> Attempt {
        let (started_at, answer) = loop {
            let started_at = clock.now().wall;
            let signature = signing::headers(&destination.signing_secrets, ulid, started_at, &payload);
            match self.exchange(destination, signature, payload.clone()).await {
                Ok(answer) => break (started_at, Ok(answer)),
                Err(Failure::Told(words)) => break (started_at, Err(words)),
                Err(Failure::OutOfDescriptors) => {
                    if self.places.run_short(std::time::Instant::now())
                        && let Some(told) = &self.told
                    {
                        told();
                    }
                    tokio::time::sleep(SHORTAGE_RETRY).await;
                }
            }
        };
        let completed_at = clock.now().wall;
        // Whatever keeps or shows an attempt, it is without secrets from here on.
        let redaction = Redaction::of(&destination.headers);
        match answer {
            Ok(answer) => Attempt {
                started_at,
                completed_at,
                response_status: Some(answer.status),
                response_headers: answer
                    .headers
                    .into_iter()
                    .map(|(name, value)| (name, redaction.text(value)))
                    .collect(),
                response_body: redaction.bytes(answer.body, answer.truncated),
                response_body_truncated: answer.truncated,
                response_error: None,
            },
            Err(error) => {
                Attempt { started_at, completed_at, response_error: Some(redaction.text(error)), ..Attempt::default() }
            }
        }
    }

    async fn exchange(
        &self,
        destination: &Destination,
        signature: Vec<(&'static str, String)>,
        payload: Bytes,
    ) -> Result<Answer, Failure> {
        // The store may have been filled under other switches than today's.
        self.egress.check_url(&destination.url).map_err(|error| failure::refused(&error))?;

        if let Some(Host::Domain(name)) = destination.url.url().host()
            && self.proxy.has_name(name)
            && !self.egress.danger_allow_private_addresses
        {
            return Err(failure::refused(&egress::refused(name)).into());
        }

        let (asked, connected) = oneshot::channel();
        let request = request(destination, signature, Payload { bytes: payload, asked: Some(asked) })?;
        // Given back at the end: until then the connection is this request's.
        let place = self.places.take(request.url(), std::time::Instant::now());
        let client = if place.is_some() { &self.clients.keeping } else { &self.clients.closing };
        let mut answering = pin!(client.execute(request));

        // The client's own connect timeout ends the connecting; this one also ends any other wait for a connection.
        let connecting = tokio::time::sleep(self.connect_timeout);
        let (early, deadline) = tokio::select! {
            biased;
            // A payload that is dropped unasked counts too: the attempt has failed, or needs no body.
            since = connected => (None, since.unwrap_or_else(|_| Instant::now()) + self.response_timeout),
            response = &mut answering => (Some(response), Instant::now() + self.response_timeout),
            () = connecting => return Err(failure::no_connection(self.connect_timeout).into()),
        };
        let response = match early {
            Some(response) => response,
            None => match timeout_at(deadline, answering).await {
                Ok(response) => response,
                Err(_) => return Err(failure::no_response(self.response_timeout).into()),
            },
        };
        let response = response.map_err(|error| self.failure(&error))?;
        Ok(Answer::read(response, deadline).await)
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        // While descriptors are short, a name that is not found says nothing about the name.
        let is_short = || self.places.is_short(std::time::Instant::now()) || failure::are_descriptors_scarce();
        let is_doubtful = || failure::is_unresolved(error) && is_short();
        if failure::is_shortage(error) || is_doubtful() {
            return Failure::OutOfDescriptors;
        }
        failure::reason(error, self.connect_timeout).into()
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("egress", &self.egress).field("proxy", &self.proxy).finish_non_exhaustive()
    }
}

/// Why there is no answer.
enum Failure {
    /// For a reason of the endpoint, or of the way to it, in the words that are kept.
    Told(String),
    /// For want of what this process may open; nothing was sent.
    OutOfDescriptors,
}

impl From<String> for Failure {
    fn from(words: String) -> Self {
        Self::Told(words)
    }
}

fn request(
    destination: &Destination,
    signature: Vec<(&'static str, String)>,
    payload: Payload,
) -> Result<Request, String> {
    let mut request = Request::new(Method::POST, destination.url.url().clone());
    let mut headers = headers(&destination.headers)?;
    for (name, value) in signature {
        let value = HeaderValue::from_str(&value).map_err(|_| format!("the header `{name}` cannot be sent"))?;
        headers.insert(name, value);
    }
    *request.headers_mut() = headers;
    *request.body_mut() = Some(reqwest::Body::wrap(payload));
    Ok(request)
}

fn headers(stored: &DestinationHeaders) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in stored.iter() {
        let unfit = || format!("the stored header `{name}` cannot be sent");
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| unfit())?;
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    Ok(headers)
}

/// The body of a request, which tells when it is first asked for. The HTTP client does that only when it has a
/// connection to write to; no timer of its own starts at this moment.
struct Payload {
    bytes: Bytes,
    asked: Option<oneshot::Sender<Instant>>,
}

impl http_body::Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(asked) = self.asked.take() {
            // Nobody listens any more when the attempt is over already.
            let _ = asked.send(Instant::now());
        }
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    /// Not before it was asked for, or an empty payload would go out without a `Content-Length`.
    fn is_end_stream(&self) -> bool {
        self.asked.is_none() && self.bytes.is_empty()
    }

    /// Exact, so that the request has a `Content-Length` and is not chunked.
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

/// What is kept of an endpoint's answer.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    truncated: bool,
}

impl Answer {
    /// Reads the body to its end, so that the connection can be used again; or to the bound or the deadline, and then
    /// drops the connection with the response.
    async fn read(mut response: Response, deadline: Instant) -> Self {
        let status = response.status().as_u16();
        let headers = kept(response.headers());
        let mut body = Vec::new();
        let truncated = loop {
            match timeout_at(deadline, response.chunk()).await {
                Ok(Ok(Some(chunk))) => {
                    let room = Attempt::MAX_BODY_BYTES - body.len();
                    if chunk.len() > room {
                        body.extend_from_slice(&chunk[..room]);
                        break true;
                    }
                    body.extend_from_slice(&chunk);
                }
                Ok(Ok(None)) => break false,
                Ok(Err(_)) | Err(_) => break true,
            }
        };
        Self { status, headers, body, truncated }
    }
}

/// The first headers that fit the bounds, in their order; bytes outside UTF-8 are replaced.
fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut bytes = 0;
    headers
        .iter()
        .take(MAX_HEADERS)
        .take_while(|(name, value)| {
            bytes += name.as_str().len() + value.len();
            bytes <= MAX_HEADER_BYTES
        })
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}
