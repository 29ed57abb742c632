//! What a record says of a patient's health: the types of the plain JSON answer.

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::codes::{Concept, System};

/// A diagnosis of a patient, coded in ICD-10-CM and in SNOMED CT.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Condition {
    /// Always `ICD-10-CM`.
    pub system: System,
    /// The code.
    pub code: &'static str,
    /// The code's own text.
    pub display: &'static str,
    /// The same in SNOMED CT.
    pub snomed: Concept,
    /// When it was found: after birth, before death.
    pub onset_date: Date,
    /// When it was over, if it passes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abatement_date: Option<Date>,
}

/// A medication, coded in RxNorm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Medication {
    /// Always `RxNorm`.
    pub system: System,
    /// The ingredient's concept identifier.
    pub code: &'static str,
    /// The ingredient.
    pub display: &'static str,
    /// Dose and frequency.
    pub dose: &'static str,
    /// The ICD-10-CM code of the condition it is taken for.
    pub reason_code: &'static str,
    /// The first day; not before the condition was found.
    pub start_date: Date,
    /// The last day, if it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Date>,
}

/// Vital signs; the names tell the unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct Vitals {
    /// Systolic blood pressure.
    pub systolic_mmhg: i32,
    /// Diastolic blood pressure.
    pub diastolic_mmhg: i32,
    /// Heart rate.
    pub heart_rate_bpm: i32,
    /// Breaths.
    pub respiratory_rate_per_min: i32,
    /// Body temperature.
    pub temperature_celsius: f64,
    /// Oxygen saturation of the blood.
    pub oxygen_saturation_percent: i32,
    /// Body height; length of those who cannot stand.
    pub height_cm: f64,
    /// Body weight.
    pub weight_kg: f64,
    /// Weight over squared height; 30 and more is obesity in adults.
    pub bmi_kg_m2: f64,
}

/// Laboratory values; the names tell the unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct Laboratory {
    /// Glycated haemoglobin; 6.5 and more is diabetes (American Diabetes Association, Standards of Care).
    pub hba1c_percent: f64,
    /// Fasting glucose.
    pub glucose_mg_dl: i32,
    /// Creatinine.
    pub creatinine_mg_dl: f64,
    /// Glomerular filtration rate estimated from creatinine (CKD-EPI 2021), for adults; below 60 for three months is
    /// chronic kidney disease (KDIGO).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egfr_ml_min_173m2: Option<i32>,
    /// Total cholesterol; 240 and more is high.
    pub cholesterol_mg_dl: i32,
    /// HDL cholesterol.
    pub hdl_mg_dl: i32,
    /// LDL cholesterol after Friedewald: total − HDL − triglycerides ÷ 5.
    pub ldl_mg_dl: i32,
    /// Triglycerides.
    pub triglycerides_mg_dl: i32,
    /// Sodium.
    pub sodium_mmol_l: i32,
    /// Potassium.
    pub potassium_mmol_l: f64,
    /// Haemoglobin.
    pub hemoglobin_g_dl: f64,
}

/// Why and where a patient was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// In a practice.
    Ambulatory,
    /// In a hospital, for days.
    Inpatient,
}

/// A visit.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Encounter {
    /// The day, or the first of them.
    pub date: Date,
    /// Where.
    pub setting: Setting,
    /// What kind of visit, in SNOMED CT.
    pub r#type: Concept,
    /// The ICD-10-CM code of the condition that led to it, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<&'static str>,
    /// What was measured.
    pub vitals: Vitals,
    /// What the laboratory found, if blood was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub laboratory: Option<Laboratory>,
}

/// What a patient does not tolerate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Allergy {
    /// The allergy, in SNOMED CT.
    #[serde(flatten)]
    pub concept: Concept,
    /// What it does.
    pub reaction: Concept,
    /// `medication`, `food` or `environment`.
    pub category: &'static str,
    /// When it was found.
    pub recorded_date: Date,
}

/// A dose of a vaccine, coded in CVX.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Immunization {
    /// The vaccine.
    #[serde(flatten)]
    pub concept: Concept,
    /// When it was given.
    pub date: Date,
}

/// Something done, coded in SNOMED CT.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Procedure {
    /// What.
    #[serde(flatten)]
    pub concept: Concept,
    /// When.
    pub date: Date,
    /// The ICD-10-CM code of the condition it was done for, if for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<&'static str>,
}

/// An implant, with a device identifier from GS1's range for examples (prefix 952).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Device {
    /// What, in SNOMED CT.
    #[serde(flatten)]
    pub concept: Concept,
    /// The identifier of the model: a GTIN-14.
    pub udi_di: String,
    /// The whole unique device identifier as printed: GS1 element strings.
    pub udi: String,
    /// When it was made.
    pub manufacture_date: Date,
    /// Until when it could be implanted.
    pub expiration_date: Date,
    /// Its batch.
    pub lot_number: String,
    /// Its own number.
    pub serial_number: String,
    /// When it was implanted.
    pub implant_date: Date,
}

/// Who pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Coverage {
    /// What kind of payer.
    pub kind: Payer,
    /// The number on the card: `SYN` and the record number's digits.
    pub subscriber_id: String,
    /// Since when.
    pub start_date: Date,
}

/// Kinds of payers. Which patient has which is an order of magnitude, not from a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Payer {
    /// For those of 65 and over.
    Medicare,
    /// For those of little income.
    Medicaid,
    /// By an employer.
    Commercial,
}

/// A bill for an encounter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Claim {
    /// When it was sent.
    pub date: Date,
    /// Which encounter it is for, counted from 0.
    pub encounter: usize,
    /// Total in US cents.
    pub total_cents: u32,
}

/// All that is known of a patient's health.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Chart {
    /// Diagnoses: those that last, and at depth lifetime those that passed.
    #[schema(required = false)]
    pub conditions: Vec<Condition>,
    /// What is taken for them, and at depth lifetime what was.
    #[schema(required = false)]
    pub medications: Vec<Medication>,
    /// Latest vital signs.
    #[schema(required = false)]
    pub vitals: Vitals,
    /// Latest laboratory values.
    #[schema(required = false)]
    pub laboratory: Laboratory,
    /// What is not tolerated.
    #[schema(required = false)]
    pub allergies: Vec<Allergy>,
    /// The latest dose of each vaccine; at depth lifetime every dose.
    #[schema(required = false)]
    pub immunizations: Vec<Immunization>,
    /// Operations; at depth lifetime screening too.
    #[schema(required = false)]
    pub procedures: Vec<Procedure>,
    /// Implants.
    #[schema(required = false)]
    pub devices: Vec<Device>,
    /// The latest visit; at depth lifetime all, in order.
    #[schema(required = false)]
    pub encounters: Vec<Encounter>,
    /// Who pays.
    #[schema(required = false)]
    pub coverage: Coverage,
    /// A bill for each encounter.
    #[schema(required = false)]
    pub claims: Vec<Claim>,
}
