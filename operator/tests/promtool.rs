//! The rendered rules under Prometheus' own evaluation: `promtool check rules` and `promtool test rules` over the
//! cases in `promtool/<suite>/cases.yaml`. Needs promtool, in Debian's package `prometheus`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use healthcare_crds::HealthcareService;
use healthcare_operator::capabilities::Capabilities;
use healthcare_operator::plan::{OperatorDefaults, Plan};
use healthcare_operator::render::monitoring::prometheus_rule;
use healthcare_operator::render::promql;
use serde_json::{Value, json};
use tempfile::TempDir;

#[test]
fn standard_alerts() -> Result<()> {
    run_suite("standard")
}

#[test]
fn burn_rate_of_failures() -> Result<()> {
    run_suite("objective")
}

#[test]
fn burn_rate_of_slow_answers() -> Result<()> {
    run_suite("latency-objective")
}

/// What is let through must not break Prometheus: promtool agrees with our parser.
#[test]
fn prometheus_accepts_every_expression_that_is_let_through() -> Result<()> {
    let expressions = [
        "up == 0",
        "1",
        "time() - last_run_seconds > 3600",
        "sum by (namespace) (rate(x_total{code=~\"5..\",path!~`/a\\.b`}[5m] offset 1h)) > 0.5",
        "max_over_time(deriv(queue_length[10m])[30m:1m]) > bool 1",
        "a * on (pod) group_left (node) b unless ignoring (x) c",
        "quantile_over_time(0.9, latency_seconds[1h]) > 1e-3",
        "label_replace(up @ end(), \"a\", \"$1\", \"b\", \"(.*)\") > 0",
        "count_values(\"version\", build_info) > 1 # comment",
        "-(-up) < +0x1F",
        "topk(3, {__name__=~\"job:.+\"}) and on () vector(1)",
        "histogram_quantile(0.99, sum without (pod) (rate(x_bucket[1h30m]))) > 1",
        "predict_linear(disk_free_bytes[4h], 86400) < 0",
        "absent_over_time(up{job=\"x\"}[1d]) or day_of_week() == 0",
    ];
    for expression in expressions {
        promql::check(expression)
            .map_err(anyhow::Error::msg)
            .with_context(|| expression.to_owned())?;
    }
    let rules = expressions.map(|expr| json!({"alert": "Accepted", "expr": expr}));
    check_rules(&json!({"groups": [{"name": "accepted", "rules": rules}]}), &[])
}

/// A service with every option on, with quotes and brackets where users may put them.
#[test]
fn prometheus_accepts_awkward_but_valid_settings() -> Result<()> {
    let service = r#"
apiVersion: gitops-health.io/v1alpha1
kind: HealthcareService
metadata: {name: records, namespace: clinic}
spec:
  image: registry.example.org/records:1.4.2
  probes:
    liveness: {path: '/live(1)?"x"=\d+'}
  observability:
    metrics: {path: '/metrics[a].{b}'}
    alerts:
      errorRatePercent: 0.001
      labels: {team: 'a "b" \ c', region: '{{ $labels.region | toUpper }}'}
      runbookBaseUrl: https://runbooks.example.org/x#
      extraRules:
        - {alert: Queue, expr: 'queue_length > 5', for: 0s, summary: '{{ humanize $value }} "waiting" in {{$labels.pod}}'}
    slo: {objective: 50, latencyMilliseconds: 2500}
"#;
    check_rules(&rules(service)?, &["--lint=all", "--lint-fatal"])
}

fn run_suite(name: &str) -> Result<()> {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/promtool")
        .join(name);
    let rules = rules(&fs::read_to_string(suite.join("service.yaml"))?)?;
    check_rules(&rules, &["--lint=all", "--lint-fatal"])?;
    let directory = TempDir::new()?;
    fs::write(
        directory.path().join("rules.yaml"),
        serde_yaml::to_string(&rules)?,
    )?;
    fs::copy(suite.join("cases.yaml"), directory.path().join("cases.yaml"))?;
    promtool(directory.path(), &["test", "rules", "cases.yaml"])
}

fn check_rules(rules: &Value, options: &[&str]) -> Result<()> {
    let directory = TempDir::new()?;
    fs::write(directory.path().join("rules.yaml"), serde_yaml::to_string(rules)?)?;
    promtool(
        directory.path(),
        &[&["check", "rules"], options, &["rules.yaml"]].concat(),
    )
}

/// The rule file that the Prometheus Operator would mount.
fn rules(service: &str) -> Result<Value> {
    let mut service: HealthcareService = serde_yaml::from_str(service)?;
    service.metadata.uid = Some("00000000-0000-4000-8000-000000000001".to_owned());
    service.metadata.generation = Some(1);
    let all = Capabilities {
        service_monitor: true,
        prometheus_rule: true,
        http_route: true,
    };
    let plan = Plan::new(&service, &OperatorDefaults::default(), all)?;
    let object = prometheus_rule(&plan)?.context("no rules were rendered")?;
    Ok(object
        .data
        .get("spec")
        .context("the PrometheusRule has no spec")?
        .clone())
}

fn promtool(directory: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new("promtool")
        .args(arguments)
        .current_dir(directory)
        .output()
        .context("promtool cannot be run: apt-get install prometheus")?;
    let text = [output.stdout, output.stderr].concat();
    ensure!(
        output.status.success(),
        "promtool {}:\n{}",
        arguments.join(" "),
        String::from_utf8_lossy(&text)
    );
    Ok(())
}
