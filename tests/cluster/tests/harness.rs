//! The harness itself, on real clusters.

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
