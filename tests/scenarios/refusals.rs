//! Wrong manifests are refused by the API server with a message that says what to change.

use serde_json::Value;

use crate::support::manifest;
use crate::support::world::world;

/// What of the service must not move. The autoscaler's and the budget's controllers write their own status.
const STATE: &str = "get deploy,svc,sa,netpol,hcs -o jsonpath={.items[*].metadata.resourceVersion}";

#[tokio::test]
async fn wrong_manifests_are_refused_and_the_running_service_is_untouched() {
    let stage = world();
    stage.namespace("refusals").unwrap();
    stage
        .cluster
        .apply(&manifest("svc", "refusals", "registry.local/app:1", ""))
        .unwrap();
    stage.until_ready("refusals", "svc").await.unwrap();
    stage.settled_writes("refusals").await;
    let before = stage.kubectl("refusals", STATE).unwrap();

    let cases = healthcare_tests::bad_manifests::all().unwrap();
    assert!(cases.len() >= 25, "{}", cases.len());
    for case in cases {
        let mut wrong = case.manifest();
        wrong["metadata"]["namespace"] = Value::from("refusals");
        let refusal = stage
            .cluster
            .apply(&wrong.to_string())
            .expect_err(&case.name)
            .to_string();
        let said = refusal.split_whitespace().collect::<Vec<_>>().join(" ");
        let wanted = case.message.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            said.contains(&wanted),
            "{}:\nwanted {wanted}\nsaid {said}",
            case.name
        );
    }
    assert_eq!(stage.settled_writes("refusals").await, Vec::<String>::new());
    assert_eq!(stage.kubectl("refusals", STATE).unwrap(), before);
}
