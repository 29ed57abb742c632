//! A report as NIST OSCAL 1.1.2 assessment results, JSON format
//! (<https://pages.nist.gov/OSCAL-Reference/models/v1.1.2/assessment-results/json-reference/>).
//!
//! Identifiers are UUIDs of version 5 (RFC 9562) of what they stand for: the same report gives the same bytes.

use k8s_openapi::ByteString;
use serde_json::{Value, json};
use uuid::Uuid;

use super::catalogue::catalogue;
use super::control::Control;
use super::evidence::Evidence;
use super::report::{Finding, Report, State};

/// Version of OSCAL that is written.
const VERSION: &str = "1.1.2";
/// Names of our own properties belong to this.
const NAMESPACE: &str = "https://gitops-health.io/ns/oscal";

/// One document with one result for each report.
pub fn assessment_results(reports: &[Report]) -> Value {
    let last = reports.iter().map(|report| report.time).max().unwrap_or_default();
    let of_all: Vec<_> = reports
        .iter()
        .map(|report| format!("{}/{}@{}", report.namespace, report.name, report.time))
        .collect();
    let plan = id(&["plan"]);
    json!({"assessment-results": {
        "uuid": id(&["assessment-results", &of_all.join(",")]),
        "metadata": {
            "title": "Controls supported by HealthcareServices",
            "last-modified": last.to_string(),
            "version": last.to_string(),
            "oscal-version": VERSION,
            "remarks": "Evidence of what was seen. Whether the organisation complies is for its assessors.",
        },
        "import-ap": {"href": format!("#{plan}")},
        "results": reports.iter().map(result).collect::<Vec<_>>(),
        "back-matter": {"resources": [{
            "uuid": plan,
            "title": "Catalogue of controls of the healthcare-operator",
            "description": "Each control with its paragraph and what brings it about.",
            "base64": {"filename": "controls.json", "media-type": "application/json", "value": controls()},
        }]},
    }})
}

/// The catalogue, in base64: the document needs nothing else.
fn controls() -> ByteString {
    let all: Vec<_> = catalogue().collect();
    ByteString(json!(all).to_string().into_bytes())
}

fn result(report: &Report) -> Value {
    let checked = report.findings.iter().filter(|finding| is_checked(finding));
    let selected: Vec<_> = checked
        .clone()
        .map(|f| json!({"control-id": token(f.control.id)}))
        .collect();
    let risks: Vec<_> = checked
        .clone()
        .filter_map(|finding| risk(report, finding))
        .collect();
    let mut result = json!({
        "uuid": subject_id(report, "result"),
        "title": format!("HealthcareService {}/{}", report.namespace, report.name),
        "description": format!("{} checked controls met or exempted. {}.", report.summary(), report.based_on()),
        "start": report.time.to_string(),
        "end": report.time.to_string(),
        "props": [property("generation", &report.generation.to_string(), None)],
        "reviewed-controls": {"control-selections": [selection(&selected)]},
    });
    let inventory = inventory(report);
    let observations: Vec<_> = report.findings.iter().map(|f| observation(report, f)).collect();
    let parts = [
        ("observations", observations),
        (
            "findings",
            checked
                .map(|finding| judgement(report, finding))
                .collect::<Vec<_>>(),
        ),
        ("risks", risks),
    ];
    if let Some(fields) = result.as_object_mut() {
        // The schema allows no empty lists.
        for (name, list) in parts.into_iter().filter(|(_, list)| !list.is_empty()) {
            fields.insert(name.to_owned(), list.into());
        }
        if !inventory.is_empty() {
            fields.insert(
                "local-definitions".to_owned(),
                json!({"inventory-items": inventory}),
            );
        }
    }
    result
}

fn is_checked(finding: &Finding) -> bool {
    !matches!(finding.state, State::Inherited { .. })
}

/// A selection must be of something: where no framework applies, of everything but everything.
fn selection(selected: &[Value]) -> Value {
    if !selected.is_empty() {
        return json!({"include-controls": selected});
    }
    let all: Vec<_> = catalogue()
        .map(|control| json!({"control-id": token(control.id)}))
        .collect();
    json!({"description": "no framework applies", "include-all": {}, "exclude-controls": all})
}

/// The objects that were looked at.
fn inventory(report: &Report) -> Vec<Value> {
    let item = |evidence: &Evidence| {
        let mut props = vec![
            property("kind", evidence.kind, None),
            property(
                "digest",
                &evidence.digest,
                Some("SHA-256 of the object without what the cluster keeps account of"),
            ),
        ];
        props.extend(evidence.uid.iter().map(|uid| property("uid", uid, None)));
        props.extend(
            evidence
                .resource_version
                .iter()
                .map(|v| property("resource-version", v, None)),
        );
        json!({
            "uuid": evidence_id(report, evidence),
            "description": format!("{} {}/{}", evidence.kind, report.namespace, evidence.name),
            "props": props,
        })
    };
    report.evidence().into_iter().map(item).collect()
}

