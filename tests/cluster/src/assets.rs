//! Configuration files and manifests that a cluster starts from.

/// Every request, without bodies.
pub const AUDIT_POLICY: &str = include_str!("../assets/audit-policy.yaml");
/// The cluster's DNS.
pub const COREDNS: &str = include_str!("../assets/coredns.yaml");
/// How the API server reaches metrics-server, and what it may read.
pub const METRICS_SERVER: &str = include_str!("../assets/metrics-server.yaml");
/// Containerd's configuration.
pub const CONTAINERD: &str = include_str!("../assets/containerd.toml");
/// The pods' network.
pub const CNI: &str = include_str!("../assets/cni.conflist");
/// The kubelet's configuration.
pub const KUBELET: &str = include_str!("../assets/kubelet.yaml");
/// kube-proxy's configuration.
pub const KUBE_PROXY: &str = include_str!("../assets/kube-proxy.yaml");
/// First process of the node.
pub const NODE_INIT: &str = include_str!("../assets/node-init.sh");
/// Holder of a pod's namespaces.
pub const PAUSE: &str = include_str!("../assets/pause.c");

/// A text with each `@NAME@` replaced.
pub fn filled(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("@{name}@"), value)
    })
}
