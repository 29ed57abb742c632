use healthcare_crds::v1alpha1::AccessRule;
use serde_json::{Value, json};

use super::covers;

fn rule(value: Value) -> AccessRule {
    serde_json::from_value(value).expect("a rule")
}

fn check<const N: usize>(cases: [(&Value, &Value, bool); N]) {
    for (outer, inner, expected) in cases {
        let covered = covers(&rule(outer.clone()), &rule(inner.clone()));
        assert_eq!(covered, expected, "{outer} {inner}");
    }
}

#[test]
fn peers() {
    let (everywhere, here) = (json!({"namespaceSelector": {}}), json!({"podSelector": {}}));
    let (billing, labs) = (json!({"service": "billing"}), json!({"service": "labs"}));
    let there = json!({"service": "billing", "namespace": "other"});
    let (range, world) = (json!({"cidr": "10.0.0.0/8"}), json!({"cidr": "0.0.0.0/0"}));
    check([
        (&billing, &billing, true),
        (&billing, &there, false),
        (&billing, &labs, false),
        (&here, &billing, true),
        (&here, &there, false),
        (&everywhere, &there, true),
        (&everywhere, &here, true),
        (&here, &everywhere, false),
        (&everywhere, &range, false),
        (&world, &everywhere, false),
        (&world, &range, true),
        (&range, &world, false),
    ]);
}

#[test]
fn selectors() {
    let app = |labels: Value| json!({"podSelector": {"matchLabels": labels}});
    let in_set = |values: Value| {
        let expression = json!({"key": "app", "operator": "In", "values": values});
        json!({"podSelector": {"matchExpressions": [expression]}})
    };
    let (a, b) = (app(json!({"app": "a"})), app(json!({"app": "b"})));
    let narrower = app(json!({"app": "a", "tier": "b"}));
    let (one, two) = (in_set(json!(["a"])), in_set(json!(["a", "b"])));
    check([
        (&a, &narrower, true),
        (&narrower, &a, false),
        (&a, &b, false),
        (&one, &one, true),
        (&one, &two, false),
    ]);
}

#[test]
fn ports() {
    let ports = |ports: Value| json!({"service": "billing", "ports": ports});
    let all = json!({"service": "billing"});
    let range = ports(json!([{"port": 1, "endPort": 100}]));
    let inside = ports(json!([{"port": 80}, {"port": 90, "endPort": 100}]));
    let beyond = ports(json!([{"port": 80}, {"port": 90, "endPort": 101}]));
    let datagrams = ports(json!([{"port": 80, "protocol": "UDP"}]));
    check([
        (&all, &range, true),
        (&range, &all, false),
        (&range, &inside, true),
        (&range, &beyond, false),
        (&range, &datagrams, false),
    ]);
}
