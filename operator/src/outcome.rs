//! What one pass achieved: the value that conditions are computed from.

use std::time::Duration;

use healthcare_crds::v1alpha1::{Drift, InventoryEntry};
use kube::core::Status;
use thiserror::Error;

use crate::contests::AT_ONCE;
use crate::plan::PlanError;
use crate::render::RenderError;
use crate::template::Choice;
use crate::workload::Workload;

/// What a pass that got through left behind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// Everything made for the service and not removed.
    pub inventory: Vec<InventoryEntry>,
    /// The Deployment.
    pub workload: Option<Workload>,
    /// The pod template that was chosen, none when nothing was to be applied.
    pub template: Option<Choice>,
    /// Changes by others that were put right.
    pub repairs: Vec<Repair>,
    /// Children that were made, as `Kind/name`.
    pub created: Vec<String>,
    /// Children that were removed, as `Kind/name`.
    pub removed: Vec<String>,
}

/// A change by somebody else that was put right.
#[derive(Clone, Debug, PartialEq)]
pub struct Repair {
    /// What the status tells of it.
    pub drift: Drift,
    /// Version of the object in which the change was seen, none for an object that was gone.
    pub resource_version: Option<u64>,
}

/// When to look again at a service that a pass got through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// When something changes.
    OnChange,
    /// After this time, or when something changes before.
    After(Duration),
}

impl Next {
    /// The same, but no later than after this time.
    #[must_use]
    pub fn within(self, longest: Option<Duration>) -> Self {
        match (self, longest) {
            (next, None) => next,
            (Self::OnChange, Some(longest)) => Self::After(longest),
            (Self::After(pause), Some(longest)) => Self::After(pause.min(longest)),
        }
    }
}

/// Whether waiting helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The cause may pass: try again, with growing pauses.
    Backoff,
    /// Somebody has to change something; look again once in a while.
    OnChange,
}

/// Why a pass did not get through.
#[derive(Debug, Error)]
pub enum Error {
    /// The spec contradicts itself.
    #[error("{0}")]
    Plan(#[from] PlanError),
    /// The children cannot be rendered.
    #[error("{0}")]
    Render(#[from] RenderError),
    /// An object of a child's name belongs to somebody else.
    #[error(
        "{kind} {name} exists and is {owner}: rename the HealthcareService, remove the object, or annotate the HealthcareService with gitops-health.io/adopt=true to take it over"
    )]
    Conflict {
        /// Kind of the object.
        kind: &'static str,
        /// Its name.
        name: String,
        /// To whom it belongs.
        owner: String,
    },
    /// The object of a child's name is being deleted.
    #[error("{kind} {name} is being deleted; it is made anew once it is gone")]
    Terminating {
        /// Kind of the object.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Another object took the place of the child since it was last seen.
    #[error("{kind} {name} was replaced by another object; looking at it again")]
    Replaced {
        /// Kind of the object.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Somebody else changes the child again and again.
    #[error(
        "{kind} {name} was put right {AT_ONCE} times in a row and {manager} changes it again: stop the one or the other; until then it is put right once in a while"
    )]
    Contested {
        /// Kind of the object.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Who changes it, as far as its field managers tell.
        manager: String,
    },
    /// The API server refused or could not be reached.
    #[error("{action} {kind} {name}: {message}")]
    Api {
        /// What was attempted.
        action: &'static str,
        /// Kind of the object.
        kind: &'static str,
        /// Its name.
        name: String,
        /// What the API server said.
        message: String,
        /// What went wrong below.
        source: Box<kube::Error>,
    },
}

impl Error {
    /// An error of the API server on one object.
    pub fn api(action: &'static str, kind: &'static str, name: &str, source: kube::Error) -> Self {
        let message = match &source {
            kube::Error::Api(status) => status.message.clone(),
            other => other.to_string(),
        };
        Self::Api {
            action,
            kind,
            name: name.to_owned(),
            message,
            source: Box::new(source),
        }
    }

    /// Stable CamelCase word: the condition's reason, the event's reason and the metric's label.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Plan(_) => "InvalidSpec",
            Self::Render(RenderError::Rule(_)) => "InvalidAlertRule",
            Self::Render(RenderError::Json { .. }) => "RenderFailed",
            Self::Conflict { .. } => "ResourceConflict",
            Self::Terminating { .. } => "WaitingForDeletion",
            Self::Replaced { .. } => "ChildReplaced",
            Self::Contested { .. } => "ChildContested",
            Self::Api { .. } if self.retry() == Retry::OnChange => "ApplyRefused",
            Self::Api { .. } => "ApplyFailed",
        }
    }

    /// Whether waiting helps. The API server's refusals of what was sent (403, 422, 400) stay until somebody
    /// changes the spec, a quota or a policy; conflicts, overload and faults of the network pass.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Plan(_) | Self::Render(_) | Self::Conflict { .. } => Retry::OnChange,
            Self::Terminating { .. } | Self::Replaced { .. } | Self::Contested { .. } => Retry::Backoff,
            Self::Api { source, .. } => match source.as_ref() {
                kube::Error::Api(status) if is_refusal(status) => Retry::OnChange,
                _ => Retry::Backoff,
            },
        }
    }
}

/// Whether the API server will say the same again until somebody changes something. Right after a CRD was installed its
/// admission plugin for owner references does not know the kind yet, and says 403 for some seconds.
fn is_refusal(status: &Status) -> bool {
    matches!(status.code, 400 | 403 | 422) && !status.message.contains("cannot find RESTMapping")
}

#[cfg(test)]
mod tests;
