//! The rights of the operators: what the operator says it needs, and no more. Pure.

use healthcare_operator::rbac::{self, Needs};
use serde_json::{Value, json};

/// A ClusterRole with all rights, and its binding to these users. The chart narrows some of them to namespaces.
pub(crate) fn manifests(users: &[String]) -> [Value; 2] {
    let all = [
        rbac::in_watched_namespaces(),
        rbac::in_own_namespace(),
        rbac::in_cluster(),
    ];
    let rules: Vec<_> = all.iter().flat_map(rules).collect();
    let api = "rbac.authorization.k8s.io";
    let subjects: Vec<_> = users
        .iter()
        .map(|user| json!({"kind": "User", "name": user, "apiGroup": api}))
        .collect();
    [
        json!({
            "apiVersion": format!("{api}/v1"), "kind": "ClusterRole",
            "metadata": {"name": "campaign"}, "rules": rules,
        }),
        json!({
            "apiVersion": format!("{api}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": "campaign"},
            "roleRef": {"kind": "ClusterRole", "name": "campaign", "apiGroup": api}, "subjects": subjects,
        }),
    ]
}

fn rules(needs: &Needs) -> Vec<Value> {
    let rule = |((group, resource), verbs): (&(&str, &str), &_)| json!({"apiGroups": [group], "resources": [resource], "verbs": verbs});
    needs.iter().map(rule).collect()
}
