//! What holds of every service.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::breaches::{self, How};
use super::*;
use crate::compliance::control::Check;

/// Patches of the spec that may be merged one over the other.
fn patches() -> Vec<Value> {
    let specs = breaches::all().into_iter().filter_map(|breach| match breach.how {
        How::Spec(patch) => Some(patch),
        How::Child(..) | How::Gone(_) => None,
    });
    specs.collect()
}

/// A spec with some things wrong.
fn faulty() -> impl Strategy<Value = Value> {
    subsequence(patches(), 0..5).prop_map(|some| {
        let mut spec = exemplary();
        for patch in &some {
            json_patch::merge(&mut spec, patch);
        }
        spec
    })
}

const FRAMEWORKS: [&str; 4] = ["HIPAA", "PCI-DSS", "SOX", "21-CFR-11"];

fn frameworks() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(FRAMEWORKS.to_vec(), 0..=4)
}

fn ids() -> Vec<&'static str> {
    catalogue().map(|control| control.id).collect()
}

fn judged(mut spec: Value, change: impl FnOnce(&mut Value)) -> Report {
    change(&mut spec);
    Scene::of(service(spec)).report()
}

fn violations(report: &Report) -> BTreeSet<&'static str> {
    violated(report).into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_framework_more_never_removes_a_violation(spec in faulty(), few in frameworks(), more in frameworks(), excused in subsequence(ids(), 0..8)) {
        let exemptions: Vec<_> = excused.iter().map(|id| json!({
            "control": id, "reason": "until the fault is found", "approver": "security officer", "expires": hours(1).to_string(),
        })).collect();
        let with = |chosen: &[&str]| judged(spec.clone(), |spec| {
            spec["compliance"]["frameworks"] = json!(chosen);
            spec["compliance"]["exemptions"] = json!(exemptions);
        });
        let mut both = few.clone();
        both.extend(more.iter().filter(|f| !few.contains(f)));
        let (before, after) = (violations(&with(&few)), violations(&with(&both)));
        prop_assert!(before.is_subset(&after), "{:?}", before.difference(&after));
    }

    #[test]
    fn evaluation_is_deterministic(spec in faulty(), frameworks in frameworks()) {
        let once = || serde_json::to_string(&judged(spec.clone(), |spec| spec["compliance"]["frameworks"] = json!(frameworks))).unwrap();
        prop_assert_eq!(once(), once());
    }

    /// Exactly the violations that it names are excused; whatever else there is stays as it was.
    #[test]
    fn an_exemption_only_turns_violated_into_exempted(spec in faulty(), excused in subsequence(ids(), 0..16)) {
        let exemptions: Vec<_> = excused.iter().map(|id| json!({
            "control": id, "reason": "until the fault is found", "approver": "security officer", "expires": hours(1).to_string(),
        })).collect();
        let chosen = json!(["HIPAA", "PCI-DSS", "21-CFR-11"]);
        let before = judged(spec.clone(), |spec| spec["compliance"]["frameworks"] = chosen.clone());
        let after = judged(spec, |spec| {
            spec["compliance"]["frameworks"] = chosen.clone();
            spec["compliance"]["exemptions"] = json!(exemptions);
        });
        for (old, new) in before.findings.iter().zip(&after.findings) {
            prop_assert_eq!(old.control.id, new.control.id);
            match (&old.state, &new.state) {
                (State::Violated { message: old_message }, State::Exempted { message, .. }) => {
                    prop_assert!(excused.contains(&old.control.id));
                    prop_assert_eq!(old_message, message);
                }
                (State::Violated { .. }, State::Violated { .. }) => prop_assert!(!excused.contains(&old.control.id)),
                (old, new) => prop_assert_eq!(old, new),
            }
        }
    }

    /// Whatever the children are, also half of them: no panic, and one finding for each control.
    #[test]
    fn any_children_are_judged(spec in faulty(), kept in subsequence(ChildKind::ALL.to_vec(), 0..11), field in "(metadata|spec)", junk in prop_oneof![Just(json!(null)), Just(json!([])), Just(json!("x")), Just(json!({"template": []}))]) {
        let mut scene = Scene::of(service(spec));
        scene.children.retain(|child| kept.contains(&child.kind));
        for child in &mut scene.children {
            child.body[&field] = junk.clone();
        }
        let report = scene.report();
        let verified = report.findings.iter().filter(|f| matches!(f.control.check, Check::Verified { .. })).count();
        let counts = report.counts;
        prop_assert_eq!(verified, usize::try_from(counts.met + counts.violated + counts.exempted + counts.break_glass).unwrap());
    }
}
