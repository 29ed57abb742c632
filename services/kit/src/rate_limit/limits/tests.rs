use std::time::Duration;

use super::*;
use crate::rate_limit::Quota;

fn policy(name: &'static str, counting: Counting, key: KeyBy) -> Policy {
    Policy {
        name,
        quota: Quota::new(3, Duration::from_hours(1)).unwrap(),
        counting,
        key,
    }
}

fn limits(policies: &[Policy]) -> Result<RateLimits, RateLimitsError> {
    let store = Store {
        redis: None,
        namespace: "test".to_owned(),
        replicas: 1,
        max_keys: 1024,
    };
    RateLimits::new(policies, &store, 0, &Registry::new())
}

#[tokio::test]
async fn handlers_check_and_reset_by_hand() {
    let all = [
        Counting::Gcra,
        Counting::TokenBucket,
        Counting::FixedWindow,
        Counting::TwoCounter,
    ];
    for counting in all {
        let limits = limits(&[policy("login", counting, KeyBy::Manual)]).unwrap();
        let login = limits.limit("login").unwrap();
        let account = Key::named("account");
        assert_eq!(login.check(&account, 2).await.remaining, 1);
        assert!(!login.check(&account, 2).await.admitted, "{counting:?}");
        assert_eq!(login.refused.get(), 1);
        login.reset(&account).await.unwrap();
        assert!(login.check(&account, 3).await.admitted, "{counting:?}");
    }
}

#[test]
fn a_name_is_plain_and_used_once() {
    for name in ["", "Default", "a b", "a\"b", "é"] {
        assert!(
            matches!(
                limits(&[policy(name, Counting::Gcra, KeyBy::Ip)]),
                Err(RateLimitsError::Name(_))
            ),
            "{name:?}"
        );
    }
    let twice = [policy("a", Counting::Gcra, KeyBy::Ip); 2];
    assert!(matches!(limits(&twice), Err(RateLimitsError::Name("a"))));
    assert!(limits(&[]).unwrap().is_empty());
}

#[test]
fn a_sliding_log_needs_redis() {
    let log = [policy("log", Counting::SlidingLog, KeyBy::Ip)];
    assert!(matches!(limits(&log), Err(RateLimitsError::NeedsRedis("log"))));
}

#[test]
fn a_key_that_callers_choose_needs_a_limit_by_address() {
    for key in [KeyBy::ApiKey, KeyBy::User, KeyBy::UserEndpoint] {
        let open = policy("open", Counting::Gcra, key);
        assert!(
            matches!(limits(&[open]), Err(RateLimitsError::NeedsAddressLimit("open"))),
            "{key:?}"
        );
        assert!(limits(&[open, policy("address", Counting::Gcra, KeyBy::Ip)]).is_ok());
    }
}
