//! Against Prometheus itself, with pods that serve metrics like a service's.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::pods::Pods as Served;
use super::server::{Server, until};
use crate::analysis::queries::error_budget_spent;
use crate::analysis::{ERROR_RATE_TOO_HIGH, LATENCY_TOO_HIGH, Limits, Pods, Queries, Verdict};
use crate::plan::{OperatorDefaults, Plan};
use crate::prometheus::{Prometheus, PrometheusError};
use crate::render::{self, ChildKind};
use crate::testing::{ALL_APIS, service};

const PRIMARY: &str = "records-7d9c5b8f6d-xk2vq";
const CANDIDATE: &str = "records-candidate-5f6d7c8b9d-b4zl8";
const REPLICA_SET: Pods<'_> = Pods::ReplicaSet("records-candidate-5f6d7c8b9d");

const LIMITS: Limits = Limits {
    error_rate_percent: 5.0,
    latency_milliseconds: 1000,
    min_requests: 20,
};

fn plan() -> Plan {
    let spec = json!({"observability": {"metrics": {"interval": "1s"}, "slo": {"objective": 90}}});
    Plan::new(&service(spec), &OperatorDefaults::default(), ALL_APIS).unwrap()
}

fn queries(pods: Pods<'_>, since: Duration) -> Queries {
    Queries::new(&plan(), pods, since)
}

const STEP: Duration = Duration::from_mins(1);

struct Stage {
    pods: Served,
    server: Server,
}

impl Stage {
    /// Both tracks, and a pod of the old version that serves well. What the new one did before the first scrape comes in.
    async fn set(groups: Value, before: impl FnOnce(&Served)) -> Self {
        let pods = Served::of(&[PRIMARY, CANDIDATE]);
        pods.serve(PRIMARY, 500, ("/patients", "200"), 0.02);
        before(&pods);
        let server = Server::start(&pods.targets(pods.listen().await), &groups).await;
        server.scraped(2).await;
        Self { pods, server }
    }

    async fn verdict(&self, pods: Pods<'_>) -> Verdict {
        self.server.client.verdict(&queries(pods, STEP), &LIMITS).await
    }

    /// The candidate's verdict once there is one.
    async fn judged(&self) -> Verdict {
        until("there is a verdict", async || {
            !matches!(self.verdict(REPLICA_SET).await, Verdict::NoData { .. })
        })
        .await;
        self.verdict(REPLICA_SET).await
    }
}

fn reason(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail { reason, .. } => reason,
        Verdict::NoData { .. } => "none",
    }
}

/// All of it before the first scrape: a difference between two scrapes would be nothing.
#[tokio::test]
async fn a_version_that_fails_from_the_start_is_seen() {
    let stage = Stage::set(json!([]), |pods| {
        pods.serve(CANDIDATE, 27, ("/patients", "200"), 0.02);
        pods.serve(CANDIDATE, 3, ("/patients", "503"), 0.02);
    })
    .await;
    let expected = Verdict::Fail {
        reason: ERROR_RATE_TOO_HIGH,
        message: "10% of 30 requests failed with a 5xx status; the limit is 5%".to_owned(),
    };
    assert_eq!(stage.judged().await, expected);
    assert_eq!(
        reason(&stage.verdict(Pods::Deployment("records-candidate")).await),
        ERROR_RATE_TOO_HIGH
    );
    assert_eq!(stage.verdict(Pods::Deployment("records")).await, Verdict::Pass);
    assert_eq!(
        reason(&stage.verdict(Pods::ReplicaSet("records-candidate-22222")).await),
        "none"
    );
}

/// Well at first, and then not: counters that were there before count by how they grow.
#[tokio::test]
async fn a_version_that_begins_to_fail_is_seen() {
    let stage = Stage::set(json!([]), |_| {}).await;
    stage.pods.serve(CANDIDATE, 400, ("/patients", "200"), 0.02);
    stage.pods.serve(CANDIDATE, 1, ("/patients", "500"), 0.02);
    assert_eq!(stage.judged().await, Verdict::Pass);
    let recent = queries(REPLICA_SET, Duration::ZERO);
    until("the first requests are past", async || {
        stage.server.client.verdict(&recent, &LIMITS).await != Verdict::Pass
    })
    .await;
    let failing = async || {
        stage.pods.serve(CANDIDATE, 20, ("/patients", "200"), 0.02);
        stage.pods.serve(CANDIDATE, 20, ("/patients", "500"), 0.02);
        reason(&stage.server.client.verdict(&recent, &LIMITS).await) == ERROR_RATE_TOO_HIGH
    };
    until("the failures are seen", failing).await;
}

