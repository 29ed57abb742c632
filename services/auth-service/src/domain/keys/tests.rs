use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;
use service_kit::auth::Algorithm;

use super::{KeyRecord, KeyRing, KeyRules, KeyState, KeyStep};
use crate::domain::test_support::{after, noon};

const RULES: KeyRules = KeyRules {
    publish_before: SignedDuration::from_secs(100),
    active_for: SignedDuration::from_secs(1000),
    publish_after: SignedDuration::from_secs(200),
};

fn key(name: &str, state: KeyState) -> KeyRecord {
    KeyRecord {
        key_id: name.to_owned(),
        algorithm: Algorithm::Es256,
        public: json!({"kid": name}),
        state,
    }
}

fn next(since: i64) -> KeyState {
    KeyState::Next { since: after(since) }
}

fn active(since: i64) -> KeyState {
    KeyState::Active { since: after(since) }
}

fn retired(since: i64) -> KeyState {
    KeyState::Retired { since: after(since) }
}

fn plan(keys: &[KeyRecord], new: Option<&str>, second: i64) -> Vec<KeyStep> {
    KeyRing::new(keys.to_vec()).plan(Algorithm::Es256, new, &RULES, after(second))
}

fn retire(name: &str) -> KeyStep {
    KeyStep::Retire(name.to_owned())
}

fn activate(name: &str) -> KeyStep {
    KeyStep::Activate(name.to_owned())
}

fn remove(name: &str) -> KeyStep {
    KeyStep::Remove(name.to_owned())
}

#[test]
fn the_first_key_signs_at_once() {
    assert_eq!(plan(&[], Some("a"), 0), [KeyStep::Add, activate("a")]);
    assert_eq!(plan(&[], None, 0), []);
    assert_eq!(plan(&[key("a", next(0))], Some("b"), 0), [activate("a")]);
}

#[test]
fn the_next_key_is_published_before_the_active_one_has_served_its_time() {
    let one = [key("a", active(0))];
    assert_eq!(plan(&one, Some("b"), 899), []);
    assert_eq!(plan(&one, Some("b"), 900), [KeyStep::Add]);
    assert_eq!(plan(&one, None, 900), []);
    let two = [key("a", active(0)), key("b", next(900))];
    assert_eq!(plan(&two, Some("c"), 999), []);
    assert_eq!(plan(&two, Some("c"), 1000), [retire("a"), activate("b")]);
    let ring = KeyRing::new(two);
    assert_eq!(ring.jwks(), json!({"keys": [{"kid": "a"}, {"kid": "b"}]}));
    assert_eq!(ring.active(Algorithm::Es256).unwrap().key_id, "a");
    assert_eq!(ring.active(Algorithm::EdDsa), None);
}

#[test]
fn a_retired_key_goes_when_its_tokens_have_expired() {
    let keys = [key("a", retired(0)), key("b", active(0))];
    assert_eq!(plan(&keys, None, 199), []);
    assert_eq!(plan(&keys, None, 200), [remove("a")]);
}

#[test]
fn algorithms_do_not_touch_each_other() {
    let other = KeyRecord {
        algorithm: Algorithm::EdDsa,
        ..key("a", retired(0))
    };
    assert_eq!(plan(&[other], Some("b"), 5000), [KeyStep::Add, activate("b")]);
}

#[test]
fn a_withdrawn_key_is_gone_at_once_and_replaced() {
    let keys = [key("a", active(0)), key("b", next(0)), key("c", retired(0))];
    let ring = KeyRing::new(keys.clone());
    assert_eq!(ring.withdraw("a"), [retire("a"), remove("a")]);
    assert_eq!(ring.withdraw("b"), [remove("b")]);
    assert_eq!(ring.withdraw("c"), [remove("c")]);
    assert_eq!(ring.withdraw("d"), []);
    assert_eq!(plan(&keys[1..], None, 0), [activate("b")]);
}

/// What the store does with the steps.
fn take(keys: &mut Vec<KeyRecord>, new: &str, steps: &[KeyStep], now: Timestamp) {
    for step in steps {
        let (name, state) = match step {
            KeyStep::Add => {
                keys.push(key(new, KeyState::Next { since: now }));
                continue;
            }
            KeyStep::Remove(name) => {
                keys.retain(|key| key.key_id != *name);
                continue;
            }
            KeyStep::Retire(name) => (name, KeyState::Retired { since: now }),
            KeyStep::Activate(name) => (name, KeyState::Active { since: now }),
        };
        keys.iter_mut().find(|key| key.key_id == *name).unwrap().state = state;
    }
}

fn count(keys: &[KeyRecord], is: impl Fn(&KeyState) -> bool) -> usize {
    keys.iter().filter(|key| is(&key.state)).count()
}

proptest! {
    /// Keys through a long time in which somebody looks after them now and then, whatever the rules.
    #[test]
    fn a_life_of_keys(
        before in 1i64..50,
        active_for in 1i64..100,
        behind in 1i64..50,
        pauses in prop::collection::vec(1i64..60, 1..60),
    ) {
        let seconds = SignedDuration::from_secs;
        let rules = KeyRules {
            publish_before: seconds(before),
            active_for: seconds(active_for),
            publish_after: seconds(behind),
        };
        let (mut keys, mut now) = (Vec::<KeyRecord>::new(), noon());
        let mut published: BTreeMap<String, Timestamp> = BTreeMap::new();
        let mut signed: BTreeMap<String, Timestamp> = BTreeMap::new();
        for (round, pause) in pauses.into_iter().enumerate() {
            let new = format!("{round:03}");
            let before = KeyRing::new(keys.clone()).active(Algorithm::Es256).map(|key| key.key_id.clone());
            let steps = KeyRing::new(keys.clone()).plan(Algorithm::Es256, Some(&new), &rules, now);
            take(&mut keys, &new, &steps, now);
            let ring = KeyRing::new(keys.clone());
            let signing = ring.active(Algorithm::Es256).unwrap().key_id.clone();
            prop_assert_eq!(count(&keys, |state| matches!(state, KeyState::Active { .. })), 1);
            let waiting = count(&keys, |state| matches!(state, KeyState::Next { .. }));
            prop_assert!(waiting <= 1);
            for key in &keys {
                published.entry(key.key_id.clone()).or_insert(now);
            }
            // Nobody who keeps a copy for less than `before` meets a key that is not in it.
            let is_new = before.is_some_and(|before| before != signing);
            prop_assert!(!is_new || now.duration_since(published[&signing]) >= rules.publish_before);
            // A key that signed until the last round is still there for those tokens.
            for (key_id, last) in &signed {
                let is_there = keys.iter().any(|key| key.key_id == *key_id);
                prop_assert!(is_there || now.duration_since(*last) >= rules.publish_after);
            }
            // It signs until somebody looks again.
            now += seconds(pause);
            signed.insert(signing, now);
        }
    }

    #[test]
    fn nothing_is_planned_twice(since in 0i64..2000, second in 0i64..4000) {
        let mut keys = vec![key("a", active(0)), key("b", next(since))];
        let now = after(second);
        let steps = plan(&keys, Some("c"), second);
        take(&mut keys, "c", &steps, now);
        prop_assert_eq!(plan(&keys, Some("d"), second), []);
    }
}
