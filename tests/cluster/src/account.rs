//! What a cluster was like when a test failed in it.

use std::fmt::Write as _;

use crate::cluster::Cluster;
use crate::process::tail;

const LOOKS: [&str; 5] = [
    "get nodes,hcs,deployments,pods --all-namespaces --output wide",
    "get hcs --all-namespaces --output yaml",
    "get events --all-namespaces --sort-by .lastTimestamp",
    "describe pods --all-namespaces",
    "logs --namespace healthcare-operator --selector app.kubernetes.io/name=healthcare-operator --prefix --tail 60",
];
const LOGS: [&str; 5] = [
    "kubelet",
    "containerd",
    "kube-scheduler",
    "kube-controller-manager",
    "kube-apiserver",
];

/// Everything that tells why a pod does not run or a service is not ready. What cannot be had is named.
pub(crate) fn account(cluster: &Cluster) -> String {
    let mut account = String::new();
    for look in LOOKS {
        let seen = cluster.kubectl(&look.split(' ').collect::<Vec<_>>());
        let seen = seen.unwrap_or_else(|error| error.to_string());
        let _infallible = writeln!(account, "$ kubectl {look}\n{seen}");
    }
    for log in LOGS {
        let _infallible = writeln!(account, "{log}.log ends:\n{}\n", tail(cluster.layout(), log));
    }
    account
}
