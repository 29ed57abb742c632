//! What the operator may do to the API, derived from what it does. The chart's rules are compared with this.

use std::collections::{BTreeMap, BTreeSet};

use crate::render::ChildKind;

/// Verbs by (API group, resource).
pub type Needs = BTreeMap<(&'static str, &'static str), BTreeSet<&'static str>>;

/// Verbs on every kind of child: `get` before the first apply, `list` and `watch` for drift, `create` and `patch`
/// for server-side apply, `delete` for pruning.
const CHILD_VERBS: [&str; 6] = ["create", "delete", "get", "list", "patch", "watch"];

/// Needed wherever services are watched: in each namespace, or in all.
pub fn in_watched_namespaces() -> Needs {
    let children = ChildKind::ALL
        .into_iter()
        .map(|kind| ((kind.group(), kind.plural()), verbs(&CHILD_VERBS)));
    let others = [
        (
            ("gitops-health.io", "healthcareservices"),
            verbs(&["get", "list", "watch"]),
        ),
        (
            ("gitops-health.io", "healthcareservices/status"),
            verbs(&["patch"]),
        ),
        // OwnerReferencesPermissionEnforcement asks for it where children set blockOwnerDeletion.
        (
            ("gitops-health.io", "healthcareservices/finalizers"),
            verbs(&["update"]),
        ),
        (("", "pods"), verbs(&["list"])),
        (("events.k8s.io", "events"), verbs(&["create", "patch"])),
    ];
    children.chain(others).collect()
}

/// Needed in the operator's own namespace, for leader election.
pub fn in_own_namespace() -> Needs {
    Needs::from([(
        ("coordination.k8s.io", "leases"),
        verbs(&["create", "get", "update", "watch"]),
    )])
}

/// Needed in the whole cluster, however few namespaces are watched: optional APIs that come and go.
pub fn in_cluster() -> Needs {
    Needs::from([(
        ("apiextensions.k8s.io", "customresourcedefinitions"),
        verbs(&["list", "watch"]),
    )])
}

fn verbs(list: &[&'static str]) -> BTreeSet<&'static str> {
    list.iter().copied().collect()
}
