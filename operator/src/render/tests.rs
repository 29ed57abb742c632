use std::collections::{BTreeMap, HashSet};

use healthcare_crds::HealthcareService;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::plan::OperatorDefaults;
use crate::testing::{
    ALL_APIS, NAME, NAMESPACE, NO_APIS, UID, body, example, named, plan, planned, rendered, service,
};

mod pod_security;
pub(crate) mod specs;

fn deployment_of(children: &[Child]) -> &Value {
    body(children, ChildKind::Deployment).unwrap()
}

fn template(service: &HealthcareService) -> Value {
    deployment_of(&rendered(&plan(service)))
        .pointer("/spec/template")
        .unwrap()
        .clone()
}

/// Children by kind and name. The rules have snapshots of their own.
fn snapshot(name: &str) -> BTreeMap<String, Value> {
    let children = rendered(&plan(&example(name)));
    let entry = |child: Child| {
        let mut body = child.body;
        if child.kind == ChildKind::PrometheusRule {
            body.as_object_mut().unwrap().remove("spec");
        }
        (format!("{} {}", child.kind.kind(), child.name), body)
    };
    children.into_iter().map(entry).collect()
}

#[test]
fn minimal() {
    insta::assert_yaml_snapshot!(snapshot("minimal"));
}

#[test]
fn synthetic_phi_service() {
    insta::assert_yaml_snapshot!(snapshot("synthetic-phi-service"));
}

#[test]
fn every_field() {
    insta::assert_yaml_snapshot!(snapshot("every-field"));
}

fn kinds(children: &[Child]) -> Vec<ChildKind> {
    children.iter().map(|child| child.kind).collect()
}

/// What the pods need is there before the pods are, and what they may do before they can do it.
#[test]
fn children_come_in_the_order_of_applying() {
    use ChildKind::{
        ConfigMap, ControllerRevision, Deployment, HorizontalPodAutoscaler, HttpRoute, Ingress,
        NetworkPolicy, PodDisruptionBudget, PrometheusRule, Service, ServiceAccount, ServiceMonitor,
    };
    let first = [
        ServiceAccount,
        ConfigMap,
        ControllerRevision,
        NetworkPolicy,
        Service,
        Deployment,
    ];
    let then = [
        HorizontalPodAutoscaler,
        PodDisruptionBudget,
        ServiceMonitor,
        PrometheusRule,
    ];
    let with_gateway = kinds(&rendered(&plan(&example("every-field"))));
    assert_eq!(with_gateway, [&first[..], &then[..], &[HttpRoute]].concat());
    let with_ingress = kinds(&rendered(&plan(&example("synthetic-phi-service"))));
    assert_eq!(with_ingress, [&first[..], &then[..], &[Ingress]].concat());
}

#[test]
fn a_child_that_is_switched_off_is_not_rendered() {
    let has = |spec: Value, kind: ChildKind| body(&rendered(&planned(spec)), kind).is_some();
    let cases = [
        (json!({}), ChildKind::ConfigMap, false),
        (json!({"config": {"A": "1"}}), ChildKind::ConfigMap, true),
        (
            json!({"scaling": {"minReplicas": 4, "maxReplicas": 4}}),
            ChildKind::HorizontalPodAutoscaler,
            false,
        ),
        (
            json!({"scaling": {"minReplicas": 0}}),
            ChildKind::HorizontalPodAutoscaler,
            false,
        ),
        (
            json!({"scaling": {"minReplicas": 1}}),
            ChildKind::PodDisruptionBudget,
            false,
        ),
        (
            json!({"observability": {"metrics": {"enabled": false}}}),
            ChildKind::ServiceMonitor,
            false,
        ),
        (
            json!({"observability": {"alerts": {"enabled": false}}}),
            ChildKind::PrometheusRule,
            false,
        ),
        (json!({}), ChildKind::Ingress, false),
        (
            json!({"exposure": {"hostnames": ["a.example.org"]}}),
            ChildKind::Ingress,
            true,
        ),
    ];
    for (spec, kind, expected) in cases {
        assert_eq!(has(spec.clone(), kind), expected, "{kind:?} of {spec}");
    }
}

#[test]
fn optional_kinds_are_left_out_where_the_cluster_lacks_them() {
    let service = example("every-field");
    let plan = Plan::new(&service, &OperatorDefaults::default(), NO_APIS).unwrap();
    let kinds = kinds(&rendered(&plan));
    assert!(kinds.iter().all(|kind| !kind.is_optional()), "{kinds:?}");
    assert!(kinds.contains(&ChildKind::Ingress), "in place of the HTTPRoute");
}

