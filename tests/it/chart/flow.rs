//! The operator's share of the API server.

use serde_json::{Value, json};

use super::{NAMESPACE, all, one, render};

fn named<'a>(objects: &'a [Value], name: &str) -> &'a Value {
    let found = all(objects, "FlowSchema")
        .into_iter()
        .find(|o| o["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no FlowSchema {name}"))
}

#[test]
fn flow_schemas_are_made_only_when_asked_for() {
    assert!(all(&render(&[]), "FlowSchema").is_empty());
    let alone = "flowSchema.enabled=true,replicas=1,operator.leaderElection=false";
    let objects = render(&["--set", alone]);
    assert!(one(&objects, "FlowSchema")["metadata"]["name"] == "healthcare-system-healthcare-operator");
}

#[test]
fn they_are_about_the_account_of_the_operator_s_pods() {
    let accounts = [
        "serviceAccount.name=",
        "serviceAccount.create=false,serviceAccount.name=mine",
    ];
    for account in accounts {
        let objects = render(&["--set", "flowSchema.enabled=true", "--set", account]);
        let pods = &one(&objects, "Deployment")["spec"]["template"]["spec"]["serviceAccountName"];
        for schema in all(&objects, "FlowSchema") {
            for rule in schema["spec"]["rules"].as_array().unwrap() {
                let subject = json!({"kind": "ServiceAccount", "serviceAccount": {"name": pods, "namespace": NAMESPACE}});
                assert_eq!(rule["subjects"], json!([subject]));
            }
        }
    }
}

#[test]
fn the_lease_is_sorted_first_and_the_rest_by_namespace() {
    let values =
        "flowSchema.enabled=true,flowSchema.priorityLevel=healthcare,flowSchema.matchingPrecedence=500";
    let objects = render(&["--set", values]);
    let all = &named(&objects, "healthcare-system-healthcare-operator")["spec"];
    let lease = &named(&objects, "healthcare-system-healthcare-operator-leader")["spec"];
    assert_eq!(all["priorityLevelConfiguration"]["name"], "healthcare");
    assert_eq!(lease["priorityLevelConfiguration"]["name"], "leader-election");
    assert_eq!(
        (&all["matchingPrecedence"], &lease["matchingPrecedence"]),
        (&json!(500), &json!(499))
    );
    assert_eq!(all["distinguisherMethod"]["type"], "ByNamespace");
    let resources = &lease["rules"][0]["resourceRules"][0];
    assert_eq!(resources["resources"], json!(["leases"]));
    assert_eq!(resources["namespaces"], json!([NAMESPACE]));
    assert!(lease["rules"][0].get("nonResourceRules").is_none());
}
