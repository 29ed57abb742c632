//! The policy that keeps people from editing managed objects: its shape. What it lets through and what it
//! refuses is tried on a real API server by the cluster tests.

use std::collections::BTreeSet;

use healthcare_operator::render::ChildKind;
use serde_json::{Value, json};

use super::{all, render};

fn policies(arguments: &[&str]) -> Vec<Value> {
    all(&render(arguments), "ValidatingAdmissionPolicy")
        .into_iter()
        .cloned()
        .collect()
}

fn condition<'a>(policy: &'a Value, name: &str) -> &'a str {
    let conditions = policy["spec"]["matchConditions"].as_array().unwrap();
    conditions.iter().find(|c| c["name"] == name).unwrap()["expression"]
        .as_str()
        .unwrap()
}

#[test]
fn every_kind_the_operator_makes_is_protected() {
    let children = ChildKind::ALL.map(|kind| (kind.group().to_owned(), kind.plural().to_owned()));
    let mut protected = BTreeSet::new();
    for rule in policies(&[])[0]["spec"]["matchConstraints"]["resourceRules"]
        .as_array()
        .unwrap()
    {
        assert_eq!(rule["operations"], json!(["UPDATE", "DELETE"]));
        for resource in rule["resources"].as_array().unwrap() {
            let group = rule["apiGroups"][0].as_str().unwrap().to_owned();
            protected.insert((group, resource.as_str().unwrap().to_owned()));
        }
    }
    assert_eq!(protected, BTreeSet::from(children));
}

#[test]
fn the_operator_s_own_account_is_let_through() {
    for (arguments, account) in [
        (&[][..], "healthcare-operator"),
        (&["--set", "serviceAccount.name=mine"], "mine"),
        (&["--set", "fullnameOverride=hcop"], "hcop"),
    ] {
        for policy in policies(arguments) {
            let expected =
                format!("request.userInfo.username != 'system:serviceaccount:healthcare-system:{account}'");
            assert_eq!(condition(&policy, "not-the-operator"), expected);
        }
    }
}

#[test]
fn exempt_names_are_quoted_for_cel() {
    let set =
        r#"protectChildren={"exemptGroups":["break\"glass","a\\b"],"exemptUsers":["o'hara@example.org"]}"#;
    for policy in policies(&["--set-json", set]) {
        let exempt = condition(&policy, "not-exempt");
        assert!(exempt.contains(r#"g in ["break\"glass","a\\b"]"#), "{exempt}");
        assert!(
            exempt.contains(r#"username in ["o'hara@example.org"]"#),
            "{exempt}"
        );
    }
}

#[test]
fn nobody_is_exempt_unless_named() {
    for policy in policies(&[]) {
        let expected = "!(request.userInfo.username in []) && \
                        !(has(request.userInfo.groups) && request.userInfo.groups.exists(g, g in []))";
        assert_eq!(condition(&policy, "not-exempt"), expected);
    }
}

#[test]
fn bindings_follow_the_watched_namespaces() {
    let objects = render(&[]);
    assert!(
        all(&objects, "ValidatingAdmissionPolicyBinding")
            .iter()
            .all(|b| b["spec"].get("matchResources").is_none())
    );
    let objects = render(&[
        "--set",
        "watchNamespaces={clinic,lab},protectChildren.validationActions={Warn,Audit}",
    ]);
    for binding in all(&objects, "ValidatingAdmissionPolicyBinding") {
        let selector = &binding["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"][0];
        assert_eq!(selector["values"], json!(["clinic", "lab"]));
        assert_eq!(binding["spec"]["validationActions"], json!(["Warn", "Audit"]));
        let policies = all(&objects, "ValidatingAdmissionPolicy");
        assert!(
            policies
                .iter()
                .any(|p| p["metadata"]["name"] == binding["spec"]["policyName"])
        );
    }
}

#[test]
fn switched_off_means_no_policy() {
    let objects = render(&["--set", "protectChildren.enabled=false"]);
    assert!(
        objects
            .iter()
            .all(|o| !o["kind"].as_str().unwrap().starts_with("ValidatingAdmission"))
    );
}
