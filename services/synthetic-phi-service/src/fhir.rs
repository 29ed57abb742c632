//! Patients as HL7 FHIR R4 (4.0.1): a Bundle of resources whose references all lead to others of the same Bundle.
//!
//! Patient, blood pressure and implantable device state conformance to US Core 5.0.1; the other vital signs to R4's own
//! profiles. Every resource carries the security label HTEST (health data made for tests).

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::domain::{Chart, Concept, Patient};

mod billing;
mod findings;
mod history;
mod person;

/// A patient as a Bundle.
pub(crate) fn bundle(patient: &Patient) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = bundle_start().into_bytes();
    let mut piece = 0;
    while write_piece(&mut bytes, patient, piece)? {
        piece += 1;
    }
    bytes.extend_from_slice(BUNDLE_END.as_bytes());
    Ok(bytes)
}

/// Writes one piece of a patient's resources as entries of a Bundle, separated by commas; false if there is no further
/// piece. A life in one piece would be megabytes.
pub(crate) fn write_piece(
    to: &mut Vec<u8>,
    patient: &Patient,
    piece: usize,
) -> Result<bool, serde_json::Error> {
    if piece == 0 {
        write_entry(to, &person::patient(patient))?;
        return Ok(patient.chart.is_some());
    }
    let Some(chart) = &patient.chart else {
        return Ok(false);
    };
    let record = Record { patient, chart };
    let mut write = |resource: Value| {
        to.push(b',');
        write_entry(to, &resource)
    };
    if let Some(encounter) = piece.checked_sub(2) {
        findings::observations(record, encounter).try_for_each(&mut write)?;
        billing::claims(record, encounter).try_for_each(&mut write)?;
    } else {
        person::others(record).into_iter().try_for_each(&mut write)?;
        history::resources(record).try_for_each(&mut write)?;
        write(billing::coverage(record))?;
    }
    Ok(piece < chart.encounters.len() + 1)
}

fn write_entry(to: &mut Vec<u8>, resource: &Value) -> Result<(), serde_json::Error> {
    let id = resource.get("id").and_then(Value::as_str).unwrap_or_default();
    to.extend_from_slice(format!(r#"{{"fullUrl":"urn:uuid:{id}","resource":"#).as_bytes());
    serde_json::to_writer(&mut *to, resource)?;
    to.push(b'}');
    Ok(())
}

/// What a Bundle begins with; its entries follow, separated by commas, then [`BUNDLE_END`].
pub(crate) fn bundle_start() -> String {
    let meta = json!({ "security": [test_data()] });
    format!(r#"{{"resourceType":"Bundle","meta":{meta},"type":"collection","entry":["#)
}

/// What a Bundle ends with.
pub(crate) const BUNDLE_END: &str = "]}";

/// A patient with a chart.
#[derive(Clone, Copy)]
struct Record<'a> {
    patient: &'a Patient,
    chart: &'a Chart,
}

/// Kinds of resources, numbered for their ids. A number must not change: ids are made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Patient = 1,
    Hospital = 2,
    Practitioner = 3,
    Payer = 4,
    Encounter = 5,
    Condition = 6,
    MedicationRequest = 7,
    Procedure = 8,
    Immunization = 9,
    AllergyIntolerance = 10,
    Device = 11,
    Observation = 12,
    Coverage = 13,
    Claim = 14,
}

/// The id of a patient's resource: a version 8 UUID (RFC 9562, section 5.8) of seed, index, kind and number, so that it
/// is the same every time and no other resource has it.
fn id(patient: &Patient, kind: Kind, number: usize) -> String {
    let (seed, index) = (patient.seed.number(), patient.index.number());
    let number = u64::try_from(number).unwrap_or_default() & 0xfff_ffff;
    let low = (index << 36) | (kind as u64) << 28 | number;
    format!(
        "{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}",
        seed >> 21 & 0xffff_ffff,
        seed >> 5 & 0xffff,
        seed & 0x1f,
        0x8000 | low >> 48,
        low & 0xffff_ffff_ffff,
    )
}

fn reference(patient: &Patient, kind: Kind, number: usize) -> Value {
    json!({ "reference": format!("urn:uuid:{}", id(patient, kind, number)) })
}

/// The fields every resource begins with.
fn resource(patient: &Patient, kind: Kind, number: usize, name: &str, profile: Option<&str>) -> Value {
    let mut meta = json!({ "security": [test_data()] });
    if let Some(profile) = profile {
        set(&mut meta, "profile", json!([profile]));
    }
    json!({ "resourceType": name, "id": id(patient, kind, number), "meta": meta })
}

/// HL7 ActReason: this is not about a person.
fn test_data() -> Value {
    json!({
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
        "code": "HTEST",
        "display": "test health data",
    })
}

/// Adds `fields` to `value`.
fn with(mut value: Value, fields: Value) -> Value {
    if let (Value::Object(to), Value::Object(from)) = (&mut value, fields) {
        to.extend(from);
    }
    value
}

fn set(value: &mut Value, name: &str, to: Value) {
    if let Value::Object(fields) = value {
        fields.insert(name.to_owned(), to);
    }
}

fn coding(concept: &Concept) -> Value {
    json!({ "system": concept.system.uri(), "code": concept.code, "display": concept.display })
}

fn coded(concept: &Concept) -> Value {
    json!({ "coding": [coding(concept)], "text": concept.display })
}

/// A code of one of HL7's own systems.
fn hl7(system: &str, code: &str, display: &str) -> Value {
    let system = format!("http://terminology.hl7.org/CodeSystem/{system}");
    json!({ "coding": [{ "system": system, "code": code, "display": display }] })
}

impl Record<'_> {
    fn subject(&self) -> Value {
        reference(self.patient, Kind::Patient, 0)
    }

    /// The encounter of a day, if the record has one.
    fn encounter_on(&self, date: Date) -> Option<Value> {
        let found = self
            .chart
            .encounters
            .binary_search_by_key(&date, |encounter| encounter.date);
        found
            .ok()
            .map(|number| reference(self.patient, Kind::Encounter, number))
    }

    /// The latest condition with an ICD-10-CM code that had begun by a day.
    fn condition(&self, code: &str, by: Date) -> Option<Value> {
        let number = self
            .chart
            .conditions
            .iter()
            .rposition(|condition| condition.code == code && condition.onset_date <= by)?;
        Some(reference(self.patient, Kind::Condition, number))
    }
}

#[cfg(test)]
mod tests;
