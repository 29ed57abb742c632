//! Control planes.

use local_cluster::{Cluster, Options};

#[test]
fn two_control_planes_at_once() {
    let first = Cluster::start(Options::default()).unwrap();
    let second = Cluster::start(Options::default()).unwrap();
    first
        .kubectl(&["create", "namespace", "only-in-the-first"])
        .unwrap();
    let missing = second
        .kubectl(&["get", "namespace", "only-in-the-first"])
        .unwrap_err();
    assert!(missing.to_string().contains("NotFound"), "{missing}");
}

#[test]
fn a_killed_api_server_comes_back_with_its_data() {
    let cluster = Cluster::start(Options::default()).unwrap();
    let make = ["create", "configmap", "kept", "--from-literal=key=value"];
    cluster.kubectl(&make).unwrap();
    let twice = cluster.restart("kube-apiserver").unwrap_err();
    assert!(twice.to_string().contains("runs already"), "{twice}");
    cluster.kill("kube-apiserver").unwrap();
    cluster.kubectl(&["get", "configmap", "kept"]).unwrap_err();
    cluster.restart("kube-apiserver").unwrap();
    let kept = ["get", "configmap", "kept", "-o", "jsonpath={.data.key}"];
    assert_eq!(cluster.kubectl(&kept).unwrap(), "value");
    let log = cluster.layout().log().join("kube-apiserver.log");
    let log = std::fs::read_to_string(log).unwrap();
    let both = "the log holds both runs";
    assert_eq!(log.matches("Serving securely on").count(), 2, "{both}");
}
