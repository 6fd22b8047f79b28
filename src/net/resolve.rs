//! From host names to addresses.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The machine's own resolver.
#[derive(Debug)]
pub(super) struct SystemResolver;

/// The host name has no address, or nobody could be asked.
#[derive(Debug, thiserror::Error)]
#[error("the host name does not resolve")]
pub(super) struct NotResolved(#[source] Option<std::io::Error>);

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // Port 0 is replaced by the URL's.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let addresses: Vec<SocketAddr> = found.map_err(|cause| NotResolved(Some(cause)))?.collect();
            if addresses.is_empty() {
                return Err(NotResolved(None).into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
