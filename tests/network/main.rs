//! Where attempts may connect to, and by which way: names and what they resolve to, certificates, proxies. Over real
//! loopback sockets.

#[path = "../optional/mod.rs"]
mod optional;
#[path = "../support/mod.rs"]
mod support;

mod bad_certificates;
mod caps;
mod certificates;
mod crowd;
mod forward;
#[cfg(target_os = "linux")]
mod hostile_names;
mod http2;
#[cfg(target_os = "linux")]
mod name_server;
mod names;
#[cfg(target_os = "linux")]
mod own_network;
mod proxies;
mod real_proxy;
mod scripted;

use std::time::Duration;

use bytes::Bytes;
use tieback::net::send::Sender;
use tieback::store::Destination;
use tieback::time::SystemClock;
use tieback::types::{Attempt, DestinationHeaders, DestinationUrl};

/// The time limit under test where something hangs.
const SHORT: Duration = Duration::from_millis(300);
/// Far above what a loopback answer takes on a busy machine; far below "for ever".
const PATIENCE: Duration = Duration::from_secs(10);

async fn send(sender: &Sender, url: &str) -> Attempt {
    let headers = DestinationHeaders::parse([("Authorization", "Bearer s3cret")]).unwrap();
    let destination = Destination {
        url: DestinationUrl::parse(url).unwrap(),
        headers,
        signing_secrets: Default::default(),
        rate_limit: None,
    };
    sender.send(&destination, "01JMYXMZRBVKK0PC6XS8SA4QRE", Bytes::from_static(b"{}"), &SystemClock::new()).await
}

fn error(attempt: &Attempt) -> &str {
    assert_eq!(attempt.response_status, None, "{attempt:?}");
    assert!(!attempt.success());
    attempt.response_error.as_deref().expect("an attempt without an answer says why")
}