#[test]
fn every_kind_is_found_by_its_names() {
    for kind in ChildKind::ALL {
        assert_eq!(ChildKind::of(&kind.api_version(), kind.kind()), Some(kind));
        assert_eq!(kind.resource().plural, kind.plural());
        assert!(kind.is_served(ALL_APIS));
        assert_eq!(kind.is_served(NO_APIS), !kind.is_optional());
    }
    assert_eq!(ChildKind::of("v1", "Secret"), None);
    assert_eq!(ChildKind::of("apps/v1", "Service"), None);
}

/// Secrets `a.b` and `a-b` are two volumes, and so are two long names with one beginning.
#[test]
fn volumes_of_secrets_keep_apart() {
    let long = "x".repeat(200);
    let secrets = ["a.b", "a-b", &format!("{long}.one"), &format!("{long}.two")];
    let list: Vec<_> = secrets
        .iter()
        .map(|name| json!({"name": name, "as": "Files"}))
        .collect();
    let children = rendered(&planned(json!({"secrets": list})));
    let volumes = deployment_of(&children)
        .pointer("/spec/template/spec/volumes")
        .unwrap()
        .as_array()
        .unwrap();
    let names: HashSet<_> = volumes
        .iter()
        .map(|volume| volume["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), volumes.len(), "{names:?}");
    assert!(
        names.iter().all(|name| name.len() <= 63 && !name.contains('.')),
        "{names:?}"
    );
}

fn egress(plan: &Plan) -> Vec<Value> {
    let children = rendered(plan);
    body(&children, ChildKind::NetworkPolicy).unwrap()["spec"]["egress"]
        .as_array()
        .unwrap()
        .clone()
}

/// What the policy says about the collector of an endpoint.
fn collector(endpoint: &str) -> Option<(Value, Value)> {
    let plan = planned(json!({"observability": {"tracing": {"endpoint": endpoint}}}));
    let rule = egress(&plan).get(1).cloned()?;
    Some((rule["to"][0].clone(), rule["ports"][0]["port"].clone()))
}

#[test]
fn collector_of_the_cluster_is_reachable_by_its_name_or_address() {
    let namespace =
        |name: &str| json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}});
    let block = |cidr: &str| json!({"ipBlock": {"cidr": cidr}});
    let cases = [
        ("http://otel:4318", Some((namespace(NAMESPACE), json!(4318)))),
        (
            "http://otel.observability:4318",
            Some((namespace("observability"), json!(4318))),
        ),
        (
            "http://otel.observability.svc.cluster.local:4318/v1/traces",
            Some((namespace("observability"), json!(4318))),
        ),
        (
            "https://otel.observability.svc",
            Some((namespace("observability"), json!(443))),
        ),
        ("http://10.1.2.3", Some((block("10.1.2.3/32"), json!(80)))),
        (
            "http://[2001:db8::1]:4318",
            Some((block("2001:db8::1/128"), json!(4318))),
        ),
        ("https://traces.example.org", None),
    ];
    for (endpoint, expected) in cases {
        assert_eq!(collector(endpoint), expected, "{endpoint}");
    }
}

#[test]
fn named_callers_reach_the_ports_of_the_service() {
    let plan = planned(json!({
        "port": 8081,
        "additionalPorts": [{"name": "dicom", "port": 11112}],
        "accessPolicy": {"inbound": [{"service": "portal", "namespace": "web"}]},
        "observability": {"metrics": {"enabled": false}},
    }));
    let children = rendered(&plan);
    let ingress = &body(&children, ChildKind::NetworkPolicy).unwrap()["spec"]["ingress"];
    let expected = json!([{
        "from": [{
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "web"}},
            "podSelector": {"matchLabels": {"gitops-health.io/service": "portal"}},
        }],
        "ports": [{"port": 8081, "protocol": "TCP"}, {"port": 11112, "protocol": "TCP"}],
    }]);
    assert_eq!(*ingress, expected);
}

#[test]
fn nobody_is_let_in_by_default_but_who_scrapes() {
    let closed = rendered(&planned(
        json!({"observability": {"metrics": {"enabled": false}}}),
    ));
    assert_eq!(
        body(&closed, ChildKind::NetworkPolicy).unwrap()["spec"]["ingress"],
        json!([])
    );
    let defaults = OperatorDefaults {
        monitoring_namespace_labels: BTreeMap::from([("monitoring".to_owned(), "yes".to_owned())]),
        ..OperatorDefaults::default()
    };
    let scraped = rendered(&Plan::new(&service(json!({})), &defaults, ALL_APIS).unwrap());
    let expected = json!([{
        "from": [{"namespaceSelector": {"matchLabels": {"monitoring": "yes"}}}],
        "ports": [{"port": 8080, "protocol": "TCP"}],
    }]);
    assert_eq!(
        body(&scraped, ChildKind::NetworkPolicy).unwrap()["spec"]["ingress"],
        expected
    );
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(fields) => fields.values().any(has_null),
        _ => false,
    }
}

