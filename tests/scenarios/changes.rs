//! Each change leads to just the writes it needs.

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
        stage
            .patch_spec("changes", "synthetic-phi-service", change)
            .unwrap();
        stage
            .until("changes", "synthetic-phi-service", |_| true)
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
        stage
            .until_ready("settings", "synthetic-phi-service")
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

#[tokio::test]
async fn what_others_change_is_put_right_and_what_is_theirs_left_alone() {
    let stage = world();
    stage.namespace("drift").unwrap();
    stage
        .cluster
        .apply(&example("synthetic-phi-service", "drift"))
        .unwrap();
    stage.until_ready("drift", "synthetic-phi-service").await.unwrap();
    stage.settled_writes("drift").await;

    stage
        .kubectl(
            "drift",
            r#"patch svc synthetic-phi-service --type merge -p {"spec":{"sessionAffinity":"ClientIP"}}"#,
        )
        .unwrap();
    assert_eq!(
        stage.settled_writes("drift").await,
        ["PATCH services/synthetic-phi-service"]
    );
    stage
        .kubectl("drift", "delete networkpolicy synthetic-phi-service")
        .unwrap();
    assert_eq!(
        stage.settled_writes("drift").await,
        ["PATCH networkpolicies/synthetic-phi-service"]
    );
    stage
        .kubectl(
            "drift",
            "annotate deployment synthetic-phi-service example.org/note=mine",
        )
        .unwrap();
    stage
        .kubectl("drift", "rollout restart deployment synthetic-phi-service")
        .unwrap();
    stage
        .kubectl("drift", "label hpa synthetic-phi-service example.org/team=mine")
        .unwrap();
    assert_eq!(stage.settled_writes("drift").await, Vec::<String>::new());

    let service = stage.until_ready("drift", "synthetic-phi-service").await.unwrap();
    let drift = service.status.unwrap().drift;
    let seen: Vec<_> = drift
        .iter()
        .map(|d| (d.kind.as_str(), d.change.as_str(), d.manager.as_deref()))
        .collect();
    assert_eq!(
        seen,
        [
            ("NetworkPolicy", "deleted", None),
            ("Service", "changed", Some("kubectl-patch"))
        ]
    );
    let events = stage.kubectl(
        "drift",
        "get events --field-selector reason=DriftRepaired -o jsonpath={.items[*].message}",
    );
    let events = events.unwrap();
    assert!(
        events.contains("by kubectl-patch") && events.contains("NetworkPolicy"),
        "{events}"
    );
}
