use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use super::*;
use crate::testing::{ALL_APIS, NAME, NAMESPACE, NO_APIS, plan, planned, service};

fn with_defaults(spec: Value, defaults: &OperatorDefaults) -> Plan {
    Plan::new(&service(spec), defaults, ALL_APIS).unwrap()
}

fn quantities(map: &BTreeMap<String, k8s_openapi::apimachinery::pkg::api::resource::Quantity>) -> Value {
    map.iter()
        .map(|(name, quantity)| (name.clone(), json!(quantity.0)))
        .collect()
}

fn value<'a>(plan: &'a Plan, name: &str) -> Option<&'a str> {
    plan.env
        .iter()
        .find(|variable| variable.name == name)
        .and_then(|variable| variable.value.as_deref())
}

#[test]
fn an_image_is_enough() {
    let plan = planned(json!({}));
    assert_eq!(plan.port, 8080);
    assert_eq!((plan.replicas.minimum(), plan.replicas.maximum()), (3, 10));
    assert_eq!(
        plan.disruption,
        Some(DisruptionPlan::MinAvailable(IntOrString::Int(2)))
    );
    assert_eq!(plan.exposure, None);
    assert_eq!(plan.access, AccessPolicy::default());
    assert!(plan.service_monitor && plan.rules.is_some());
}

