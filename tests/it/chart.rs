//! The chart: what it renders, what it refuses, and that its copies and tables are true.

mod alerts;
mod flow;
mod protect;
mod roles;
mod shards;
mod values;

use std::collections::BTreeMap;

use clap::{CommandFactory as _, Parser as _};
use healthcare_operator::config::{Cli, Command};
use serde_json::{Value, json};

use crate::tools::{assert_file, documents, read, run};

const CHART: &str = "charts/healthcare-operator";
const NAMESPACE: &str = "healthcare-system";

/// The combinations of values that every general test goes through.
const COMBINATIONS: [(&str, &[&str]); 6] = [
    ("default", &[]),
    (
        "everything",
        &[
            "--set",
            "monitoring.enabled=true,tracing.endpoint=http://otel.monitoring:4318,argocd.healthConfigMap.create=true,flowSchema.enabled=true,priorityClassName=system-cluster-critical",
        ],
    ),
    ("namespaces", &["--set", "watchNamespaces={clinic,lab}"]),
    (
        "one replica, no election",
        &["--set", "replicas=1,operator.leaderElection=false"],
    ),
    (
        "nothing optional",
        &[
            "--set",
            "crds.install=false,rbac.create=false,rbac.aggregate=false,serviceAccount.create=false,serviceAccount.name=mine,podDisruptionBudget.enabled=false,networkPolicy.enabled=false,protectChildren.enabled=false",
        ],
    ),
    (
        "names and labels",
        &[
            "--set",
            "fullnameOverride=hcop,commonLabels.team=platform,podLabels.zone=core,imagePullSecrets[0].name=pull",
        ],
    ),
];

/// What `helm template` makes of the values, hooks included, or its refusal.
pub(crate) fn try_render(arguments: &[&str]) -> Result<Vec<Value>, String> {
    let text = run(
        "helm",
        &[
            &["template", "healthcare-operator", CHART, "-n", NAMESPACE],
            arguments,
        ]
        .concat(),
    )?;
    Ok(documents(&text))
}

/// What the chart renders to. Panics with helm's message when it does not.
pub(crate) fn render(arguments: &[&str]) -> Vec<Value> {
    try_render(arguments).unwrap_or_else(|e| panic!("{arguments:?}: {e}"))
}

/// The one object of a kind.
pub(crate) fn one<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let found = all(objects, kind);
    assert_eq!(found.len(), 1, "{kind}");
    found[0]
}

/// All objects of a kind.
pub(crate) fn all<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|o| o["kind"] == kind).collect()
}

fn names(objects: &[Value]) -> String {
    let mut names: Vec<_> = objects
        .iter()
        .map(|o| {
            format!(
                "{} {}",
                o["kind"].as_str().unwrap(),
                o["metadata"]["name"].as_str().unwrap()
            )
        })
        .collect();
    names.sort();
    names.join("\n")
}

#[test]
fn lint_is_clean_for_every_combination() {
    for (name, arguments) in COMBINATIONS {
        let output = run("helm", &[&["lint", "--strict", CHART], arguments].concat());
        let output = output.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(
            !output.contains("[WARNING]") && !output.contains("[ERROR]"),
            "{name}: {output}"
        );
    }
}

#[test]
fn copies_in_the_chart_are_the_originals() {
    let crd = healthcare_crds::crd::healthcare_service_crd_yaml().unwrap();
    assert_file(
        &format!("{CHART}/files/healthcareservices.gitops-health.io.yaml"),
        &crd,
    );
    let lua = read("examples/argocd/resource_customizations/gitops-health.io/HealthcareService/health.lua");
    assert_file(&format!("{CHART}/files/argocd-health.lua"), &lua);
}

#[test]
fn the_crd_is_rendered_unchanged_but_for_its_metadata() {
    let mut rendered = one(&render(&[]), "CustomResourceDefinition").clone();
    let mut generated = serde_json::to_value(healthcare_crds::crd::healthcare_service_crd()).unwrap();
    assert_eq!(
        rendered["metadata"]["annotations"]["helm.sh/resource-policy"],
        "keep"
    );
    assert_eq!(rendered["metadata"]["name"], generated["metadata"]["name"]);
    rendered["metadata"] = Value::Null;
    generated["metadata"] = Value::Null;
    assert!(
        rendered == generated,
        "the rendered CRD differs from the generated one"
    );
}

