use serde_json::json;

use super::*;

fn deployment(image: &str, replicas: i32) -> Object {
    Object {
        service: "healthcare/a".to_owned(),
        kind: ChildKind::Deployment,
        body: json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "uid": image, "generation": replicas},
            "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "a", "image": image}]}}},
            "status": {"replicas": replicas},
        }),
    }
}

fn pods_of(old: &[Object], new: &[Object]) -> Vec<Pods> {
    compare(old, new, 3).iter().map(|change| change.pods).collect()
}

#[test]
fn pods_restart_when_their_template_differs() {
    let one = deployment("r/a:1", 3);
    assert_eq!(
        pods_of(std::slice::from_ref(&one), &[deployment("r/a:2", 3)]),
        [Pods::Restart]
    );
    assert_eq!(
        pods_of(std::slice::from_ref(&one), &[deployment("r/a:1", 4)]),
        [Pods::Stay]
    );
    assert_eq!(pods_of(&[], std::slice::from_ref(&one)), [Pods::Start]);
    assert_eq!(pods_of(std::slice::from_ref(&one), &[]), [Pods::Stop]);
}

/// Neither what an API server sets nor the order of keys is a difference.
#[test]
fn equal_objects_do_not_differ() {
    let one = deployment("r/a:1", 3);
    let mut other = one.clone();
    other.body["metadata"]["resourceVersion"] = json!("7");
    other.body["status"] = json!({});
    assert_eq!(compare(&[one], &[other], 3), []);
}

#[test]
fn a_diff_names_both_sides() {
    let changes = compare(&[deployment("r/a:1", 3)], &[deployment("r/a:2", 3)], 1);
    insta::assert_snapshot!(crate::testing::plain(&written(&changes)));
}
