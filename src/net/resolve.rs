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
//! The rules of an engine are fixed when it opens, and so are those of its pool of connections. Rules are tightened by
//! opening the engine anew: its pool begins empty, and no connection of the old rules is used again. Whatever lets
//! rules change while an engine runs must make a new client.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
#[cfg(unix)]
use rustix::io::Errno;

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

/// Nobody could be asked, since this process may open no more files.
#[derive(Debug, thiserror::Error)]
#[error("there are no file descriptors left")]
pub(super) struct OutOfDescriptors(#[source] Option<io::Error>);

/// Whether the system refused for want of descriptors or of memory for a socket.
pub(super) fn is_out_of_descriptors(error: &io::Error) -> bool {
    #[cfg(unix)]
    let wants = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM].map(Errno::raw_os_error);
    // WSAEMFILE and WSAENOBUFS.
    #[cfg(not(unix))]
    let wants = [10_024, 10_055];
    error.raw_os_error().is_some_and(|code| wants.contains(&code))
}

/// Tries it out: a socket that is closed again.
fn are_descriptors_out() -> bool {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).is_err_and(|cause| is_out_of_descriptors(&cause))
}

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
            let addresses = match looking.await {
                Ok(addresses) if !addresses.is_empty() => addresses,
                // A resolver needs descriptors too, and says of their lack only that the name does not resolve.
                unfit if are_descriptors_out() => return Err(OutOfDescriptors(unfit.err()).into()),
                unfit => return Err(NotResolved(unfit.err()).into()),
            };
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
