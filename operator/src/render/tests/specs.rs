//! Specs at random, split into what concerns the pods and what is around them.

use proptest::collection::btree_map;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

/// Any spec.
pub(crate) fn any() -> impl Strategy<Value = Value> {
    (of_the_pods(), around_the_pods()).prop_map(|(pod, around)| joined(&pod, &around))
}

/// The fields of both.
pub(crate) fn joined(one: &Value, other: &Value) -> Value {
    let fields = |value: &Value| value.as_object().unwrap().clone();
    fields(one).into_iter().chain(fields(other)).collect()
}

/// What is written into the pod template.
pub(crate) fn of_the_pods() -> impl Strategy<Value = Value> {
    let image = "registry\\.example\\.org/[a-z]{1,8}:[0-9]\\.[0-9]".prop_map(|image| json!({"image": image}));
    let ports = (
        8000..8100i32,
        subsequence(vec![("admin", 9000), ("dicom", 11112), ("grpc", 50051)], 0..=3),
    );
    let ports = ports.prop_map(|(port, further)| {
        let further: Vec<_> = further
            .iter()
            .map(|(name, port)| json!({"name": name, "port": port}))
            .collect();
        json!({"port": port, "additionalPorts": further})
    });
    let env = subsequence(
        vec!["A", "LOG_LEVEL", "POD_NAME", "OTEL_SERVICE_NAME", "Z"],
        0..=5,
    )
    .prop_map(
        |names| json!({"env": names.iter().map(|n| json!({"name": n, "value": "1"})).collect::<Vec<_>>()}),
    );
    let config = btree_map("[A-Z.]{1,4}", "[ -~]{0,8}", 0..3).prop_map(|config| json!({"config": config}));
    let annotations =
        btree_map("[a-z]{1,4}", "[a-z]{0,4}", 0..2).prop_map(|list| json!({"podAnnotations": list}));
    (
        image,
        ports,
        env,
        config,
        annotations,
        mounts(),
        resources(),
        scheduling(),
    )
        .prop_map(
            |(image, ports, env, config, annotations, mounts, resources, scheduling)| {
                [ports, env, config, annotations, mounts, resources, scheduling]
                    .iter()
                    .fold(image, |spec, part| joined(&spec, part))
            },
        )
}

fn mounts() -> impl Strategy<Value = Value> {
    let secrets = subsequence(vec!["db", "tls.example.org", "tls-example-org", "keys"], 0..=4);
    let used_as = select(vec!["Env", "Files"]);
    let secrets = (secrets, used_as).prop_map(|(names, used_as)| {
        names
            .iter()
            .map(|name| json!({"name": name, "as": used_as}))
            .collect::<Vec<_>>()
    });
    let sources = vec![
        json!({"name": "a", "mountPath": "/a", "emptyDir": {}}),
        json!({"name": "b", "mountPath": "/b", "configMap": {"name": "b"}, "readOnly": true}),
        json!({"name": "c", "mountPath": "/c", "persistentVolumeClaim": {"claimName": "c"}, "subPath": "d"}),
        json!({"name": "e", "mountPath": "/e", "projected": {"sources": []}}),
    ];
    (secrets, subsequence(sources, 0..=4))
        .prop_map(|(secrets, volumes)| json!({"secrets": secrets, "volumes": volumes}))
}

fn resources() -> impl Strategy<Value = Value> {
    let quantities = btree_map(
        select(vec!["cpu", "memory"]),
        select(vec!["1", "512Mi", "64M"]),
        0..3,
    );
    (quantities.clone(), quantities)
        .prop_map(|(requests, limits)| json!({"resources": {"requests": requests, "limits": limits}}))
}

fn scheduling() -> impl Strategy<Value = Value> {
    let labels = btree_map("[a-z]{1,4}", "[a-z]{1,4}", 0..2);
    (labels, of("[a-z]{1,8}")).prop_map(|(selector, priority)| match priority {
        Some(class) => json!({"scheduling": {"nodeSelector": selector, "priorityClassName": class}}),
        None => json!({"scheduling": {"nodeSelector": selector}}),
    })
}

/// What makes or changes the objects around the pods.
pub(crate) fn around_the_pods() -> impl Strategy<Value = Value> {
    let scaling = (0..5i32, 1..5i32).prop_map(
        |(min, more)| json!({"minReplicas": min, "maxReplicas": min + more - 1 + i32::from(min == 0)}),
    );
    let disruption = of(prop_oneof![
        (0..3i32).prop_map(|n| json!({"minAvailable": n})),
        (1..3i32).prop_map(|n| json!({"maxUnavailable": n})),
    ]);
    let account = btree_map("[a-z]{1,4}", "[a-z]{0,4}", 0..2);
    (
        scaling,
        disruption,
        access(),
        of(exposure()),
        alerts(),
        account,
        any_bool(),
    )
        .prop_map(
            |(scaling, disruption, access, exposure, alerts, account, paused)| {
                let mut spec = json!({
                    "scaling": scaling, "accessPolicy": access, "observability": alerts,
                    "serviceAccount": {"annotations": account}, "paused": paused,
                });
                for (key, value) in [("disruption", disruption), ("exposure", exposure)] {
                    if let Some(value) = value {
                        spec[key] = value;
                    }
                }
                spec
            },
        )
}

fn any_bool() -> impl Strategy<Value = bool> {
    proptest::bool::ANY
}

fn access() -> impl Strategy<Value = Value> {
    let peers = vec![
        json!({"service": "portal"}),
        json!({"service": "billing", "namespace": "finance", "ports": [{"port": 8080}]}),
        json!({"podSelector": {"matchLabels": {"role": "batch"}}}),
        json!({"namespaceSelector": {"matchLabels": {"team": "research"}}}),
        json!({"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"], "ports": [{"port": 1, "endPort": 9, "protocol": "UDP"}]}),
    ];
    let some = subsequence(peers, 0..=5);
    (some.clone(), some).prop_map(|(inbound, outbound)| json!({"inbound": inbound, "outbound": outbound}))
}

fn exposure() -> impl Strategy<Value = Value> {
    any_bool().prop_map(|gateway| {
        let mut exposure = json!({"hostnames": ["records.example.org"]});
        if gateway {
            exposure["gateway"] = json!({"name": "public"});
        }
        exposure
    })
}

fn alerts() -> impl Strategy<Value = Value> {
    (any_bool(), any_bool(), of(90.0..99.99f64)).prop_map(|(scraped, alerts, objective)| {
        let mut observability = json!({"metrics": {"enabled": scraped}, "alerts": {"enabled": alerts}});
        if let Some(objective) = objective {
            observability["slo"] = json!({"objective": (objective * 100.0).round() / 100.0});
        }
        observability
    })
}
