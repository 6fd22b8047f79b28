//! From host names to addresses that deliveries may go to.
//!
//! ```text
//! name -> Lookup -> all its addresses -> every one allowed by Egress? -> the connection is made to these, no others
//!                                    \-> one is not: the whole name is refused
//! ```
//!
//! The HTTP client asks once per connection, and connects to nothing but what it is given here: a name cannot be public
//! when it is checked and private when it is used. A connection that is used again still leads to the address that was
//! vetted for it. (Addresses written in the URL never come here; [`Egress::check_url`] sees them.)
//!
//! The rules of an engine are fixed when it opens, and so are those of its pool of connections: nothing has to be
//! flushed. Whatever lets rules change while an engine runs must make a new client.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::proxy::ProxyOptions;
use crate::error::Error;
use crate::policy::egress::{self, Egress};

/// Where addresses of names come from. What it says is vetted like any other answer: no implementation opens a way
/// around the rule.
pub trait Lookup: Send + Sync {
    /// All addresses of a name.
    fn lookup(&self, name: &str) -> Looking;
}

/// A look-up under way.
pub type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// The machine's own resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> Looking {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The resolver of the HTTP client: looks up, then vets.
pub(super) struct GuardedResolver {
    lookup: Arc<dyn Lookup>,
    egress: Arc<Egress>,
    proxy: ProxyOptions,
}

impl GuardedResolver {
    pub fn new(lookup: Arc<dyn Lookup>, egress: Egress, proxy: ProxyOptions) -> Self {
        Self { lookup, egress: Arc::new(egress), proxy }
    }
}

/// The host name has no address, or nobody could be asked.
#[derive(Debug, thiserror::Error)]
#[error("the host name does not resolve")]
pub(super) struct NotResolved(#[source] Option<io::Error>);

/// The host name has an address that deliveries may not go to. Which one is not said.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(Error);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let looking = self.lookup.lookup(name.as_str());
        let egress = Arc::clone(&self.egress);
        let is_proxy = self.proxy.has_name(name.as_str());
        Box::pin(async move {
            let addresses = looking.await.map_err(|cause| NotResolved(Some(cause)))?;
            if addresses.is_empty() {
                return Err(NotResolved(None).into());
            }
            // A name that mixes public and other addresses is an attack or a mistake. Going on with the public ones
            // would leave it to the order of the answers, and to time, which of the two it is.
            if !is_proxy && !addresses.iter().all(|address| egress.allows(*address)) {
                return Err(Refused(egress::refused(name.as_str())).into());
            }
            // Port 0 is replaced by the URL's.
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

impl fmt::Debug for GuardedResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedResolver").field("egress", &self.egress).finish_non_exhaustive()
    }
}
