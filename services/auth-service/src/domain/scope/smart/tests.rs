use proptest::prelude::*;

use super::{Context, SmartScope};

fn covers(held: &str, wanted: &str) -> bool {
    let parse = |text| SmartScope::parse(text).unwrap();
    parse(held).covers(&parse(wanted))
}

/// The examples of SMART App Launch 2.2.
#[test]
fn the_examples_of_the_guide_are_read() {
    let examples = [
        (
            "patient/Observation.rs",
            Context::Patient,
            Some("Observation"),
            "rs",
        ),
        ("patient/*.cruds", Context::Patient, None, "cruds"),
        ("user/Appointment.cud", Context::User, Some("Appointment"), "cud"),
        ("system/*.rs", Context::System, None, "rs"),
        (
            "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
            Context::Patient,
            Some("Observation"),
            "rs",
        ),
    ];
    for (text, context, resource, permissions) in examples {
        let scope = SmartScope::parse(text).unwrap();
        assert_eq!(scope.context(), context, "{text}");
        assert_eq!(scope.resource(), resource, "{text}");
        assert_eq!(scope.permissions().to_string(), permissions, "{text}");
    }
}

/// "Scope equivalence": `.read` is `.rs`, `.write` is `.cud`, `.*` is `.cruds`.
#[test]
fn version_1_means_what_version_2_says() {
    for (old, new) in [("read", "rs"), ("write", "cud"), ("*", "cruds")] {
        let (old, new) = (format!("user/Patient.{old}"), format!("user/Patient.{new}"));
        assert!(covers(&old, &new) && covers(&new, &old), "{old} {new}");
    }
}

#[test]
fn what_is_not_in_the_form_of_the_guide_is_no_smart_scope() {
    for text in [
        "",
        "openid",
        "launch/patient",
        "patient/",
        "patient/Observation",
        "patient/Observation.",
        "patient/.rs",
        "patient/Observation.sr",
        "patient/Observation.rr",
        "patient/Observation.x",
        "patient/Observation.readwrite",
        "patient/observation.rs",
        "patient/Obs*.rs",
        "Patient/Observation.rs",
        "practitioner/Observation.rs",
        "patient/Observation.rs?",
        "patient/Observation.rs?a",
        "patient/Observation.rs?a=",
        "patient/Observation.rs?=b",
        "patient/Observation.rs?a=b&",
        "patient//Observation.rs",
        "patient/Observation.rs.rs",
    ] {
        assert_eq!(SmartScope::parse(text), None, "{text}");
    }
}

#[test]
fn a_scope_covers_what_is_within_it() {
    let laboratory = "patient/Observation.rs?category=laboratory";
    assert!(covers("system/*.rs", "system/Observation.r"));
    assert!(covers("patient/Observation.rs", laboratory));
    assert!(covers(laboratory, "patient/Observation.r?category=laboratory"));
    assert!(covers("user/A.r?x=1&y=2", "user/A.r?y=2&x=1"));
    for (held, wanted) in [
        ("system/Observation.rs", "system/*.rs"),
        ("system/Observation.rs", "system/Patient.rs"),
        ("system/*.r", "system/Observation.rs"),
        ("system/*.cruds", "user/Observation.r"),
        ("user/*.cruds", "patient/Observation.r"),
        ("patient/*.cruds", "system/Observation.r"),
        (laboratory, "patient/Observation.rs"),
        (laboratory, "patient/Observation.rs?category=vital-signs"),
    ] {
        assert!(!covers(held, wanted), "{held} {wanted}");
    }
}

fn scope() -> impl Strategy<Value = String> {
    let context = prop::sample::select(vec!["patient", "user", "system"]);
    let resource = prop::sample::select(vec!["*", "Observation", "Patient"]);
    let letters = prop::sample::subsequence(vec!["c", "r", "u", "d", "s"], 1..=5);
    let query = prop::sample::select(vec![
        "",
        "?category=laboratory",
        "?category=vital-signs&status=final",
    ]);
    (context, resource, letters, query).prop_map(|(context, resource, letters, query)| {
        format!("{context}/{resource}.{}{query}", letters.concat())
    })
}

/// The requests that a scope allows, one by one, said without [`SmartScope`].
fn allowed(scope: &str) -> Vec<String> {
    let (scope, query) = scope.split_once('?').unwrap_or((scope, ""));
    let (target, letters) = scope.split_once('.').unwrap();
    let (context, resource) = target.split_once('/').unwrap();
    let resources = if resource == "*" {
        vec!["Observation", "Patient", "Other"]
    } else {
        vec![resource]
    };
    let queries = if query.is_empty() {
        vec!["none", "category=laboratory", "category=vital-signs&status=final"]
    } else {
        vec![query]
    };
    let mut all = Vec::new();
    for resource in resources {
        for letter in letters.chars() {
            all.extend(
                queries
                    .iter()
                    .map(|query| format!("{context} {resource} {letter} {query}")),
            );
        }
    }
    all
}

proptest! {
    #[test]
    fn covering_is_containing_all_that_is_allowed(held in scope(), wanted in scope()) {
        let contains = { let held = allowed(&held); allowed(&wanted).iter().all(|one| held.contains(one)) };
        prop_assert_eq!(covers(&held, &wanted), contains);
    }

    #[test]
    fn covering_is_an_order(a in scope(), b in scope(), c in scope()) {
        prop_assert!(covers(&a, &a));
        prop_assert!(!(covers(&a, &b) && covers(&b, &c)) || covers(&a, &c));
    }

    #[test]
    fn letters_have_one_order(letters in "[cruds]{1,6}") {
        let text = format!("user/Patient.{letters}");
        let sorted: String = "cruds".chars().filter(|letter| letters.contains(*letter)).collect();
        let read = SmartScope::parse(&text).map(|scope| scope.permissions().to_string());
        prop_assert_eq!(read, (letters == sorted).then_some(sorted));
    }

    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,40}") {
        let _ = SmartScope::parse(&text);
    }
}
