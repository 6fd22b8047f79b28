//! Where deliveries may go.

use std::net::IpAddr;

use tieback::policy::egress::{Egress, address_refusal};
use tieback::policy::network::Network;
use tieback::types::DestinationUrl;

use super::{invalid, says};

const STRICT: Egress =
    Egress { danger_allow_http: false, danger_allow_private_addresses: false, allow_networks: Vec::new() };

fn url(text: &str) -> DestinationUrl {
    DestinationUrl::parse(text).unwrap()
}

#[test]
fn http_needs_its_switch() {
    assert!(STRICT.check_url(&url("https://example.com/events")).is_ok());
    says(&invalid(STRICT.check_url(&url("http://example.com/"))), &["`http`", "danger_allow_http"]);
    let http = Egress { danger_allow_http: true, ..STRICT };
    assert!(http.check_url(&url("http://example.com/")).is_ok());
    assert!(http.check_url(&url("http://127.0.0.1/")).is_err());
    assert_eq!(Egress::default(), STRICT);
}

/// Every spelling that the URL standard reads as an address, and the names that mean this machine.
#[test]
fn hosts_that_are_not_public_need_their_switch() {
    let open = Egress { danger_allow_private_addresses: true, ..STRICT };
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "127.0.0.1.",
        "10.1.2.3",
        "0",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "255.255.255.255",
        "１２７.0.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[fe80::1]",
        "[fd00::1]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "a.b.localhost.",
    ] {
        let url = url(&format!("https://{host}/hook?token=sesame"));
        let error = invalid(STRICT.check_url(&url));
        says(&error, &["the destination's address is not public", "danger_allow_private_addresses"]);
        assert!(!error.message().contains("sesame"), "{error}");
        assert!(open.check_url(&url).is_ok(), "{host}");
    }
    for host in ["93.184.216.34", "[2606:2800:220:1::1]", "localhost.example.com", "mylocalhost", "172.32.0.1"] {
        assert!(STRICT.check_url(&url(&format!("https://{host}/"))).is_ok(), "{host}");
    }
}

#[test]
fn listed_networks_are_allowed_and_nothing_beside_them() {
    let rule =
        Egress { allow_networks: Network::parse_list("10.20.0.0/16, fd12::/16\n192.168.7.7").unwrap(), ..STRICT };
    for host in ["10.20.0.0", "10.20.255.255", "[::ffff:10.20.1.1]", "[fd12::1]", "192.168.7.7", "8.8.8.8"] {
        assert!(rule.check_url(&url(&format!("https://{host}/"))).is_ok(), "{host}");
    }
    for host in ["10.19.255.255", "10.21.0.0", "[fd13::1]", "192.168.7.8", "127.0.0.1", "localhost", "[2002:a14:1::]"] {
        says(&invalid(rule.check_url(&url(&format!("https://{host}/")))), &["is not public", "allow_networks"]);
    }
    assert!(rule.check_url(&url("http://10.20.0.1/")).is_err(), "it says nothing about the scheme");
    let loopback = Egress { allow_networks: vec![Network::parse("127.0.0.0/8").unwrap()], ..STRICT };
    assert!(loopback.check_url(&url("https://localhost/")).is_ok());
}

#[test]
fn what_is_no_network_is_refused() {
    for text in ["", "10.20.0.0/33", "10.20/16", "fd00::/129", "example.com", "10.20.0.0/16/8", "10.20.0.0/-1", "*"] {
        says(
            &invalid(Network::parse(text)),
            &[&format!("the network `{text}` is not in CIDR notation"), "10.20.0.0/16"],
        );
    }
    for text in ["10.20.0.7/16", "fd00::1/8"] {
        says(&invalid(Network::parse(text)), &[text, "has bits set beyond its prefix"]);
    }
    assert_eq!(Network::parse_list(" , ").unwrap(), []);
    says(&invalid(Network::parse_list("10.20.0.0/16, nonsense")), &["`nonsense`"]);
    assert_eq!(Network::parse(" FD00::/8 ").unwrap().to_string(), "fd00::/8");
}

#[test]
fn addresses_of_every_special_block_are_refused_up_to_its_ends() {
    for (address, what) in [
        ("0.0.0.0", "this network"),
        ("0.255.255.255", "this network"),
        ("10.0.0.0", "private"),
        ("10.255.255.255", "private"),
        ("100.64.0.0", "shared (carrier-grade NAT)"),
        ("100.127.255.255", "shared (carrier-grade NAT)"),
        ("127.0.0.0", "loopback"),
        ("127.255.255.255", "loopback"),
        ("169.254.0.0", "link-local"),
        ("169.254.169.254", "link-local"),
        ("169.254.255.255", "link-local"),
        ("172.16.0.0", "private"),
        ("172.31.255.255", "private"),
        ("192.0.0.8", "protocol assignments"),
        ("192.0.2.1", "documentation"),
        ("192.88.99.1", "6to4 relay"),
        ("192.168.0.0", "private"),
        ("192.168.255.255", "private"),
        ("198.18.0.0", "benchmarking"),
        ("198.19.255.255", "benchmarking"),
        ("198.51.100.7", "documentation"),
        ("203.0.113.7", "documentation"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.254", "reserved"),
        ("255.255.255.255", "broadcast"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::2", "IPv4-compatible"),
        ("::8.8.8.8", "IPv4-compatible"),
        ("::ffff:10.0.0.1", "private"),
        ("::ffff:169.254.169.254", "link-local"),
        ("64:ff9b::a00:1", "private"),
        ("64:ff9b::7f00:1", "loopback"),
        ("64:ff9b:1::808:808", "local-use translation"),
        ("100::1", "discard-only"),
        ("2001:0:a00:1::", "private"),
        ("2001:0:808:808:0:0:80ff:fffe", "loopback"),
        ("2001:2::1", "protocol assignments"),
        ("2001:1ff:ffff::1", "protocol assignments"),
        ("2001:db8::1", "documentation"),
        ("3fff:fff::1", "documentation"),
        ("2002:7f00:1::1", "loopback"),
        ("2002:c0a8:101::", "private"),
        ("fc00::", "unique-local"),
        ("fdff:ffff::1", "unique-local"),
        ("fe80::1", "link-local"),
        ("febf::1", "link-local"),
        ("fec0::1", "site-local"),
        ("feff::1", "site-local"),
        ("ff02::1", "multicast"),
        ("4000::1", "reserved"),
        ("1fff::1", "reserved"),
    ] {
        assert_eq!(address_refusal(address.parse::<IpAddr>().unwrap()), Some(what), "{address}");
    }
}

#[test]
fn public_addresses_beside_the_special_blocks_are_allowed() {
    for address in [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "8.8.8.8",
        "2000::1",
        "2001:200::1",
        "2606:4700:4700::1111",
        "2a00:1450::1",
        "3ffe::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
        "2001:0:808:808:0:0:f7f7:f7f7",
    ] {
        assert_eq!(address_refusal(address.parse::<IpAddr>().unwrap()), None, "{address}");
    }
}
