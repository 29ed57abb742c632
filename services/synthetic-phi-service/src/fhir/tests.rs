use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::*;
use crate::domain::{Cohort, Depth, Generator, Index, Seed, Selection};

fn bundles(depth: Depth, count: u64) -> impl Iterator<Item = Value> {
    let generator = Generator::new(Seed::SAMPLE, Arc::new(Cohort::everybody()), depth);
    bundles_of(generator, count)
}

fn bundles_of(generator: Generator, count: u64) -> impl Iterator<Item = Value> {
    Index::FIRST
        .up_to(count)
        .map(move |index| serde_json::from_slice(&bundle(&generator.patient(index)).unwrap()).unwrap())
}

fn resources(bundle: &Value) -> impl Iterator<Item = &Value> {
    bundle["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["resource"])
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("reference").and_then(Value::as_str));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_to_a_resource_of_the_bundle() {
    for depth in [Depth::Demographic, Depth::Clinical, Depth::Lifetime] {
        for bundle in bundles(depth, 100) {
            let entries = bundle["entry"].as_array().unwrap();
            let urls: HashSet<&str> = entries
                .iter()
                .map(|entry| entry["fullUrl"].as_str().unwrap())
                .collect();
            assert_eq!(urls.len(), entries.len(), "a full URL is there twice");
            let mut found = Vec::new();
            references(&bundle, &mut found);
            assert!(found.iter().all(|reference| urls.contains(reference)));
            assert_eq!(found.is_empty(), depth == Depth::Demographic);
        }
    }
}

#[test]
fn every_kind_of_resource_occurs_and_is_labelled_as_a_test() {
    let mut kinds = BTreeSet::new();
    for bundle in bundles(Depth::Lifetime, 200) {
        assert_eq!(bundle["meta"]["security"][0]["code"], "HTEST");
        for resource in resources(&bundle) {
            assert_eq!(resource["meta"]["security"][0]["code"], "HTEST");
            kinds.insert(resource["resourceType"].as_str().unwrap().to_owned());
        }
    }
    let all = [
        "AllergyIntolerance",
        "Claim",
        "Condition",
        "Coverage",
        "Device",
        "Encounter",
        "Immunization",
        "MedicationRequest",
        "Observation",
        "Organization",
        "Patient",
        "Practitioner",
        "Procedure",
    ];
    assert_eq!(kinds.iter().map(String::as_str).collect::<Vec<_>>(), all);
}

/// A code is only sent as the list has it.
#[test]
fn codes_are_those_of_the_list() {
    let known: HashSet<(&str, &str, &str)> = crate::domain::codes::ALL
        .iter()
        .map(|concept| (concept.system.uri(), concept.code, concept.display))
        .collect();
    let listed: HashSet<&str> = known.iter().map(|(system, _, _)| *system).collect();
    let mut used = HashSet::new();
    // Pacemakers are rare.
    let selection = Selection::parse(Some("atrial-fibrillation"), None, None).unwrap();
    let rare = Generator::new(
        Seed::SAMPLE,
        Arc::new(Cohort::new(selection).unwrap()),
        Depth::Lifetime,
    );
    for bundle in bundles(Depth::Lifetime, 300).chain(bundles_of(rare, 40)) {
        let mut codings = Vec::new();
        collect_codings(&bundle, &mut codings);
        for (system, code, display) in codings {
            if listed.contains(system.as_str()) {
                assert!(
                    known.contains(&(system.as_str(), code.as_str(), display.as_str())),
                    "{system} {code} {display}"
                );
                used.insert(code);
            }
        }
    }
    let unused: Vec<&str> = known
        .iter()
        .map(|(_, code, _)| *code)
        .filter(|code| !used.contains(*code))
        .collect();
    assert!(unused.is_empty(), "in the list, never used: {unused:?}");
}

fn collect_codings(value: &Value, found: &mut Vec<(String, String, String)>) {
    match value {
        Value::Object(fields) => {
            let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
            if let (Some(system), Some(code), Some(display)) = (text("system"), text("code"), text("display"))
            {
                found.push((system, code, display));
            }
            fields.values().for_each(|field| collect_codings(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_codings(item, found)),
        _ => {}
    }
}

/// Different patients, kinds and numbers never share an id, and every id is a version 8 UUID of the RFC's variant.
#[test]
fn ids_are_uuids_and_unique() {
    let mut ids = HashSet::new();
    for number in [0, (1 << 53) - 1, 0x1f, 0x20, 0xffff_ffff] {
        let generator = Generator::new(
            Seed::try_from(number).unwrap(),
            Arc::new(Cohort::everybody()),
            Depth::Demographic,
        );
        for index in [0, 1, 0xf_ffff, Index::COUNT - 1] {
            let patient = generator.patient(Index::try_from(index).unwrap());
            for kind in [Kind::Patient, Kind::Observation, Kind::Claim] {
                for number in [0, 1, 31, 32, 0x0fff_ffff] {
                    let id = id(&patient, kind, number);
                    let lengths: Vec<usize> = id.split('-').map(str::len).collect();
                    assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
                    assert_eq!(
                        (&id[14..15], &id[19..20] >= "8" && &id[19..20] <= "b"),
                        ("8", true),
                        "{id}"
                    );
                    assert!(ids.insert(id));
                }
            }
        }
    }
}

#[test]
fn a_patient_in_fhir_does_not_change() {
    let first = bundles(Depth::Clinical, 1).next().unwrap();
    insta::assert_json_snapshot!(first);
}
