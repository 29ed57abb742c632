use proptest::collection::btree_map;
use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

fn entry(fields: &Value) -> ManagedEntry {
    serde_json::from_value(json!({"manager": "m", "apiVersion": "apps/v1", "fieldsV1": fields})).unwrap()
}

fn owned(fields: &Value) -> Owned {
    entry(fields).owned()
}

#[test]
fn the_number_of_pods_counts_apart() {
    let with = owned(&json!({"f:spec": {"f:replicas": {}, "f:selector": {}}}));
    let without = owned(&json!({"f:spec": {"f:selector": {}}}));
    assert_eq!(with.digest, without.digest);
    assert_eq!((with.has_replicas, without.has_replicas), (true, false));
    // Elsewhere it is a field as any other.
    let elsewhere = owned(&json!({"f:status": {"f:replicas": {}}}));
    assert!(!elsewhere.has_replicas);
    assert_ne!(elsewhere.digest, owned(&json!({"f:status": {}})).digest);
}

#[test]
fn the_template_has_a_digest_of_its_own() {
    let of = |image: &str, paused: bool| {
        let mut fields = json!({"f:spec": {"f:template": {"f:spec": {image: {}}}}});
        if paused {
            fields["f:spec"]["f:paused"] = json!({});
        }
        owned(&fields)
    };
    assert_eq!(of("f:image", true).template, of("f:image", false).template);
    assert_ne!(of("f:image", true).digest, of("f:image", false).digest);
    assert_ne!(of("f:image", true).template, of("f:command", true).template);
    assert_eq!(owned(&json!({"f:spec": {"f:ports": {}}})).template, 0);
    assert_ne!(owned(&json!({"f:spec": {"f:template": {}}})).template, 0);
}

#[test]
fn the_version_counts() {
    let mut other = entry(&json!({"f:spec": {}}));
    other.api_version = Some("apps/v2".to_owned());
    assert_ne!(other.owned().digest, owned(&json!({"f:spec": {}})).digest);
}

#[test]
fn what_is_no_tree_equals_nothing_and_stops_nothing() {
    for odd in [json!("text"), json!(7), json!([1]), json!({"f:spec": [1]})] {
        assert_eq!(owned(&odd), Owned::default(), "{odd}");
    }
    let none: ManagedEntry = serde_json::from_str("{}").unwrap();
    assert_eq!(none.fields(), None);
    assert_ne!(none.owned().digest, 0);
}

#[test]
fn names_with_quotes_are_read() {
    let key = "k:{\"name\":\"app\"}";
    let fields = json!({"f:spec": {"f:ports": {key: {".": {}}}}});
    assert_ne!(
        owned(&fields).digest,
        owned(&json!({"f:spec": {"f:ports": {}}})).digest
    );
    assert_eq!(entry(&fields).fields(), Some(fields));
}

/// Trees of some names, of which `f:replicas` is none: that one counts apart.
fn trees() -> impl Strategy<Value = Value> {
    let leaf = Just(json!({}));
    leaf.prop_recursive(4, 24, 4, |below| {
        btree_map("(f:(spec|template|a|b|ab)|k:\\{\"n\":1\\}|\\.)", below, 0..4)
            .prop_map(|nodes| Value::Object(nodes.into_iter().collect::<Map<_, _>>()))
    })
}

proptest! {
    /// Two trees have one digest if, and only if, they are the same.
    #[test]
    fn the_digest_stands_for_the_tree(one in trees(), other in trees()) {
        prop_assert_eq!(owned(&one).digest == owned(&other).digest, one == other);
    }
}
