//! Where deliveries may go: schemes and addresses.

use url::Host;

use crate::error::{Error, Result};
use crate::types::DestinationUrl;

/// What the engine lets deliveries reach.
#[derive(Clone, Copy, Debug, Default)]
pub struct Egress {
    /// Sends over plain `http` too.
    pub danger_allow_http: bool,
    /// Sends to loopback and private addresses too.
    pub danger_allow_private_addresses: bool,
}

impl Egress {
    /// Checks a destination's scheme and, where its host is an address, that address.
    ///
    /// # Errors
    /// `invalid_argument` that says what is refused.
    pub fn check_url(&self, destination: &DestinationUrl) -> Result<()> {
        let url = destination.url();
        if url.scheme() != "https" && !self.danger_allow_http {
            return Err(Error::invalid("the destination URL is not https: use https, or set danger_allow_http"));
        }
        let private = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback() || address.is_private() || address.is_link_local(),
            Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unique_local(),
            _ => false,
        };
        if private && !self.danger_allow_private_addresses {
            return Err(Error::invalid(
                "the destination's address is private: use a public one, or set danger_allow_private_addresses",
            ));
        }
        Ok(())
    }
}
