//! Names that are contracts with users and other tools: the group, annotations and labels.

/// API group of every kind defined here.
pub const GROUP: &str = "gitops-health.io";

/// Annotation on a `HealthcareService`: a new value asks for a reconcile now. The value handled last is
/// reported in `status.lastHandledReconcileAt` (the Flux convention, scriptable with `kubectl wait`).
pub const RECONCILE_REQUESTED_AT: &str = "gitops-health.io/reconcile-requested-at";

/// Annotation on a `HealthcareService`: a new value asks for the newest pod template, which restarts the pods. Needed only
/// after an update of the operator, for services whose spec does not change.
pub const TEMPLATE_REQUESTED_AT: &str = "gitops-health.io/template-requested-at";

/// Annotation on a `HealthcareService`: `"true"` allows taking over existing objects that have a child's name.
pub const ADOPT: &str = "gitops-health.io/adopt";

/// Annotation on a `HealthcareService`: `<revision>/<generation>/<step>` leaves that step of that rollout for the next,
/// `<revision>/<generation>/full` leaves out all steps before the last. `status.rollout` tells all three.
pub const ROLLOUT_PROMOTE: &str = "gitops-health.io/rollout-promote";

/// Annotation on a `HealthcareService`: `<revision>/<generation>` takes that rollout back.
pub const ROLLOUT_ABORT: &str = "gitops-health.io/rollout-abort";

/// Annotation on a `HealthcareService`: second approvals of exemptions, as `control=approver`, separated by commas. Under SOX
/// an exemption counts only with one, by somebody else than its own approver.
pub const SECOND_APPROVAL: &str = "gitops-health.io/second-approval";

/// Label on pods and in selectors that tells the stable pods from a rollout's candidate.
pub const TRACK: &str = "gitops-health.io/track";

/// Label with the name of the owning `HealthcareService`, on every child.
pub const SERVICE: &str = "gitops-health.io/service";

/// Value of `app.kubernetes.io/managed-by` on every child.
pub const MANAGED_BY: &str = "healthcare-operator";

/// The label every pod carries for humans and for raw selectors, `app: <name>`.
pub const APP: &str = "app";
