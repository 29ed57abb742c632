use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

mod generate;

fn minimal(extra: &Value) -> HealthcareServiceSpec {
    let mut spec = json!({"image": "registry.example.org/team/service:1.0.0"});
    for (key, value) in extra.as_object().unwrap() {
        spec[key] = value.clone();
    }
    serde_json::from_value(spec).unwrap()
}

#[test]
fn an_image_is_enough() {
    let spec = minimal(&json!({}));
    assert_eq!(
        (spec.port, spec.paused, spec.session_affinity),
        (8080, false, SessionAffinity::None)
    );
    assert_eq!((spec.scaling.min_replicas, spec.scaling.max_replicas), (3, 10));
    assert_eq!(
        (
            spec.scaling.target_cpu_utilization,
            spec.scaling.target_memory_utilization
        ),
        (70, 80)
    );
    assert!(
        serde_json::from_value::<HealthcareServiceSpec>(json!({})).is_err(),
        "an image is needed"
    );
}

#[test]
fn observability_is_on_by_default() {
    let observability = minimal(&json!({"observability": {}})).observability.unwrap();
    assert_eq!(observability, Observability::default());
    assert!(observability.metrics.enabled && observability.tracing.enabled && observability.alerts.enabled);
    assert_eq!(observability.logging.level, LogLevel::Info);
}

/// The defaults of a partly written section are those of an absent one.
#[test]
fn a_section_may_be_written_in_part() {
    let spec =
        minimal(&json!({"scaling": {"minReplicas": 5}, "observability": {"metrics": {"interval": "10s"}}}));
    assert_eq!(
        spec.scaling,
        Scaling {
            min_replicas: 5,
            ..Scaling::default()
        }
    );
    let metrics = spec.observability.unwrap().metrics;
    assert_eq!(
        metrics,
        Metrics {
            interval: "10s".into(),
            ..Metrics::default()
        }
    );
}

#[test]
fn words_match_the_wire() {
    for level in [
        LogLevel::Trace,
        LogLevel::Debug,
        LogLevel::Info,
        LogLevel::Warn,
        LogLevel::Error,
    ] {
        assert_eq!(serde_json::to_value(level).unwrap(), json!(level.as_str()));
    }
    for severity in [Severity::Critical, Severity::Warning, Severity::Info] {
        assert_eq!(serde_json::to_value(severity).unwrap(), json!(severity.as_str()));
    }
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        assert_eq!(serde_json::to_value(protocol).unwrap(), json!(protocol.as_str()));
    }
}

#[test]
fn empty_status_is_empty_on_the_wire() {
    assert_eq!(
        serde_json::to_value(HealthcareServiceStatus::default()).unwrap(),
        json!({})
    );
}

/// What the CRD's default puts into a new object: kstatus takes -1 for "in progress".
#[test]
fn default_status_of_the_crd_reads_as_status() {
    let crd = crate::crd::healthcare_service_crd();
    let schema = crd.spec.versions[0]
        .schema
        .clone()
        .unwrap()
        .open_api_v3_schema
        .unwrap();
    let default = schema.properties.unwrap()["status"].default.clone().unwrap().0;
    let status: HealthcareServiceStatus = serde_json::from_value(default).unwrap();
    assert_eq!(status.observed_generation, Some(-1));
}

/// Every leaf of `part` stands in `whole`; empty lists and maps may be left out.
fn is_kept(part: &Value, whole: &Value) -> bool {
    match part {
        Value::Object(fields) => fields.iter().all(|(key, value)| is_kept(value, &whole[key])),
        Value::Array(items) if !items.is_empty() => {
            let others = whole.as_array().map_or(&[][..], Vec::as_slice);
            items.len() == others.len() && items.iter().zip(others).all(|(a, b)| is_kept(a, b))
        }
        Value::Array(_) => whole.is_null() || whole == part,
        Value::Number(number) => {
            whole.as_f64() == number.as_f64() || whole.as_str() == Some(&number.to_string())
        }
        other => whole == other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The schema and the Rust types agree: what the API server stores, the operator reads without loss.
    #[test]
    fn every_spec_within_the_schema_survives_the_types(spec in generate::specs()) {
        let typed: HealthcareServiceSpec = serde_json::from_value(spec.clone())
            .map_err(|error| TestCaseError::fail(format!("{error}: {spec}")))?;
        let written = serde_json::to_value(&typed).unwrap();
        prop_assert!(is_kept(&spec, &written), "lost from {spec}\nin {written}");
        prop_assert_eq!(serde_json::from_value::<HealthcareServiceSpec>(written).unwrap(), typed);
    }
}
