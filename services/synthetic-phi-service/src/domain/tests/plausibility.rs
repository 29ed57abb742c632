//! Rules that every generated value keeps: the order of dates, what goes with which sex and age, what measurements say of
//! conditions.

use jiff::Unit;

use super::*;
use crate::domain::codes;

fn age_on(birth: Date, day: Date) -> i32 {
    birth.until((Unit::Year, day)).unwrap().get_years().into()
}

fn chart(patient: &Patient) -> &Chart {
    patient.chart.as_ref().unwrap()
}

fn lifetimes(count: u64) -> impl Iterator<Item = Patient> {
    population(count, Depth::Lifetime)
}

/// After birth, not after the day of the record, before death.
fn within(patient: &Patient, date: Date) -> bool {
    date > patient.birth_date && date <= AS_OF && patient.death_date.is_none_or(|death| date < death)
}

#[test]
fn birth_comes_before_illness_before_treatment_before_death() {
    for patient in lifetimes(1_500) {
        let (id, chart) = (&patient.patient_id, chart(&patient));
        let end = patient.death_date.unwrap_or(AS_OF);
        assert!(patient.birth_date <= end && end <= AS_OF, "{id}");
        assert_eq!(age_on(patient.birth_date, end), i32::from(patient.age), "{id}");
        for condition in &chart.conditions {
            assert!(within(&patient, condition.onset_date), "{id} {}", condition.code);
            let over = condition.abatement_date;
            let ends = over.is_none_or(|over| over > condition.onset_date && within(&patient, over));
            assert!(ends, "{id} {}", condition.code);
        }
        for taken in &chart.medications {
            let mut reasons = chart
                .conditions
                .iter()
                .filter(|one| one.code == taken.reason_code);
            assert!(
                reasons.any(|reason| reason.onset_date <= taken.start_date),
                "{id} {}",
                taken.display
            );
            assert!(within(&patient, taken.start_date), "{id} {}", taken.display);
            let ends = taken
                .end_date
                .is_none_or(|over| over > taken.start_date && within(&patient, over));
            assert!(ends, "{id} {}", taken.display);
        }
    }
}

#[test]
fn what_is_done_is_done_in_time() {
    for patient in lifetimes(1_500) {
        let (id, chart) = (&patient.patient_id, chart(&patient));
        let procedures = chart.procedures.iter().map(|procedure| procedure.date);
        let doses = chart.immunizations.iter().map(|dose| dose.date);
        let allergies = chart.allergies.iter().map(|allergy| allergy.recorded_date);
        for date in procedures.chain(doses).chain(allergies) {
            assert!(within(&patient, date), "{id} {date}");
        }
        for device in &chart.devices {
            let in_time =
                device.manufacture_date < device.implant_date && device.implant_date < device.expiration_date;
            let operated = chart
                .procedures
                .iter()
                .any(|procedure| procedure.date == device.implant_date);
            assert!(
                in_time && operated && within(&patient, device.implant_date),
                "{id}"
            );
        }
    }
}

#[test]
fn encounters_are_in_order_and_include_every_finding() {
    for patient in lifetimes(1_500) {
        let (id, chart) = (&patient.patient_id, chart(&patient));
        let end = patient.death_date.unwrap_or(AS_OF);
        let dates: Vec<Date> = chart.encounters.iter().map(|encounter| encounter.date).collect();
        assert!(
            !dates.is_empty() && dates.is_sorted_by(|one, next| one < next),
            "{id}"
        );
        assert!(
            dates
                .iter()
                .all(|date| *date >= patient.birth_date && *date <= end),
            "{id}"
        );
        let mut onsets = chart.conditions.iter().map(|condition| condition.onset_date);
        assert!(onsets.all(|onset| dates.binary_search(&onset).is_ok()), "{id}");
        assert_eq!(chart.claims.len(), chart.encounters.len());
    }
}

/// Each encounter with whether the conditions of the given codes had been found by then, and which were found that day.
fn each_encounter(codes: [&str; 2], mut check: impl FnMut(&Patient, &Encounter, [bool; 2], [bool; 2])) {
    for patient in lifetimes(1_500) {
        let onsets = codes.map(|code| {
            let found = chart(&patient)
                .conditions
                .iter()
                .find(|condition| condition.code == code);
            found.map(|condition| condition.onset_date)
        });
        for encounter in &chart(&patient).encounters {
            let known = onsets.map(|onset| onset.is_some_and(|onset| onset <= encounter.date));
            let new = onsets.map(|onset| onset == Some(encounter.date));
            check(&patient, encounter, known, new);
        }
    }
}

#[test]
fn pressure_and_weight_follow_from_hypertension_and_obesity() {
    each_encounter(
        ["I10", "E66.9"],
        |patient, encounter, [hypertensive, obese], [found, _]| {
            let (id, vitals) = (&patient.patient_id, &encounter.vitals);
            let high = vitals.systolic_mmhg >= 130 || vitals.diastolic_mmhg >= 80;
            assert!(high || !found, "{id}: found by its pressure, {vitals:?}");
            assert!(!high || hypertensive, "{id}: {vitals:?}");
            assert!(
                vitals.diastolic_mmhg + 15 < vitals.systolic_mmhg,
                "{id}: {vitals:?}"
            );
            if age_on(patient.birth_date, encounter.date) >= 21 {
                assert_eq!(vitals.bmi_kg_m2 >= 30.0, obese, "{id}: {vitals:?}");
            }
        },
    );
}

