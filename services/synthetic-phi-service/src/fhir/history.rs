//! What happened: encounters, conditions, medication, procedures, vaccines, allergies, implants.

use serde_json::{Value, json};

use super::{Kind, Record, coded, coding, hl7, reference, resource, set, with};
use crate::domain::{
    Allergy, Concept, Condition, Device, Encounter, Immunization, Medication, Procedure, Setting, System,
};

const DEVICE_PROFILE: &str = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-implantable-device";

pub(super) fn resources(record: Record<'_>) -> impl Iterator<Item = Value> {
    let chart = record.chart;
    numbered(&chart.encounters, move |number, item| {
        encounter(record, number, item)
    })
    .chain(numbered(&chart.conditions, move |number, item| {
        condition(record, number, item)
    }))
    .chain(numbered(&chart.medications, move |number, item| {
        medication(record, number, item)
    }))
    .chain(numbered(&chart.devices, move |number, item| {
        device(record, number, item)
    }))
    .chain(numbered(&chart.procedures, move |number, item| {
        procedure(record, number, item)
    }))
    .chain(numbered(&chart.immunizations, move |number, item| {
        immunization(record, number, item)
    }))
    .chain(numbered(&chart.allergies, move |number, item| {
        allergy(record, number, item)
    }))
}

fn numbered<'a, T>(items: &'a [T], make: impl Fn(usize, &'a T) -> Value) -> impl Iterator<Item = Value> {
    items
        .iter()
        .enumerate()
        .map(move |(number, item)| make(number, item))
}

fn encounter(record: Record<'_>, number: usize, item: &Encounter) -> Value {
    let (code, display) = match item.setting {
        Setting::Ambulatory => ("AMB", "ambulatory"),
        Setting::Inpatient => ("IMP", "inpatient encounter"),
    };
    let mut value = with(
        resource(record.patient, Kind::Encounter, number, "Encounter", None),
        json!({
            "status": "finished",
            "class": {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                "code": code,
                "display": display,
            },
            "type": [coded(&item.r#type)],
            "subject": record.subject(),
            "participant": [{ "individual": reference(record.patient, Kind::Practitioner, 0) }],
            "period": { "start": item.date, "end": item.date },
            "serviceProvider": reference(record.patient, Kind::Hospital, 0),
        }),
    );
    if let Some(reason) = item
        .reason_code
        .and_then(|code| record.condition(code, item.date))
    {
        set(&mut value, "reasonReference", json!([reason]));
    }
    value
}

fn condition(record: Record<'_>, number: usize, item: &Condition) -> Value {
    let (status, status_text) = match item.abatement_date {
        Some(_) => ("resolved", "Resolved"),
        None => ("active", "Active"),
    };
    let icd10 = Concept {
        system: System::Icd10Cm,
        code: item.code,
        display: item.display,
    };
    let mut value = with(
        resource(record.patient, Kind::Condition, number, "Condition", None),
        json!({
            "clinicalStatus": hl7("condition-clinical", status, status_text),
            "verificationStatus": hl7("condition-ver-status", "confirmed", "Confirmed"),
            "category": [hl7("condition-category", "problem-list-item", "Problem List Item")],
            "code": { "coding": [coding(&item.snomed), coding(&icd10)], "text": item.display },
            "subject": record.subject(),
            "onsetDateTime": item.onset_date,
            "recordedDate": item.onset_date,
        }),
    );
    if let Some(end) = item.abatement_date {
        set(&mut value, "abatementDateTime", json!(end));
    }
    set_encounter(&mut value, record, item.onset_date);
    value
}

fn set_encounter(value: &mut Value, record: Record<'_>, date: jiff::civil::Date) {
    if let Some(encounter) = record.encounter_on(date) {
        set(value, "encounter", encounter);
    }
}

fn medication(record: Record<'_>, number: usize, item: &Medication) -> Value {
    let status = match (item.end_date, record.patient.death_date) {
        (Some(_), _) => "completed",
        (None, Some(_)) => "stopped",
        (None, None) => "active",
    };
    let drug = Concept {
        system: item.system,
        code: item.code,
        display: item.display,
    };
    let mut value = with(
        resource(
            record.patient,
            Kind::MedicationRequest,
            number,
            "MedicationRequest",
            None,
        ),
        json!({
            "status": status,
            "intent": "order",
            "medicationCodeableConcept": coded(&drug),
            "subject": record.subject(),
            "authoredOn": item.start_date,
            "requester": reference(record.patient, Kind::Practitioner, 0),
            "dosageInstruction": [{ "text": item.dose }],
        }),
    );
    if let Some(reason) = record.condition(item.reason_code, item.start_date) {
        set(&mut value, "reasonReference", json!([reason]));
    }
    set_encounter(&mut value, record, item.start_date);
    value
}

fn procedure(record: Record<'_>, number: usize, item: &Procedure) -> Value {
    let mut value = with(
        resource(record.patient, Kind::Procedure, number, "Procedure", None),
        json!({
            "status": "completed",
            "code": coded(&item.concept),
            "subject": record.subject(),
            "performedDateTime": item.date,
        }),
    );
    let reason = item
        .reason_code
        .and_then(|code| record.condition(code, item.date));
    if let Some(reason) = reason {
        set(&mut value, "reasonReference", json!([reason]));
        let implant = record
            .chart
            .devices
            .iter()
            .position(|device| device.implant_date == item.date);
        if let Some(device) = implant {
            let manipulated = reference(record.patient, Kind::Device, device);
            set(&mut value, "focalDevice", json!([{ "manipulated": manipulated }]));
        }
    }
    set_encounter(&mut value, record, item.date);
    value
}

fn immunization(record: Record<'_>, number: usize, item: &Immunization) -> Value {
    let mut value = with(
        resource(record.patient, Kind::Immunization, number, "Immunization", None),
        json!({
            "status": "completed",
            "vaccineCode": coded(&item.concept),
            "patient": record.subject(),
            "occurrenceDateTime": item.date,
            "primarySource": true,
        }),
    );
    set_encounter(&mut value, record, item.date);
    value
}

fn allergy(record: Record<'_>, number: usize, item: &Allergy) -> Value {
    with(
        resource(
            record.patient,
            Kind::AllergyIntolerance,
            number,
            "AllergyIntolerance",
            None,
        ),
        json!({
            "clinicalStatus": hl7("allergyintolerance-clinical", "active", "Active"),
            "verificationStatus": hl7("allergyintolerance-verification", "confirmed", "Confirmed"),
            "type": "allergy",
            "category": [item.category],
            "code": coded(&item.concept),
            "patient": record.subject(),
            "recordedDate": item.recorded_date,
            "reaction": [{ "manifestation": [coded(&item.reaction)] }],
        }),
    )
}

fn device(record: Record<'_>, number: usize, item: &Device) -> Value {
    with(
        resource(
            record.patient,
            Kind::Device,
            number,
            "Device",
            Some(DEVICE_PROFILE),
        ),
        json!({
            "udiCarrier": [{
                "deviceIdentifier": item.udi_di,
                "issuer": "http://hl7.org/fhir/NamingSystem/gs1-di",
                "jurisdiction": "http://hl7.org/fhir/NamingSystem/fda-udi",
                "carrierHRF": item.udi,
                "entryType": "barcode",
            }],
            "status": "active",
            "manufacturer": "Synthetic Devices",
            "manufactureDate": item.manufacture_date,
            "expirationDate": item.expiration_date,
            "lotNumber": item.lot_number,
            "serialNumber": item.serial_number,
            "type": coded(&item.concept),
            "patient": record.subject(),
        }),
    )
}
