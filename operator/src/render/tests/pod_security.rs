//! The Pod Security Standards' profile "restricted" (which includes "baseline"), written down from
//! <https://kubernetes.io/docs/concepts/security/pod-security-standards/>, for pods without init containers.

use serde_json::Value;

const VOLUMES: [&str; 8] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// What the profile forbids about a pod's spec.
pub(super) fn violations(pod: &Value) -> Vec<String> {
    let containers = pod["containers"].as_array().into_iter().flatten();
    let mut found: Vec<_> = [host(pod), volumes(pod)].concat();
    found.extend(containers.flat_map(|container| of_container(pod, container)));
    found
}

fn host(pod: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        if pod[key] == true {
            found.push(key.to_owned());
        }
    }
    for key in ["sysctls", "windowsOptions", "seLinuxOptions"] {
        if !pod["securityContext"][key].is_null() {
            found.push(format!("securityContext.{key}"));
        }
    }
    if !pod["initContainers"].is_null() || !pod["ephemeralContainers"].is_null() {
        found.push("containers that these checks do not look at".to_owned());
    }
    found
}

fn volumes(pod: &Value) -> Vec<String> {
    let all = pod["volumes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object);
    let sources = all.flat_map(|volume| volume.keys().filter(|key| *key != "name"));
    sources
        .filter(|source| !VOLUMES.contains(&source.as_str()))
        .map(|source| format!("volume {source}"))
        .collect()
}

fn of_container(pod: &Value, container: &Value) -> Vec<String> {
    let (own, whole) = (&container["securityContext"], &pod["securityContext"]);
    let effective = |key: &str| {
        if own[key].is_null() {
            &whole[key]
        } else {
            &own[key]
        }
    };
    let rules = [
        ("privileged", own["privileged"] != true),
        (
            "allowPrivilegeEscalation",
            own["allowPrivilegeEscalation"] == false,
        ),
        (
            "capabilities.drop",
            own["capabilities"]["drop"]
                .as_array()
                .is_some_and(|list| list.contains(&"ALL".into())),
        ),
        ("capabilities.add", may_add(&own["capabilities"]["add"])),
        ("runAsNonRoot", *effective("runAsNonRoot") == true),
        ("runAsUser", *effective("runAsUser") != 0),
        ("seccompProfile", seccomp(effective("seccompProfile"))),
        (
            "procMount",
            own["procMount"].is_null() || own["procMount"] == "Default",
        ),
        (
            "appArmorProfile",
            effective("appArmorProfile")["type"] != "Unconfined",
        ),
        ("seLinuxOptions", own["seLinuxOptions"].is_null()),
        (
            "hostPort",
            ports(container).all(|port| port["hostPort"].is_null()),
        ),
        (
            "probe host",
            ["startupProbe", "livenessProbe", "readinessProbe"]
                .iter()
                .all(|p| container[*p]["httpGet"]["host"].is_null()),
        ),
    ];
    rules
        .iter()
        .filter(|(_, holds)| !holds)
        .map(|(rule, _)| (*rule).to_owned())
        .collect()
}

fn may_add(added: &Value) -> bool {
    added
        .as_array()
        .into_iter()
        .flatten()
        .all(|capability| capability == "NET_BIND_SERVICE")
}

fn seccomp(profile: &Value) -> bool {
    profile["type"] == "RuntimeDefault" || profile["type"] == "Localhost"
}

fn ports(container: &Value) -> impl Iterator<Item = &Value> {
    container["ports"].as_array().into_iter().flatten()
}

mod checks {
    use serde_json::json;

    use super::*;

    fn restricted() -> Value {
        json!({
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "a",
                "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
            }],
        })
    }

    #[test]
    fn accept_what_the_profile_accepts() {
        assert_eq!(violations(&restricted()), Vec::<String>::new());
    }

    #[test]
    fn refuse_what_the_profile_refuses() {
        let cases = [
            ("/hostNetwork", json!(true)),
            ("/volumes", json!([{"name": "root", "hostPath": {"path": "/"}}])),
            ("/securityContext/runAsNonRoot", json!(false)),
            ("/securityContext/runAsUser", json!(0)),
            ("/securityContext/seccompProfile", json!({"type": "Unconfined"})),
            (
                "/securityContext/sysctls",
                json!([{"name": "kernel.msgmax", "value": "1"}]),
            ),
            ("/containers/0/securityContext/privileged", json!(true)),
            (
                "/containers/0/securityContext/allowPrivilegeEscalation",
                json!(true),
            ),
            (
                "/containers/0/securityContext/capabilities",
                json!({"drop": ["NET_RAW"]}),
            ),
            (
                "/containers/0/securityContext/capabilities",
                json!({"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
            ),
            ("/containers/0/securityContext/procMount", json!("Unmasked")),
            (
                "/containers/0/ports",
                json!([{"containerPort": 80, "hostPort": 80}]),
            ),
        ];
        for (path, value) in cases {
            let mut pod = restricted();
            let (parent, key) = path.rsplit_once('/').unwrap();
            pod.pointer_mut(parent).unwrap()[key] = value;
            assert_eq!(violations(&pod).len(), 1, "{path}: {:?}", violations(&pod));
        }
    }
}
