//! What the status says of controls follows time and what stands in the cluster, not the spec alone.

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::ComplianceStatus;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::support::manifest;
use crate::support::world::{Stage, condition, world};

const PHI: &str = ", compliance: {dataClassification: PHI, transportEncryption: Mesh, auditRetention: 7y}";

#[expect(clippy::disallowed_methods, reason = "the operator has the same clock")]
fn ahead(time: SignedDuration) -> Timestamp {
    Timestamp::now() + time
}

fn compliance(service: &HealthcareService) -> ComplianceStatus {
    let status = service.status.clone().unwrap_or_default();
    status.compliance.unwrap_or_default()
}

fn is_met(service: &HealthcareService) -> bool {
    condition(service, "Compliant") == Some(("True", "ControlsMet"))
}

fn is_violated(service: &HealthcareService) -> bool {
    condition(service, "Compliant") == Some(("False", "ControlsViolated"))
}

/// A service with PHI that is excused from everything that it does not meet, for so long.
async fn excused(stage: &Stage, namespace: &str, time: SignedDuration) -> HealthcareService {
    stage.namespace(namespace).unwrap();
    stage
        .cluster
        .apply(&manifest("records", namespace, "registry.local/app:1", PHI))
        .unwrap();
    stage.until_ready(namespace, "records").await.unwrap();
    let violated = stage.until(namespace, "records", is_violated).await.unwrap();
    let violations = compliance(&violated).violations;
    assert!(!violations.is_empty() && violations.len() < 16, "{violations:#?}");
    stage.settled_writes(namespace).await;
    let expires = format!("{:.0}", ahead(time));
    let all: Vec<_> = violations
        .iter()
        .map(|violation| json!({
            "control": violation.control, "reason": "until it is mended", "approver": "officer", "expires": expires,
        }))
        .collect();
    let patch = json!({"compliance": {"exemptions": all}}).to_string();
    stage.patch_spec(namespace, "records", &patch).unwrap();
    let met = stage.until(namespace, "records", is_met).await.unwrap();
    assert_eq!(usize::try_from(compliance(&met).exempted).unwrap(), all.len());
    met
}

/// Nobody changes anything, and nothing but the status is written.
#[tokio::test]
async fn an_exemption_ends_by_itself() {
    let stage = world();
    let met = excused(stage, "expiry", SignedDuration::from_secs(20)).await;
    stage.settled_writes("expiry").await;
    let ended = stage.until("expiry", "records", is_violated).await.unwrap();
    assert_eq!(ended.metadata.generation, met.metadata.generation);
    let (before, after) = (compliance(&met), compliance(&ended));
    assert_eq!((after.exempted, after.violated), (0, before.exempted));
    let message = &after.violations[0].message;
    assert!(message.contains("its exemption ended at "), "{message}");
    let writes = stage.proxy.take_writes("expiry");
    let told = writes.iter().filter(|write| !write.contains("events"));
    assert_eq!(
        told.collect::<Vec<_>>(),
        ["PATCH healthcareservices/records/status"]
    );
}

/// A plan supports nothing while what it planned is not there.
#[tokio::test]
async fn a_child_that_is_not_as_planned_supports_no_control() {
    let stage = world();
    excused(stage, "missing", SignedDuration::from_hours(1)).await;
    stage
        .patch_spec("missing", "records", r#"{"paused":true}"#)
        .unwrap();
    let paused = stage.until("missing", "records", is_violated).await.unwrap();
    let named = |service: &HealthcareService, control: &str| {
        let found = compliance(service)
            .violations
            .into_iter()
            .find(|violation| violation.control == control);
        found.map(|violation| violation.message)
    };
    let denies = "HIPAA-164.312(a)(1)-default-deny";
    assert_eq!(named(&paused, denies), None);

    stage.kubectl("missing", "delete networkpolicy records").unwrap();
    let is_named = |service: &HealthcareService| named(service, denies).is_some();
    let deleted = stage.until("missing", "records", is_named).await.unwrap();
    let message = named(&deleted, denies).unwrap();
    assert!(
        message.starts_with("NetworkPolicy records was deleted: "),
        "{message}"
    );
    let account = "HIPAA-164.312(a)(2)(i)";
    assert_eq!(named(&deleted, account), None, "another child's");

    stage
        .patch_spec("missing", "records", r#"{"paused":false}"#)
        .unwrap();
    stage.until("missing", "records", is_met).await.unwrap();
}
