//! What was measured: vital signs and laboratory values, each an Observation.

use serde_json::{Value, json};

use super::{Kind, Record, coded, coding, hl7, reference, resource, with};
use crate::domain::codes;
use crate::domain::{Concept, Encounter, Laboratory, Vitals};

const PRESSURE_PROFILE: &str = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-blood-pressure";

/// Observations of an encounter are numbered from a multiple of this.
const PER_ENCOUNTER: usize = 32;

/// Those of an encounter, counted from 0.
pub(super) fn observations(record: Record<'_>, encounter: usize) -> impl Iterator<Item = Value> {
    let found = record.chart.encounters.get(encounter);
    found
        .into_iter()
        .flat_map(move |item| of_encounter(record, encounter, item))
}

fn of_encounter(record: Record<'_>, encounter: usize, item: &Encounter) -> Vec<Value> {
    let mut found = vec![pressure(&item.vitals)];
    found.extend(vitals(&item.vitals));
    found.extend(item.laboratory.iter().flat_map(laboratory));
    let numbered = found.into_iter().enumerate();
    numbered
        .map(|(number, finding)| {
            let number = encounter * PER_ENCOUNTER + number;
            let base = resource(
                record.patient,
                Kind::Observation,
                number,
                "Observation",
                finding.profile,
            );
            let common = json!({
                "status": "final",
                "category": [finding.category()],
                "subject": record.subject(),
                "encounter": reference(record.patient, Kind::Encounter, encounter),
                "effectiveDateTime": item.date,
                "performer": [reference(record.patient, Kind::Practitioner, 0)],
            });
            with(with(base, common), finding.fields)
        })
        .collect()
}

/// A finding before it is put in its place.
struct Finding {
    /// Vital signs have one, laboratory values none.
    profile: Option<&'static str>,
    fields: Value,
}

impl Finding {
    fn category(&self) -> Value {
        match self.profile {
            Some(_) => hl7("observation-category", "vital-signs", "Vital Signs"),
            None => hl7("observation-category", "laboratory", "Laboratory"),
        }
    }
}

/// A number with a UCUM unit.
fn quantity(value: &Value, unit: &str) -> Value {
    json!({ "value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit })
}

fn pressure(vitals: &Vitals) -> Finding {
    let component = |concept: &Concept, value: i32| json!({ "code": coded(concept), "valueQuantity": quantity(&json!(value), "mm[Hg]") });
    Finding {
        profile: Some(PRESSURE_PROFILE),
        fields: json!({
            "code": coded(&codes::VITAL_PRESSURE),
            "component": [
                component(&codes::VITAL_SYSTOLIC, vitals.systolic_mmhg),
                component(&codes::VITAL_DIASTOLIC, vitals.diastolic_mmhg),
            ],
        }),
    }
}

fn vitals(vitals: &Vitals) -> [Finding; 7] {
    let sign = |profile, concept: &Concept, value: Value, unit: &str| Finding {
        profile: Some(profile),
        fields: json!({ "code": coded(concept), "valueQuantity": quantity(&value, unit) }),
    };
    let mut saturation = sign(
        "http://hl7.org/fhir/StructureDefinition/oxygensat",
        &codes::VITAL_SATURATION,
        json!(vitals.oxygen_saturation_percent),
        "%",
    );
    let both = json!({
        "coding": [coding(&codes::VITAL_SATURATION), coding(&codes::VITAL_OXIMETRY)],
        "text": codes::VITAL_OXIMETRY.display,
    });
    super::set(&mut saturation.fields, "code", both);
    [
        sign(
            "http://hl7.org/fhir/StructureDefinition/heartrate",
            &codes::VITAL_HEART_RATE,
            json!(vitals.heart_rate_bpm),
            "/min",
        ),
        sign(
            "http://hl7.org/fhir/StructureDefinition/resprate",
            &codes::VITAL_BREATHS,
            json!(vitals.respiratory_rate_per_min),
            "/min",
        ),
        sign(
            "http://hl7.org/fhir/StructureDefinition/bodytemp",
            &codes::VITAL_TEMPERATURE,
            json!(vitals.temperature_celsius),
            "Cel",
        ),
        saturation,
        sign(
            "http://hl7.org/fhir/StructureDefinition/bodyheight",
            &codes::VITAL_HEIGHT,
            json!(vitals.height_cm),
            "cm",
        ),
        sign(
            "http://hl7.org/fhir/StructureDefinition/bodyweight",
            &codes::VITAL_WEIGHT,
            json!(vitals.weight_kg),
            "kg",
        ),
        sign(
            "http://hl7.org/fhir/StructureDefinition/bmi",
            &codes::VITAL_BMI,
            json!(vitals.bmi_kg_m2),
            "kg/m2",
        ),
    ]
}

fn laboratory(values: &Laboratory) -> Vec<Finding> {
    let value = |concept: &Concept, value: Value, unit: &str| Finding {
        profile: None,
        fields: json!({ "code": coded(concept), "valueQuantity": quantity(&value, unit) }),
    };
    let mut found = vec![
        value(&codes::LAB_HBA1C, json!(values.hba1c_percent), "%"),
        value(&codes::LAB_GLUCOSE, json!(values.glucose_mg_dl), "mg/dL"),
        value(&codes::LAB_CREATININE, json!(values.creatinine_mg_dl), "mg/dL"),
        value(&codes::LAB_CHOLESTEROL, json!(values.cholesterol_mg_dl), "mg/dL"),
        value(&codes::LAB_HDL, json!(values.hdl_mg_dl), "mg/dL"),
        value(&codes::LAB_LDL, json!(values.ldl_mg_dl), "mg/dL"),
        value(
            &codes::LAB_TRIGLYCERIDES,
            json!(values.triglycerides_mg_dl),
            "mg/dL",
        ),
        value(&codes::LAB_SODIUM, json!(values.sodium_mmol_l), "mmol/L"),
        value(&codes::LAB_POTASSIUM, json!(values.potassium_mmol_l), "mmol/L"),
        value(&codes::LAB_HEMOGLOBIN, json!(values.hemoglobin_g_dl), "g/dL"),
    ];
    let egfr = values.egfr_ml_min_173m2;
    found.extend(egfr.map(|rate| value(&codes::LAB_EGFR, json!(rate), "mL/min/{1.73_m2}")));
    found
}
