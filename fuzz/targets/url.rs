//! URLs, networks, proxies and addresses: nothing from outside gets around the rule for addresses, and no secret in a
//! URL is repeated.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tieback::net::proxy::{ProxyChoice, ProxyOptions};
use tieback::policy::egress::Egress;
use tieback::policy::network::Network;
use tieback::types::DestinationUrl;
use url::Host;

use super::class;

const SECRET: &str = "5esame-0pen";

pub fn run(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    addresses(data);
    networks(&text);
    secrets(&text);
    proxies(&text);
    destination(&text)
}

/// A URL that is taken is taken again as it was written down, and its address, if it has one, is an outer one.
fn destination(text: &str) -> String {
    let url = match DestinationUrl::parse(text) {
        Ok(url) => url,
        Err(error) => return class(&error),
    };
    let again =
        DestinationUrl::parse(url.as_str()).unwrap_or_else(|error| panic!("{url:?} is not taken again: {error}"));
    assert_eq!(again, url);

    let strict = Egress::default().check_url(&url);
    let http = Egress { danger_allow_http: true, ..Egress::default() };
    let allowed = http.check_url(&url);
    assert_eq!(strict.is_ok(), allowed.is_ok() && url.url().scheme() == "https", "{url:?}");
    let everything = Egress { danger_allow_private_addresses: true, ..http };
    assert!(everything.check_url(&url).is_ok(), "{url:?}");
    let inner = match url.url().host() {
        Some(Host::Ipv4(address)) => Some(is_inner(address.into())),
        Some(Host::Ipv6(address)) => Some(is_inner(address.into())),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            assert!(name.parse::<IpAddr>().is_err(), "{url:?}: an address that counts as a name would not be vetted");
            (name == "localhost" || name.ends_with(".localhost")).then_some(true)
        }
        None => panic!("{url:?} has no host"),
    };
    assert!(inner != Some(true) || allowed.is_err(), "{url:?} leads inside");
    match allowed {
        Ok(()) => format!("allowed {} {inner:?}", url.url().scheme()),
        Err(error) => class(&error),
    }
}

/// What the standard library knows of inner addresses; ours knows at least that.
fn is_inner(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
                || address.is_broadcast()
                || address.is_multicast()
                || address.is_documentation()
                || address.octets()[0] == 0
                || address.octets()[0] >= 240
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.to_ipv4_mapped().is_some_and(|mapped| is_inner(mapped.into()))
        }
    }
}

/// Every form that leads to an IPv4 address is allowed only where that address is, and nothing inner is.
fn addresses(data: &[u8]) {
    let rule = Egress::default();
    let Some(bytes) = data.first_chunk::<16>() else { return };
    let v6 = Ipv6Addr::from(*bytes);
    let v4 = Ipv4Addr::from([bytes[0], bytes[1], bytes[2], bytes[3]]);
    for address in [IpAddr::from(v6), v4.into()] {
        assert!(!is_inner(address) || !rule.allows(address), "{address}");
    }
    let low = u128::from(v4.to_bits());
    let forms = [
        v4.to_ipv6_mapped().to_bits(),
        (0x0064_ff9b_u128 << 96) | low,
        (0x2002_u128 << 112) | (low << 80) | (v6.to_bits() & 0xffff),
    ];
    for form in forms.map(Ipv6Addr::from_bits) {
        assert_eq!(rule.allows(form.into()), rule.allows(v4.into()), "{form} leads to {v4}");
    }
    // An allowed network allows itself and nothing beside it.
    let prefix = bytes[4] % 33;
    let network = Ipv4Addr::from_bits(v4.to_bits() & u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0));
    let network = Network::parse(&format!("{network}/{prefix}")).expect("a network");
    let other = Ipv4Addr::from([bytes[5], bytes[6], bytes[7], bytes[8]]);
    let narrow = Egress { allow_networks: vec![network], ..rule.clone() };
    let is_in = prefix == 0 || v4.to_bits() >> (32 - prefix) == other.to_bits() >> (32 - prefix);
    assert_eq!(narrow.allows(other.into()), is_in || rule.allows(other.into()), "{other} and {network}");
}

fn networks(text: &str) {
    if let Ok(network) = Network::parse(text) {
        let again = Network::parse(&network.to_string()).expect("a network that is written down is read again");
        assert_eq!(again, network);
    }
    let _ = Network::parse_list(text);
}

/// Credentials and queries come back in no message.
fn secrets(text: &str) {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    for url in [format!("{text}?token={SECRET}"), format!("https://user:{SECRET}@{rest}")] {
        let told = match DestinationUrl::parse(&url) {
            Ok(url) => Egress::default().check_url(&url).err(),
            Err(error) => Some(error),
        };
        let told = told.map(|error| format!("{error} {error:?}")).unwrap_or_default();
        assert!(!told.contains(SECRET), "{url:?}: {told}");
    }
}

fn proxies(text: &str) {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let url = format!("http://user:{SECRET}@{rest}");
    let choice = ProxyChoice { url: Some(&url), danger_proxy_resolves: true, ..ProxyChoice::default() };
    let told = format!("{:?}", ProxyOptions::chosen(choice));
    assert!(!told.contains(SECRET), "{told}");
}
