use std::time::Duration;

use serde_json::json;

use super::*;
use crate::outcome::{Error, Next};
use crate::testing;

fn metrics() -> (Registry, OperatorMetrics) {
    let registry = Registry::new();
    let metrics = OperatorMetrics::new(&registry).unwrap();
    (registry, metrics)
}

/// Lines of the exposition whose metric starts with `prefix`, without histogram buckets and sums, which vary.
fn lines(registry: &Registry, prefix: &str) -> String {
    let text = String::from_utf8(service_kit::metrics::encode(registry).unwrap()).unwrap();
    text.lines()
        .filter(|line| line.starts_with(prefix) && !line.contains("_bucket{") && !line.contains("_sum{"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn failure() -> Error {
    Error::Terminating {
        kind: "Service",
        name: "records".to_owned(),
    }
}

#[test]
fn passes_count_under_controller_runtimes_names() {
    let (registry, metrics) = metrics();
    metrics.set_concurrency(16);
    metrics.pass_started().finished(&Ok(Next::OnChange));
    metrics
        .pass_started()
        .finished(&Ok(Next::After(Duration::from_secs(2))));
    metrics.pass_started().finished(&Err(failure()));
    metrics.pass_started().finished(&Err(failure()));
    let _under_way = metrics.pass_started();
    insta::assert_snapshot!(lines(&registry, "controller_runtime"), @r#"
    controller_runtime_active_workers{controller="healthcareservice"} 1
    controller_runtime_max_concurrent_reconciles{controller="healthcareservice"} 16
    controller_runtime_reconcile_errors_total{controller="healthcareservice"} 2
    controller_runtime_reconcile_panics_total{controller="healthcareservice"} 0
    controller_runtime_reconcile_time_seconds_count{controller="healthcareservice"} 4
    controller_runtime_reconcile_total{controller="healthcareservice",result="error"} 2
    controller_runtime_reconcile_total{controller="healthcareservice",result="requeue_after"} 1
    controller_runtime_reconcile_total{controller="healthcareservice",result="success"} 1
    "#);
}

#[test]
fn results_are_there_before_the_first_pass() {
    let (registry, _metrics) = metrics();
    insta::assert_snapshot!(lines(&registry, "controller_runtime_reconcile_"), @r#"
    controller_runtime_reconcile_errors_total{controller="healthcareservice"} 0
    controller_runtime_reconcile_panics_total{controller="healthcareservice"} 0
    controller_runtime_reconcile_time_seconds_count{controller="healthcareservice"} 0
    controller_runtime_reconcile_total{controller="healthcareservice",result="error"} 0
    controller_runtime_reconcile_total{controller="healthcareservice",result="requeue_after"} 0
    controller_runtime_reconcile_total{controller="healthcareservice",result="success"} 0
    "#);
}

#[test]
fn buckets_are_controller_runtimes() {
    let (registry, _metrics) = metrics();
    let text = String::from_utf8(service_kit::metrics::encode(&registry).unwrap()).unwrap();
    let bounds: Vec<_> = text
        .lines()
        .filter_map(|line| {
            line.strip_prefix("controller_runtime_reconcile_time_seconds_bucket")?
                .split("le=\"")
                .nth(1)?
                .split('"')
                .next()
        })
        .collect();
    insta::assert_snapshot!(bounds.join(" "), @"0.005 0.01 0.025 0.05 0.1 0.15 0.2 0.25 0.3 0.35 0.4 0.45 0.5 0.6 0.7 0.8 0.9 1 1.25 1.5 1.75 2 2.5 3 3.5 4 5 10 20 30 45 60 +Inf");
}

#[test]
fn the_queue_counts_under_client_gos_names() {
    let (registry, metrics) = metrics();
    let counts = Counts { adds: 5, retries: 2 };
    metrics.queue_observed(counts, |level| if level == Level::Changed { 1 } else { 2 });
    drop(metrics.work_started(Duration::from_millis(3)));
    insta::assert_snapshot!(lines(&registry, "workqueue_"), @r#"
    workqueue_adds_total{controller="healthcareservice",name="healthcareservice"} 5
    workqueue_depth{controller="healthcareservice",name="healthcareservice",priority="-100"} 2
    workqueue_depth{controller="healthcareservice",name="healthcareservice",priority="0"} 1
    workqueue_longest_running_processor_seconds{controller="healthcareservice",name="healthcareservice"} 0
    workqueue_queue_duration_seconds_count{controller="healthcareservice",name="healthcareservice"} 1
    workqueue_retries_total{controller="healthcareservice",name="healthcareservice"} 2
    workqueue_unfinished_work_seconds{controller="healthcareservice",name="healthcareservice"} 0
    workqueue_work_duration_seconds_count{controller="healthcareservice",name="healthcareservice"} 1
    "#);
}

#[test]
fn the_queues_buckets_are_client_gos() {
    let (registry, _metrics) = metrics();
    let bounds = ["queue", "work"].map(|what| {
        let name = format!("workqueue_{what}_duration_seconds");
        let families = registry.gather();
        let family = families.iter().find(|family| family.name() == name).unwrap();
        let buckets = family.get_metric()[0].get_histogram().get_bucket();
        let bounds: Vec<_> = buckets
            .iter()
            .map(|bucket| format!("{:e}", bucket.upper_bound()))
            .collect();
        bounds.join(" ")
    });
    insta::assert_snapshot!(bounds[0], @"1e-8 1e-7 1e-6 9.999999999999999e-6 9.999999999999999e-5 1e-3 1e-2 1e-1 1e0 1e1 1e2 1e3");
    assert_eq!(bounds[0], bounds[1]);
}

#[test]
fn work_under_way_is_measured_when_it_is_read() {
    let (registry, metrics) = metrics();
    // Sum and longest, from one look.
    let values = || {
        let families = registry.gather();
        ["unfinished_work", "longest_running_processor"].map(|name| {
            let name = format!("workqueue_{name}_seconds");
            let family = families.iter().find(|family| family.name() == name).unwrap();
            family.get_metric()[0].get_gauge().get_value()
        })
    };
    let first = metrics.work_started(Duration::ZERO);
    std::thread::sleep(Duration::from_millis(20));
    let second = metrics.work_started(Duration::ZERO);
    let [total, longest] = values();
    assert!(total > longest && longest >= 0.02, "{total} {longest}");
    drop(first);
    let [total, longest] = values();
    assert!(
        total > 0.0 && (total - longest).abs() < f64::EPSILON,
        "{total} {longest}"
    );
    drop(second);
    assert!(values().into_iter().all(|value| value.abs() < f64::EPSILON));
}

#[test]
fn prometheus_has_nothing_to_say_about_names_and_types() {
    let (registry, metrics) = metrics();
    metrics.set_leading("healthcare-operator", true);
    metrics.request("200", "GET", "HOST");
    metrics.child_written(ChildKind::Service, ChildOperation::Apply);
    metrics.drift_repaired(ChildKind::Service);
    metrics.service_observed(&testing::service(json!({})), true);
    metrics.queue_observed(Counts::default(), |_| 0);
    let text = String::from_utf8(service_kit::metrics::encode(&registry).unwrap()).unwrap();
    assert_eq!(service_kit::testing::check_metrics(&text).unwrap(), "");
}

#[test]
fn a_panic_counts_as_a_failure() {
    let (registry, metrics) = metrics();
    metrics.pass_panicked();
    let text = lines(&registry, "controller_runtime_reconcile_");
    for metric in [
        "errors_total{controller=\"healthcareservice\"}",
        "panics_total{controller=\"healthcareservice\"}",
    ] {
        assert!(text.contains(&format!("{metric} 1")), "{text}");
    }
    assert!(text.contains("result=\"error\"} 1"), "{text}");
}

#[test]
fn a_pass_that_is_dropped_is_no_longer_under_way() {
    let (registry, metrics) = metrics();
    let first = metrics.pass_started();
    let second = metrics.pass_started();
    assert!(lines(&registry, "controller_runtime_active").ends_with(" 2"));
    drop(first);
    assert!(lines(&registry, "controller_runtime_active").ends_with(" 1"));
    second.finished(&Ok(Next::OnChange));
    assert!(lines(&registry, "controller_runtime_active").ends_with(" 0"));
    // Dropped passes have no result.
    assert!(lines(&registry, "controller_runtime_reconcile_time_seconds_count").ends_with(" 1"));
}

#[test]
fn a_service_has_one_series_each_until_forgotten() {
    let (registry, metrics) = metrics();
    let service = testing::service(json!({}));
    metrics.service_observed(&service, false);
    metrics.service_observed(
        &testing::named("labs", json!({"image": "registry.example.org/labs:2"})),
        true,
    );
    let mut updated = service;
    updated.spec.image = "registry.example.org/team/records:1.0.1".to_owned();
    updated.spec.paused = true;
    metrics.service_observed(&updated, true);
    // A second look changes nothing.
    metrics.service_observed(&updated, true);
    insta::assert_snapshot!(lines(&registry, "healthcare_service_"), @r#"
    healthcare_service_info{image="registry.example.org/labs:2",name="labs",namespace="clinic"} 1
    healthcare_service_info{image="registry.example.org/team/records:1.0.1",name="records",namespace="clinic"} 1
    healthcare_service_paused{name="labs",namespace="clinic"} 0
    healthcare_service_paused{name="records",namespace="clinic"} 1
    healthcare_service_ready{name="labs",namespace="clinic"} 1
    healthcare_service_ready{name="records",namespace="clinic"} 1
    "#);
    metrics.forget(testing::NAMESPACE, testing::NAME);
    insta::assert_snapshot!(lines(&registry, "healthcare_service_"), @r#"
    healthcare_service_info{image="registry.example.org/labs:2",name="labs",namespace="clinic"} 1
    healthcare_service_paused{name="labs",namespace="clinic"} 0
    healthcare_service_ready{name="labs",namespace="clinic"} 1
    "#);
    // What is not known can be forgotten, too.
    metrics.forget(testing::NAMESPACE, testing::NAME);
}

#[test]
fn a_service_that_came_back_is_shown_again() {
    let (registry, metrics) = metrics();
    let service = testing::service(json!({}));
    metrics.service_observed(&service, true);
    metrics.forget(testing::NAMESPACE, testing::NAME);
    assert_eq!(lines(&registry, "healthcare_service_"), "");
    metrics.service_observed(&service, true);
    assert_eq!(lines(&registry, "healthcare_service_info").lines().count(), 1);
}

#[test]
fn writes_repairs_requests_and_leadership() {
    let (registry, metrics) = metrics();
    metrics.child_written(ChildKind::Deployment, ChildOperation::Apply);
    metrics.child_written(ChildKind::Deployment, ChildOperation::Scale);
    metrics.child_written(ChildKind::PodDisruptionBudget, ChildOperation::Delete);
    metrics.child_written(ChildKind::Deployment, ChildOperation::Apply);
    metrics.drift_repaired(ChildKind::Service);
    metrics.status_written();
    // Clones share the values.
    metrics.clone().status_written();
    metrics.request("200", "GET", "10.0.0.1:6443");
    metrics.set_leading("healthcare-operator", true);
    insta::assert_snapshot!(
        ["healthcare_child", "healthcare_drift", "healthcare_status", "rest_client", "leader"]
            .map(|prefix| lines(&registry, prefix))
            .join("\n"),
        @r#"
        healthcare_child_writes_total{kind="Deployment",operation="apply"} 2
        healthcare_child_writes_total{kind="Deployment",operation="scale"} 1
        healthcare_child_writes_total{kind="PodDisruptionBudget",operation="delete"} 1
        healthcare_drift_repaired_total{kind="Service"} 1
        healthcare_status_writes_total 2
        rest_client_requests_total{code="200",host="10.0.0.1:6443",method="GET"} 1
        leader_election_master_status{name="healthcare-operator"} 1
        "#
    );
    metrics.set_leading("healthcare-operator", false);
    assert!(lines(&registry, "leader").ends_with(" 0"));
}

#[test]
fn the_same_registry_twice_is_an_error() {
    let (registry, _metrics) = metrics();
    assert!(OperatorMetrics::new(&registry).is_err());
}
