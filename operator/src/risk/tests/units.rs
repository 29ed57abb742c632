//! The parts of a spec that can be edited independently, each with values to choose from.

use healthcare_crds::v1alpha1::HealthcareServiceSpec;
use serde_json::{Map, Value, json};

/// In every value that no message may show.
pub(super) const HIDDEN: &str = "hidden";

/// One part. `null` stands for its absence. The last step of `path` is a number where the parent is a list.
pub(super) struct Unit {
    pub(super) path: String,
    pub(super) values: Vec<Value>,
}

/// Present or not.
fn flag(path: &str, value: impl Into<Value>) -> Unit {
    unit(path, Value::Array(vec![Value::Null, value.into()]))
}

fn unit(path: &str, values: Value) -> Unit {
    let Value::Array(values) = values else {
        panic!("{path} has no list of values");
    };
    Unit {
        path: path.to_owned(),
        values,
    }
}

/// Parts of the image reference; they are put together in [`build`].
const IMAGE: [&str; 4] = ["/image/registry", "/image/path", "/image/tag", "/image/digest"];

/// Sections that are there only when their gate is, whatever else is chosen for them.
const GATED: [&str; 2] = ["/exposure", "/observability/slo"];

fn gate(section: &str) -> String {
    format!("{section}/present")
}

pub(super) fn units() -> Vec<Unit> {
    let mut all = image();
    all.extend(container());
    all.extend(pods());
    all.extend(access());
    all.extend(exposure());
    all.extend(observability());
    all.extend(compliance());
    all.extend(rollout());
    all
}

fn image() -> Vec<Unit> {
    let digest = |digit: &str| format!("@sha256:{}", digit.repeat(64));
    vec![
        unit(
            IMAGE[0],
            json!([null, "registry.example.org/", "localhost:5000/"]),
        ),
        unit(IMAGE[1], json!(["team/records", "team/charts"])),
        unit(
            IMAGE[2],
            json!([
                ":1.4.2",
                null,
                ":1.4.3",
                ":1.5.0",
                ":2.0.0",
                ":v1.4",
                ":1.4.2-alpine",
                ":2.0.0-rc.1",
                ":0.3.0",
                ":0.4.0",
                ":2026-11-21",
                ":2026-11-02",
                ":20261121",
                ":5dc3a0e",
                ":0.0.1",
                ":7",
                ":1234",
                ":1.2.3.4",
                ":2026.01"
            ]),
        ),
        unit(IMAGE[3], json!([null, digest("a"), digest("b")])),
    ]
}

fn container() -> Vec<Unit> {
    let mut all = vec![
        unit("/port", json!([8080, 9090])),
        unit("/sessionAffinity", json!([null, "ClientIP"])),
        unit("/command", json!([null, ["/bin/hidden"], ["/bin/hidden-2"]])),
        unit("/args", json!([null, ["--token=hidden"], ["--token=hidden-2"]])),
        unit("/podAnnotations/a", json!([null, "hidden", "hidden-2"])),
        flag("/imagePullSecrets/0", json!({"name": "registry"})),
        flag("/imagePullSecrets/1", json!({"name": "registry-2"})),
        flag("/serviceAccount/annotations/role", json!("hidden")),
        unit(
            "/volumes/0",
            json!([
                null,
                {"name": "data", "mountPath": "/data", "emptyDir": {}},
                {"name": "data", "mountPath": "/data", "readOnly": true, "emptyDir": {}}
            ]),
        ),
        flag("/envFrom/0", json!({"configMapRef": {"name": "shared"}})),
        flag("/envFrom/1", json!({"secretRef": {"name": "shared"}})),
    ];
    for name in 0..5 {
        let key = format!("KEY_{name}");
        all.push(unit(
            &format!("/config/{key}"),
            json!([null, "hidden", "hidden-2"]),
        ));
        let variable = |value: &str| json!({"name": key, "value": value});
        let values = json!([null, variable("hidden"), variable("hidden-2")]);
        all.push(unit(&format!("/env/{name}"), values));
        let secret = |used: &str| json!({"name": format!("secret-{name}"), "as": used});
        all.push(unit(
            &format!("/secrets/{name}"),
            json!([null, secret("Env"), secret("Files")]),
        ));
        let port = |number: i32| json!({"name": format!("port-{name}"), "port": number});
        all.push(unit(
            &format!("/additionalPorts/{name}"),
            json!([null, port(7000 + name), port(7100 + name)]),
        ));
    }
    all
}

