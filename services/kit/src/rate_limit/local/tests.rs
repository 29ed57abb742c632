use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::*;
use crate::client_address::ClientNetwork;
use crate::rate_limit::{FixedWindow, Gcra, Quota, TokenBucket, TwoCounter};

fn quota(limit: u32) -> Quota {
    // A window so long that nothing comes back during a test.
    Quota::new(limit, Duration::from_hours(24)).unwrap()
}

fn v4(number: u32) -> ClientNetwork {
    IpAddr::from(Ipv4Addr::from(number)).into()
}

/// 20 threads, 20 times the limit, all for one key.
fn admitted_of_a_crowd<A: Algorithm>(algorithm: A, limit: u32) -> usize {
    let limiter = Local::new(algorithm, 1024);
    let key = Key::user("subject");
    std::thread::scope(|scope| {
        let asking = || (0..limit).filter(|_| limiter.decide(&key, 1).admitted).count();
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(asking)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

#[test]
fn a_crowd_gets_exactly_the_limit() {
    for limit in [1, 7, 1_000] {
        let quota = quota(limit);
        let expected = limit as usize;
        assert_eq!(admitted_of_a_crowd(Gcra::new(&quota), limit), expected);
        assert_eq!(admitted_of_a_crowd(TokenBucket::new(&quota), limit), expected);
        assert_eq!(admitted_of_a_crowd(FixedWindow::new(&quota), limit), expected);
        assert_eq!(admitted_of_a_crowd(TwoCounter::new(&quota), limit), expected);
    }
}

#[test]
fn keys_are_counted_apart() {
    let limiter = Local::new(Gcra::new(&quota(1)), 1024);
    assert!(limiter.decide(&Key::user("a"), 1).admitted);
    assert!(!limiter.decide(&Key::user("a"), 1).admitted);
    assert!(limiter.decide(&Key::user("b"), 1).admitted);
    limiter.forget(&Key::user("a"));
    assert!(limiter.decide(&Key::user("a"), 1).admitted);
    assert!(
        !limiter.decide(&Key::user("b"), 1).admitted,
        "only what was asked for is forgotten"
    );
}

#[test]
fn a_million_addresses_take_no_more_memory_than_said() {
    let limiter = Local::new(Gcra::new(&quota(10)), 65_536);
    assert_eq!(limiter.bytes(), 0, "nothing is allocated before the first key");
    assert_eq!((limiter.capacity(), limiter.max_bytes()), (65_536, 65_536 * 16));
    for number in 0..1_000_000_u32 {
        assert!(
            limiter
                .decide(&Key::network(v4(number.wrapping_mul(2_654_435_761))), 1)
                .admitted
        );
    }
    assert!(limiter.len() <= limiter.capacity(), "{} entries", limiter.len());
    assert_eq!(limiter.bytes(), limiter.max_bytes());
}

#[test]
fn a_million_addresses_of_one_network_are_one_key() {
    let limiter = Local::new(Gcra::new(&quota(10)), 1024);
    let prefix = u128::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 0));
    let admitted = (0..1_000_000_u128)
        .map(|host| ClientNetwork::from(IpAddr::from(Ipv6Addr::from(prefix + host * 0x1234_5678))))
        .filter(|network| limiter.decide(&Key::network(*network), 1).admitted)
        .count();
    assert_eq!((admitted, limiter.len()), (10, 1));
}

/// A caller at its limit is not set free by a flood of others.
fn stays_limited<A: Algorithm>(algorithm: A) {
    let limiter = Local::new(algorithm, 4096);
    let at_limit = Key::user("at its limit");
    assert_eq!(
        (0..100).filter(|_| limiter.decide(&at_limit, 1).admitted).count(),
        10
    );
    for number in 0..200_000 {
        limiter.decide(&Key::network(v4(number)), 1);
        if number % 1_000 == 0 {
            assert!(!limiter.decide(&at_limit, 1).admitted, "after {number} others");
        }
    }
}

#[test]
fn a_flood_pushes_out_newcomers_only() {
    stays_limited(Gcra::new(&quota(10)));
    stays_limited(TokenBucket::new(&quota(10)));
    stays_limited(FixedWindow::new(&quota(10)));
    stays_limited(TwoCounter::new(&quota(10)));
}

#[test]
fn time_gives_back_what_was_spent() {
    let limiter = Local::new(Gcra::new(&Quota::new(2, Duration::from_secs(2)).unwrap()), 1);
    let key = Key::user("a");
    let second = 1_000_000_000;
    let admitted = |at| limiter.decide_at(&key, 1, at).admitted;
    assert_eq!([0, 0, 0].map(admitted), [true, true, false]);
    assert_eq!([second - 1, second, second].map(admitted), [false, true, false]);
}
