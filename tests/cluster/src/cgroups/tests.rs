use std::path::Path;

use super::parent;

const OWN: &str = "5:name=systemd:/\n4:memory:/a/b\n3:cpu,cpuacct:/\n0::/\n";

#[test]
fn the_parent_is_this_process_own_group() {
    assert_eq!(
        parent("memory", OWN).unwrap(),
        Path::new("/sys/fs/cgroup/memory/a/b")
    );
    assert_eq!(
        parent("cpuacct", OWN).unwrap(),
        Path::new("/sys/fs/cgroup/cpuacct")
    );
    assert_eq!(
        parent("systemd", OWN).unwrap(),
        Path::new("/sys/fs/cgroup/systemd")
    );
}

#[test]
fn a_machine_without_the_hierarchy_is_told_what_to_do() {
    let error = parent("pids", OWN).unwrap_err().to_string();
    assert!(error.contains("pids") && error.contains("KUBECONFIG"), "{error}");
}
