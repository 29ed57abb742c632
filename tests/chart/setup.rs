//! A cluster with the chart in it.

use local_cluster::{Cluster, Options};

pub(crate) const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../charts/healthcare-operator");
pub(crate) const NAMESPACE: &str = "healthcare-system";

/// A control plane that knows the optional kinds too.
pub(crate) fn cluster() -> Cluster {
    let cluster = Cluster::start(Options::default()).unwrap();
    cluster.install_monitoring_crds().unwrap();
    cluster.install_gateway_crds().unwrap();
    cluster
}

/// Runs `helm <verb> healthcare-operator` in the operator's namespace.
pub(crate) fn helm(cluster: &Cluster, verb: &[&str], further: &[&str]) -> String {
    let at = ["-n", NAMESPACE];
    cluster
        .helm(&[verb, &["healthcare-operator"], further, &at].concat())
        .unwrap()
}

/// Installs the chart with `further` arguments.
pub(crate) fn install(cluster: &Cluster, further: &[&str]) -> String {
    helm(
        cluster,
        &["install"],
        &[&[CHART, "--create-namespace"], further].concat(),
    )
}

/// Waits until something holds that a controller or a watch brings about. Gives up after a minute.
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..240 {
        if holds() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(250));
    }
    panic!("waited in vain for {what}");
}
