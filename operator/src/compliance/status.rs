//! What `status.compliance` tells of a report: counts, and the first violations. No times, so that it changes only when
//! something flips.

use healthcare_crds::v1alpha1::{ComplianceStatus, Violation};

use super::report::Report;

/// Violations that the status holds.
const LISTED: usize = 16;
/// Characters of a message.
const LONGEST: usize = 320;

impl From<&Report> for ComplianceStatus {
    fn from(report: &Report) -> Self {
        let violations = report
            .violations()
            .take(LISTED)
            .map(|(control, message)| Violation {
                control: control.id.to_owned(),
                message: shortened(message),
            });
        Self {
            summary: report.summary(),
            met: report.counts.met,
            violated: report.counts.violated + report.counts.break_glass,
            exempted: report.counts.exempted,
            inherited: report.counts.inherited,
            violations: violations.collect(),
            break_glass: report.break_glass.clone(),
        }
    }
}

fn shortened(message: &str) -> String {
    if message.chars().count() <= LONGEST {
        return message.to_owned();
    }
    message.chars().take(LONGEST).chain(['…']).collect()
}