#[test]
fn requests_and_limits_never_contradict_each_other() {
    let cases = [
        (
            json!({}),
            json!({"cpu": "100m", "memory": "128Mi"}),
            json!({"memory": "256Mi"}),
        ),
        (
            json!({"requests": {"cpu": "2"}}),
            json!({"cpu": "2", "memory": "128Mi"}),
            json!({"memory": "256Mi"}),
        ),
        (
            json!({"requests": {"memory": "1Gi"}}),
            json!({"cpu": "100m", "memory": "1Gi"}),
            json!({"memory": "1Gi"}),
        ),
        (
            json!({"limits": {"memory": "64Mi"}}),
            json!({"cpu": "100m", "memory": "64Mi"}),
            json!({"memory": "64Mi"}),
        ),
        (
            json!({"limits": {"cpu": "50m"}}),
            json!({"cpu": "50m", "memory": "128Mi"}),
            json!({"cpu": "50m", "memory": "256Mi"}),
        ),
        (
            json!({"requests": {"memory": "32Mi"}, "limits": {"memory": "128Mi", "cpu": 1}}),
            json!({"cpu": "1", "memory": "32Mi"}),
            json!({"cpu": "1", "memory": "128Mi"}),
        ),
        (
            json!({"requests": {"ephemeral-storage": "1Gi"}}),
            json!({"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "1Gi"}),
            json!({"memory": "256Mi"}),
        ),
    ];
    for (wanted, requests, limits) in cases {
        let plan = planned(json!({"resources": wanted})).resources;
        assert_eq!(
            (quantities(&plan.requests), quantities(&plan.limits)),
            (requests, limits),
            "{wanted}"
        );
    }
}

#[test]
fn replicas_have_three_modes() {
    let of =
        |min: i32, max: i32| planned(json!({"scaling": {"minReplicas": min, "maxReplicas": max}})).replicas;
    assert_eq!(of(0, 10), ReplicasPlan::Stopped);
    assert_eq!(of(4, 4), ReplicasPlan::Fixed(4));
    assert_eq!((of(4, 4).minimum(), of(4, 4).maximum()), (4, 4));
    assert!(matches!(of(2, 5), ReplicasPlan::Autoscaled(scaling) if scaling.max_replicas == 5));
    assert_eq!((of(0, 10).minimum(), of(0, 10).maximum()), (0, 0));
}

/// A budget that keeps every pod blocks drains; one for a single pod either blocks them or protects nothing.
#[test]
fn budget_leaves_a_drain_possible() {
    let of = |min: i32, disruption: Value| {
        planned(json!({"scaling": {"minReplicas": min, "maxReplicas": 10}, "disruption": disruption}))
            .disruption
    };
    let keep = |n| Some(DisruptionPlan::MinAvailable(IntOrString::Int(n)));
    let cases = [
        (0, json!({}), None),
        (1, json!({}), None),
        (1, json!({"minAvailable": 1}), None),
        (2, json!({}), keep(1)),
        (3, json!({}), keep(2)),
        (10, json!({}), keep(2)),
        (5, json!({"minAvailable": 4}), keep(4)),
        (
            5,
            json!({"maxUnavailable": "25%"}),
            Some(DisruptionPlan::MaxUnavailable(IntOrString::String("25%".into()))),
        ),
    ];
    for (min, wanted, expected) in cases {
        assert_eq!(of(min, wanted.clone()), expected, "minReplicas {min}, {wanted}");
    }
}

#[test]
fn user_variables_replace_ours_and_come_last() {
    let plan = planned(
        json!({"env": [{"name": "LOG_LEVEL", "value": "trace"}, {"name": "REGION", "value": "north"}]}),
    );
    let names: Vec<_> = plan.env.iter().map(|variable| variable.name.as_str()).collect();
    assert_eq!(
        names.iter().filter(|name| **name == "LOG_LEVEL").count(),
        1,
        "{names:?}"
    );
    assert_eq!(value(&plan, "LOG_LEVEL"), Some("trace"));
    assert_eq!(names[names.len() - 2..], ["LOG_LEVEL", "REGION"]);
}

/// `$(POD_NAME)` is expanded only from variables defined before.
#[test]
fn pod_name_is_defined_before_it_is_used() {
    let plan = planned(json!({}));
    let position = |name: &str| {
        plan.env
            .iter()
            .position(|variable| variable.name == name)
            .unwrap()
    };
    assert!(position("POD_NAME") < position("OTEL_RESOURCE_ATTRIBUTES"));
    let attributes = value(&plan, "OTEL_RESOURCE_ATTRIBUTES").unwrap();
    assert!(
        attributes.contains(&format!(
            "k8s.namespace.name={NAMESPACE},k8s.deployment.name={NAME}"
        )),
        "{attributes}"
    );
}

#[test]
fn port_and_level_reach_the_service() {
    let plan = planned(json!({"port": 9000, "observability": {"logging": {"level": "warn"}}}));
    assert_eq!(
        (value(&plan, "PORT"), value(&plan, "LOG_LEVEL")),
        (Some("9000"), Some("warn"))
    );
    assert_eq!(value(&plan, "OTEL_SERVICE_NAME"), Some(NAME));
}

#[test]
fn spans_go_to_the_nearest_endpoint() {
    let operator = OperatorDefaults {
        otlp_endpoint: Some("http://site:4318".into()),
        ..OperatorDefaults::default()
    };
    let cases = [
        (json!({}), OperatorDefaults::default(), None),
        (json!({}), operator.clone(), Some("http://site:4318")),
        (
            json!({"endpoint": "http://own:4318"}),
            operator.clone(),
            Some("http://own:4318"),
        ),
        (
            json!({"endpoint": "http://own:4318", "enabled": false}),
            operator,
            None,
        ),
    ];
    for (tracing, defaults, expected) in cases {
        let plan = with_defaults(json!({"observability": {"tracing": tracing}}), &defaults);
        assert_eq!(plan.otlp_endpoint.as_deref(), expected, "{tracing}");
        assert_eq!(value(&plan, "OTEL_EXPORTER_OTLP_ENDPOINT"), expected, "{tracing}");
        assert_eq!(
            value(&plan, "OTEL_TRACES_EXPORTER"),
            Some(if expected.is_some() { "otlp" } else { "none" })
        );
    }
}

#[test]
fn sampling_is_written_as_the_sdk_reads_it() {
    let plan = planned(
        json!({"observability": {"tracing": {"endpoint": "http://own:4318", "samplingRatio": 0.25}}}),
    );
    assert_eq!(
        value(&plan, "OTEL_TRACES_SAMPLER"),
        Some("parentbased_traceidratio")
    );
    assert_eq!(value(&plan, "OTEL_TRACES_SAMPLER_ARG"), Some("0.25"));
}

#[test]
fn probes_keep_what_is_not_set() {
    let plan =
        planned(json!({"port": 9000, "probes": {"liveness": {"path": "/live", "failureThreshold": 9}}}))
            .probes;
    assert_eq!(
        (plan.liveness.path.as_str(), plan.liveness.failures),
        ("/live", 9)
    );
    assert_eq!(
        (plan.liveness.port, plan.liveness.period, plan.liveness.timeout),
        (9000, 10, 2)
    );
    assert_eq!(
        (
            plan.startup.path.as_str(),
            plan.startup.period,
            plan.startup.failures
        ),
        ("/health", 2, 30)
    );
    assert_eq!(
        (plan.readiness.path.as_str(), plan.readiness.period),
        ("/readiness", 5)
    );
}

#[test]
fn route_follows_the_apis_of_the_cluster() {
    let exposed = service(json!({"exposure": {
        "hostnames": ["records.example.org"], "path": "/api", "gateway": {"name": "public"}, "tlsSecretName": "cert",
    }}));
    let of = |capabilities| {
        Plan::new(&exposed, &OperatorDefaults::default(), capabilities)
            .unwrap()
            .exposure
            .unwrap()
    };
    let ExposurePlan::HttpRoute {
        gateway,
        gateway_namespace,
        ..
    } = of(ALL_APIS)
    else {
        panic!("no HTTPRoute")
    };
    assert_eq!(
        (gateway.as_str(), gateway_namespace.as_str()),
        ("public", NAMESPACE)
    );
    assert!(matches!(of(NO_APIS), ExposurePlan::Ingress { .. }));
    assert_eq!(
        of(NO_APIS).url().as_deref(),
        Some("https://records.example.org/api")
    );
}

#[test]
fn without_a_gateway_or_certificate_it_is_a_plain_ingress() {
    let plan = planned(json!({"exposure": {"hostnames": ["records.example.org"]}}));
    let exposure = plan.exposure.unwrap();
    assert!(matches!(exposure, ExposurePlan::Ingress { .. }));
    assert_eq!(exposure.url().as_deref(), Some("http://records.example.org/"));
}

#[test]
fn metrics_port_is_a_port_of_the_service() {
    let of = |port: Value| {
        let spec = json!({
            "port": 8080,
            "additionalPorts": [{"name": "admin", "port": 9090}],
            "observability": {"metrics": {"port": port}},
        });
        Plan::new(&service(spec), &OperatorDefaults::default(), ALL_APIS).map(|plan| plan.metrics.unwrap())
    };
    let named = |port: Value| of(port).map(|metrics| (metrics.port_name, metrics.port));
    assert_eq!(named(Value::Null), Ok(("http".into(), 8080)));
    assert_eq!(named(json!(8080)), Ok(("http".into(), 8080)));
    assert_eq!(named(json!(9090)), Ok(("admin".into(), 9090)));
    assert_eq!(named(json!(9999)), Err(PlanError::MetricsPort(9999)));
    let message = PlanError::MetricsPort(9999).to_string();
    assert!(
        message.contains("9999") && message.contains("add the port or remove the setting"),
        "{message}"
    );
}

#[test]
fn monitoring_is_planned_only_where_it_is_known_and_wanted() {
    let of = |observability: Value, capabilities| {
        let service = service(json!({"observability": observability}));
        let plan = Plan::new(&service, &OperatorDefaults::default(), capabilities).unwrap();
        (plan.service_monitor, plan.rules.is_some())
    };
    assert_eq!(of(json!({}), ALL_APIS), (true, true));
    assert_eq!(of(json!({}), NO_APIS), (false, false));
    assert_eq!(
        of(json!({"metrics": {"enabled": false}}), ALL_APIS),
        (false, true)
    );
    assert_eq!(of(json!({"alerts": {"enabled": false}}), ALL_APIS), (true, false));
    let extra = json!({"alerts": {"enabled": false, "extraRules": [{"alert": "Full", "expr": "up == 0"}]}});
    assert_eq!(of(extra, ALL_APIS), (true, true));
    assert_eq!(
        of(
            json!({"alerts": {"enabled": false}, "slo": {"objective": 99.9}}),
            ALL_APIS
        ),
        (true, true)
    );
}

/// Labels of other tools on a child would make those tools believe that the child is theirs.
#[test]
fn only_listed_labels_propagate() {
    let mut service = service(json!({}));
    let labels = [
        ("app.kubernetes.io/component", true),
        ("app.kubernetes.io/part-of", true),
        ("app.kubernetes.io/instance", false),
        ("app.kubernetes.io/managed-by", false),
        ("argocd.argoproj.io/instance", false),
        ("kubectl.kubernetes.io/anything", false),
        ("helm.sh/chart", false),
        ("meta.helm.sh/release-name", false),
        ("team", false),
    ];
    service.metadata.labels = Some(
        labels
            .iter()
            .map(|(key, _)| ((*key).to_owned(), "x".to_owned()))
            .collect(),
    );
    let kept = plan(&service).owner.labels;
    for (key, propagates) in labels {
        assert_eq!(kept.contains_key(key), propagates, "{key}");
    }
}

#[test]
fn metadata_of_an_api_server_is_needed() {
    type Strip = fn(&mut HealthcareService);
    let cases: [(&str, Strip); 3] = [
        ("namespace", |service| service.metadata.namespace = None),
        ("uid", |service| service.metadata.uid = None),
        ("generation", |service| service.metadata.generation = None),
    ];
    for (missing, strip) in cases {
        let mut service = service(json!({}));
        strip(&mut service);
        let error = Plan::new(&service, &OperatorDefaults::default(), ALL_APIS).unwrap_err();
        assert_eq!(error, PlanError::Metadata(missing));
    }
}
