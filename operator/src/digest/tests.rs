use serde_json::json;

use super::*;

/// Written into objects' statuses by one release and read by the next: this value must not change.
#[test]
fn digests_are_the_same_in_every_release() {
    assert_eq!(
        digest(&json!({"b": [1, "x"], "a": null})),
        696_665_147_135_417_771
    );
}

#[test]
fn a_deployments_digest_is_of_its_body_and_its_template() {
    let deployment =
        |labels: Value, template: Value| json!({"metadata": labels, "spec": {"template": template}});
    let first = deployment_digest(&deployment(json!({}), json!(1)), "a");
    assert_eq!(first, deployment_digest(&deployment(json!({}), json!(2)), "a"));
    assert_ne!(first, deployment_digest(&deployment(json!({}), json!(1)), "b"));
    assert_ne!(
        first,
        deployment_digest(&deployment(json!({"x": 1}), json!(1)), "a")
    );
}

#[test]
fn digest_follows_the_content() {
    let body = |ports: Value| json!({"spec": {"ports": ports}});
    assert_eq!(digest(&body(json!([80]))), digest(&body(json!([80]))));
    assert_ne!(digest(&body(json!([80]))), digest(&body(json!([81]))));
}
