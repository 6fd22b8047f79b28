//! A hostile name server against the machine's own resolver, in a network where public addresses can be reached: what
//! it says first, second, late or never, no connection goes to an address that was not vetted.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use tieback::net::send::Sender;
use tieback::policy::egress::Egress;
use tieback::policy::retry::RetryPolicy;

use super::name_server::{NameServer, Reply, parsed};
use super::own_network::{Everywhere, PUBLIC, PUBLIC_V6, inside};
use super::{PATIENCE, SHORT, error, send};

/// The rule as it is shipped, except that these endpoints speak plain http.
fn sender(connect_timeout: Duration) -> Sender {
    let policy = RetryPolicy { connect_timeout, response_timeout: PATIENCE, ..RetryPolicy::default() };
    Sender::new(&policy, Egress { danger_allow_http: true, ..Egress::default() }).unwrap()
}

fn public() -> IpAddr {
    PUBLIC.parse().unwrap()
}

const REFUSED: &str = "destination refused: the destination's address is not public";
const NOT_FOUND: &str = "the host name does not resolve";

#[test]
fn a_name_that_turns_inward_is_used_only_where_it_was_vetted_and_its_connection_is_kept() {
    inside(
        "hostile_names::a_name_that_turns_inward_is_used_only_where_it_was_vetted_and_its_connection_is_kept",
        async {
            let names = NameServer::start(|_, nth| {
                if nth == 0 { Reply::addresses(&[PUBLIC]) } else { Reply::addresses(&["127.0.0.1"]) }
            });
            let endpoint = Everywhere::start(5);
            let sender = sender(PATIENCE);
            let url = endpoint.url("rebinding.example.com");
            for _ in 0..5 {
                let attempt = send(&sender, &url).await;
                assert!(attempt.success(), "{attempt:?}");
            }
            assert_eq!(names.asked("rebinding.example.com"), 1, "TTL 0, and asked once per connection all the same");
            assert_eq!(endpoint.arrived(), [public()], "one connection");

            // It is closed now; the next one is vetted anew.
            for _ in 0..3 {
                assert!(error(&send(&sender, &url).await).starts_with(REFUSED));
            }
            assert_eq!(endpoint.arrived(), [public()], "nobody came to the inner address");
        },
    );
}

#[test]
fn a_name_that_flips_at_every_question_never_reaches_the_inside() {
    inside("hostile_names::a_name_that_flips_at_every_question_never_reaches_the_inside", async {
        NameServer::start(|_, nth| Reply::addresses(if nth % 2 == 0 { &[PUBLIC] } else { &["169.254.169.254"] }));
        let endpoint = Everywhere::start(1);
        let sender = sender(PATIENCE);
        let mut sent = 0;
        for _ in 0..20 {
            let attempt = send(&sender, &endpoint.url("flip.example.com")).await;
            if attempt.success() {
                sent += 1;
            } else {
                assert!(error(&attempt).starts_with(REFUSED), "{attempt:?}");
            }
        }
        assert_eq!(sent, 10);
        assert!(endpoint.arrived().iter().all(|arrived| *arrived == public()), "{:?}", endpoint.arrived());
    });
}

#[test]
fn one_inner_address_among_public_ones_refuses_the_name() {
    inside("hostile_names::one_inner_address_among_public_ones_refuses_the_name", async {
        let answers: [&[&str]; 6] = [
            &[PUBLIC, "10.0.0.1"],
            &["10.0.0.1", PUBLIC],
            &[PUBLIC, "::1"],
            &[PUBLIC_V6, "127.0.0.1"],
            &[PUBLIC_V6, "fd00::1"],
            &[PUBLIC, PUBLIC_V6, "169.254.169.254"],
        ];
        NameServer::start(move |name, _| {
            let nth: usize = name.split('.').next().unwrap().parse().unwrap();
            Reply::addresses(answers[nth])
        });
        let (endpoint, sender) = (Everywhere::start(1), sender(PATIENCE));
        for (nth, answer) in answers.iter().enumerate() {
            let attempt = send(&sender, &endpoint.url(&format!("{nth}.mixed.example.com"))).await;
            assert!(error(&attempt).starts_with(REFUSED), "{answer:?}: {attempt:?}");
        }
        assert_eq!(endpoint.arrived().len(), 0);
    });
}

#[test]
fn addresses_that_lead_inside_in_other_forms_are_refused_and_public_ones_reached() {
    inside("hostile_names::addresses_that_lead_inside_in_other_forms_are_refused_and_public_ones_reached", async {
        let inner = [
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::1",
            "2001:0:a00:1::1",
            "::127.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "0.0.0.0",
            "100.64.0.1",
            "169.254.169.254",
            "192.0.0.1",
            "224.0.0.1",
            "255.255.255.255",
        ];
        let outer = [PUBLIC, PUBLIC_V6];
        NameServer::start(move |name, _| {
            let nth: usize = name.split('.').next().unwrap().parse().unwrap();
            Reply::addresses(&[inner.iter().chain(&outer).nth(nth).unwrap()])
        });
        let (endpoint, sender) = (Everywhere::start(1), sender(PATIENCE));
        for (nth, address) in inner.iter().enumerate() {
            let attempt = send(&sender, &endpoint.url(&format!("{nth}.forms.example.com"))).await;
            assert!(error(&attempt).starts_with(REFUSED), "{address}: {attempt:?}");
        }
        assert_eq!(endpoint.arrived().len(), 0);
        for nth in inner.len()..inner.len() + outer.len() {
            let attempt = send(&sender, &endpoint.url(&format!("{nth}.forms.example.com"))).await;
            assert!(attempt.success(), "{attempt:?}");
        }
        assert_eq!(endpoint.arrived(), parsed(&outer));
    });
}

