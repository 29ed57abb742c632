use jiff::Span;
use jiff::civil::Date;
use serde::Serialize;

use super::catalogue::{DIABETES, Diagnosis, HYPERTENSION, OTHERS};
use super::draw::Draw;
use super::{AS_OF, Sex};

/// A diagnosis of a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// Always `ICD-10-CM`.
    pub system: &'static str,
    /// The code.
    pub code: &'static str,
    /// The code's own text.
    pub display: &'static str,
    /// When it was found; never before birth nor after the day of the record.
    pub onset_date: Date,
}

/// A medication a patient takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Medication {
    /// Always `RxNorm`.
    pub system: &'static str,
    /// The ingredient's concept identifier.
    pub code: &'static str,
    /// The ingredient.
    pub display: &'static str,
    /// Dose and frequency.
    pub dose: &'static str,
    /// The condition's code it is taken for.
    pub reason_code: &'static str,
}

/// Vital signs; the names tell the unit.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
}

/// Laboratory values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Laboratory {
    /// Glycated haemoglobin; 6.5 and more is diabetes (American Diabetes Association, Standards of Care).
    pub hba1c_percent: f64,
}

pub(super) struct Clinical {
    pub(super) conditions: Vec<Condition>,
    pub(super) medications: Vec<Medication>,
    pub(super) vitals: Vitals,
    pub(super) laboratory: Laboratory,
}

/// Conditions by age and sex; medication, vital signs and values that follow from them.
pub(super) fn clinical(draw: &mut Draw, sex: Sex, age: u8, birth_date: Date) -> Clinical {
    let found: Vec<&'static Diagnosis> = [&HYPERTENSION, &DIABETES]
        .into_iter()
        .chain(&OTHERS)
        .filter(|diagnosis| draw.chance(diagnosis.prevalence(sex, age)))
        .collect();
    let has = |wanted: &Diagnosis| found.iter().any(|diagnosis| diagnosis.icd10 == wanted.icd10);
    Clinical {
        conditions: found
            .iter()
            .map(|diagnosis| condition(draw, diagnosis, age, birth_date))
            .collect(),
        medications: found.iter().map(|diagnosis| medication(diagnosis)).collect(),
        vitals: vitals(draw, age, has(&HYPERTENSION)),
        laboratory: Laboratory {
            hba1c_percent: hba1c(draw, has(&DIABETES)),
        },
    }
}

fn condition(draw: &mut Draw, diagnosis: &Diagnosis, age: u8, birth_date: Date) -> Condition {
    let years = draw.between(0, i32::from(age.min(20)).saturating_sub(1).max(0));
    let days = draw.between(1, 364);
    let onset_date = AS_OF
        .saturating_sub(Span::new().years(years).days(days))
        .max(birth_date);
    Condition {
        system: "ICD-10-CM",
        code: diagnosis.icd10,
        display: diagnosis.display,
        onset_date,
    }
}

fn medication(diagnosis: &Diagnosis) -> Medication {
    Medication {
        system: "RxNorm",
        code: diagnosis.drug.rxnorm,
        display: diagnosis.drug.name,
        dose: diagnosis.drug.dose,
        reason_code: diagnosis.icd10,
    }
}

fn vitals(draw: &mut Draw, age: u8, hypertensive: bool) -> Vitals {
    let (systolic, pulse, breaths) = match age {
        0..=1 => (85, 120, 34),
        2..=5 => (95, 105, 25),
        6..=12 => (104, 88, 20),
        _ => (116, 74, 15),
    };
    // Treated, so above the healthy range but seldom in crisis.
    let raised = if hypertensive {
        draw.between(14, 34)
    } else {
        draw.between(-8, 8)
    };
    let systolic_mmhg = systolic + raised;
    Vitals {
        systolic_mmhg,
        diastolic_mmhg: systolic_mmhg * 5 / 8 + draw.between(-4, 6),
        heart_rate_bpm: pulse + draw.between(-12, 12),
        respiratory_rate_per_min: breaths + draw.between(-3, 3),
        temperature_celsius: tenths(draw.between(362, 373)),
        oxygen_saturation_percent: draw.between(95, 100),
    }
}

fn hba1c(draw: &mut Draw, diabetic: bool) -> f64 {
    tenths(if diabetic {
        draw.between(65, 88)
    } else {
        draw.between(47, 60)
    })
}

/// Exact in decimal, so the same text everywhere.
fn tenths(value: i32) -> f64 {
    f64::from(value) / 10.0
}