#[test]
fn sugar_and_filtration_follow_from_diabetes_and_kidney_disease() {
    each_encounter(
        ["E11.9", "N18.9"],
        |patient, encounter, [diabetic, impaired], [found, _]| {
            let id = &patient.patient_id;
            let Some(values) = encounter.laboratory else {
                return;
            };
            let high = values.hba1c_percent >= 6.5;
            assert!(high || !found, "{id}: {values:?}");
            assert!(!high || diabetic, "{id}: {values:?}");
            assert!(values.glucose_mg_dl < 126 || diabetic, "{id}: {values:?}");
            assert!((4.0..=12.0).contains(&values.hba1c_percent), "{id}: {values:?}");
            if let Some(rate) = values.egfr_ml_min_173m2 {
                assert_eq!(rate < 60, impaired, "{id}: {values:?}");
            }
        },
    );
}

#[test]
fn lipids_follow_from_hypercholesterolemia() {
    each_encounter(["E78.00", ""], |patient, encounter, [known, _], [found, _]| {
        let id = &patient.patient_id;
        let Some(values) = encounter.laboratory else {
            return;
        };
        let derived = values.cholesterol_mg_dl - values.hdl_mg_dl - values.triglycerides_mg_dl / 5;
        assert_eq!(values.ldl_mg_dl, derived, "{id}");
        assert!(
            values.ldl_mg_dl >= 40 && values.triglycerides_mg_dl < 400,
            "{id}: {values:?}"
        );
        let high = values.cholesterol_mg_dl >= 240;
        assert!(high || !found, "{id}: {values:?}");
        assert!(!high || known, "{id}: {values:?}");
    });
}

#[test]
fn measurements_are_within_what_bodies_do() {
    each_encounter(["", ""], |patient, encounter, _, _| {
        let (id, vitals) = (&patient.patient_id, &encounter.vitals);
        assert!((40..=170).contains(&vitals.heart_rate_bpm), "{id} {vitals:?}");
        assert!(
            (8..=42).contains(&vitals.respiratory_rate_per_min),
            "{id} {vitals:?}"
        );
        assert!(
            (90..=100).contains(&vitals.oxygen_saturation_percent),
            "{id} {vitals:?}"
        );
        assert!(
            (36.0..=40.0).contains(&vitals.temperature_celsius),
            "{id} {vitals:?}"
        );
        assert!((38.0..=215.0).contains(&vitals.height_cm), "{id} {vitals:?}");
        assert!((2.0..=220.0).contains(&vitals.weight_kg), "{id} {vitals:?}");
        let bmi = vitals.weight_kg / (vitals.height_cm / 100.0).powi(2);
        assert!((bmi - vitals.bmi_kg_m2).abs() < 0.06, "{id} {bmi} {vitals:?}");
        let Some(values) = encounter.laboratory else {
            return;
        };
        assert!((3.0..=5.6).contains(&values.potassium_mmol_l), "{id} {values:?}");
        assert!((135..=145).contains(&values.sodium_mmol_l), "{id} {values:?}");
        assert!((8.5..=18.5).contains(&values.hemoglobin_g_dl), "{id} {values:?}");
        assert!((0.15..=8.0).contains(&values.creatinine_mg_dl), "{id} {values:?}");
    });
}

/// Treatment works for some: neither for nobody nor for everybody.
#[test]
fn some_hypertension_is_controlled() {
    let has = |patient: &&Patient| {
        chart(patient)
            .conditions
            .iter()
            .any(|condition| condition.code == "I10")
    };
    let everybody: Vec<Patient> = population(3_000, Depth::Clinical).collect();
    let pressures = everybody
        .iter()
        .filter(has)
        .map(|patient| chart(patient).vitals.systolic_mmhg);
    let (controlled, other): (Vec<i32>, Vec<i32>) = pressures.partition(|systolic| *systolic < 130);
    assert!(controlled.len() > other.len() / 9 && other.len() > controlled.len() / 9);
}

#[test]
fn sex_age_and_allergies_are_respected() {
    for patient in lifetimes(4_000) {
        let (id, chart) = (&patient.patient_id, chart(&patient));
        let has = |code: &str| chart.conditions.iter().any(|condition| condition.code == code);
        let done = |concept| {
            chart
                .procedures
                .iter()
                .any(|procedure| procedure.concept == concept)
        };
        assert!(!(has("N40.0") && patient.sex == Sex::Female), "{id}");
        assert!(!(done(codes::MAMMOGRAPHY) && patient.sex == Sex::Male), "{id}");
        for diagnosis in &DIAGNOSES {
            let impossible = diagnosis.prevalence(patient.sex, patient.age) == 0;
            assert!(
                !(impossible && has(diagnosis.icd10.code)),
                "{id} {}",
                diagnosis.key
            );
        }
        let mut allergies = chart.allergies.iter();
        let allergic = allergies.any(|allergy| allergy.concept == codes::PENICILLIN_ALLERGY);
        let given = chart
            .medications
            .iter()
            .any(|taken| taken.display == "amoxicillin");
        assert!(!(allergic && given), "{id}");
        assert_eq!(chart.coverage.kind == Payer::Medicare, patient.age >= 65, "{id}");
        for given in &chart.immunizations {
            let mut doses = catalogue::DOSES.iter();
            let since = doses
                .find(|dose| dose.vaccine == given.concept)
                .map_or(2000, |dose| dose.since);
            assert!(given.date.year() >= since, "{id} {}", given.concept.display);
        }
    }
}
