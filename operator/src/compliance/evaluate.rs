//! From an input and a time to a report.

use healthcare_crds::keys;
use healthcare_crds::v1alpha1::{DataClassification, Framework, HealthcareServiceSpec};
use jiff::Timestamp;
use kube::ResourceExt;

use super::catalogue::catalogue;
use super::checks::Case;
use super::control::{Breach, Check, Control, Seen};
use super::evidence::Evidence;
use super::exemptions::Excuses;
use super::input::Input;
use super::report::{Counts, Finding, Notice, Report, State};
use crate::render::ChildKind;

/// Frameworks that apply to a spec, in order: the chosen ones, and those that come with the data. PHI is by its definition
/// (45 CFR 160.103) under the HIPAA Security Rule, cardholder data under PCI DSS.
pub fn applicable(spec: &HealthcareServiceSpec) -> Vec<Framework> {
    let Some(compliance) = &spec.compliance else {
        return Vec::new();
    };
    let by_data = match compliance.data_classification {
        DataClassification::PHI => Some(Framework::Hipaa),
        DataClassification::CardholderData => Some(Framework::PciDss),
        DataClassification::Public | DataClassification::Internal | DataClassification::Confidential => None,
    };
    let mut all = compliance.frameworks.clone();
    all.extend(by_data);
    all.sort();
    all.dedup();
    all
}

/// Judges a service by every control of the frameworks that apply to it, as things stand at `now`.
pub fn evaluate(input: &Input<'_>, now: Timestamp) -> Report {
    evaluate_by(input, applicable(&input.service.spec), now)
}

/// Judges a service by every control of these frameworks, whether or not they apply to it.
pub fn evaluate_by(input: &Input<'_>, mut frameworks: Vec<Framework>, now: Timestamp) -> Report {
    frameworks.sort();
    frameworks.dedup();
    let excuses = Excuses::of(input, &frameworks, now);
    let case = Case { input, now };
    let evidence: Vec<_> = input
        .children
        .iter()
        .map(|child| (child.kind, Evidence::of(*child)))
        .collect();
    let findings: Vec<_> = catalogue()
        .filter(|control| frameworks.contains(&control.framework))
        .map(|control| Finding {
            control,
            state: state(control, &case, &excuses),
            evidence: seen_on(control, &evidence),
        })
        .collect();
    let is_violated = |id: &str| {
        let finding = findings.iter().find(|finding| finding.control.id == id)?;
        Some(!matches!(
            finding.state,
            State::Met { .. } | State::Inherited { .. }
        ))
    };
    let owner = &input.plan.owner;
    Report {
        name: owner.name.clone(),
        namespace: owner.namespace.clone(),
        uid: owner.uid.clone(),
        generation: owner.generation,
        resource_version: input.service.resource_version(),
        time: now,
        basis: input.basis,
        data_classification: input.classification(),
        counts: Counts::of(&findings),
        notices: template_notice(input)
            .into_iter()
            .chain(excuses.notices(is_violated))
            .collect(),
        break_glass: excuses.emergency().map(|(emergency, _)| emergency.clone()),
        next_change: excuses.next_change(),
        frameworks,
        findings,
    }
}

fn state(control: &Control, case: &Case<'_>, excuses: &Excuses<'_>) -> State {
    let (look, on) = match control.check {
        Check::Inherited(responsibility) => return State::Inherited { responsibility },
        Check::Verified { look, on } => (look, on),
    };
    // A good plan supports nothing while something else is in its place.
    let seen = look(case).and_then(|seen| case.input.amiss(on).map_or(Ok(seen), Err));
    judged(seen, control.id, excuses)
}

fn judged(seen: Seen, control: &str, excuses: &Excuses<'_>) -> State {
    match seen {
        Ok(seen) => State::Met { seen },
        Err(Breach { seen, fix }) => excuses.apply(control, format!("{seen}: {fix}")),
    }
}

/// What the pods run with is in the cluster only, and was judged when it was made.
fn template_notice(input: &Input<'_>) -> Option<Notice> {
    input.is_template_pending.then(|| Notice {
        subject: format!("Deployment {}", input.plan.owner.name),
        message: format!(
            "its pods run with the template of another operator, and the one of this operator was judged: annotate the service with a new {} to have it taken",
            keys::TEMPLATE_REQUESTED_AT
        ),
    })
}

fn seen_on(control: &Control, evidence: &[(ChildKind, Evidence)]) -> Vec<Evidence> {
    let Check::Verified { on, .. } = control.check else {
        return Vec::new();
    };
    let relevant = evidence.iter().filter(|(kind, _)| on.contains(kind));
    relevant.map(|(_, evidence)| evidence.clone()).collect()
}
