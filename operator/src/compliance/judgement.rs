//! What a pass knows of a service's compliance.

use std::time::Duration;

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::ComplianceStatus;
use jiff::Timestamp;

use super::evaluate::{applicable, evaluate};
use super::input::Input;
use super::live::Cluster;
use super::report::Report;
use crate::plan::Plan;
use crate::render::Child;

/// Whether a service was judged, and how.
#[derive(Clone, Debug, Default)]
pub enum Judgement {
    /// No framework applies.
    #[default]
    NotAsked,
    /// There are no children to judge: the spec cannot be planned or rendered.
    Impossible,
    /// By the children that were planned and how they stand.
    Made(Box<Report>),
}

impl Judgement {
    /// Judges a service by a plan, the children made of it and how they stand in the cluster.
    pub fn of(
        service: &HealthcareService,
        planned: Option<(&Plan, &[Child])>,
        cluster: &Cluster,
        now: Timestamp,
    ) -> Self {
        if applicable(&service.spec).is_empty() {
            return Self::NotAsked;
        }
        let Some((plan, children)) = planned else {
            return Self::Impossible;
        };
        let input = Input::applied(service, plan, children, cluster);
        Self::Made(Box::new(evaluate(&input, now)))
    }

    /// What the status tells; what it told before, where nothing could be judged.
    pub fn status(&self, before: Option<&ComplianceStatus>) -> Option<ComplianceStatus> {
        match self {
            Self::NotAsked => None,
            Self::Impossible => before.cloned(),
            Self::Made(report) => Some(report.as_ref().into()),
        }
    }

    /// Time until the passing of time alone changes the outcome.
    pub fn holds_for(&self) -> Option<Duration> {
        let Self::Made(report) = self else { return None };
        let left = report.next_change()?.duration_since(report.time);
        Duration::try_from(left).ok()
    }
}
