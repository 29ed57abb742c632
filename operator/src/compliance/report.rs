//! What an evaluation found.

use healthcare_crds::v1alpha1::{BreakGlass, DataClassification, Framework};
use jiff::Timestamp;
use serde::Serialize;

use super::control::Control;
use super::evidence::Evidence;
use super::input::Basis;

/// Every control of the frameworks that apply, and how it stands.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Name of the service.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its uid.
    pub uid: String,
    /// Generation of the spec that was judged.
    pub generation: i64,
    /// Version of the service that was judged, where an API server gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
    /// When.
    pub time: Timestamp,
    /// What was judged.
    pub basis: Basis,
    /// Frameworks that apply, in order.
    pub frameworks: Vec<Framework>,
    /// The most sensitive data that the service handles.
    pub data_classification: DataClassification,
    /// Controls counted.
    pub counts: Counts,
    /// One for each control, in the order of the catalogue.
    pub findings: Vec<Finding>,
    /// Exemptions and emergency access that do nothing, with the reason, and what else the reader should know.
    pub notices: Vec<Notice>,
    /// The emergency access under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<BreakGlass>,
    /// When the passing of time next changes the outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_change: Option<Timestamp>,
}

/// Controls counted by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Checked and met.
    pub met: i32,
    /// Checked and not met.
    pub violated: i32,
    /// Not met, and excused for now.
    pub exempted: i32,
    /// Not met, during emergency access.
    pub break_glass: i32,
    /// Not verified here.
    pub inherited: i32,
}

/// How one control stands.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The control.
    pub control: &'static Control,
    /// How it stands.
    pub state: State,
    /// The objects by which it was judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// How a control stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "status")]
pub enum State {
    /// Checked and met.
    Met {
        /// What was seen.
        seen: String,
    },
    /// Checked and not met.
    Violated {
        /// What was seen and what to do.
        message: String,
    },
    /// Not met, and excused for now.
    Exempted {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
        /// Who allowed it.
        approver: String,
        /// Who allowed it besides, under SOX.
        #[serde(rename = "secondApprover", skip_serializing_if = "Option::is_none")]
        second_approver: Option<String>,
        /// What was seen and what to do.
        message: String,
    },
    /// Not met, during emergency access.
    BreakGlass {
        /// Until when.
        until: Timestamp,
        /// What was seen and what to do.
        message: String,
    },
    /// Not verified here.
    Inherited {
        /// Who has to verify what.
        responsibility: &'static str,
    },
}

/// Something to know beside the states: most often something in `spec.compliance` that does not do what it was written for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// The field, such as `spec.compliance.exemptions[PCI-DSS-6.5.3]`.
    pub subject: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Report {
    /// When the passing of time alone next changes the outcome: an exemption or the emergency access ends, or one becomes valid.
    pub fn next_change(&self) -> Option<Timestamp> {
        self.next_change
    }

    /// Controls that are not met and not excused, those under emergency access included, with what is wrong.
    pub fn violations(&self) -> impl Iterator<Item = (&'static Control, &str)> {
        self.findings.iter().filter_map(|finding| match &finding.state {
            State::Violated { message } | State::BreakGlass { message, .. } => {
                Some((finding.control, message.as_str()))
            }
            State::Met { .. } | State::Exempted { .. } | State::Inherited { .. } => None,
        })
    }

    /// Every object that was looked at, once.
    pub fn evidence(&self) -> Vec<&Evidence> {
        let mut all: Vec<_> = self
            .findings
            .iter()
            .flat_map(|finding| &finding.evidence)
            .collect();
        all.sort();
        all.dedup();
        all
    }

    /// The same report on these frameworks alone.
    #[must_use]
    pub fn only(mut self, frameworks: &[Framework]) -> Self {
        self.frameworks.retain(|framework| frameworks.contains(framework));
        self.findings
            .retain(|finding| frameworks.contains(&finding.control.framework));
        self.counts = Counts::of(&self.findings);
        self
    }

    /// What was judged, in a sentence for those who read the evidence.
    pub const fn based_on(&self) -> &'static str {
        match self.basis {
            Basis::Rendered => {
                "Judged by the objects that the operator makes of the specification; no cluster was asked for them, so that the evidence has digests, but no uid and no version"
            }
            Basis::Applied => {
                "Judged by the objects that the operator applied, and by how it last saw them in the cluster"
            }
            Basis::Live => "Judged by the objects that the cluster held",
        }
    }

    /// Met or exempted of those that are checked, such as `38/40`.
    pub fn summary(&self) -> String {
        let good = self.counts.met + self.counts.exempted;
        format!("{good}/{}", good + self.counts.violated + self.counts.break_glass)
    }
}

impl State {
    /// The state in a word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Met { .. } => "Met",
            Self::Violated { .. } => "Violated",
            Self::Exempted { .. } => "Exempted",
            Self::BreakGlass { .. } => "Emergency",
            Self::Inherited { .. } => "Inherited",
        }
    }

    /// What was seen, with what to do or what excuses it.
    pub fn text(&self) -> String {
        match self {
            Self::Met { seen } => seen.clone(),
            Self::Violated { message } => message.clone(),
            Self::Exempted {
                until,
                reason,
                approver,
                second_approver,
                message,
            } => {
                let second = second_approver
                    .as_ref()
                    .map_or_else(String::new, |second| format!(" and {second}"));
                format!("{message}. Exempted until {until} by {approver}{second}: {reason}")
            }
            Self::BreakGlass { until, message } => format!("{message}. Emergency access until {until}"),
            Self::Inherited { responsibility } => (*responsibility).to_owned(),
        }
    }
}

impl Counts {
    /// Counts the states of findings.
    pub fn of(findings: &[Finding]) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            let count = match finding.state {
                State::Met { .. } => &mut counts.met,
                State::Violated { .. } => &mut counts.violated,
                State::Exempted { .. } => &mut counts.exempted,
                State::BreakGlass { .. } => &mut counts.break_glass,
                State::Inherited { .. } => &mut counts.inherited,
            };
            *count += 1;
        }
        counts
    }
}
