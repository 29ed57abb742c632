//! The real node.

use std::path::PathBuf;

use anyhow::ensure;
use local_cluster::toolchain::{Group, Toolchain};
use local_cluster::{Cluster, Options, image};

use crate::support::eventually;

const IMAGE: &str = "registry.local/local-cluster/probe:v1";
const PODS: &str = include_str!("pods.yaml");

const REFUSE: &str = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: server, namespace: probes}
spec: {podSelector: {matchLabels: {app: server}}, policyTypes: [Ingress]}
";

const ADMIT_CLIENT: &str = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: server, namespace: probes}
spec:
  podSelector: {matchLabels: {app: server}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: client}}}], ports: [{port: 8080}]}]
";

#[test]
fn a_node_runs_pods_names_services_and_enforces_policies() {
    let cluster = Cluster::start(Options {
        node: true,
        measured: false,
    })
    .unwrap();
    let directory = tempfile::tempdir().unwrap();
    cluster
        .load_image(&probe(directory.path().join("probe.tar")))
        .unwrap();
    cluster.apply(PODS).unwrap();
    let ready = [
        "-n",
        "probes",
        "wait",
        "pod",
        "--all",
        "--for=condition=Ready",
        "--timeout=120s",
    ];
    cluster.kubectl(&ready).unwrap();
    pods_are_running(&cluster);
    services_have_names(&cluster);
    policies_refuse_and_admit(&cluster);
    a_privileged_pod_is_refused(&cluster);
    use_is_measured(&cluster);
}

fn probe(archive: PathBuf) -> PathBuf {
    let tools = Toolchain::build(&[Group::Probe], &|_line| ()).unwrap();
    image::write(&archive, IMAGE, "probe", &tools.binary("probe").unwrap()).unwrap();
    archive
}

/// Runs the probe in a pod.
fn ask(cluster: &Cluster, pod: &str, question: &[&str]) -> anyhow::Result<String> {
    let exec = ["-n", "probes", "exec", pod, "--", "/probe"];
    cluster.kubectl(&[&exec, question].concat())
}

fn pods_are_running(cluster: &Cluster) {
    let phases = [
        "-n",
        "probes",
        "get",
        "pods",
        "-o",
        "jsonpath={.items[*].status.phase}",
    ];
    assert_eq!(cluster.kubectl(&phases).unwrap(), "Running Running Running");
}

fn services_have_names(cluster: &Cluster) {
    let address = [
        "-n",
        "probes",
        "get",
        "service",
        "server",
        "-o",
        "jsonpath={.spec.clusterIP}",
    ];
    let address = cluster.kubectl(&address).unwrap();
    for name in ["server", "server.probes.svc.cluster.local"] {
        let found = eventually("the name resolves", || ask(cluster, "client", &["resolve", name]));
        assert_eq!(found.trim(), address);
    }
    let answer = eventually("the Service answers", || {
        ask(cluster, "client", &["get", "http://server:8080"])
    });
    assert_eq!(answer.trim(), "server", "the pod's host name");
}

fn policies_refuse_and_admit(cluster: &Cluster) {
    let dial = |pod: &str| ask(cluster, pod, &["dial", "server:8080"]);
    eventually("without a policy everybody is admitted", || dial("stranger"));
    cluster.apply(REFUSE).unwrap();
    for pod in ["client", "stranger"] {
        eventually("nobody is admitted", || {
            ensure!(dial(pod).is_err(), "{pod} is admitted");
            Ok(())
        });
    }
    cluster.apply(ADMIT_CLIENT).unwrap();
    eventually("the client is admitted", || dial("client"));
    let refused = dial("stranger").unwrap_err().to_string();
    assert!(refused.contains("timeout"), "{refused}");
}

fn a_privileged_pod_is_refused(cluster: &Cluster) {
    let run = [
        "-n",
        "probes",
        "run",
        "intruder",
        "--privileged",
        "--image",
        IMAGE,
    ];
    let refused = cluster.kubectl(&run).unwrap_err().to_string();
    assert!(
        refused.contains("violates PodSecurity \"restricted:latest\""),
        "{refused}"
    );
}

fn use_is_measured(cluster: &Cluster) {
    let table = eventually("metrics-server has measured", || {
        cluster.kubectl(&["top", "node", "--no-headers"])
    });
    assert!(table.starts_with("node-1 "), "{table}");
}
