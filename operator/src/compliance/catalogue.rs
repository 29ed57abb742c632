//! Every control, framework by framework. Identifiers are stable: exemptions and reports name them.
//!
//! Sources: 45 CFR Part 164 Subpart C (HIPAA Security Rule); PCI DSS v4.0.1 (June 2024); section 404 of the Sarbanes-Oxley Act with
//! PCAOB AS 2201 and the objectives of COBIT 2019; 21 CFR Part 11.

use super::checks::Case;
use super::control::{Check, Control, Enforcement, Seen};
use crate::render::ChildKind;
use healthcare_crds::v1alpha1::Framework;

mod hipaa;
mod part11;
mod pci;
mod sox;

/// Every control, in a fixed order.
pub fn catalogue() -> impl Iterator<Item = &'static Control> {
    [hipaa::CONTROLS, pci::CONTROLS, sox::CONTROLS, part11::CONTROLS]
        .into_iter()
        .flatten()
}

/// What stands in one line of a table.
struct Line {
    id: &'static str,
    citation: &'static str,
    title: &'static str,
}

const fn line(id: &'static str, citation: &'static str, title: &'static str) -> Line {
    Line { id, citation, title }
}

impl Line {
    const fn verified(
        self,
        framework: Framework,
        enforcement: Enforcement,
        look: fn(&Case<'_>) -> Seen,
        on: &'static [ChildKind],
    ) -> Control {
        Control {
            id: self.id,
            framework,
            citation: self.citation,
            title: self.title,
            enforcement,
            check: Check::Verified { look, on },
        }
    }

    const fn inherited(self, framework: Framework, responsibility: &'static str) -> Control {
        Control {
            id: self.id,
            framework,
            citation: self.citation,
            title: self.title,
            enforcement: Enforcement::Inherited,
            check: Check::Inherited(responsibility),
        }
    }
}

/// Kinds that several checks look at.
mod on {
    use crate::render::ChildKind;

    pub(super) const NOTHING: &[ChildKind] = &[];
    pub(super) const EVERYTHING: &[ChildKind] = &ChildKind::ALL;
    pub(super) const PODS: &[ChildKind] = &[ChildKind::Deployment];
    pub(super) const ACCOUNT: &[ChildKind] = &[ChildKind::ServiceAccount, ChildKind::Deployment];
    pub(super) const POLICY: &[ChildKind] = &[ChildKind::NetworkPolicy];
    pub(super) const SETTINGS: &[ChildKind] = &[ChildKind::ConfigMap, ChildKind::Deployment];
    pub(super) const SCALER: &[ChildKind] = &[ChildKind::HorizontalPodAutoscaler];
    pub(super) const BUDGET: &[ChildKind] = &[ChildKind::PodDisruptionBudget];
    pub(super) const MONITOR: &[ChildKind] = &[ChildKind::ServiceMonitor];
    pub(super) const RULES: &[ChildKind] = &[ChildKind::PrometheusRule];
    pub(super) const ROUTES: &[ChildKind] = &[ChildKind::Ingress, ChildKind::HttpRoute];
    pub(super) const STORES: &[ChildKind] =
        &[ChildKind::Deployment, ChildKind::Ingress, ChildKind::HttpRoute];
}
