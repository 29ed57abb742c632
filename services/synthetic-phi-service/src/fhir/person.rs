//! Who: the patient, and those who treat and pay.

use serde_json::{Value, json};

use super::{Kind, Record, hl7, resource, set, with};
use crate::domain::{Ethnicity, Patient, Payer, Race, Sex};

const PROFILE: &str = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient";

pub(super) fn patient(patient: &Patient) -> Value {
    let base = resource(patient, Kind::Patient, 0, "Patient", Some(PROFILE));
    let mut value = with(
        base,
        json!({
            "extension": [
                race(patient),
                ethnicity(patient.ethnicity),
                {
                    "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex",
                    "valueCode": match patient.sex { Sex::Female => "F", Sex::Male => "M" },
                },
            ],
            "identifier": identifiers(patient),
            "active": patient.death_date.is_none(),
            "name": [{ "use": "official", "family": patient.name.family, "given": [patient.name.given] }],
            "telecom": [
                { "system": "phone", "value": patient.phone, "use": "home" },
                { "system": "email", "value": patient.email },
            ],
            "gender": patient.sex,
            "birthDate": patient.birth_date,
            "address": [{
                "use": "home",
                "line": [patient.address.line],
                "city": patient.address.city,
                "state": patient.address.state,
                "postalCode": patient.address.postal_code,
                "country": "US",
            }],
        }),
    );
    if let Some(date) = patient.death_date {
        set(&mut value, "deceasedDateTime", json!(date));
    }
    value
}

fn identifiers(patient: &Patient) -> Value {
    json!([
        {
            "use": "usual",
            "type": hl7("v2-0203", "MR", "Medical record number"),
            "system": "https://example.org/synthetic-record-number",
            "value": patient.mrn,
        },
        {
            "use": "official",
            "type": hl7("v2-0203", "SS", "Social Security number"),
            "system": "http://hl7.org/fhir/sid/us-ssn",
            "value": patient.ssn,
        },
    ])
}

/// CDC's codes of the five races of the OMB. Other races have none: "unknown" stands there, and the text tells.
fn race(patient: &Patient) -> Value {
    let white = ("2106-3", "White");
    let black = ("2054-5", "Black or African American");
    let indian = ("1002-5", "American Indian or Alaska Native");
    let asian = ("2028-9", "Asian");
    let pacific = ("2076-8", "Native Hawaiian or Other Pacific Islander");
    let (categories, text) = match patient.race {
        Race::White => (vec![white], white.1),
        Race::Black => (vec![black], black.1),
        Race::AmericanIndian => (vec![indian], indian.1),
        Race::Asian => (vec![asian], asian.1),
        Race::PacificIslander => (vec![pacific], pacific.1),
        Race::Other => (Vec::new(), "Some other race"),
        Race::Multiple => (vec![white, black], "Two or more races"),
    };
    let mut parts: Vec<Value> = categories
        .into_iter()
        .map(|category| omb(category, "urn:oid:2.16.840.1.113883.6.238"))
        .collect();
    if parts.is_empty() {
        parts.push(omb(
            ("UNK", "Unknown"),
            "http://terminology.hl7.org/CodeSystem/v3-NullFlavor",
        ));
    }
    parts.push(json!({ "url": "text", "valueString": text }));
    json!({ "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race", "extension": parts })
}

fn ethnicity(ethnicity: Ethnicity) -> Value {
    let category = match ethnicity {
        Ethnicity::HispanicOrLatino => ("2135-2", "Hispanic or Latino"),
        Ethnicity::NotHispanicOrLatino => ("2186-5", "Not Hispanic or Latino"),
    };
    json!({
        "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity",
        "extension": [
            omb(category, "urn:oid:2.16.840.1.113883.6.238"),
            { "url": "text", "valueString": category.1 },
        ],
    })
}

fn omb((code, display): (&str, &str), system: &str) -> Value {
    json!({ "url": "ombCategory", "valueCoding": { "system": system, "code": code, "display": display } })
}

/// The hospital, a practitioner, the payer: each patient's own, so that a Bundle stands alone.
pub(super) fn others(record: Record<'_>) -> [Value; 3] {
    let patient = record.patient;
    let payer = match record.chart.coverage.kind {
        Payer::Medicare => "Synthetic Medicare",
        Payer::Medicaid => "Synthetic Medicaid",
        Payer::Commercial => "Synthetic Health Plan",
    };
    let practitioner = with(
        resource(patient, Kind::Practitioner, 0, "Practitioner", None),
        json!({
            "identifier": [{ "system": "https://example.org/synthetic-practitioner", "value": "SYN-1" }],
            "active": true,
            "name": [{ "family": "Specimen001", "given": ["Robin"], "prefix": ["Dr."] }],
        }),
    );
    [
        organization(
            patient,
            Kind::Hospital,
            "Synthetic Hospital",
            ("prov", "Healthcare Provider"),
        ),
        practitioner,
        organization(patient, Kind::Payer, payer, ("pay", "Payer")),
    ]
}

fn organization(patient: &Patient, kind: Kind, name: &str, (code, display): (&str, &str)) -> Value {
    with(
        resource(patient, kind, 0, "Organization", None),
        json!({
            "identifier": [{ "system": "https://example.org/synthetic-organization", "value": name }],
            "active": true,
            "type": [hl7("organization-type", code, display)],
            "name": name,
        }),
    )
}
