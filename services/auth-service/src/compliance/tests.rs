use serde_json::json;

use super::*;

fn noon() -> jiff::Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

#[test]
fn rules_that_do_not_lock_are_found() {
    assert_eq!(locks_out(&LockoutRules::of_account(), noon()), Ok(()));
    let late = LockoutRules {
        lock_at: 11,
        ..LockoutRules::of_account()
    };
    assert!(locks_out(&late, noon()).is_err());
    let short = LockoutRules {
        lock: jiff::SignedDuration::from_mins(29),
        longest: jiff::SignedDuration::from_mins(29),
        ..LockoutRules::of_account()
    };
    assert!(locks_out(&short, noon()).is_err());
}

#[test]
fn a_private_key_is_found() {
    assert_eq!(all_public(&json!({"keys": [{"kid": "a", "x": "1"}]})), Ok(()));
    assert!(all_public(&json!({"keys": [{"kid": "a"}, {"kid": "b", "d": "1"}]})).is_err());
    assert!(all_public(&json!({})).is_err());
}
