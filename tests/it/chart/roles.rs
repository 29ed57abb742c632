//! What the operator and its users may do.

use std::collections::BTreeSet;

use healthcare_operator::rbac::{self, Needs};
use serde_json::{Value, json};

use super::{NAMESPACE, all, render};

/// One permission: API group, resource, verb.
pub(crate) type Permission = (String, String, String);

/// The permissions of a Role or ClusterRole.
pub(crate) fn permissions(role: &Value) -> BTreeSet<Permission> {
    let texts = |list: &Value| -> Vec<String> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_str().unwrap().to_owned())
            .collect()
    };
    let mut found = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                for verb in texts(&rule["verbs"]) {
                    found.insert((group.clone(), resource.clone(), verb));
                }
            }
        }
    }
    found
}

/// The role of a kind and name.
pub(crate) fn role<'a>(objects: &'a [Value], kind: &str, namespace: Option<&str>, name: &str) -> &'a Value {
    let found = all(objects, kind)
        .into_iter()
        .find(|o| o["metadata"]["name"] == name && o["metadata"]["namespace"].as_str() == namespace);
    found.unwrap_or_else(|| panic!("no {kind} {name} in {namespace:?}"))
}

/// Everything the operator's account may do with the default values, the lease included.
pub(crate) fn of_the_operator() -> BTreeSet<Permission> {
    let objects = render(&[]);
    let mut found = permissions(role(
        &objects,
        "ClusterRole",
        None,
        "healthcare-system-healthcare-operator",
    ));
    found.extend(permissions(role(
        &objects,
        "Role",
        Some(NAMESPACE),
        "healthcare-operator-leader",
    )));
    found
}

fn needed(needs: Needs) -> BTreeSet<Permission> {
    let each = |((group, resource), verbs): ((&str, &str), BTreeSet<&str>)| {
        verbs
            .into_iter()
            .map(|verb| permission(group, resource, verb))
            .collect::<Vec<_>>()
    };
    needs.into_iter().flat_map(each).collect()
}

/// What the code says it needs, and nothing beside.
#[test]
fn the_operator_is_granted_exactly_what_its_code_needs() {
    let objects = render(&[]);
    let cluster = permissions(role(
        &objects,
        "ClusterRole",
        None,
        "healthcare-system-healthcare-operator",
    ));
    let own = permissions(role(
        &objects,
        "Role",
        Some(NAMESPACE),
        "healthcare-operator-leader",
    ));
    let everywhere: BTreeSet<_> = needed(rbac::in_watched_namespaces())
        .union(&needed(rbac::in_cluster()))
        .cloned()
        .collect();
    assert_eq!(cluster, everywhere);
    assert_eq!(own, needed(rbac::in_own_namespace()));
}

fn permission(group: &str, resource: &str, verb: &str) -> Permission {
    (group.to_owned(), resource.to_owned(), verb.to_owned())
}

#[test]
fn no_wildcard_no_secret_and_no_write_to_the_spec() {
    let granted = of_the_operator();
    for (group, resource, verb) in &granted {
        assert!(
            ![group, resource, verb].iter().any(|word| word.contains('*')),
            "{group} {resource} {verb}"
        );
        assert_ne!(resource, "secrets");
        let reads = ["get", "list", "watch"].contains(&verb.as_str());
        assert!(
            resource != "healthcareservices" || reads,
            "{verb} on healthcareservices"
        );
        assert!(
            !["escalate", "bind", "impersonate", "deletecollection", "update"].contains(&verb.as_str())
                || *resource == "leases"
                || *resource == "healthcareservices/finalizers",
            "{verb} on {resource}"
        );
    }
    assert!(granted.contains(&permission("apps", "deployments", "patch")));
}

#[test]
fn the_lease_is_named() {
    let objects = render(&[]);
    let leader = role(&objects, "Role", Some(NAMESPACE), "healthcare-operator-leader");
    for rule in leader["rules"].as_array().unwrap() {
        let only_creates = rule["verbs"] == json!(["create"]);
        assert_eq!(rule.get("resourceNames").is_none(), only_creates, "{rule}");
        assert!(
            only_creates || rule["resourceNames"] == json!(["healthcare-operator"]),
            "{rule}"
        );
    }
}

#[test]
fn a_role_in_each_watched_namespace_equals_the_cluster_wide_one() {
    let everywhere = render(&[]);
    let cluster = permissions(role(
        &everywhere,
        "ClusterRole",
        None,
        "healthcare-system-healthcare-operator",
    ));
    let scoped = render(&["--set", "watchNamespaces={clinic,lab}"]);
    let rest = permissions(role(
        &scoped,
        "ClusterRole",
        None,
        "healthcare-system-healthcare-operator",
    ));
    for namespace in ["clinic", "lab"] {
        let own = permissions(role(&scoped, "Role", Some(namespace), "healthcare-operator"));
        assert_eq!(
            own.union(&rest).cloned().collect::<BTreeSet<_>>(),
            cluster,
            "{namespace}"
        );
        role(&scoped, "RoleBinding", Some(namespace), "healthcare-operator");
    }
    let crds = |verb| permission("apiextensions.k8s.io", "customresourcedefinitions", verb);
    assert_eq!(rest, BTreeSet::from([crds("list"), crds("watch")]));
}

#[test]
fn bindings_name_roles_and_accounts_that_exist() {
    for arguments in [
        &[][..],
        &["--set", "watchNamespaces={clinic},serviceAccount.name=mine"],
    ] {
        let objects = render(arguments);
        let account = super::one(&objects, "ServiceAccount")["metadata"]["name"].clone();
        let bindings = objects
            .iter()
            .filter(|o| o["kind"].as_str().unwrap().ends_with("RoleBinding"));
        for binding in bindings {
            let reference = &binding["roleRef"];
            let (kind, name) = (
                reference["kind"].as_str().unwrap(),
                reference["name"].as_str().unwrap(),
            );
            role(&objects, kind, binding["metadata"]["namespace"].as_str(), name);
            let subject = json!([{"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}]);
            assert_eq!(binding["subjects"], subject);
        }
    }
}

/// The cluster's own edit role contains view, and admin contains edit.
#[test]
fn users_get_their_part_through_the_cluster_s_own_roles() {
    let objects = render(&[]);
    let part = |level: &str| {
        let role = role(
            &objects,
            "ClusterRole",
            None,
            &format!("healthcare-system-healthcare-operator-{level}"),
        );
        assert_eq!(
            role["metadata"]["labels"][format!("rbac.authorization.k8s.io/aggregate-to-{level}")],
            "true"
        );
        permissions(role)
    };
    let service = |verb| permission("gitops-health.io", "healthcareservices", verb);
    assert!(
        part("view")
            .iter()
            .all(|(_, _, verb)| ["get", "list", "watch"].contains(&verb.as_str()))
    );
    assert!(part("view").contains(&service("watch")));
    assert!(part("edit").is_superset(&["create", "update", "patch", "delete"].map(service).into()));
    assert_eq!(part("admin"), [service("deletecollection")].into());
    let status = ["update", "patch"].map(|v| permission("gitops-health.io", "healthcareservices/status", v));
    assert!(
        status
            .iter()
            .all(|p| !part("edit").contains(p) && !part("admin").contains(p))
    );
}
