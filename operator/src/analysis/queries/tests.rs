use std::time::Duration;

use serde_json::json;

use super::{Queries, error_budget_spent, scrape};
use crate::analysis::Pods;
use crate::plan::{OperatorDefaults, Plan};
use crate::render::promql::check;
use crate::testing::{ALL_APIS, NO_APIS, example, named, service};

fn plan(spec: serde_json::Value) -> Plan {
    Plan::new(&service(spec), &OperatorDefaults::default(), ALL_APIS).unwrap()
}

fn all(queries: &Queries) -> [&str; 3] {
    let Queries {
        requests,
        failed,
        latency_seconds,
    } = queries;
    [requests, failed, latency_seconds]
}

const CANDIDATE: Pods<'_> = Pods::ReplicaSet("records-candidate-5f6d7c8b9d");

#[test]
fn every_expression_parses() {
    let long = named(&"a".repeat(52), json!({}));
    for service in [example("minimal"), example("every-field"), long] {
        let plan = Plan::new(&service, &OperatorDefaults::default(), ALL_APIS).unwrap();
        let candidate = format!("{}-candidate", plan.owner.name);
        for pods in [
            CANDIDATE,
            Pods::Deployment(&plan.owner.name),
            Pods::Deployment(&candidate),
        ] {
            let queries = Queries::new(&plan, pods, Duration::from_hours(168));
            for expression in all(&queries)
                .into_iter()
                .map(str::to_owned)
                .chain(error_budget_spent(&plan))
            {
                assert_eq!(check(&expression), Ok(()), "{expression}");
            }
        }
    }
}

#[test]
fn they_ask_for_the_candidate_and_not_for_probes() {
    let plan = plan(json!({"probes": {"readiness": {"path": "/deep?x=1"}}}));
    let queries = Queries::new(&plan, CANDIDATE, Duration::from_mins(10));
    for expression in all(&queries) {
        for part in [
            r#"namespace="clinic",job="records""#,
            r#"http_route!="/deep""#,
            r#"http_route!="/health""#,
            r#"pod=~"records-candidate-5f6d7c8b9d-["#,
            "[600s]",
            "offset 600s",
        ] {
            assert!(expression.contains(part), "{part}: {expression}");
        }
    }
    assert!(queries.failed.contains(r#"http_response_status_code=~"5..""#));
}

#[test]
fn the_time_holds_four_scrapes_at_least() {
    let window = |interval: &str, seconds| {
        let plan = plan(json!({"observability": {"metrics": {"interval": interval}}}));
        super::window(&plan, Duration::from_secs(seconds))
    };
    assert_eq!(window("30s", 0), "120s");
    assert_eq!(window("1s", 0), "4s");
    assert_eq!(window("1m", 300), "300s");
    assert_eq!(scrape("2m"), Duration::from_mins(2));
}

#[test]
fn the_error_budget_needs_an_objective_and_its_records() {
    let with = json!({"observability": {"slo": {"objective": 99.9}}});
    let spent = error_budget_spent(&plan(with.clone())).unwrap();
    assert!(spent.contains("[30d]") && spent.ends_with("/ 0.001"), "{spent}");
    assert_eq!(error_budget_spent(&plan(json!({}))), None);
    let blind = Plan::new(&service(with), &OperatorDefaults::default(), NO_APIS).unwrap();
    assert_eq!(error_budget_spent(&blind), None);
}