fn observation(report: &Report, finding: &Finding) -> Value {
    let subjects: Vec<_> = finding
        .evidence
        .iter()
        .map(|evidence| json!({"subject-uuid": evidence_id(report, evidence), "type": "inventory-item"}))
        .collect();
    let mut observation = json!({
        "uuid": finding_id(report, finding, "observation"),
        "title": finding.control.title,
        "description": seen(&finding.state),
        "props": about(finding.control),
        "methods": [if is_checked(finding) { "TEST" } else { "UNKNOWN" }],
        "collected": report.time.to_string(),
    });
    if let Some(fields) = observation.as_object_mut().filter(|_| !subjects.is_empty()) {
        fields.insert("subjects".to_owned(), subjects.into());
    }
    observation
}

fn judgement(report: &Report, finding: &Finding) -> Value {
    let (state, reason) = match finding.state {
        State::Met { .. } => ("satisfied", "pass"),
        State::Exempted { .. } | State::BreakGlass { .. } => ("not-satisfied", "other"),
        State::Violated { .. } | State::Inherited { .. } => ("not-satisfied", "fail"),
    };
    let mut judgement = json!({
        "uuid": finding_id(report, finding, "finding"),
        "title": finding.control.title,
        "description": seen(&finding.state),
        "props": about(finding.control),
        "target": {
            "type": "objective-id",
            "target-id": token(finding.control.id),
            "status": {"state": state, "reason": reason},
        },
        "related-observations": [{"observation-uuid": finding_id(report, finding, "observation")}],
    });
    if state == "not-satisfied"
        && let Some(fields) = judgement.as_object_mut()
    {
        let risk = json!([{"risk-uuid": finding_id(report, finding, "risk")}]);
        fields.insert("related-risks".to_owned(), risk);
    }
    judgement
}

fn risk(report: &Report, finding: &Finding) -> Option<Value> {
    let (status, deadline) = match &finding.state {
        State::Met { .. } | State::Inherited { .. } => return None,
        State::Violated { .. } => ("open", None),
        State::Exempted { until, .. } => ("deviation-approved", Some(until)),
        State::BreakGlass { until, .. } => ("open", Some(until)),
    };
    let mut risk = json!({
        "uuid": finding_id(report, finding, "risk"),
        "title": format!("Not met: {}", finding.control.title),
        "description": seen(&finding.state),
        "statement": format!("{} is not met", finding.control.citation),
        "status": status,
    });
    if let (Some(fields), Some(deadline)) = (risk.as_object_mut(), deadline) {
        fields.insert("deadline".to_owned(), deadline.to_string().into());
    }
    Some(risk)
}

/// What was seen, in one line.
fn seen(state: &State) -> String {
    match state {
        State::Met { seen } => seen.clone(),
        State::Violated { message } => message.clone(),
        State::Exempted {
            reason,
            approver,
            second_approver,
            until,
            message,
        } => {
            let second = second_approver
                .as_ref()
                .map_or_else(String::new, |second| format!(" and {second}"));
            format!("{message}; exempted until {until} by {approver}{second}: {reason}")
        }
        State::BreakGlass { until, message } => format!("{message}; emergency access until {until}"),
        State::Inherited { responsibility } => format!("Not verified here. {responsibility}"),
    }
}

fn about(control: &Control) -> Vec<Value> {
    vec![
        property("control", control.id, None),
        property("citation", control.citation, None),
        property("enforcement", &format!("{:?}", control.enforcement), None),
    ]
}

fn property(name: &str, value: &str, remarks: Option<&str>) -> Value {
    let mut property = json!({"name": name, "ns": NAMESPACE, "value": value});
    if let (Some(fields), Some(remarks)) = (property.as_object_mut(), remarks) {
        fields.insert("remarks".to_owned(), remarks.into());
    }
    property
}

/// An identifier as OSCAL's tokens allow: without parentheses, and not beginning with a digit.
pub(super) fn token(id: &str) -> String {
    let plain = id.replace(")(", ".").replace('(', ".").replace(')', "");
    if plain.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{plain}")
    } else {
        plain
    }
}

fn id(parts: &[&str]) -> String {
    let root = Uuid::new_v5(&Uuid::NAMESPACE_URL, NAMESPACE.as_bytes());
    Uuid::new_v5(&root, parts.join("\n").as_bytes()).to_string()
}

fn subject_id(report: &Report, what: &str) -> String {
    id(&[
        what,
        &report.namespace,
        &report.name,
        &report.uid,
        &report.time.to_string(),
    ])
}

fn finding_id(report: &Report, finding: &Finding, what: &str) -> String {
    id(&[&subject_id(report, what), finding.control.id])
}

fn evidence_id(report: &Report, evidence: &Evidence) -> String {
    let version = evidence.resource_version.as_deref().unwrap_or_default();
    id(&[
        &subject_id(report, "inventory"),
        evidence.kind,
        &evidence.name,
        version,
        &evidence.digest,
    ])
}
