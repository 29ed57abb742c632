use serde_json::json;

use super::*;
use crate::field_managers::FIELD_MANAGER;

/// A Deployment with one container, as much of it as the tests need.
fn deployment() -> Value {
    json!({
        "metadata": {"uid": "a", "resourceVersion": "7"},
        "spec": {
            "replicas": 3,
            "template": {
                "metadata": {"labels": {"app": "a"}},
                "spec": {"containers": [{"name": "app", "image": "a:1", "env": [{"name": "A", "value": "1"}]}]},
            },
        },
    })
}

/// What the operator owns of it.
fn ours() -> Value {
    json!({"f:spec": {"f:template": {
        "f:metadata": {"f:labels": {"f:app": {}}},
        "f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {
            ".": {}, "f:name": {}, "f:image": {},
            "f:env": {"k:{\"name\":\"A\"}": {".": {}, "f:name": {}, "f:value": {}}},
        }}},
    }}})
}

fn entry(manager: &str, subresource: Option<&str>, fields: &Value) -> Value {
    let operation = if manager == FIELD_MANAGER {
        "Apply"
    } else {
        "Update"
    };
    json!({"manager": manager, "operation": operation, "subresource": subresource, "fieldsType": "FieldsV1",
           "fieldsV1": fields})
}

fn entries(of: &[Value]) -> Vec<ManagedEntry> {
    of.iter()
        .map(|entry| serde_json::from_value(entry.clone()).unwrap())
        .collect()
}

/// What `kubectl-edit` added by these fields, as people read it.
fn added(fields: &Value) -> Vec<String> {
    let found = additions(&entries(&[
        entry(FIELD_MANAGER, None, &ours()),
        entry("kubectl-edit", None, fields),
    ]));
    assert!(
        found
            .iter()
            .all(|addition| addition.manager.as_deref() == Some("kubectl-edit"))
    );
    found.iter().map(|addition| addition.path.to_string()).collect()
}

fn in_pod(fields: &Value) -> Value {
    json!({"f:spec": {"f:template": {"f:spec": fields}}})
}