#[test]
fn the_crd_is_kept_or_left_out_as_told() {
    let dropped = render(&["--set", "crds.keep=false"]);
    let annotations = &one(&dropped, "CustomResourceDefinition")["metadata"]["annotations"];
    assert!(annotations.get("helm.sh/resource-policy").is_none());
    assert!(
        all(
            &render(&["--set", "crds.install=false"]),
            "CustomResourceDefinition"
        )
        .is_empty()
    );
}

#[test]
fn objects_of_the_default_values() {
    insta::assert_snapshot!(names(&render(&[])), @r"
    ClusterRole healthcare-system-healthcare-operator
    ClusterRole healthcare-system-healthcare-operator-admin
    ClusterRole healthcare-system-healthcare-operator-edit
    ClusterRole healthcare-system-healthcare-operator-view
    ClusterRoleBinding healthcare-system-healthcare-operator
    CustomResourceDefinition healthcareservices.gitops-health.io
    Deployment healthcare-operator
    NetworkPolicy healthcare-operator
    Pod healthcare-operator-test
    PodDisruptionBudget healthcare-operator
    Role healthcare-operator-leader
    RoleBinding healthcare-operator-leader
    Service healthcare-operator-metrics
    ServiceAccount healthcare-operator
    ValidatingAdmissionPolicy healthcare-system-healthcare-operator-protect-children
    ValidatingAdmissionPolicy healthcare-system-healthcare-operator-protect-scale
    ValidatingAdmissionPolicyBinding healthcare-system-healthcare-operator-protect-children
    ValidatingAdmissionPolicyBinding healthcare-system-healthcare-operator-protect-scale
    ");
}

#[test]
fn objects_with_everything_on() {
    insta::assert_snapshot!(names(&render(COMBINATIONS[1].1)), @r"
    ClusterRole healthcare-system-healthcare-operator
    ClusterRole healthcare-system-healthcare-operator-admin
    ClusterRole healthcare-system-healthcare-operator-edit
    ClusterRole healthcare-system-healthcare-operator-view
    ClusterRoleBinding healthcare-system-healthcare-operator
    ConfigMap healthcare-operator-argocd-health
    ConfigMap healthcare-operator-dashboard
    CustomResourceDefinition healthcareservices.gitops-health.io
    Deployment healthcare-operator
    FlowSchema healthcare-system-healthcare-operator
    FlowSchema healthcare-system-healthcare-operator-leader
    NetworkPolicy healthcare-operator
    Pod healthcare-operator-test
    PodDisruptionBudget healthcare-operator
    PrometheusRule healthcare-operator
    Role healthcare-operator-leader
    RoleBinding healthcare-operator-leader
    Service healthcare-operator-metrics
    ServiceAccount healthcare-operator
    ServiceMonitor healthcare-operator
    ValidatingAdmissionPolicy healthcare-system-healthcare-operator-protect-children
    ValidatingAdmissionPolicy healthcare-system-healthcare-operator-protect-scale
    ValidatingAdmissionPolicyBinding healthcare-system-healthcare-operator-protect-children
    ValidatingAdmissionPolicyBinding healthcare-system-healthcare-operator-protect-scale
    ");
}

#[test]
fn objects_with_everything_off() {
    insta::assert_snapshot!(names(&render(COMBINATIONS[4].1)), @r"
    Deployment healthcare-operator
    Pod healthcare-operator-test
    Service healthcare-operator-metrics
    ");
}

#[test]
fn every_object_is_labelled_and_every_namespaced_one_has_its_namespace() {
    let cluster_wide = [
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "FlowSchema",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    ];
    for (name, arguments) in COMBINATIONS {
        for object in render(arguments) {
            let labels = &object["metadata"]["labels"];
            assert_eq!(
                labels["app.kubernetes.io/name"], "healthcare-operator",
                "{name}: {object}"
            );
            assert_eq!(labels["app.kubernetes.io/managed-by"], "Helm", "{name}: {object}");
            let kind = object["kind"].as_str().unwrap();
            let has_namespace = object["metadata"]["namespace"].is_string();
            assert_eq!(has_namespace, !cluster_wide.contains(&kind), "{name}: {kind}");
        }
    }
}

#[test]
fn common_labels_reach_every_object() {
    for object in render(COMBINATIONS[5].1) {
        assert_eq!(
            object["metadata"]["labels"]["team"], "platform",
            "{}",
            object["kind"]
        );
    }
}

/// Whether each pair of `selector` is among `labels`.
fn selects(selector: &Value, labels: &Value) -> bool {
    let selector = selector.as_object().unwrap();
    !selector.is_empty() && selector.iter().all(|(key, value)| &labels[key] == value)
}

#[test]
fn selectors_find_the_operator_s_pods_and_no_others() {
    for (name, arguments) in COMBINATIONS {
        let objects = render(arguments);
        let deployment = one(&objects, "Deployment");
        let pods = &deployment["spec"]["template"]["metadata"]["labels"];
        let test_pod = &one(&objects, "Pod")["metadata"]["labels"];
        let mut selectors = vec![
            &deployment["spec"]["selector"]["matchLabels"],
            &one(&objects, "Service")["spec"]["selector"],
        ];
        selectors.extend(
            all(&objects, "PodDisruptionBudget")
                .iter()
                .map(|o| &o["spec"]["selector"]["matchLabels"]),
        );
        selectors.extend(
            all(&objects, "NetworkPolicy")
                .iter()
                .map(|o| &o["spec"]["podSelector"]["matchLabels"]),
        );
        for selector in selectors {
            assert!(selects(selector, pods), "{name}: {selector}");
            assert!(!selects(selector, test_pod), "{name}: {selector}");
        }
    }
}

/// Pod Security "restricted" and a read-only root (<https://kubernetes.io/docs/concepts/security/pod-security-standards/>).
fn assert_restricted(pod: &Value) {
    let context = &pod["securityContext"];
    assert_eq!(context["runAsNonRoot"], true);
    assert_eq!(context["seccompProfile"]["type"], "RuntimeDefault");
    for field in ["hostNetwork", "hostPID", "hostIPC", "volumes", "initContainers"] {
        assert!(pod.get(field).is_none(), "{field}");
    }
    for container in pod["containers"].as_array().unwrap() {
        let context = &container["securityContext"];
        assert_eq!(context["allowPrivilegeEscalation"], false);
        assert_eq!(context["readOnlyRootFilesystem"], true);
        assert_eq!(context["capabilities"], json!({"drop": ["ALL"]}));
        assert!(container["resources"]["requests"]["memory"].is_string());
        assert!(container["resources"]["limits"]["memory"].is_string());
        assert!(
            container["ports"]
                .as_array()
                .is_none_or(|p| p.iter().all(|p| p.get("hostPort").is_none()))
        );
    }
}

#[test]
fn every_pod_is_restricted_and_only_the_operator_has_a_token() {
    for (_, arguments) in COMBINATIONS {
        let objects = render(arguments);
        let operator = &one(&objects, "Deployment")["spec"]["template"]["spec"];
        let test = &one(&objects, "Pod")["spec"];
        assert_restricted(operator);
        assert_restricted(test);
        assert_eq!(operator["automountServiceAccountToken"], true);
        assert_eq!(test["automountServiceAccountToken"], false);
        for account in all(&objects, "ServiceAccount") {
            assert_eq!(account["automountServiceAccountToken"], false);
        }
    }
}

fn environment(objects: &[Value]) -> String {
    let container = &one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0];
    let variables = container["env"].as_array().unwrap().iter();
    let lines = variables.map(|v| match v["value"].as_str() {
        Some(value) => format!("{}={value}", v["name"].as_str().unwrap()),
        None => format!(
            "{}<-{}",
            v["name"].as_str().unwrap(),
            v["valueFrom"]["fieldRef"]["fieldPath"].as_str().unwrap()
        ),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn environment_of_the_default_values() {
    insta::assert_snapshot!(environment(&render(&[])), @r"
    POD_NAME<-metadata.name
    POD_NAMESPACE<-metadata.namespace
    WATCH_NAMESPACES=
    ADMIN_ADDRESS=0.0.0.0:8080
    LEADER_ELECT=true
    LEASE_NAME=healthcare-operator
    LEASE_DURATION_SECONDS=15
    CONCURRENCY=16
    LOG_LEVEL=info
    LOG_FORMAT=json
    MONITORING_NAMESPACE_LABELS=kubernetes.io/metadata.name=monitoring
    ");
}

const EVERY_SETTING: &[&str] = &[
    "--set-json",
    r#"watchNamespaces=["clinic","lab"]"#,
    "--set-json",
    r#"operator={"concurrency":4,"leaseDurationSeconds":30,"logLevel":"debug","logFormat":"text","extraEnv":[{"name":"A","value":"b"}]}"#,
    "--set-json",
    r#"prometheus={"url":"https://prometheus.example.org/prefix","tokenFile":"/run/token","caFile":"/run/ca.crt","timeoutMilliseconds":2000}"#,
    "--set-json",
    r#"managedServices={"otlpEndpoint":"http://otel:4318","monitoringNamespaceLabels":{"a":"1","b":"2"},"ingressNamespaceLabels":{"c":"3"},"monitorLabels":{"release":"kps"}}"#,
    "--set",
    "tracing.endpoint=http://otel.example.org",
];

#[test]
fn environment_with_everything_set() {
    let objects = render(EVERY_SETTING);
    insta::assert_snapshot!(environment(&objects), @r"
    POD_NAME<-metadata.name
    POD_NAMESPACE<-metadata.namespace
    WATCH_NAMESPACES=clinic,lab
    ADMIN_ADDRESS=0.0.0.0:8080
    LEADER_ELECT=true
    LEASE_NAME=healthcare-operator
    LEASE_DURATION_SECONDS=30
    CONCURRENCY=4
    LOG_LEVEL=debug
    LOG_FORMAT=text
    MONITORING_NAMESPACE_LABELS=a=1,b=2
    INGRESS_NAMESPACE_LABELS=c=3
    MONITOR_LABELS=release=kps
    DEFAULT_OTLP_ENDPOINT=http://otel:4318
    OTEL_EXPORTER_OTLP_ENDPOINT=http://otel.example.org
    PROMETHEUS_URL=https://prometheus.example.org/prefix
    PROMETHEUS_TIMEOUT_MILLISECONDS=2000
    PROMETHEUS_TOKEN_FILE=/run/token
    PROMETHEUS_CA_FILE=/run/ca.crt
    A=b
    ");
}

/// The flags of `healthcare-operator run` that take their value from each variable.
fn flags() -> BTreeMap<String, String> {
    let command = Cli::command();
    let run = command.find_subcommand("run").unwrap();
    let flags = run.get_arguments().filter_map(|flag| {
        let variable = flag.get_env()?.to_str()?.to_owned();
        Some((variable, format!("--{}", flag.get_long()?)))
    });
    flags.collect()
}

#[test]
fn the_operator_knows_every_variable_and_takes_every_value() {
    let flags = flags();
    for arguments in [&[][..], EVERY_SETTING] {
        let objects = render(arguments);
        let container = &one(&objects, "Deployment")["spec"]["template"]["spec"]["containers"][0];
        let mut command = vec!["healthcare-operator".to_owned()];
        command.extend(
            container["args"]
                .as_array()
                .unwrap()
                .iter()
                .map(|a| a.as_str().unwrap().to_owned()),
        );
        for variable in container["env"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|v| v["name"] != "A")
        {
            let name = variable["name"].as_str().unwrap();
            let flag = flags
                .get(name)
                .unwrap_or_else(|| panic!("the operator does not read {name}"));
            command.push(format!(
                "{flag}={}",
                variable["value"].as_str().unwrap_or("from-the-pod")
            ));
        }
        Cli::try_parse_from(command).unwrap();
    }
}

#[test]
fn helm_test_calls_a_subcommand_that_exists() {
    let objects = render(&[]);
    let arguments = one(&objects, "Pod")["spec"]["containers"][0]["args"]
        .as_array()
        .unwrap()
        .clone();
    let arguments = arguments.iter().map(|a| a.as_str().unwrap().to_owned());
    let cli =
        Cli::try_parse_from(std::iter::once("healthcare-operator".to_owned()).chain(arguments)).unwrap();
    assert!(matches!(cli.command, Command::Probe { .. }));
}

#[test]
fn image_by_tag_and_by_digest() {
    let image = |arguments: &[&str]| {
        let objects = render(arguments);
        let image = one(&objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]["image"].clone();
        assert_eq!(image, one(&objects, "Pod")["spec"]["containers"][0]["image"]);
        image.as_str().unwrap().to_owned()
    };
    let digest = format!("sha256:{}", "0a".repeat(32));
    assert_eq!(
        image(&[]),
        "registry.local/gitops-health/healthcare-operator:0.1.0"
    );
    assert_eq!(
        image(&["--set", "image.tag=1.2.3"]),
        "registry.local/gitops-health/healthcare-operator:1.2.3"
    );
    assert_eq!(
        image(&["--set", &format!("image.digest={digest},image.tag=1.2.3")]),
        format!("registry.local/gitops-health/healthcare-operator@{digest}")
    );
}

#[test]
fn a_budget_only_where_a_drain_stays_possible() {
    assert_eq!(
        one(&render(&[]), "PodDisruptionBudget")["spec"]["minAvailable"],
        1
    );
    assert!(all(&render(&["--set", "replicas=1"]), "PodDisruptionBudget").is_empty());
}

/// Over UDP and TCP; unprivileged servers listen on 5353 in their pods, where policies apply.
const DNS: [u64; 4] = [53, 53, 5353, 5353];

fn egress_ports(arguments: &[&str]) -> Vec<Vec<u64>> {
    let objects = render(arguments);
    let rules = one(&objects, "NetworkPolicy")["spec"]["egress"]
        .as_array()
        .unwrap()
        .clone();
    let ports = |rule: &Value| {
        rule["ports"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["port"].as_u64().unwrap())
            .collect()
    };
    rules.iter().map(ports).collect()
}

#[test]
fn the_operator_reaches_dns_the_api_server_and_its_collector() {
    assert_eq!(egress_ports(&[]), [DNS.to_vec(), vec![443, 6443]]);
    for (endpoint, port) in [
        ("http://otel:4318", 4318),
        ("http://[fd00::1]:4318/v1", 4318),
        ("http://otel", 80),
    ] {
        let set = format!("tracing.endpoint={endpoint},networkPolicy.apiServerPorts={{16443}}");
        assert_eq!(
            egress_ports(&["--set", &set]),
            [DNS.to_vec(), vec![16443], vec![port]],
            "{endpoint}"
        );
    }
}

#[test]
fn the_operator_reaches_the_prometheus_that_it_asks() {
    for (url, port) in [
        ("http://prometheus.monitoring:9090", 9090),
        ("http://[fd00::1]:9090/prefix", 9090),
        ("http://prometheus", 80),
        ("https://prometheus.example.org/prefix", 443),
    ] {
        let ports = egress_ports(&["--set", &format!("prometheus.url={url}")]);
        assert_eq!(ports, [DNS.to_vec(), vec![443, 6443], vec![port]], "{url}");
    }
}

#[test]
fn files_for_prometheus_come_by_volumes() {
    let volumes = r#"operator={"extraVolumes":[{"name":"ca","configMap":{"name":"bundle"}}],"extraVolumeMounts":[{"name":"ca","mountPath":"/run/ca"}]}"#;
    let objects = render(&["--set-json", volumes]);
    let pod = &one(&objects, "Deployment")["spec"]["template"]["spec"];
    assert_eq!(pod["volumes"][0]["configMap"]["name"], "bundle");
    assert_eq!(pod["containers"][0]["volumeMounts"][0]["mountPath"], "/run/ca");
}

#[test]
fn api_server_ranges_narrow_the_egress() {
    let objects = render(&["--set", "networkPolicy.apiServerCIDRs={10.0.0.1/32,fd00::1/128}"]);
    let rule = &one(&objects, "NetworkPolicy")["spec"]["egress"][1];
    assert_eq!(
        rule["to"],
        json!([{"ipBlock": {"cidr": "10.0.0.1/32"}}, {"ipBlock": {"cidr": "fd00::1/128"}}])
    );
}

#[test]
fn scrapers_and_the_test_pod_may_call_nobody_else() {
    let objects = render(&[]);
    let policy = &one(&objects, "NetworkPolicy")["spec"];
    assert_eq!(policy["policyTypes"], json!(["Ingress", "Egress"]));
    let [rule] = policy["ingress"].as_array().unwrap().as_slice() else {
        panic!("one rule: {policy}")
    };
    assert_eq!(
        rule["from"][0]["namespaceSelector"]["matchLabels"],
        json!({"kubernetes.io/metadata.name": "monitoring"})
    );
    assert!(selects(
        &rule["from"][1]["podSelector"]["matchLabels"],
        &one(&objects, "Pod")["metadata"]["labels"]
    ));
    assert_eq!(rule["from"].as_array().unwrap().len(), 2);
    assert_eq!(
        rule["ports"],
        json!([{"port": "http-metrics", "protocol": "TCP"}])
    );
}

#[test]
fn helm_test_asks_the_service_that_exists() {
    for (name, arguments) in COMBINATIONS {
        let objects = render(arguments);
        let service = one(&objects, "Service");
        let url = one(&objects, "Pod")["spec"]["containers"][0]["args"][2]
            .as_str()
            .unwrap()
            .to_owned();
        let host = format!(
            "{}.{NAMESPACE}.svc",
            service["metadata"]["name"].as_str().unwrap()
        );
        assert_eq!(
            url,
            format!("http://{host}:{}/readyz", service["spec"]["ports"][0]["port"]),
            "{name}"
        );
    }
}

#[test]
fn health_check_for_argo_cd() {
    let set = "argocd.healthConfigMap.create=true,argocd.healthConfigMap.name=argocd-cm,argocd.healthConfigMap.namespace=argocd";
    let objects = render(&["--set", set]);
    let map = one(&objects, "ConfigMap");
    assert_eq!(
        (&map["metadata"]["name"], &map["metadata"]["namespace"]),
        (&json!("argocd-cm"), &json!("argocd"))
    );
    assert_eq!(map["metadata"]["labels"]["app.kubernetes.io/part-of"], "argocd");
    let lua = read(&format!("{CHART}/files/argocd-health.lua"));
    assert_eq!(
        map["data"]["resource.customizations.health.gitops-health.io_HealthcareService"],
        lua
    );
}

#[test]
fn long_names_stay_within_limits() {
    let name = "a".repeat(53);
    let text = run(
        "helm",
        &[
            "template",
            &name,
            CHART,
            "-n",
            NAMESPACE,
            "--set",
            "monitoring.enabled=true",
        ],
    )
    .unwrap();
    for object in documents(&text) {
        let name = object["metadata"]["name"].as_str().unwrap();
        let limit = if object["metadata"]["namespace"].is_string() {
            63
        } else {
            253
        };
        assert!(name.len() <= limit, "{} {name}", object["kind"]);
    }
}

#[test]
fn two_releases_share_no_cluster_wide_name() {
    let names = |namespace: &str| -> Vec<String> {
        let text = run(
            "helm",
            &[
                "template",
                "healthcare-operator",
                CHART,
                "-n",
                namespace,
                "--set",
                "crds.install=false",
            ],
        );
        let objects = documents(&text.unwrap());
        let cluster_wide = objects.iter().filter(|o| o["metadata"]["namespace"].is_null());
        cluster_wide
            .map(|o| format!("{}/{}", o["kind"], o["metadata"]["name"]))
            .collect()
    };
    let (first, second) = (names("one"), names("two"));
    assert!(
        first.iter().all(|name| !second.contains(name)),
        "{first:?} {second:?}"
    );
}

#[test]
fn notes_tell_what_comes_next() {
    let dry_run = |arguments: &[&str]| {
        let command = [
            "install",
            "healthcare-operator",
            CHART,
            "-n",
            NAMESPACE,
            "--dry-run=client",
        ];
        let output = run("helm", &[&command, arguments].concat()).unwrap();
        output.split_once("NOTES:").unwrap().1.to_owned()
    };
    let notes = dry_run(&[]);
    assert!(
        notes.contains("helm test healthcare-operator -n healthcare-system"),
        "{notes}"
    );
    assert!(
        notes.contains("kind: HealthcareService") && !notes.contains("WARNING"),
        "{notes}"
    );
    assert!(dry_run(&["--set", "crds.keep=false"]).contains("WARNING: crds.keep is false"));
    assert!(dry_run(&["--set", "watchNamespaces={clinic,lab}"]).contains("It works in: clinic, lab."));
}
