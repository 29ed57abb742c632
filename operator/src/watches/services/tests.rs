use serde_json::{Value, json};

use super::*;

fn known(object: &Value) -> Option<HealthcareService> {
    valid(serde_json::from_str(&object.to_string()).unwrap())
}

#[test]
fn what_cannot_be_read_is_left_out_alone() {
    let metadata = json!({"name": "a", "namespace": "clinic", "managedFields": [{"manager": "kubectl"}]});
    let good = json!({"metadata": metadata, "spec": {"image": "app:1"}, "status": {"observedGeneration": 2}});
    let service = known(&good).unwrap();
    assert_eq!(service.spec.image, "app:1");
    assert_eq!(service.status.unwrap().observed_generation, Some(2));
    assert_eq!(service.metadata.managed_fields, None);
    for bad in [
        json!({"metadata": metadata}),
        json!({"metadata": metadata, "spec": {"image": 7}}),
        json!({"metadata": metadata, "spec": {"image": "app:1"}, "status": {"observedGeneration": "two"}}),
    ] {
        assert!(known(&bad).is_none(), "{bad}");
    }
}
