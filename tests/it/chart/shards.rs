//! Several Deployments that share the namespaces.

use serde_json::{Value, json};

use super::{NAMESPACE, all, one, render};
use crate::chart::roles::role;

const THREE: [&str; 2] = ["--set", "operator.shards=3"];

#[test]
fn one_shard_is_none() {
    let objects = render(&[]);
    let deployment = one(&objects, "Deployment");
    assert_eq!(deployment["metadata"]["name"], "healthcare-operator");
    assert!(!deployment.to_string().to_lowercase().contains("shard"));
}

#[test]
fn every_shard_has_pods_a_budget_and_a_share_of_its_own() {
    let objects = render(&THREE);
    let deployments = all(&objects, "Deployment");
    assert_eq!(deployments.len(), 3);
    for (number, deployment) in deployments.into_iter().enumerate() {
        let name = format!("healthcare-operator-{number}");
        assert_eq!(deployment["metadata"]["name"], *name);
        let environment = deployment["spec"]["template"]["spec"]["containers"][0]["env"].as_array();
        let share = environment
            .unwrap()
            .iter()
            .find(|variable| variable["name"] == "SHARD");
        assert_eq!(share.unwrap()["value"], format!("{number}/3"));
        let mine = &deployment["spec"]["selector"]["matchLabels"];
        assert_eq!(mine["gitops-health.io/shard"], number.to_string());
        let labels = &deployment["spec"]["template"]["metadata"]["labels"];
        for (label, value) in mine.as_object().unwrap() {
            assert_eq!(labels[label], *value);
        }
        let budgets = all(&objects, "PodDisruptionBudget");
        let budget = budgets
            .into_iter()
            .find(|budget| budget["metadata"]["name"] == *name);
        assert_eq!(budget.unwrap()["spec"]["selector"]["matchLabels"], *mine);
    }
}

/// The name of the lease follows from the shard.
#[test]
fn all_leases_may_be_held() {
    let leases = |arguments: &[&str]| -> Value {
        let objects = render(arguments);
        let leader = role(&objects, "Role", Some(NAMESPACE), "healthcare-operator-leader");
        leader["rules"][1]["resourceNames"].clone()
    };
    assert_eq!(leases(&[]), json!(["healthcare-operator"]));
    let three = [
        "healthcare-operator-0",
        "healthcare-operator-1",
        "healthcare-operator-2",
    ];
    assert_eq!(leases(&THREE), json!(three));
}

#[test]
fn one_shard_without_a_leader_is_enough_for_the_alert() {
    let on = ["--set", "monitoring.enabled=true,operator.shards=3"];
    let objects = render(&on);
    let groups = &one(&objects, "PrometheusRule")["spec"]["groups"];
    let rules = groups
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap());
    let alert = rules
        .into_iter()
        .find(|rule| rule["alert"] == "HealthcareOperatorNoLeader");
    let expression = alert.unwrap()["expr"].as_str().unwrap();
    assert!(expression.ends_with(") < 3"), "{expression}");
}
