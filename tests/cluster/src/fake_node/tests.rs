use std::net::Ipv4Addr;

use k8s_openapi::api::core::v1::Pod;
use serde_json::json;

use super::{Addresses, address, is_played, played_status};

#[test]
fn pods_get_addresses_that_differ_from_each_other_and_from_those_before() {
    let fresh = Addresses::above(std::iter::empty());
    assert_eq!(fresh.next(), Ipv4Addr::new(198, 18, 0, 1));
    assert_eq!(fresh.next(), Ipv4Addr::new(198, 18, 0, 2));
    let used = ["198.18.0.255", "198.18.0.7", "none", "192.0.2.1"].map(str::to_owned);
    let taken_up = Addresses::above(used.into_iter());
    assert_eq!(taken_up.next(), Ipv4Addr::new(198, 18, 1, 0));
}

#[test]
fn a_pod_that_was_called_not_ready_is_played_again_at_the_same_address() {
    let pod =
        json!({"metadata": {"name": "pod"}, "spec": {"containers": [{"name": "app", "image": "good"}]}});
    let mut pod: Pod = serde_json::from_value(pod).unwrap();
    assert!(!is_played(&pod));
    assert_eq!(address(&pod), None);
    let played = played_status(&pod, Ipv4Addr::new(198, 18, 0, 7));
    pod.status = serde_json::from_value(played).unwrap();
    assert!(is_played(&pod));
    let conditions = pod.status.as_mut().unwrap().conditions.as_mut().unwrap();
    for condition in conditions {
        condition.status = "False".to_owned();
    }
    assert!(!is_played(&pod));
    assert_eq!(address(&pod), Some(Ipv4Addr::new(198, 18, 0, 7)));
}

#[test]
fn a_pod_whose_image_is_not_to_be_ready_is_played_once() {
    let pod =
        json!({"metadata": {"name": "pod"}, "spec": {"containers": [{"name": "app", "image": "crash"}]}});
    let mut pod: Pod = serde_json::from_value(pod).unwrap();
    let played = played_status(&pod, Ipv4Addr::new(198, 18, 0, 7));
    pod.status = serde_json::from_value(played).unwrap();
    assert!(is_played(&pod));
}
