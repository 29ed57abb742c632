//! Each change leads to just the writes it needs.

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::RolloutPhase;

use crate::support::example;
use crate::support::world::world;

/// Merge patches of the spec, in turn, and the writes each is worth.
fn costs() -> Vec<(&'static str, Vec<String>)> {
    let config = "PATCH configmaps/synthetic-phi-service-";
    let own = |kind: &str| format!("PATCH {kind}/synthetic-phi-service");
    let gone = |kind: &str| format!("DELETE {kind}/synthetic-phi-service");
    vec![
        (r#"{"image":"registry.local/app:2"}"#, vec![own("deployments")]),
        (
            r#"{"config":{"SHUTDOWN_DRAIN_DELAY":"6"}}"#,
            vec![config.to_owned(), own("deployments")],
        ),
        (
            r#"{"scaling":{"maxReplicas":12}}"#,
            vec![own("horizontalpodautoscalers")],
        ),
        (
            r#"{"disruption":{"minAvailable":1}}"#,
            vec![own("poddisruptionbudgets")],
        ),
        (
            r#"{"accessPolicy":{"outbound":[{"cidr":"10.0.0.0/8"}]}}"#,
            vec![own("networkpolicies")],
        ),
        (r#"{"sessionAffinity":"ClientIP"}"#, vec![own("services")]),
        (
            r#"{"serviceAccount":{"annotations":{"example.org/a":"b"}}}"#,
            vec![own("serviceaccounts")],
        ),
        (
            r#"{"observability":{"alerts":{"latencyMilliseconds":700}}}"#,
            vec![own("prometheusrules")],
        ),
        (
            r#"{"exposure":null}"#,
            vec![gone("ingresses"), own("networkpolicies")],
        ),
        (
            r#"{"observability":{"metrics":{"enabled":false}}}"#,
            vec![
                gone("servicemonitors"),
                own("networkpolicies"),
                own("prometheusrules"),
            ],
        ),
        (
            r#"{"observability":{"alerts":{"enabled":false},"slo":null}}"#,
            vec![gone("prometheusrules")],
        ),
        (
            r#"{"scaling":{"minReplicas":12,"maxReplicas":12}}"#,
            vec![gone("horizontalpodautoscalers"), own("deployments")],
        ),
        (r#"{"paused":true}"#, vec![]),
        (r#"{"paused":false}"#, vec![]),
    ]
}

/// Every spec is a revision, which takes the place of the one before.
fn with_revisions(change: &str, mut writes: Vec<String>) -> Vec<String> {
    if !change.contains("paused") {
        let revision = |method: &str| format!("{method} controllerrevisions/synthetic-phi-service-");
        writes.extend([revision("PATCH"), revision("DELETE")]);
        writes.sort();
    }
    writes
}

/// Nothing of a change is left to do.
fn is_through(service: &HealthcareService) -> bool {
    let rollout = service.status.as_ref().and_then(|status| status.rollout.as_ref());
    rollout.is_some_and(|rollout| rollout.phase == RolloutPhase::Completed)
}

#[tokio::test]
async fn each_change_costs_its_own_writes_only() {
    let stage = world();
    stage.namespace("changes").unwrap();
    stage
        .cluster
        .apply(&example("synthetic-phi-service", "changes"))
        .unwrap();
    stage
        .until_ready("changes", "synthetic-phi-service")
        .await
        .unwrap();
    stage.settled_writes("changes").await;

    for (change, expected) in costs() {
        let expected = with_revisions(change, expected);
        stage
            .patch_spec("changes", "synthetic-phi-service", change)
            .unwrap();
        stage
            .until("changes", "synthetic-phi-service", is_through)
            .await
            .unwrap();
        let writes = stage.settled_writes("changes").await;
        let matches = writes.len() == expected.len()
            && writes
                .iter()
                .zip(&expected)
                .all(|(w, e)| w.starts_with(e.as_str()));
        assert!(matches, "{change}: expected {expected:#?}, got {writes:#?}");
    }
    let left = stage
        .kubectl("changes", "get hpa,servicemonitor,prometheusrule,ingress -o name")
        .unwrap();
    assert_eq!(left.trim(), "");
    stage
        .until_ready("changes", "synthetic-phi-service")
        .await
        .unwrap();
}

#[tokio::test]
async fn earlier_settings_are_kept_for_rollback_and_no_more() {
    let stage = world();
    stage.namespace("settings").unwrap();
    stage
        .cluster
        .apply(&example("synthetic-phi-service", "settings"))
        .unwrap();
    for n in 1..=5 {
        let patch = format!(r#"{{"config":{{"N":"{n}"}}}}"#);
        stage
            .patch_spec("settings", "synthetic-phi-service", &patch)
            .unwrap();
        // One that is superseded would be followed by the settings of the revision before it.
        stage
            .until("settings", "synthetic-phi-service", is_through)
            .await
            .unwrap();
    }
    stage.settled_writes("settings").await;
    let kept = stage
        .kubectl(
            "settings",
            "get cm -l gitops-health.io/service -o jsonpath={.items[*].data.N}",
        )
        .unwrap();
    let mut kept: Vec<_> = kept.split_whitespace().collect();
    kept.sort_unstable();
    assert_eq!(kept, ["3", "4", "5"]);
}
