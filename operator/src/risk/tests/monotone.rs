//! A superset of changes never scores lower.

use healthcare_crds::v1alpha1::HealthcareServiceSpec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use super::units::{HIDDEN, Unit, build, units};
use super::{History, risk};
use crate::risk::context::pods_differ;
use crate::template;
use crate::testing::service;

/// Points before the cap at 100, which would hide what happens above it.
fn points(from: &HealthcareServiceSpec, to: &HealthcareServiceSpec, history: History) -> i32 {
    risk(from, to, history)
        .factors
        .iter()
        .map(|factor| factor.points)
        .sum()
}

/// One unit of three specs: before, changed, and changed further.
#[derive(Clone, Copy, Debug)]
struct Edit {
    before: usize,
    less: usize,
    more: usize,
}

fn edits(units: &[Unit], often: f64) -> BoxedStrategy<Vec<Edit>> {
    let edit = |unit: &Unit| {
        let values = unit.values.len();
        let changed = proptest::bool::weighted(often);
        (any::<Index>(), any::<Index>(), changed, any::<bool>()).prop_map(
            move |(before, after, changed, both)| {
                let before = before.index(values);
                let more = if changed { after.index(values) } else { before };
                let less = if both { more } else { before };
                Edit { before, less, more }
            },
        )
    };
    units.iter().map(edit).collect::<Vec<_>>().boxed()
}

fn histories() -> impl Strategy<Value = History> {
    (any::<bool>(), proptest::option::of(0.0..2.0)).prop_map(|(last_rollout_failed, error_budget_spent)| {
        History {
            last_rollout_failed,
            error_budget_spent,
        }
    })
}

fn never_lower(units: &[Unit], edits: &[Edit], history: History) -> Result<(), TestCaseError> {
    let spec = |side: fn(&Edit) -> usize| build(units, &edits.iter().map(side).collect::<Vec<_>>());
    let (before, less, more) = (spec(|e| e.before), spec(|e| e.less), spec(|e| e.more));
    let (few, many) = (risk(&before, &less, history), risk(&before, &more, history));
    prop_assert!(
        points(&before, &less, history) <= points(&before, &more, history),
        "{few:#?}\n{many:#?}\n{:#?}\n{:#?}\n{:#?}",
        serde_json::to_value(&before).unwrap(),
        serde_json::to_value(&less).unwrap(),
        serde_json::to_value(&more).unwrap(),
    );
    prop_assert!(few.score <= many.score);
    let sum: i32 = many.factors.iter().map(|factor| factor.points).sum();
    prop_assert_eq!(many.score, sum.min(100));
    prop_assert!(many.factors.iter().all(|factor| factor.points > 0));
    prop_assert!(many.factors.len() <= 32);
    prop_assert_eq!(&many, &risk(&before, &more, history));
    for factor in many.factors {
        prop_assert!(!factor.message.contains(HIDDEN), "{}", factor.message);
        prop_assert!(factor.message.len() <= 600, "{}", factor.message);
    }
    Ok(())
}

/// The units under one path, with many edits of them: what hides in a whole spec shows here.
fn under(prefix: &str) -> Vec<Unit> {
    let all = units().into_iter();
    let near: Vec<_> = all.filter(|unit| unit.path.starts_with(prefix)).collect();
    assert!(near.len() > 3, "{prefix}");
    let image = units()
        .into_iter()
        .filter(|unit| unit.path == "/image/path" && prefix != "/image/");
    near.into_iter().chain(image).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn of_a_whole_spec(edits in edits(&units(), 0.1), history in histories()) {
        never_lower(&units(), &edits, history)?;
    }

    #[test]
    fn of_an_image(edits in edits(&under("/image/"), 0.7), history in histories()) {
        never_lower(&under("/image/"), &edits, history)?;
    }

    #[test]
    fn of_an_access_policy(edits in edits(&under("/accessPolicy/outbound"), 0.3), history in histories()) {
        never_lower(&under("/accessPolicy/outbound"), &edits, history)?;
    }

    #[test]
    fn of_resources(edits in edits(&under("/resources"), 0.7), history in histories()) {
        never_lower(&under("/resources"), &edits, history)?;
    }

    #[test]
    fn of_an_exposure(edits in edits(&under("/exposure"), 0.7), history in histories()) {
        never_lower(&under("/exposure"), &edits, history)?;
    }

    #[test]
    fn of_compliance(edits in edits(&under("/compliance"), 0.7), history in histories()) {
        never_lower(&under("/compliance"), &edits, history)?;
    }
}

/// Each unit by itself, from each value to each other: what it costs, and that the same value costs nothing.
#[test]
fn every_part_of_a_spec_counts() {
    let units = units();
    for (at, unit) in units.iter().enumerate() {
        let open = |choice| {
            let mut choices: Vec<_> = units
                .iter()
                .map(|unit| usize::from(unit.path.ends_with("/present")))
                .collect();
            choices[at] = choice;
            build(&units, &choices)
        };
        let mut highest = 0;
        for from in 0..unit.values.len() {
            for to in 0..unit.values.len() {
                let points = points(&open(from), &open(to), History::default());
                assert!(from != to || points == 0, "{}: {points} for nothing", unit.path);
                highest = highest.max(points);
            }
        }
        let free = unit.path == "/observability/alerts/runbookBaseUrl";
        assert_eq!(highest > 0, !free, "{}", unit.path);
    }
}

/// What costs more for sensitive data and after failures is what starts other pods, as the operator sees it elsewhere.
#[test]
fn other_pods_come_of_what_the_template_is_made_of() {
    let digest = |spec: &HealthcareServiceSpec| {
        let service = service(serde_json::to_value(spec).unwrap());
        template::choose(&service, None, &Value::Null)
            .record()
            .spec_digest
            .clone()
    };
    let units = units();
    let none = vec![0; units.len()];
    let before = build(&units, &none);
    for (at, unit) in units.iter().enumerate() {
        let mut choices = none.clone();
        choices[at] = 1;
        let after = build(&units, &choices);
        let other = pods_differ(&before, &after);
        // There a section with only defaults in it counts as another spec.
        let written_out = unit.path.starts_with("/observability") && !other;
        assert!(
            written_out || other == (digest(&before) != digest(&after)),
            "{}",
            unit.path
        );
    }
}

/// A field that the schema has and no unit edits would not be tested.
#[test]
fn every_field_of_the_schema_is_edited() {
    let crd = serde_json::to_value(healthcare_crds::crd::healthcare_service_crd()).unwrap();
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let paths: Vec<_> = units().into_iter().map(|unit| unit.path).collect();
    let mut missing = Vec::new();
    walk(schema, "", &paths, &mut missing);
    assert!(missing.is_empty(), "{missing:?}");
}

fn walk(schema: &Value, path: &str, paths: &[String], missing: &mut Vec<String>) {
    let inside = format!("{path}/");
    if paths.iter().any(|unit| unit == path) {
        return;
    }
    let below = paths.iter().any(|unit| unit.starts_with(&inside));
    match schema["properties"].as_object() {
        Some(properties) if below || path.is_empty() => {
            for (name, property) in properties {
                walk(property, &format!("{path}/{name}"), paths, missing);
            }
        }
        _ if !below => missing.push(path.to_owned()),
        _ => {}
    }
}
