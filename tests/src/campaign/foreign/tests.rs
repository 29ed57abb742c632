use serde_json::json;

use super::*;

fn object(more: &Value) -> DynamicObject {
    let mut value = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "a", "resourceVersion": "1", "managedFields": [{"manager": "x"}]}, "data": {"K": "v"},
    });
    json_patch::merge(&mut value, more);
    serde_json::from_value(value).unwrap()
}

#[test]
fn what_stays_is_no_violation() {
    let made = object(&json!({}));
    assert_eq!(difference(&made, Some(&made)), None);
}

#[test]
fn a_write_of_any_kind_is_one() {
    let made = object(&json!({}));
    for change in [
        json!({"metadata": {"resourceVersion": "2"}}),
        json!({"data": {"K": "w"}}),
        json!({"metadata": {"labels": {"a": "b"}}}),
        json!({"metadata": {"uid": "another"}}),
    ] {
        assert!(difference(&made, Some(&object(&change))).is_some(), "{change}");
    }
    assert!(
        difference(&made, None)
            .unwrap()
            .seen
            .contains("ConfigMap a is gone")
    );
}

#[test]
fn a_status_may_be_written_by_its_controller() {
    let made = object(&json!({"status": {"observed": 1}}));
    let later = object(&json!({"status": {"observed": 2}, "metadata": {"resourceVersion": "2"}}));
    assert_eq!(difference(&made, Some(&later)), None);
    let touched = object(&json!({"status": {"observed": 2}, "data": {"K": "w"}}));
    assert!(difference(&made, Some(&touched)).is_some());
}

#[test]
fn only_one_is_in_the_way() {
    let all = manifests("one").unwrap();
    let names: Vec<_> = all
        .iter()
        .filter_map(|object| object.metadata.name.as_deref())
        .collect();
    assert_eq!(names.iter().filter(|name| **name == "one").count(), 1);
    let labelled = all.iter().filter(|object| {
        object
            .metadata
            .labels
            .as_ref()
            .is_some_and(|labels| labels.len() == 3)
    });
    assert_eq!(labelled.count(), all.len() - 1);
}
