//! The one configured HTTP client: whatever tieback calls, it calls through a client built here.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use reqwest::{Client, ClientBuilder};
use serde_json::Value;

use super::pool::IDLE_TIMEOUT;
use super::proxy::{ProxyChoice, ProxyOptions};
use super::resolve::{GuardedResolver, Lookup, SystemLookup};
use super::tls::TlsOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::policy::egress::Egress;
use crate::policy::network::Network;
use crate::policy::retry::RetryPolicy;
use crate::wire::own::Members;

/// The most headers of an answer that are understood. hyper's own limit of 100 would turn an answer with more into a
/// failure.
const MAX_RESPONSE_HEADERS: usize = 256;

/// How the outside is reached: everything about connections that is not a time limit.
#[derive(Clone)]
pub struct Outbound {
    /// Where requests may go.
    pub egress: Egress,
    /// Where addresses of names come from.
    pub lookup: Arc<dyn Lookup>,
    /// Whom TLS trusts, and who we are.
    pub tls: TlsOptions,
    /// By which proxy.
    pub proxy: ProxyOptions,
    /// The most connections that are kept open unused, over all hosts.
    pub max_idle_connections: u32,
}

impl Outbound {
    /// As many unused connections as a worker has attempts in flight.
    pub const MAX_IDLE_CONNECTIONS: u32 = 256;

    /// Reads tieback's own JSON, where every member may be left out: `danger_allow_http`,
    /// `danger_allow_private_addresses`, `allow_networks` (a list of texts), `extra_ca_pem`, `extra_ca_file`,
    /// `client_certificate_pem`, `client_key_pem`, `proxy_url`, `no_proxy`, `proxy_from_environment`,
    /// `danger_proxy_resolves`, `max_idle_connections`.
    ///
    /// # Errors
    /// `invalid_argument` for an unknown member, another type, or what cannot be used.
    pub fn from_json(input: &Value) -> Result<Self> {
        let mut members = Members::of(input)?;
        let outbound = Self::read(&mut members)?;
        members.end()?;
        Ok(outbound)
    }

    /// The same among other members.
    pub(crate) fn read(members: &mut Members<'_>) -> Result<Self> {
        let egress = Egress {
            danger_allow_http: members.flag("danger_allow_http")?.unwrap_or_default(),
            danger_allow_private_addresses: members.flag("danger_allow_private_addresses")?.unwrap_or_default(),
            allow_networks: members.each_parsed("allow_networks", Network::parse)?.unwrap_or_default(),
        };
        let tls = TlsOptions::chosen(
            members.text("extra_ca_pem")?,
            members.text("extra_ca_file")?.map(Path::new),
            members.text("client_certificate_pem")?,
            members.text("client_key_pem")?,
        )?;
        let proxy = ProxyOptions::chosen(ProxyChoice {
            url: members.text("proxy_url")?,
            no_proxy: members.text("no_proxy")?,
            from_environment: members.flag("proxy_from_environment")?.unwrap_or_default(),
            danger_proxy_resolves: members.flag("danger_proxy_resolves")?.unwrap_or_default(),
        })?;
        let max_idle_connections = members.whole32("max_idle_connections")?.unwrap_or(Self::MAX_IDLE_CONNECTIONS);
        Ok(Self { tls, proxy, max_idle_connections, ..egress.into() })
    }
}

impl From<Egress> for Outbound {
    fn from(egress: Egress) -> Self {
        Self {
            egress,
            lookup: Arc::new(SystemLookup),
            tls: TlsOptions::default(),
            proxy: ProxyOptions::default(),
            max_idle_connections: Self::MAX_IDLE_CONNECTIONS,
        }
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("egress", &self.egress)
            .field("tls", &self.tls)
            .field("proxy", &self.proxy)
            .field("max_idle_connections", &self.max_idle_connections)
            .finish_non_exhaustive()
    }
}

/// The same client twice, for [`super::pool`] to choose from.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    /// Keeps connections for the next request to the same host.
    pub keeping: Client,
    /// Closes each connection with its answer.
    pub closing: Client,
}

/// Builds the clients. On a machine without root certificates they trust nobody but the extra CAs: `http` needs no
/// roots, and whoever delivers to `https` is told at the attempt, where it can be mended.
///
/// # Errors
/// `tls` when not even that can be made.
pub(super) fn build(limits: &RetryPolicy, outbound: &Outbound) -> Result<Clients> {
    let unfit = |cause: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(ErrorKind::Tls, "no HTTPS client can be made of these certificates on this machine").caused_by(cause)
    };
    let tls = outbound.tls.config(true).or_else(|_| outbound.tls.config(false)).map_err(|cause| unfit(cause.into()))?;
    let with = |kept: usize| {
        let builder = builder(limits, outbound).pool_max_idle_per_host(kept).tls_backend_preconfigured(tls.clone());
        outbound.proxy.apply(builder)?.build()
    };
    let kept = usize::try_from(outbound.max_idle_connections).unwrap_or(usize::MAX);
    Ok(Clients {
        keeping: with(kept).map_err(|cause| unfit(cause.into()))?,
        closing: with(0).map_err(|cause| unfit(cause.into()))?,
    })
}

/// The most bytes of headers of an HTTP/2 answer that are understood; what is kept of them is less.
const MAX_RESPONSE_HEADER_BYTES: u32 = 256 * 1024;

/// A client that does what it is told and nothing else: no redirect is followed, nothing is sent twice, no proxy is
/// taken unless one was named, bodies come as they were sent. Certificates are checked against the machine's roots.
/// (Cookies and decompression are features of reqwest that are not built in.)
///
/// The server chooses HTTP/2 or HTTP/1.1 in the TLS handshake; `http` is always HTTP/1.1. An HTTP/2 connection carries
/// many requests, so that one that has died would fail them all, one after another, for as long as there are new ones:
/// it is asked for a sign of life as often as an attempt may take.
fn builder(limits: &RetryPolicy, outbound: &Outbound) -> ClientBuilder {
    let resolver = GuardedResolver::new(Arc::clone(&outbound.lookup), outbound.egress.clone(), outbound.proxy.clone());
    ClientBuilder::new()
        .user_agent(concat!("tieback/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        // Small receivers often compare names letter for letter, against `Content-Type` rather than `content-type`.
        .http1_title_case_headers()
        .http1_max_headers(MAX_RESPONSE_HEADERS)
        .dns_resolver(Arc::new(resolver))
        .http2_max_header_list_size(MAX_RESPONSE_HEADER_BYTES)
        .http2_keep_alive_interval(limits.response_timeout)
        .http2_keep_alive_timeout(limits.response_timeout)
        .connect_timeout(limits.connect_timeout)
        .pool_idle_timeout(IDLE_TIMEOUT)
}