fn pods() -> Vec<Unit> {
    let mut all = vec![
        unit("/paused", json!([null, true])),
        unit("/scaling/minReplicas", json!([null, 0, 1, 2, 4, 9])),
        unit("/scaling/maxReplicas", json!([null, 1, 4, 8, 20])),
        unit("/scaling/targetCPUUtilization", json!([null, 0, 50, 90])),
        unit("/scaling/targetMemoryUtilization", json!([null, 0, 50, 90])),
        unit(
            "/scaling/metrics",
            json!([null, [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization"}}}]]),
        ),
        unit(
            "/scaling/behavior",
            json!([null, {"scaleUp": {"stabilizationWindowSeconds": 5}}]),
        ),
        unit(
            "/disruption",
            json!([
                null, {"minAvailable": 1}, {"minAvailable": "50%"}, {"maxUnavailable": 1}, {"maxUnavailable": "34%"},
                {"maxUnavailable": "100%"}, {"minAvailable": 0}
            ]),
        ),
        unit("/scheduling/nodeSelector", json!([null, {"disk": "ssd"}])),
        unit("/scheduling/tolerations", json!([null, [{"key": "a"}]])),
        unit("/scheduling/affinity", json!([null, {"nodeAffinity": {}}])),
        unit("/scheduling/priorityClassName", json!([null, "high"])),
        unit(
            "/scheduling/topologySpreadConstraints",
            json!([null, [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]]),
        ),
    ];
    for section in ["requests", "limits"] {
        let path = |name: &str| format!("/resources/{section}/{name}");
        all.push(unit(
            &path("cpu"),
            json!([null, "100m", "0.1", "1", "1500m", "2"]),
        ));
        all.push(unit(
            &path("memory"),
            json!([null, "128Mi", "900M", "1Gi", "1024Mi", "2Gi"]),
        ));
        all.push(unit(&path("ephemeral-storage"), json!([null, "1Gi", "2Gi"])));
    }
    for probe in ["startup", "liveness", "readiness"] {
        let path = |name: &str| format!("/probes/{probe}/{name}");
        all.push(unit(&path("path"), json!([null, "/health", "/deep"])));
        all.push(unit(&path("port"), json!([null, 8080, 9090])));
        for time in [
            "initialDelaySeconds",
            "periodSeconds",
            "timeoutSeconds",
            "failureThreshold",
        ] {
            all.push(unit(&path(time), json!([null, 1, 3, 60])));
        }
    }
    all
}

/// Every rule is a part of its own: there or not.
fn access() -> Vec<Unit> {
    let rules = [
        json!({"service": "billing"}),
        json!({"service": "billing", "ports": [{"port": 8080}]}),
        json!({"service": "billing", "namespace": "other"}),
        json!({"podSelector": {"matchLabels": {"app": "a"}}}),
        json!({"podSelector": {}}),
        json!({"namespaceSelector": {}}),
        json!({"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "a", "tier": "b"}}}),
        json!({"namespaceSelector": {"matchLabels": {"team": "a"}}}),
        json!({"cidr": "10.20.30.0/24"}),
        json!({"cidr": "10.20.0.0/16", "except": ["10.20.30.0/24"]}),
        json!({"cidr": "10.20.0.0/16"}),
        json!({"cidr": "10.0.0.0/8", "ports": [{"port": 1, "endPort": 100}]}),
        json!({"cidr": "10.0.0.0/8", "ports": [{"port": 50}, {"port": 50, "protocol": "UDP"}]}),
        json!({"cidr": "0.0.0.0/0", "ports": [{"port": 443}]}),
        json!({"cidr": "0.0.0.0/0"}),
        json!({"cidr": "2001:db8::/48"}),
        json!({"cidr": "::/0"}),
    ];
    let in_direction = |direction: &str| {
        let numbered = rules.iter().enumerate();
        let path = |at| format!("/accessPolicy/{direction}/{at}");
        numbered
            .map(|(at, rule)| flag(&path(at), rule.clone()))
            .collect::<Vec<_>>()
    };
    let mut all = in_direction("inbound");
    all.extend(in_direction("outbound"));
    all
}

fn exposure() -> Vec<Unit> {
    vec![
        flag(&gate(GATED[0]), json!(true)),
        flag("/exposure/hostnames/0", json!("records.example.org")),
        flag("/exposure/hostnames/1", json!("files.example.org")),
        unit("/exposure/path", json!([null, "/records"])),
        unit("/exposure/gateway", json!([null, {"name": "a"}, {"name": "b"}])),
        unit("/exposure/ingressClassName", json!([null, "a", "b"])),
        unit("/exposure/tlsSecretName", json!([null, "a", "b"])),
    ]
}

fn observability() -> Vec<Unit> {
    let rule = |expr: &str| json!({"alert": "Own", "expr": expr});
    vec![
        unit("/observability/metrics/enabled", json!([null, false])),
        unit("/observability/metrics/path", json!([null, "/internal/metrics"])),
        unit("/observability/metrics/port", json!([null, 9000])),
        unit("/observability/metrics/interval", json!([null, "1m"])),
        unit("/observability/tracing/enabled", json!([null, false])),
        unit(
            "/observability/tracing/endpoint",
            json!([null, "http://hidden:4318"]),
        ),
        unit("/observability/tracing/samplingRatio", json!([null, 1.0])),
        unit(
            "/observability/logging/level",
            json!([null, "trace", "debug", "warn", "error"]),
        ),
        unit("/observability/alerts/enabled", json!([null, false])),
        unit("/observability/alerts/errorRatePercent", json!([null, 1.0, 20.0])),
        unit(
            "/observability/alerts/latencyMilliseconds",
            json!([null, 100, 5000]),
        ),
        unit("/observability/alerts/labels/team", json!([null, "a", "b"])),
        unit(
            "/observability/alerts/runbookBaseUrl",
            json!([null, "https://runbooks.example.org"]),
        ),
        unit(
            "/observability/alerts/extraRules/0",
            json!([null, rule("up"), rule("up == 0")]),
        ),
        flag(&gate(GATED[1]), json!(true)),
        unit("/observability/slo/objective", json!([99.9, 99.0, 99.99])),
        unit("/observability/slo/latencyMilliseconds", json!([null, 250, 500])),
    ]
}

fn compliance() -> Vec<Unit> {
    let exemption = |expires: &str, approver: &str| json!({"control": "HIPAA-1", "reason": "being moved", "approver": approver, "expires": expires});
    let (soon, late) = ("2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
    vec![
        flag("/compliance/frameworks/0", json!("HIPAA")),
        flag("/compliance/frameworks/1", json!("SOX")),
        unit(
            "/compliance/dataClassification",
            json!([null, "Public", "Confidential", "CardholderData", "PHI"]),
        ),
        unit("/compliance/auditRetention", json!([null, "90d", "6y", "7y"])),
        unit(
            "/compliance/transportEncryption",
            json!([null, "Mesh", "Network"]),
        ),
        flag(
            "/compliance/breakGlass",
            json!({"until": "2026-01-02T03:04:05Z", "reason": "the usual way is closed", "ticket": "INC-1", "openedBy": "on-call"}),
        ),
        unit(
            "/compliance/exemptions/0",
            json!([
                null,
                exemption(soon, "a"),
                exemption(late, "a"),
                exemption(soon, "b")
            ]),
        ),
    ]
}

fn rollout() -> Vec<Unit> {
    let step = |weight: i32, bake: i32, approval: bool| json!({"weight": weight, "bakeSeconds": bake, "approval": approval});
    vec![
        unit(
            "/rollout/strategy",
            json!([null, "Rolling", "Canary", "BlueGreen"]),
        ),
        unit("/rollout/bakeSeconds", json!([null, 10, 600])),
        unit("/rollout/autoRollback", json!([null, false])),
        unit(
            "/rollout/canary/steps",
            json!([
                null,
                [step(10, 60, true), step(50, 60, false)],
                [step(50, 10, false)]
            ]),
        ),
        unit("/rollout/blueGreen/bakeSeconds", json!([null, 10, 600])),
        unit("/rollout/blueGreen/approval", json!([null, true])),
        unit("/rollout/analysis/intervalSeconds", json!([null, 5, 60])),
        unit("/rollout/analysis/failureLimit", json!([null, 1, 10])),
        unit("/rollout/analysis/errorRatePercent", json!([null, 1.0, 50.0])),
        unit("/rollout/analysis/latencyMilliseconds", json!([null, 100, 5000])),
        unit("/rollout/analysis/minRequests", json!([null, 1, 1000])),
        unit(
            "/rollout/analysis/progressDeadlineSeconds",
            json!([null, 60, 6000]),
        ),
    ]
}

/// The spec of these choices, one for each unit.
pub(super) fn build(units: &[Unit], choices: &[usize]) -> HealthcareServiceSpec {
    let mut spec = json!({});
    let mut image = String::new();
    let chosen: Vec<(&str, &Value)> = units
        .iter()
        .zip(choices)
        .map(|(unit, choice)| (unit.path.as_str(), &unit.values[choice % unit.values.len()]))
        .collect();
    let open = |path: &str| {
        let closed = |section: &&str| {
            let gate = gate(section);
            path.starts_with(*section)
                && chosen
                    .iter()
                    .any(|(path, value)| *path == gate && value.is_null())
        };
        !GATED.iter().any(closed)
    };
    for (path, value) in &chosen {
        if IMAGE.contains(path) {
            image.push_str(value.as_str().unwrap_or_default());
        } else if open(path) && !path.ends_with("/present") && !value.is_null() {
            put(&mut spec, path, (*value).clone());
        }
    }
    spec["image"] = image.into();
    if let Some(exposure) = spec.get_mut("exposure") {
        exposure
            .as_object_mut()
            .unwrap()
            .entry("hostnames")
            .or_insert(json!([]));
    } else if chosen.contains(&(gate(GATED[0]).as_str(), &json!(true))) {
        spec["exposure"] = json!({"hostnames": []});
    }
    serde_json::from_value(spec).expect("a spec")
}

fn put(spec: &mut Value, path: &str, value: Value) {
    let (steps, last) = path.rsplit_once('/').expect("a path");
    let parent = steps.split('/').skip(1).fold(spec, |at, step| {
        let object = if at.is_null() {
            at.insert_object()
        } else {
            at.as_object_mut().unwrap()
        };
        object.entry(step).or_insert(Value::Null)
    });
    if last.parse::<usize>().is_ok() {
        if parent.is_null() {
            *parent = json!([]);
        }
        parent.as_array_mut().unwrap().push(value);
    } else {
        let object = if parent.is_null() {
            parent.insert_object()
        } else {
            parent.as_object_mut().unwrap()
        };
        object.insert(last.to_owned(), value);
    }
}

trait InsertObject {
    fn insert_object(&mut self) -> &mut Map<String, Value>;
}

impl InsertObject for Value {
    fn insert_object(&mut self) -> &mut Map<String, Value> {
        *self = json!({});
        self.as_object_mut().unwrap()
    }
}
