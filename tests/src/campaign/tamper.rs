//! What others do to children. Pure.

use healthcare_operator::render::ChildKind;
use serde_json::{Value, json};

use super::dice::Dice;

/// A way to tamper with a child.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tamper {
    /// In the log.
    pub(crate) name: &'static str,
    /// The child.
    pub(crate) kind: ChildKind,
    /// What is done to it.
    pub(crate) deed: Deed,
    /// Whether pods are restarted by it, and once more when it is put right.
    pub(crate) restarts_pods: bool,
}

/// What is done to a child.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    /// Deleted.
    Delete,
    /// A JSON patch (RFC 6902), as its list.
    Patch(fn() -> Value),
}

const fn delete(kind: ChildKind) -> Tamper {
    Tamper {
        name: "deleted",
        kind,
        deed: Deed::Delete,
        restarts_pods: false,
    }
}

const fn patch(name: &'static str, kind: ChildKind, patch: fn() -> Value) -> Tamper {
    Tamper {
        name,
        kind,
        deed: Deed::Patch(patch),
        restarts_pods: false,
    }
}

fn replace(path: &str, value: &Value) -> Value {
    json!([{"op": "replace", "path": path, "value": value}])
}

const MANAGED_BY: &str = "/metadata/labels/app.kubernetes.io~1managed-by";

/// All of them.
pub(crate) const ALL: [Tamper; 24] = [
    delete(ChildKind::ServiceAccount),
    delete(ChildKind::ConfigMap),
    delete(ChildKind::NetworkPolicy),
    delete(ChildKind::Service),
    delete(ChildKind::Deployment),
    delete(ChildKind::HorizontalPodAutoscaler),
    delete(ChildKind::PodDisruptionBudget),
    delete(ChildKind::ServiceMonitor),
    delete(ChildKind::PrometheusRule),
    delete(ChildKind::Ingress),
    Tamper {
        name: "another image",
        kind: ChildKind::Deployment,
        deed: Deed::Patch(|| {
            replace(
                "/spec/template/spec/containers/0/image",
                &json!("registry.local/other:1"),
            )
        }),
        restarts_pods: true,
    },
    patch("less patience", ChildKind::Deployment, || {
        replace("/spec/progressDeadlineSeconds", &json!(77))
    }),
    patch("out of sight", ChildKind::Deployment, || {
        replace(MANAGED_BY, &json!("somebody"))
    }),
    patch("another selector", ChildKind::Service, || {
        replace("/spec/selector/gitops-health.io~1track", &json!("elsewhere"))
    }),
    patch("out of sight", ChildKind::Service, || {
        replace(MANAGED_BY, &json!("somebody"))
    }),
    patch("opened", ChildKind::NetworkPolicy, || {
        replace("/spec/ingress", &json!([{}]))
    }),
    patch(
        "labels gone",
        ChildKind::NetworkPolicy,
        || json!([{"op": "remove", "path": "/metadata/labels"}]),
    ),
    patch("token mounted", ChildKind::ServiceAccount, || {
        replace("/automountServiceAccountToken", &json!(true))
    }),
    patch(
        "owner gone",
        ChildKind::ServiceAccount,
        || json!([{"op": "remove", "path": "/metadata/ownerReferences"}]),
    ),
    patch("more pods", ChildKind::HorizontalPodAutoscaler, || {
        replace("/spec/maxReplicas", &json!(50))
    }),
    patch("stricter", ChildKind::PodDisruptionBudget, || {
        replace("/spec/unhealthyPodEvictionPolicy", &json!("IfHealthyBudget"))
    }),
    patch("not scraped", ChildKind::ServiceMonitor, || {
        replace("/spec/endpoints", &json!([]))
    }),
    patch("no alerts", ChildKind::PrometheusRule, || {
        replace("/spec/groups", &json!([]))
    }),
    patch("another host", ChildKind::Ingress, || {
        replace("/spec/rules/0/host", &json!("elsewhere.example.org"))
    }),
];

/// One at random.
pub(crate) fn draw(dice: &mut Dice) -> Option<&'static Tamper> {
    dice.pick(const { &ALL })
}