#[test]
fn aliases_are_followed_to_the_address_that_counts() {
    inside("hostile_names::aliases_are_followed_to_the_address_that_counts", async {
        const CHAIN: [&str; 3] = ["cdn.example.net", "edge.example.org", "intranet.example.com"];
        NameServer::start(|name, _| match name {
            "inward.example.com" => Reply::Aliases(CHAIN.to_vec(), parsed(&["10.0.0.1"])),
            "localhost-at-last.example.com" => Reply::Aliases(vec!["localhost"], parsed(&["127.0.0.1"])),
            "outward.example.com" => Reply::Aliases(CHAIN.to_vec(), parsed(&[PUBLIC])),
            "circle.example.com" => Reply::Aliases(vec!["circle.example.com"], Vec::new()),
            _ => Reply::Code(3),
        });
        let (endpoint, sender) = (Everywhere::start(1), sender(PATIENCE));
        for host in ["inward.example.com", "localhost-at-last.example.com"] {
            assert!(error(&send(&sender, &endpoint.url(host)).await).starts_with(REFUSED), "{host}");
        }
        assert_eq!(error(&send(&sender, &endpoint.url("circle.example.com")).await), NOT_FOUND);
        assert_eq!(endpoint.arrived().len(), 0);
        let attempt = send(&sender, &endpoint.url("outward.example.com")).await;
        assert!(attempt.success(), "{attempt:?}");
        assert_eq!(endpoint.arrived(), [public()]);
    });
}

#[test]
fn a_slow_answer_counts_into_the_time_to_connect_and_is_used_for_nothing() {
    inside("hostile_names::a_slow_answer_counts_into_the_time_to_connect_and_is_used_for_nothing", async {
        let names = NameServer::start(|name, _| match name {
            "slow.example.com" => Reply::Late(3 * SHORT, Box::new(Reply::addresses(&[PUBLIC]))),
            "silent.example.com" => Reply::Silence,
            _ => Reply::addresses(&[PUBLIC]),
        });
        let (endpoint, sender) = (Everywhere::start(1), sender(SHORT));
        for host in ["slow.example.com", "silent.example.com"] {
            let begun = Instant::now();
            assert_eq!(error(&send(&sender, &endpoint.url(host)).await), "no connection within 300 ms");
            assert!(begun.elapsed() < PATIENCE, "{host}");
            // One slow name keeps no other waiting.
            assert!(send(&sender, &endpoint.url("quick.example.com")).await.success());
        }
        // By now the late answer has long come.
        tokio::time::sleep(3 * SHORT).await;
        assert_eq!(names.asked("slow.example.com"), 1);
        assert_eq!(endpoint.arrived(), [public(), public()], "of the quick name alone");
    });
}

#[test]
fn a_huge_answer_is_vetted_to_its_last_address() {
    inside("hostile_names::a_huge_answer_is_vetted_to_its_last_address", async {
        let many = |last: &str| {
            // 1.1.0.0 and following are public; nothing leads there from here.
            let mut addresses: Vec<IpAddr> = (0..1000).map(|n| IpAddr::from([1, 1, (n >> 8) as u8, n as u8])).collect();
            addresses.push(last.parse().unwrap());
            addresses
        };
        NameServer::start(move |name, _| match name {
            "inward.example.com" => Reply::Addresses(many("10.0.0.1")),
            _ => Reply::Addresses(many(PUBLIC)),
        });
        let (endpoint, sender) = (Everywhere::start(1), sender(PATIENCE));
        let attempt = send(&sender, &endpoint.url("inward.example.com")).await;
        assert!(error(&attempt).starts_with(REFUSED), "{attempt:?}");
        assert_eq!(endpoint.arrived().len(), 0);
        let attempt = send(&sender, &endpoint.url("outward.example.com")).await;
        assert!(attempt.success(), "{attempt:?}");
        assert_eq!(endpoint.arrived(), [public()]);
    });
}

#[test]
fn names_that_are_not_there_and_answers_that_are_none_are_told() {
    inside("hostile_names::names_that_are_not_there_and_answers_that_are_none_are_told", async {
        let replies = [
            Reply::Code(3),
            Reply::Code(2),
            Reply::Code(0),
            Reply::Code(5),
            Reply::Bytes(Vec::new()),
            Reply::Bytes(vec![0xff; 400]),
            // Says that there are 65,535 answers, and ends.
            Reply::Bytes(vec![0x81, 0x80, 0, 1, 0xff, 0xff, 0, 0, 0, 0]),
            // A name that points at itself (compression, RFC 1035, section 4.1.4).
            Reply::Bytes(vec![0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1]),
            Reply::Forged(parsed(&["127.0.0.1"])),
            Reply::Forged(parsed(&[PUBLIC])),
        ];
        let count = replies.len();
        NameServer::start(move |name, _| {
            let nth: usize = name.split('.').next().unwrap().parse().unwrap();
            replies[nth].clone()
        });
        let (endpoint, sender) = (Everywhere::start(1), sender(PATIENCE));
        for nth in 0..count {
            let attempt = send(&sender, &endpoint.url(&format!("{nth}.broken.example.com"))).await;
            assert_eq!(error(&attempt), NOT_FOUND, "{nth}");
        }
        assert_eq!(endpoint.arrived().len(), 0);
    });
}