#[test]
fn additions_are_named_by_their_paths() {
    let cases = [
        (
            in_pod(&json!({"f:hostNetwork": {}})),
            "spec.template.spec.hostNetwork",
        ),
        (
            in_pod(
                &json!({"f:containers": {"k:{\"name\":\"sidecar\"}": {".": {}, "f:name": {}, "f:image": {}}}}),
            ),
            "spec.template.spec.containers[name=sidecar]",
        ),
        (
            in_pod(&json!({"f:containers": {"k:{\"name\":\"app\"}": {"f:env": {
                "k:{\"name\":\"B\"}": {".": {}, "f:name": {}, "f:value": {}}}}}})),
            "spec.template.spec.containers[name=app].env[name=B]",
        ),
        (
            in_pod(
                &json!({"f:containers": {"k:{\"name\":\"app\"}": {"f:lifecycle": {"f:preStop": {"f:exec": {"f:command": {}}}}}}}),
            ),
            "spec.template.spec.containers[name=app].lifecycle.preStop.exec.command",
        ),
        (
            json!({"f:spec": {"f:template": {"f:metadata": {"f:annotations": {
                "f:kubectl.kubernetes.io/restartedAt": {}, "f:extra": {}}}}}}),
            "spec.template.metadata.annotations.extra",
        ),
        (
            json!({"f:spec": {"f:ports": {"k:{\"port\":8443,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}}}),
            "spec.ports[port=8443,protocol=TCP]",
        ),
        (json!({"f:spec": {"f:paused": {}}}), "spec.paused"),
        (json!({"f:data": {"f:EXTRA": {}}}), "data.EXTRA"),
    ];
    for (fields, path) in cases {
        assert_eq!(added(&fields), [path], "{fields}");
    }
}

#[test]
fn what_belongs_to_others_or_is_shared_is_no_addition() {
    let restarted = json!({"f:spec": {"f:template": {"f:metadata": {"f:annotations": {
        ".": {}, "f:kubectl.kubernetes.io/restartedAt": {}}}}}});
    let image = in_pod(&json!({"f:containers": {"k:{\"name\":\"app\"}": {".": {}, "f:image": {}}}}));
    let marks = in_pod(&json!({"f:containers": {"k:{\"name\":\"app\"}": {".": {}, "f:env": {".": {}}}}}));
    let cases = [
        restarted,
        image,
        marks,
        ours(),
        json!({"f:spec": {"f:replicas": {}}}),
        json!({"f:metadata": {"f:labels": {"f:team": {}}}}),
        json!({"f:status": {"f:conditions": {}}}),
        json!({}),
    ];
    for fields in cases {
        assert_eq!(added(&fields), Vec::<String>::new(), "{fields}");
    }
    let status = entry(
        "kube-controller-manager",
        Some("status"),
        &json!({"f:spec": {"f:x": {}}}),
    );
    let scale = entry(SCALE_MANAGER, None, &json!({"f:spec": {"f:replicas": {}}}));
    assert_eq!(additions(&entries(&[status, scale])), []);
}

/// Lists that are replaced as a whole stand in our entry as leaves: what is in them is ours or seen as a change.
#[test]
fn an_atomic_list_of_ours_has_no_additions() {
    let ours = json!({"f:spec": {"f:ingress": {}}});
    let theirs = json!({"f:spec": {"f:ingress": {}, "f:egress": {}}});
    let found = additions(&entries(&[
        entry(FIELD_MANAGER, None, &ours),
        entry("kubectl", None, &theirs),
    ]));
    let paths: Vec<_> = found.iter().map(|addition| addition.path.to_string()).collect();
    assert_eq!(paths, ["spec.egress"]);
}

/// A value of ours that somebody changed stands in their entry, and is wanted all the same.
#[test]
fn what_is_wanted_anyway_is_only_to_be_applied_again() {
    let entries = entries(&[
        entry(FIELD_MANAGER, None, &json!({"f:spec": {"f:selector": {}}})),
        entry(
            "kubectl-edit",
            None,
            &json!({"f:spec": {
                "f:type": {},
                "f:externalIPs": {},
                "f:ports": {
                    "k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}, "f:targetPort": {}},
                    "k:{\"port\":81,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}},
                },
                "f:names": {"v:\"a\"": {}, "v:\"b\"": {}},
            }}),
        ),
    ]);
    let added = additions(&entries);
    let desired = json!({"spec": {"type": "ClusterIP", "ports": [{"port": 80}], "names": ["a"]}});
    let unwanted: Vec<_> = unwanted(&added, &desired)
        .iter()
        .map(|addition| addition.path.to_string())
        .collect();
    assert_eq!(
        unwanted,
        [
            "spec.externalIPs",
            "spec.names[b]",
            "spec.ports[port=81,protocol=TCP]"
        ],
        "{added:?}"
    );
}

fn apply(object: &Value, patch: Value) -> Value {
    let mut object = object.clone();
    json_patch::patch(
        &mut object,
        &serde_json::from_value::<json_patch::Patch>(patch).unwrap(),
    )
    .unwrap();
    object
}

#[test]
fn a_restoration_leaves_what_is_wanted_and_what_others_may_set() {
    let mut tampered = deployment();
    tampered["metadata"]["labels"] = json!({"team": "a"});
    tampered["rules"] = json!([1]);
    tampered["spec"]["replicas"] = json!(7);
    tampered["spec"]["paused"] = json!(true);
    tampered["spec"]["template"]["metadata"]["annotations"] =
        json!({"kubectl.kubernetes.io/restartedAt": "now", "extra": "x"});
    let pod = &mut tampered["spec"]["template"]["spec"];
    pod["hostNetwork"] = json!(true);
    pod["containers"] = json!([{"name": "sidecar"}, {"name": "app", "image": "b:2"}]);
    let mut desired = deployment();
    desired["spec"].as_object_mut().unwrap().remove("replicas");

    let restored = apply(&tampered, restoration(&tampered, &desired).unwrap());

    let mut expected = deployment();
    expected["metadata"]["labels"] = json!({"team": "a"});
    expected["spec"]["replicas"] = json!(7);
    expected["spec"]["template"]["metadata"]["annotations"] =
        json!({"kubectl.kubernetes.io/restartedAt": "now"});
    assert_eq!(restored, expected);
}

#[test]
fn a_restoration_is_for_the_object_that_was_read() {
    let mut tampered = deployment();
    tampered["spec"]["paused"] = json!(true);
    let patch = restoration(&tampered, &deployment()).unwrap();
    assert_eq!(
        patch,
        json!([
            {"op": "test", "path": "/metadata/uid", "value": "a"},
            {"op": "remove", "path": "/spec/paused"},
        ])
    );
    tampered["metadata"]["uid"] = json!("b");
    let patch: json_patch::Patch = serde_json::from_value(patch).unwrap();
    assert!(json_patch::patch(&mut tampered, &patch).is_err());
    assert_eq!(restoration(&json!({}), &deployment()), None);
}
