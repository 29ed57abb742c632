//! Names that are contracts with users and other tools: the group, annotations and labels.

/// API group of every kind defined here.
pub const GROUP: &str = "gitops-health.io";

/// Annotation on a `HealthcareService`: a new value asks for a reconcile now. The value handled last is
/// reported in `status.lastHandledReconcileAt` (the Flux convention, scriptable with `kubectl wait`).
pub const RECONCILE_REQUESTED_AT: &str = "gitops-health.io/reconcile-requested-at";

/// Annotation on a `HealthcareService`: `"true"` allows taking over existing objects that have a child's name.
pub const ADOPT: &str = "gitops-health.io/adopt";

/// Label on pods and in selectors that tells the stable pods from a rollout's candidate.
pub const TRACK: &str = "gitops-health.io/track";

/// Label with the name of the owning `HealthcareService`, on every child.
pub const SERVICE: &str = "gitops-health.io/service";

/// Value of `app.kubernetes.io/managed-by` on every child.
pub const MANAGED_BY: &str = "healthcare-operator";

/// The label every pod carries for humans and for raw selectors, `app: <name>`.
pub const APP: &str = "app";