#[tokio::test]
async fn a_version_that_became_slow_is_seen() {
    let stage = Stage::set(json!([]), |_| {}).await;
    stage.pods.serve(CANDIDATE, 90, ("/patients", "200"), 0.02);
    stage.pods.serve(CANDIDATE, 10, ("/records", "200"), 2.0);
    let verdict = stage.judged().await;
    assert_eq!(reason(&verdict), LATENCY_TOO_HIGH, "{verdict:?}");
    assert_eq!(stage.verdict(Pods::Deployment("records")).await, Verdict::Pass);
}

/// Probes are no traffic, however they are answered.
#[tokio::test]
async fn without_traffic_nothing_is_known() {
    let stage = Stage::set(json!([]), |_| {}).await;
    stage.pods.serve(CANDIDATE, 100, ("/readiness", "503"), 3.0);
    stage.pods.serve(CANDIDATE, 19, ("/patients", "500"), 3.0);
    until("what there was is counted", async || {
        let expected = "19 requests to the new version since the step began, and 20 are needed to judge it";
        let verdict = stage.verdict(REPLICA_SET).await;
        verdict
            == Verdict::NoData {
                message: expected.to_owned(),
            }
    })
    .await;
}

#[tokio::test]
async fn a_prometheus_that_stops_holds() {
    let mut stage = Stage::set(json!([]), |_| {}).await;
    stage.pods.serve(CANDIDATE, 100, ("/patients", "500"), 0.02);
    assert_eq!(reason(&stage.judged().await), ERROR_RATE_TOO_HIGH);
    stage.server.kill();
    let expected = Verdict::NoData {
        message: "Prometheus cannot be reached: connection refused; does it run?".to_owned(),
    };
    until("its last connection is closed", async || {
        stage.verdict(REPLICA_SET).await == expected
    })
    .await;
}

#[tokio::test]
async fn a_prometheus_that_hangs_holds() {
    let stage = Stage::set(json!([]), |_| {}).await;
    let deadline = Duration::from_millis(300);
    let hurried = Prometheus {
        deadline,
        ..stage.server.client.clone()
    };
    stage.server.freeze();
    let start = Instant::now();
    assert_eq!(
        hurried.value("vector(1)").await,
        Err(PrometheusError::TimedOut { after: deadline })
    );
    let verdict = hurried.verdict(&queries(REPLICA_SET, STEP), &LIMITS).await;
    assert_eq!(
        verdict,
        Verdict::NoData {
            message: "Prometheus did not answer within 300 ms".to_owned()
        }
    );
    assert!(
        start.elapsed() < Duration::from_secs(30),
        "the deadlines are kept"
    );
    stage.server.thaw();
    until("it answers again", async || {
        hurried.value("vector(1)").await == Ok(Some(1.0))
    })
    .await;
}

#[tokio::test]
async fn refusals_and_values_of_the_real_thing() {
    let server = Server::start(&[], &json!([])).await;
    let ask = async |expression| server.client.value(expression).await;
    assert_eq!(ask("1 + 1").await, Ok(Some(2.0)));
    assert_eq!(ask("vector(0.5)").await, Ok(Some(0.5)));
    assert_eq!(ask("0 / 0").await, Ok(None));
    assert_eq!(ask("vector(1) / 0").await, Ok(None));
    assert_eq!(ask("nothing_of_that_name").await, Ok(None));
    let two = r#"label_replace(vector(1), "a", "b", "", "") or vector(2)"#;
    assert_eq!(ask(two).await, Err(PrometheusError::Ambiguous(2)));
    assert_eq!(
        ask("up[1m]").await,
        Err(PrometheusError::NotPrometheus { status: 200 })
    );
    match ask("sum(").await {
        Err(PrometheusError::Refused {
            status: 400,
            error_type,
            ..
        }) => assert_eq!(error_type, "bad_data"),
        other => panic!("{other:?}"),
    }
}

/// From the series that the service's own rules record.
#[tokio::test]
async fn the_error_budget_is_counted() {
    let plan = plan();
    let children = render::children(&plan).unwrap().into_list().unwrap();
    let rule = children
        .into_iter()
        .find(|child| child.kind == ChildKind::PrometheusRule);
    let stage = Stage::set(rule.unwrap().body["spec"]["groups"].clone(), |_| {}).await;
    let spent = error_budget_spent(&plan).unwrap();
    stage.pods.serve(PRIMARY, 1, ("/patients", "500"), 0.02);
    // Half of the tenth that may fail.
    until("a share of it is spent", async || {
        stage.pods.serve(PRIMARY, 95, ("/patients", "200"), 0.02);
        stage.pods.serve(PRIMARY, 5, ("/patients", "500"), 0.02);
        let value = stage.server.client.value(&spent).await.unwrap();
        value.is_some_and(|value| (0.4..0.6).contains(&value))
    })
    .await;
}
