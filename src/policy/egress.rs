//! Where deliveries may go: schemes and addresses.
//!
//! Whoever may create hooks chooses where the engine sends requests. Without this rule they could reach what only the
//! engine's machine can: loopback services, the local network, a cloud's metadata address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;

use super::network::Network;
use crate::error::{Error, Result};
use crate::types::DestinationUrl;

/// Which destinations are allowed: by default `https` to public addresses only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Egress {
    /// Allows `http`: anyone on the way can then read the deliveries and their headers.
    pub danger_allow_http: bool,
    /// Allows addresses that are not public: whoever creates hooks can then reach this machine and its network.
    pub danger_allow_private_addresses: bool,
    /// Networks that are allowed although they are not public, and nothing else of the inside with them.
    pub allow_networks: Vec<Network>,
}

impl Egress {
    /// Whether deliveries may go to this address. Every address to which a connection is made is asked about here.
    pub fn allows(&self, address: IpAddr) -> bool {
        self.danger_allow_private_addresses
            || address_refusal(address).is_none()
            || self.allow_networks.iter().any(|network| network.contains(address))
    }

    /// Checks what the URL itself says: its scheme, and its host if that is an address or a name for this machine. What
    /// other names resolve to is checked when connecting.
    ///
    /// # Errors
    /// `invalid_argument` that names the switch which would allow it.
    pub fn check_url(&self, url: &DestinationUrl) -> Result<()> {
        let url = url.url();
        if url.scheme() != "https" && !self.danger_allow_http {
            return Err(Error::invalid(format!(
                "the destination URL's scheme is `{}`: use https (danger_allow_http allows it, for tests)",
                url.scheme()
            )));
        }
        let is_allowed = match url.host() {
            Some(Host::Ipv4(address)) => self.allows(address.into()),
            Some(Host::Ipv6(address)) => self.allows(address.into()),
            Some(Host::Domain(name)) => !is_localhost(name) || LOOPBACK.into_iter().any(|address| self.allows(address)),
            None => false,
        };
        if is_allowed { Ok(()) } else { Err(refused(url.host_str().unwrap_or_default())) }
    }
}

/// What the names for this machine stand for.
const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// The one message for every refused host. It does not say what the address is: of a name that resolves to it, that
/// would tell an outsider how the inside is laid out.
pub fn refused(host: &str) -> Error {
    Error::invalid(format!(
        "the destination's address is not public: host `{}` is refused (for tests and closed networks, \
         allow_networks allows chosen networks and danger_allow_private_addresses all of them)",
        host.escape_debug()
    ))
}

/// `localhost` and every name under it mean this machine (RFC 6761, section 6.3).
fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Why deliveries do not go to an address; `None` for a public one. Follows the special-purpose registries of IANA.
pub fn address_refusal(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => refusal_v4(address),
        IpAddr::V6(address) => refusal_v6(address),
    }
}

fn refusal_v4(address: Ipv4Addr) -> Option<&'static str> {
    let inside = |network: [u8; 4], bits: u32| {
        let shift = 32 - bits;
        address.to_bits() >> shift == Ipv4Addr::from(network).to_bits() >> shift
    };
    let special = [
        ([0, 0, 0, 0], 8, "this network"),
        ([10, 0, 0, 0], 8, "private"),
        ([100, 64, 0, 0], 10, "shared (carrier-grade NAT)"),
        ([127, 0, 0, 0], 8, "loopback"),
        ([169, 254, 0, 0], 16, "link-local"),
        ([172, 16, 0, 0], 12, "private"),
        ([192, 0, 0, 0], 24, "protocol assignments"),
        ([192, 0, 2, 0], 24, "documentation"),
        ([192, 88, 99, 0], 24, "6to4 relay"),
        ([192, 168, 0, 0], 16, "private"),
        ([198, 18, 0, 0], 15, "benchmarking"),
        ([198, 51, 100, 0], 24, "documentation"),
        ([203, 0, 113, 0], 24, "documentation"),
        ([224, 0, 0, 0], 4, "multicast"),
        ([255, 255, 255, 255], 32, "broadcast"),
        ([240, 0, 0, 0], 4, "reserved"),
    ];
    special.into_iter().find(|(network, bits, _)| inside(*network, *bits)).map(|(.., what)| what)
}

fn refusal_v6(address: Ipv6Addr) -> Option<&'static str> {
    let bits = address.to_bits();
    let inside = |network: Ipv6Addr, length: u32| {
        let shift = 128 - length;
        bits >> shift == network.to_bits() >> shift
    };
    // The IPv4 address whose last bit is this many bits from the right.
    let embedded = |right: u32| Ipv4Addr::from_bits(u32::try_from((bits >> right) & 0xffff_ffff).unwrap_or_default());
    let net = |a, b, c, d| Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0);

    if address.is_unspecified() {
        return Some("unspecified");
    }
    if address.is_loopback() {
        return Some("loopback");
    }
    // Forms that reach an IPv4 address: that one decides.
    if inside(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96) || inside(net(0x64, 0xff9b, 0, 0), 96) {
        return refusal_v4(embedded(0));
    }
    if inside(net(0x2002, 0, 0, 0), 16) {
        return refusal_v4(embedded(80));
    }
    if inside(net(0x2001, 0, 0, 0), 32) {
        // Teredo: its server, and its client with every bit flipped (RFC 4380, section 4).
        return refusal_v4(embedded(64)).or_else(|| refusal_v4(Ipv4Addr::from_bits(!embedded(0).to_bits())));
    }
    let special = [
        (net(0, 0, 0, 0), 96, "IPv4-compatible"),
        (net(0x64, 0xff9b, 1, 0), 48, "local-use translation"),
        (net(0x100, 0, 0, 0), 64, "discard-only"),
        (net(0x2001, 0, 0, 0), 23, "protocol assignments"),
        (net(0x2001, 0xdb8, 0, 0), 32, "documentation"),
        (net(0x3fff, 0, 0, 0), 20, "documentation"),
        (net(0xfc00, 0, 0, 0), 7, "unique-local"),
        (net(0xfe80, 0, 0, 0), 10, "link-local"),
        (net(0xfec0, 0, 0, 0), 10, "site-local"),
        (net(0xff00, 0, 0, 0), 8, "multicast"),
    ];
    if let Some((.., what)) = special.into_iter().find(|(network, length, _)| inside(*network, *length)) {
        return Some(what);
    }
    // Only this block is handed out as global unicast.
    if inside(net(0x2000, 0, 0, 0), 3) { None } else { Some("reserved") }
}
