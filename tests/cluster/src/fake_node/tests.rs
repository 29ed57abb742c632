use std::net::Ipv4Addr;

use super::Addresses;

#[test]
fn pods_get_addresses_that_differ_from_each_other_and_from_those_before() {
    let fresh = Addresses::above(std::iter::empty());
    assert_eq!(fresh.next(), Ipv4Addr::new(198, 18, 0, 1));
    assert_eq!(fresh.next(), Ipv4Addr::new(198, 18, 0, 2));
    let used = ["198.18.0.255", "198.18.0.7", "none", "192.0.2.1"].map(str::to_owned);
    let taken_up = Addresses::above(used.into_iter());
    assert_eq!(taken_up.next(), Ipv4Addr::new(198, 18, 1, 0));
}
