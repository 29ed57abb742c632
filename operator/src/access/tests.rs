#![expect(
    clippy::needless_pass_by_value,
    reason = "json! reads better without a reference before it"
)]

use healthcare_crds::HealthcareService;
use serde_json::{Value, json};

use super::*;
use crate::testing::{NAMESPACE, named};

fn caller(outbound: Value) -> HealthcareService {
    named("caller", json!({"accessPolicy": {"outbound": outbound}}))
}

fn callee(inbound: Value) -> HealthcareService {
    named("callee", json!({"accessPolicy": {"inbound": inbound}}))
}

fn judged(caller: &HealthcareService, other: Option<&HealthcareService>) -> Option<Vec<String>> {
    let find = |callee: &Key| other.filter(|other| Key::from(*other) == *callee).cloned();
    inconsistencies(caller, find).map(|list| list.iter().map(|i| i.reason().to_owned()).collect())
}

#[test]
fn both_sides_must_agree() {
    let cases = [
        ("named", json!([{"service": "caller"}]), vec![]),
        (
            "named with its namespace",
            json!([{"service": "caller", "namespace": NAMESPACE}]),
            vec![],
        ),
        (
            "named in another namespace",
            json!([{"service": "caller", "namespace": "other"}]),
            vec!["CalleeRefuses"],
        ),
        ("nobody", json!([]), vec!["CalleeRefuses"]),
        (
            "somebody else",
            json!([{"service": "stranger"}]),
            vec!["CalleeRefuses"],
        ),
        (
            "somebody else and the caller",
            json!([{"service": "stranger"}, {"service": "caller"}]),
            vec![],
        ),
        (
            "labels, which may fit",
            json!([{"podSelector": {"matchLabels": {"a": "b"}}}]),
            vec![],
        ),
        (
            "addresses, which may fit",
            json!([{"cidr": "10.0.0.0/8"}]),
            vec![],
        ),
    ];
    for (what, inbound, expected) in cases {
        let found = judged(&caller(json!([{"service": "callee"}])), Some(&callee(inbound)));
        assert_eq!(
            found,
            Some(expected.into_iter().map(str::to_owned).collect()),
            "{what}"
        );
    }
}

#[test]
fn a_missing_callee_is_named() {
    let find = |_: &Key| None;
    let list = inconsistencies(
        &caller(json!([{"service": "gone", "namespace": "billing"}])),
        find,
    )
    .unwrap();
    assert_eq!(list[0].reason(), "CalleeMissing");
    assert_eq!(
        list[0].to_string(),
        "there is no HealthcareService billing/gone: create it or remove it from accessPolicy.outbound"
    );
}

#[test]
fn a_refusal_names_both_sides() {
    let find = |_: &Key| Some(callee(json!([])));
    let list = inconsistencies(&caller(json!([{"service": "callee"}])), find).unwrap();
    assert_eq!(
        list[0].to_string(),
        format!(
            "{NAMESPACE}/callee does not list {NAMESPACE}/caller in its accessPolicy.inbound: add it there"
        )
    );
}

#[test]
fn without_named_callees_there_is_nothing_to_judge() {
    assert_eq!(judged(&named("caller", json!({})), None), None);
    assert_eq!(judged(&caller(json!([{"cidr": "10.0.0.0/8"}])), None), None);
}

#[test]
fn callees_are_looked_for_in_the_own_namespace_by_default() {
    let list = callees(&caller(
        json!([{"service": "a"}, {"service": "b", "namespace": "other"}, {"cidr": "10.0.0.0/8"}]),
    ));
    assert_eq!(
        list,
        [
            (NAMESPACE.to_owned(), "a".to_owned()),
            ("other".to_owned(), "b".to_owned())
        ]
    );
}

#[test]
fn callers_are_known_by_their_callees() {
    let calling =
        |name: &str, callee: &str| named(name, json!({"accessPolicy": {"outbound": [{"service": callee}]}}));
    let mut callers = Callers::default();
    let of = |callers: &Callers, callee: &str| {
        let mut names: Vec<_> = callers
            .of(&Key::new(NAMESPACE, callee))
            .map(ToString::to_string)
            .collect();
        names.sort();
        names
    };
    let (first, second) = (calling("first", "callee"), calling("second", "callee"));
    callers.update(None, Some(&first));
    callers.update(None, Some(&second));
    assert_eq!(of(&callers, "callee"), ["clinic/first", "clinic/second"]);
    callers.update(Some(&first), Some(&calling("first", "other")));
    assert_eq!(of(&callers, "callee"), ["clinic/second"]);
    assert_eq!(of(&callers, "other"), ["clinic/first"]);
    callers.update(Some(&second), None);
    assert_eq!(of(&callers, "callee"), Vec::<String>::new());
    assert_eq!(callers.0.len(), 1);
}
