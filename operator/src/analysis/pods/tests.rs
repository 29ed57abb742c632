use proptest::prelude::*;
use regex::Regex;

use super::Pods;
use crate::render::promql::check;

/// As the API server makes a pod's name from `generateName`.
fn pod(replica_set: &str, random: &str) -> String {
    let base = format!("{replica_set}-");
    format!("{}{random}", base.get(..58).unwrap_or(&base))
}

/// As Prometheus does.
fn matches(pods: Pods<'_>, pod: &str) -> bool {
    Regex::new(&format!("^(?:{})$", pods.pattern()))
        .unwrap()
        .is_match(pod)
}

const RANDOM: &str = "[bcdfghjklmnpqrstvwxz2456789]{5}";
const HASH: &str = "[bcdfghjklmnpqrstvwxz2456789]{1,10}";

#[test]
fn the_candidate_is_told_from_the_primary() {
    let (primary, candidate) = ("records-7d9c5b8f6d-xk2vq", "records-candidate-5f6d7c8b9d-xk2vq");
    assert!(matches(Pods::Deployment("records"), primary));
    assert!(!matches(Pods::Deployment("records"), candidate));
    assert!(matches(Pods::Deployment("records-candidate"), candidate));
    assert!(!matches(Pods::Deployment("records-candidate"), primary));
    assert!(matches(
        Pods::ReplicaSet("records-candidate-5f6d7c8b9d"),
        candidate
    ));
    assert!(!matches(Pods::ReplicaSet("records-candidate-22222"), candidate));
    assert!(!matches(
        Pods::Deployment("records"),
        "old-records-7d9c5b8f6d-xk2vq"
    ));
    assert!(!matches(Pods::Deployment("rec.rds"), "records-7d9c5b8f6d-xk2vq"));
}

proptest! {
    /// Of whatever length the name is: long ones are cut.
    #[test]
    fn pods_are_found_by_what_made_them(
        name in "[a-z]([-a-z0-9]{0,50}[a-z0-9])?",
        hash in HASH,
        random in RANDOM,
    ) {
        let candidate = format!("{name}-candidate");
        for (own, other) in [(&name, &candidate), (&candidate, &name)] {
            let replica_set = format!("{own}-{hash}");
            let pod = pod(&replica_set, &random);
            prop_assert!(pod.len() <= 63);
            prop_assert!(matches(Pods::ReplicaSet(&replica_set), &pod), "{} {pod}", Pods::ReplicaSet(&replica_set).pattern());
            prop_assert!(matches(Pods::Deployment(own), &pod), "{} {pod}", Pods::Deployment(own).pattern());
            prop_assert!(!matches(Pods::Deployment(other), &pod), "{} {pod}", Pods::Deployment(other).pattern());
        }
    }

    #[test]
    fn no_name_breaks_out_of_the_expression(name in "\\PC{0,20}") {
        for pods in [Pods::Deployment(&name), Pods::ReplicaSet(&name)] {
            let expression = format!("up{{{}}}", pods.matcher());
            prop_assert_eq!(check(&expression), Ok(()), "{}", expression);
        }
    }
}
