use std::collections::BTreeMap;

use super::*;
use crate::render::monitoring::tests::plan;

#[test]
fn literals_are_quoted() {
    assert_eq!(quote("a\"b\\c\nd"), r#""a\"b\\c\nd""#);
}

#[test]
fn probes_are_matched_by_their_own_paths_without_query_and_literally() {
    let mut plan = plan("{}");
    plan.probes.liveness.path = "/live(1).x?full=1".to_owned();
    assert_eq!(
        probe_routes(&plan),
        r"/health|/health/live|/health/ready|/live\(1\)\.x|/metrics|/readiness"
    );
}

#[test]
fn a_rate_is_scoped_to_the_service() {
    assert_eq!(
        request_rate(&plan("{}"), "count", &[&failed()], "5m"),
        "sum by (namespace, job) (rate(http_server_request_duration_seconds_count{namespace=\"clinic\",job=\"records\",\
         http_route!~\"/health|/health/live|/health/ready|/metrics|/readiness\",\
         http_response_status_code=~\"5..\"}[5m]))"
    );
}

/// The names that service-kit gives the common family; its own tests hold them too.
#[test]
fn metric_names_are_those_of_the_semantic_conventions() {
    let names = [REQUEST_DURATION, STATUS];
    assert_eq!(
        names,
        [
            "http_server_request_duration_seconds",
            "http_response_status_code"
        ]
    );
}

#[test]
fn errors_say_where_what_and_what_to_do() {
    let messages = BTreeMap::from([
        (
            "expression",
            RuleError::Expression {
                field: "spec.observability.alerts.extraRules",
                rule: "Queue".to_owned(),
                problem: "unclosed left parenthesis".to_owned(),
            },
        ),
        (
            "template",
            RuleError::Template {
                field: "spec.x: alert Queue: summary".to_owned(),
                problem: "bad".to_owned(),
            },
        ),
        (
            "label",
            RuleError::ReservedLabel {
                label: "severity".to_owned(),
            },
        ),
    ])
    .into_values()
    .map(|error| error.to_string());
    insta::assert_snapshot!(messages.collect::<Vec<_>>().join("\n"));
}
