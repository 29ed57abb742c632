use proptest::prelude::*;

use super::*;

fn headers(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(FORWARDED_FOR, value.parse().unwrap());
    }
    headers
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn of(hops: usize, values: &[&str]) -> ClientNetwork {
    ClientNetwork::of(Some(ip("10.0.0.9")), &headers(values), hops)
}

fn network(text: &str) -> ClientNetwork {
    ip(text).into()
}

#[test]
fn the_entry_of_the_outermost_trusted_proxy_counts() {
    let cases: &[(usize, &[&str], &str)] = &[
        (0, &["192.0.2.1"], "10.0.0.9"),
        (1, &[], "10.0.0.9"),
        (1, &["192.0.2.1"], "192.0.2.1"),
        (1, &["6.6.6.6, 192.0.2.1"], "192.0.2.1"),
        (2, &["6.6.6.6, 192.0.2.1, 10.0.0.1"], "192.0.2.1"),
        (2, &["6.6.6.6, 192.0.2.1", "10.0.0.1"], "192.0.2.1"),
        (2, &["6.6.6.6", "192.0.2.1", "10.0.0.1"], "192.0.2.1"),
        // Past some of the proxies: what the last one saw.
        (3, &["192.0.2.1"], "192.0.2.1"),
        // What cannot be read ends the trust.
        (2, &["192.0.2.1, unknown"], "10.0.0.9"),
        (2, &["unknown, 10.0.0.1"], "10.0.0.1"),
        (1, &["192.0.2.1,"], "10.0.0.9"),
        // Forms.
        (1, &["  192.0.2.1:4711 "], "192.0.2.1"),
        (1, &["[2001:db8::1]:4711"], "2001:db8::"),
        (1, &["[2001:db8::1]"], "2001:db8::"),
        (1, &["2001:db8::1"], "2001:db8::ffff:0:0:1"),
        (1, &["::ffff:192.0.2.1"], "192.0.2.1"),
    ];
    for (hops, values, expected) in cases {
        assert_eq!(of(*hops, values), network(expected), "{hops} hops, {values:?}");
    }
}

#[test]
fn a_64_bit_network_is_one_client() {
    assert_eq!(
        network("2001:db8:1:2::1"),
        network("2001:db8:1:2:ffff:ffff:ffff:ffff")
    );
    assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
}

#[test]
fn clients_without_an_address_are_one() {
    let headers = headers(&["192.0.2.1"]);
    assert_eq!(ClientNetwork::of(None, &headers, 0), ClientNetwork::UNKNOWN);
    assert_eq!(format!("{:?}", network("192.0.2.1")), "ClientNetwork(IPv4)");
}

proptest! {
    #[test]
    fn what_a_caller_writes_changes_nothing(spoofed in "[ -~]{0,60}", hops in 1_usize..4) {
        let trusted = vec!["192.0.2.1"; hops].join(", ");
        let value = format!("{spoofed}, {trusted}");
        prop_assert_eq!(of(hops, &[&value]), network("192.0.2.1"));
        prop_assert_eq!(of(hops, &[&spoofed, &trusted]), network("192.0.2.1"));
    }
}

#[test]
fn a_network_has_an_address_unless_nobody_knows_it() {
    let address = |text: &str| ClientNetwork::from(text.parse::<IpAddr>().unwrap()).address();
    for (of, is) in [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
    ] {
        assert_eq!(address(of), Some(is.parse().unwrap()), "{of}");
    }
    assert_eq!(ClientNetwork::UNKNOWN.address(), None);
}
