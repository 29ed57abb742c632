//! Reports on controls, for people: what is violated comes first. Pure; the judging is the operator's.

use comfy_table::Cell;
use healthcare_crds::v1alpha1::Framework;
use healthcare_operator::compliance::{Basis, Finding, Notice, Report, State};

use crate::report::{cell, table};
use crate::style::{BAD, DIM, GOOD, STRONG, WARN, harmless, paint};

/// All reports as tables.
pub fn written(reports: &[Report]) -> String {
    let sections: Vec<_> = reports.iter().map(section).collect();
    sections.join("\n")
}

fn section(report: &Report) -> String {
    let mut findings: Vec<_> = report.findings.iter().collect();
    // Stable: in the order of the catalogue within a state.
    findings.sort_by_key(|finding| rank(&finding.state));
    let rows = findings.into_iter().map(row).collect();
    let notices: Vec<_> = report.notices.iter().map(notice).collect();
    let table = if report.findings.is_empty() {
        String::new()
    } else {
        table(&["STATE", "CONTROL", "WHAT WAS SEEN"], rows)
    };
    format!("{}\n{}{table}", heading(report), notices.concat())
}

fn notice(notice: &Notice) -> String {
    let warning = paint(WARN, "warning");
    format!("{warning}: {}: {}\n", notice.subject, harmless(&notice.message))
}

fn heading(report: &Report) -> String {
    let name = paint(STRONG, format!("{}/{}", report.namespace, report.name));
    if report.frameworks.is_empty() {
        return format!("{name}: no framework applies: spec.compliance.frameworks names none");
    }
    let frameworks: Vec<_> = report.frameworks.iter().map(|f| framework(*f)).collect();
    format!(
        "{name}: {} checked controls met or exempted, {} inherited ({}; data: {:?}; {})",
        report.summary(),
        report.counts.inherited,
        frameworks.join(", "),
        report.data_classification,
        match report.basis {
            Basis::Rendered => "as rendered: evidence without uid",
            Basis::Applied => "as applied",
            Basis::Live => "as in the cluster",
        }
    )
}

/// As manifests write it.
pub const fn framework(framework: Framework) -> &'static str {
    match framework {
        Framework::Hipaa => "HIPAA",
        Framework::PciDss => "PCI-DSS",
        Framework::Sox => "SOX",
        Framework::Part11 => "21-CFR-11",
    }
}

const fn rank(state: &State) -> u8 {
    match state {
        State::Violated { .. } => 0,
        State::BreakGlass { .. } => 1,
        State::Exempted { .. } => 2,
        State::Met { .. } => 3,
        State::Inherited { .. } => 4,
    }
}

fn row(finding: &Finding) -> Vec<Cell> {
    let style = match finding.state {
        State::Violated { .. } => BAD,
        State::BreakGlass { .. } | State::Exempted { .. } => WARN,
        State::Met { .. } => GOOD,
        State::Inherited { .. } => DIM,
    };
    vec![
        cell(style, finding.state.word()),
        Cell::new(finding.control.id),
        Cell::new(harmless(&finding.state.text())),
    ]
}
