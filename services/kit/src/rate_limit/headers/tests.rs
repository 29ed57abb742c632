use super::*;
use crate::rate_limit::{Counting, KeyBy, Quota};

fn policy(name: &'static str, limit: u32, window: Duration) -> Policy {
    Policy {
        name,
        quota: Quota::new(limit, window).unwrap(),
        counting: Counting::Gcra,
        key: KeyBy::Ip,
    }
}

fn decision(admitted: bool, remaining: u32, reset: u64, retry: u64) -> Decision {
    Decision {
        admitted,
        remaining,
        reset_after: Duration::from_millis(reset),
        retry_after: Duration::from_millis(retry),
    }
}

#[test]
fn an_item_for_each_policy() {
    let (burst, daily) = (
        policy("burst", 10, Duration::from_millis(1_500)),
        policy("daily", 1_000, Duration::from_hours(24)),
    );
    let mut headers = HeaderMap::new();
    tell(
        &mut headers,
        &[
            (&burst, decision(true, 9, 1, 0)),
            (&daily, decision(true, 1_000, 0, 0)),
        ],
    );
    assert_eq!(headers[POLICY], "\"burst\";q=10;w=2, \"daily\";q=1000;w=86400");
    assert_eq!(headers[LIMIT], "\"burst\";r=9;t=1, \"daily\";r=1000");
}

#[test]
fn nothing_is_told_of_no_policy() {
    let mut headers = HeaderMap::new();
    tell(&mut headers, &[]);
    assert!(headers.is_empty());
}

#[test]
fn fields_that_are_there_stay() {
    let (inner, outer) = (
        policy("user", 1, Duration::from_secs(1)),
        policy("address", 2, Duration::from_secs(1)),
    );
    let mut headers = HeaderMap::new();
    tell(&mut headers, &[(&inner, decision(true, 0, 1, 0))]);
    tell(&mut headers, &[(&outer, decision(true, 1, 1, 0))]);
    let all: Vec<_> = headers.get_all(LIMIT).iter().collect();
    assert_eq!(all, ["\"user\";r=0;t=1", "\"address\";r=1;t=1"]);
}

#[test]
fn who_retries_when_told_is_not_too_early() {
    let cases = [
        (decision(false, 0, 100, 100), "1"),
        (decision(false, 0, 1_000, 1_001), "2"),
        (decision(false, 3, 9_000, 200), "9"),
    ];
    for (decision, expected) in cases {
        let mut headers = HeaderMap::new();
        tell_when_to_retry(&mut headers, &decision);
        assert_eq!(headers[header::RETRY_AFTER], expected, "{decision:?}");
    }
}
