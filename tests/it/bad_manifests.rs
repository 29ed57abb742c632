//! The table of wrong manifests against the published CRD, offline.

use healthcare_tests::{bad_manifests, schema};

#[test]
fn each_is_refused_for_its_reason() {
    let schema = schema::published();
    for bad in bad_manifests::all().unwrap() {
        let found = schema::violations(&schema, &bad.manifest());
        assert!(
            found.iter().any(|violation| violation.contains(&bad.message)),
            "{}: wanted {:?}, found {found:#?}",
            bad.name,
            bad.message
        );
    }
}

/// A manifest with two faults would be refused even if the rule it stands for were gone.
#[test]
fn each_is_wrong_in_one_way() {
    let schema = schema::published();
    for bad in bad_manifests::all().unwrap() {
        let mut found = schema::violations(&schema, &bad.manifest());
        if found.len() > 1 {
            // What is unknown is left out, and then missed.
            found.retain(|violation| !violation.contains("unknown field"));
        }
        assert_eq!(found.len(), 1, "{}: {found:#?}", bad.name);
    }
}

#[test]
fn the_table_is_large_and_its_base_is_valid() {
    assert_eq!(
        schema::violations(&schema::published(), &bad_manifests::minimal()),
        Vec::<String>::new()
    );
    let table = bad_manifests::all().unwrap();
    let names: std::collections::HashSet<_> = table.iter().map(|bad| &bad.name).collect();
    assert!(
        table.len() >= 25 && names.len() == table.len(),
        "{} manifests, {} names",
        table.len(),
        names.len()
    );
}

/// Every rule of the CRD stands in the table: a rule that refuses nothing is a rule that nobody has tried.
#[test]
fn every_rule_refuses_something() {
    let table = bad_manifests::all().unwrap();
    let schema = schema::published();
    let broken: Vec<_> = table
        .iter()
        .flat_map(|bad| schema::broken_rules(&schema, &bad.manifest()))
        .collect();
    let untried: Vec<_> = schema::rules(&schema)
        .into_iter()
        .filter(|rule| !broken.contains(rule))
        .collect();
    assert!(
        untried.is_empty(),
        "no manifest in the table breaks: {untried:#?}"
    );
}
