//! Networks in CIDR notation, for lists of what is allowed.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use crate::error::{Error, Result};

/// A network such as `10.20.0.0/16` or `fd00::/8`; a single address is a network of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Reads one network.
    ///
    /// # Errors
    /// `invalid_argument` for what is no network, or has bits set beyond its prefix: `10.20.0.7/16` may mean one
    /// address or all of them.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let wrong = |what: &str| {
            Error::invalid(format!(
                "the network `{}` {what}: give one such as 10.20.0.0/16, fd00::/8 or 10.20.0.7",
                text.escape_debug()
            ))
        };
        let network = match IpAddr::from_str(text) {
            Ok(address) => IpNet::from(address),
            Err(_) => IpNet::from_str(text).map_err(|_| wrong("is not in CIDR notation"))?,
        };
        if network.trunc() != network {
            return Err(wrong("has bits set beyond its prefix"));
        }
        Ok(Self(network))
    }

    /// Reads a list, separated by commas or white space. An empty text is an empty list.
    ///
    /// # Errors
    /// As for [`Network::parse`].
    pub fn parse_list(text: &str) -> Result<Vec<Self>> {
        text.split(|separator: char| separator == ',' || separator.is_whitespace())
            .filter(|part| !part.is_empty())
            .map(Self::parse)
            .collect()
    }

    /// Whether the address lies in it. An IPv4 address counts as itself also in its form mapped to IPv6.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address) || self.0.contains(&address.to_canonical())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