/// Selectors are immutable on a Deployment: everything but the name would one day change.
fn selectors(children: &[Child]) -> Vec<Value> {
    let paths = [
        (ChildKind::Deployment, "/spec/selector/matchLabels"),
        (ChildKind::Service, "/spec/selector"),
        (ChildKind::PodDisruptionBudget, "/spec/selector/matchLabels"),
        (ChildKind::NetworkPolicy, "/spec/podSelector/matchLabels"),
    ];
    paths
        .iter()
        .filter_map(|(kind, path)| body(children, *kind)?.pointer(path))
        .cloned()
        .collect()
}

fn config_map_name(config: &BTreeMap<String, String>) -> Option<String> {
    names::config_map(&planned(json!({"config": config})))
}

fn settings() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map("[AB]{1,2}", "[ab]{0,2}", 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_same_plan_gives_the_same_bytes(spec in specs::any()) {
        let text = || serde_json::to_string(&rendered(&planned(spec.clone())).into_iter().map(|c| c.body).collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(text(), text());
    }

    #[test]
    fn selectors_hold_the_name_and_nothing_else(spec in specs::any()) {
        let stable = json!({"gitops-health.io/service": NAME, "gitops-health.io/track": "primary"});
        let all = json!({"gitops-health.io/service": NAME});
        let children = rendered(&planned(spec));
        let found = selectors(&children);
        prop_assert!(found.len() >= 3);
        prop_assert!(found.iter().all(|selector| *selector == stable || *selector == all), "{found:?}");
        let labels = deployment_of(&children).pointer("/spec/template/metadata/labels").unwrap();
        for (key, value) in stable.as_object().unwrap() {
            prop_assert_eq!(&labels[key], value, "the pods carry what selects them");
        }
    }

    /// Where they are made nobody looks again.
    #[test]
    fn every_expression_of_ours_is_promql(spec in specs::any()) {
        for child in rendered(&planned(spec)).iter().filter(|child| child.kind == ChildKind::PrometheusRule) {
            let groups = child.body.pointer("/spec/groups").and_then(Value::as_array).unwrap();
            for rule in groups.iter().flat_map(|group| group["rules"].as_array().unwrap()) {
                prop_assert_eq!(promql::check(rule["expr"].as_str().unwrap()), Ok(()), "{}", rule);
            }
        }
    }

    /// Only what concerns a pod restarts it.
    #[test]
    fn what_is_outside_the_pods_never_restarts_them(
        pod in specs::of_the_pods(),
        before in specs::around_the_pods(),
        after in specs::around_the_pods(),
        generation in 1..100i64,
        label in "[a-z]{1,8}",
    ) {
        let first = service(specs::joined(&pod, &before));
        let mut second = service(specs::joined(&pod, &after));
        second.metadata.generation = Some(generation);
        second.metadata.labels = Some([("app.kubernetes.io/part-of".to_owned(), label)].into());
        second.metadata.annotations = Some([("anything".to_owned(), "else".to_owned())].into());
        prop_assert_eq!(template(&first), template(&second));
    }

    #[test]
    fn config_map_is_named_by_its_content(one in settings(), other in settings()) {
        let (first, second) = (config_map_name(&one), config_map_name(&other));
        prop_assert_eq!(first == second, one == other, "{:?} {:?}", first, second);
        prop_assert_eq!(first.is_none(), one.is_empty());
    }

    #[test]
    fn every_child_is_owned_labelled_and_named(spec in specs::any(), name in "[a-z][a-z0-9-]{0,50}[a-z0-9]") {
        for child in rendered(&plan(&named(&name, spec))) {
            let metadata = &child.body["metadata"];
            let owner = json!([{
                "apiVersion": "gitops-health.io/v1alpha1", "kind": "HealthcareService", "name": name, "uid": UID,
                "controller": true, "blockOwnerDeletion": true,
            }]);
            prop_assert_eq!(&metadata["ownerReferences"], &owner);
            prop_assert_eq!(&metadata["labels"]["app.kubernetes.io/name"], name.as_str());
            prop_assert_eq!(&metadata["labels"]["app.kubernetes.io/managed-by"], "healthcare-operator");
            prop_assert_eq!(&metadata["labels"]["gitops-health.io/service"], name.as_str());
            prop_assert_eq!(&metadata["namespace"], NAMESPACE);
            prop_assert!(metadata["labels"]["app.kubernetes.io/instance"].is_null(), "Argo CD would take it for its own");
            prop_assert!(child.name.len() <= 63 && child.name.starts_with(&name));
            prop_assert_eq!(&child.body["kind"], child.kind.kind());
            prop_assert_eq!(&child.body["apiVersion"], &json!(child.kind.api_version()));
        }
    }

    #[test]
    fn every_pod_meets_pod_security_restricted(spec in specs::any()) {
        let children = rendered(&planned(spec));
        let pod = deployment_of(&children).pointer("/spec/template/spec").unwrap();
        prop_assert_eq!(pod_security::violations(pod), Vec::<String>::new());
    }

    /// What the operator promises beyond the standard.
    #[test]
    fn every_pod_has_a_read_only_root_and_no_token(spec in specs::any()) {
        let children = rendered(&planned(spec));
        let pod = deployment_of(&children).pointer("/spec/template/spec").unwrap();
        prop_assert_eq!(&pod["automountServiceAccountToken"], false);
        prop_assert_eq!(&pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"], true);
        let tmp = |list: &Value| list.as_array().unwrap().iter().any(|item| item["name"] == "tmp");
        prop_assert!(tmp(&pod["volumes"]) && tmp(&pod["containers"][0]["volumeMounts"]));
        let account = body(&children, ChildKind::ServiceAccount).unwrap();
        prop_assert_eq!(&account["automountServiceAccountToken"], false);
    }

    #[test]
    fn network_policy_closes_both_directions_and_opens_dns(spec in specs::any()) {
        let children = rendered(&planned(spec));
        let policy = &body(&children, ChildKind::NetworkPolicy).unwrap()["spec"];
        prop_assert_eq!(&policy["policyTypes"], &json!(["Ingress", "Egress"]));
        let dns = &policy["egress"][0];
        prop_assert_eq!(&dns["to"][0]["podSelector"]["matchLabels"], &json!({"k8s-app": "kube-dns"}));
        for protocol in ["UDP", "TCP"] {
            let port = json!({"port": 53, "protocol": protocol});
            prop_assert!(dns["ports"].as_array().unwrap().contains(&port), "{}", dns);
        }
        let open = |rule: &Value, side: &str| rule[side].as_array().is_none_or(Vec::is_empty);
        let ingress = policy["ingress"].as_array().unwrap();
        let egress = policy["egress"].as_array().unwrap();
        prop_assert!(!ingress.iter().any(|rule| open(rule, "from")), "a rule without peers admits everybody");
        prop_assert!(!egress.iter().any(|rule| open(rule, "to")), "a rule without peers leads everywhere");
    }

    /// A second field manager owns the number of replicas.
    #[test]
    fn deployment_never_holds_replicas(spec in specs::any()) {
        let children = rendered(&planned(spec));
        prop_assert!(deployment_of(&children)["spec"].get("replicas").is_none());
    }

    /// Server-side apply takes a null for an owned field.
    #[test]
    fn no_child_holds_a_null_or_a_status(spec in specs::any()) {
        for child in rendered(&planned(spec)) {
            prop_assert!(!has_null(&child.body), "{}", child.body);
            prop_assert!(child.body.get("status").is_none());
            prop_assert!(child.body["metadata"].get("resourceVersion").is_none());
        }
    }

    /// Associative lists of Kubernetes: a name or path twice is refused.
    #[test]
    fn names_in_a_pod_and_its_service_are_unique(spec in specs::any()) {
        let children = rendered(&planned(spec));
        let deployment = deployment_of(&children);
        let service = body(&children, ChildKind::Service).unwrap();
        let lists = [
            (deployment, "/spec/template/spec/volumes", "name"),
            (deployment, "/spec/template/spec/containers/0/volumeMounts", "mountPath"),
            (deployment, "/spec/template/spec/containers/0/env", "name"),
            (deployment, "/spec/template/spec/containers/0/ports", "name"),
            (service, "/spec/ports", "name"),
            (service, "/spec/ports", "port"),
        ];
        for (object, path, key) in lists {
            let items = object.pointer(path).unwrap().as_array().unwrap();
            let keys: HashSet<_> = items.iter().map(|item| item[key].to_string()).collect();
            prop_assert_eq!(keys.len(), items.len(), "{} by {}: {:?}", path, key, items);
        }
        let ports = deployment.pointer("/spec/template/spec/containers/0/ports").unwrap().as_array().unwrap();
        for port in service["spec"]["ports"].as_array().unwrap() {
            prop_assert!(ports.iter().any(|p| p["name"] == port["targetPort"]), "{} leads nowhere", port);
        }
    }
}
