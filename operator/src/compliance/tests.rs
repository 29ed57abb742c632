use healthcare_crds::HealthcareService;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::plan::{OperatorDefaults, Plan};
use crate::render::{Child, ChildKind};
use crate::testing::{ALL_APIS, in_place, rendered, service};

mod breaches;
mod controls;
mod excuses;
mod in_cluster;
mod outputs;
mod properties;
mod words;

/// The time of every test.
fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn hours(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

/// A service with PHI that meets every control of every framework.
fn exemplary() -> Value {
    json!({
        "image": format!("registry.example.org/team/records:1.0.0@sha256:{}", "ab".repeat(32)),
        "env": [{"name": "DATABASE_URL", "value": "postgres://records:$(DB_PASSWORD)@db.clinic/records"}],
        "config": {"BATCH_SIZE": "100", "TOKEN_TTL": "5m"},
        "secrets": [{"name": "db"}],
        "accessPolicy": {
            "inbound": [{"service": "frontend"}, {"cidr": "10.20.0.0/16", "ports": [{"port": 8080}]}],
            "outbound": [{"service": "ledger", "ports": [{"port": 8080}]}],
        },
        "exposure": {
            "hostnames": ["records.example.org"],
            "gateway": {"name": "public", "namespace": "gateways", "sectionName": "https"},
        },
        "observability": {
            "slo": {"objective": 99.9},
            "tracing": {"endpoint": "http://otel-collector.observability:4318"},
        },
        "compliance": {
            "frameworks": ["HIPAA", "PCI-DSS", "SOX", "21-CFR-11"],
            "dataClassification": "PHI",
            "auditRetention": "7y",
            "transportEncryption": "Mesh",
        },
    })
}

/// A service with its plan and children, to be judged.
struct Scene {
    service: HealthcareService,
    plan: Plan,
    children: Vec<Child>,
}

impl Scene {
    fn of(service: HealthcareService) -> Self {
        let defaults = OperatorDefaults {
            monitoring_namespace_labels: labels("monitoring"),
            ingress_namespace_labels: labels("ingress-nginx"),
            ..OperatorDefaults::default()
        };
        let plan = Plan::new(&service, &defaults, ALL_APIS).expect("a spec that can be planned");
        let children = rendered(&plan);
        Self {
            service,
            plan,
            children,
        }
    }

    /// The exemplary service with a JSON merge patch of its spec.
    fn patched(patch: &Value) -> Self {
        Self::patched_twice(&json!({}), patch)
    }

    fn patched_twice(first: &Value, second: &Value) -> Self {
        let mut spec = exemplary();
        json_patch::merge(&mut spec, first);
        json_patch::merge(&mut spec, second);
        Self::of(service(spec))
    }

    fn child(&mut self, kind: ChildKind) -> &mut Value {
        let child = self.children.iter_mut().find(|child| child.kind == kind);
        &mut child.unwrap_or_else(|| panic!("no {kind:?}")).body
    }

    fn report(&self) -> Report {
        self.report_at(now())
    }

    fn report_at(&self, now: Timestamp) -> Report {
        evaluate(&Input::rendered(&self.service, &self.plan, &self.children), now)
    }

    /// As things stand in a cluster.
    fn report_of(&self, cluster: &Cluster) -> Report {
        evaluate(
            &Input::applied(&self.service, &self.plan, &self.children, cluster),
            now(),
        )
    }

    fn judgement(&self) -> Judgement {
        let cluster = in_place(&self.children);
        Judgement::of(&self.service, Some((&self.plan, &self.children)), &cluster, now())
    }
}

fn labels(namespace: &str) -> std::collections::BTreeMap<String, String> {
    [("kubernetes.io/metadata.name".to_owned(), namespace.to_owned())].into()
}

fn state<'a>(report: &'a Report, control: &str) -> &'a State {
    let finding = report.findings.iter().find(|f| f.control.id == control);
    &finding.unwrap_or_else(|| panic!("no finding on {control}")).state
}

fn violated(report: &Report) -> Vec<&'static str> {
    report.violations().map(|(control, _)| control.id).collect()
}

fn message<'a>(report: &'a Report, control: &str) -> &'a str {
    match state(report, control) {
        State::Violated { message } => message,
        other => panic!("{control} is {other:?}"),
    }
}
