//! Rules that every generated value keeps: the order of dates, what goes with which sex and age, what measurements say of
//! conditions.

use jiff::Unit;

use super::*;
use crate::domain::codes;

fn age_on(birth: Date, day: Date) -> i32 {
    birth.until((Unit::Year, day)).unwrap().get_years().into()
}

#[test]
fn lives_keep_their_order() {
    for patient in population(1_500, Depth::Lifetime) {
        let id = &patient.patient_id;
        let end = patient.death_date.unwrap_or(AS_OF);
        assert!(patient.birth_date <= end && end <= AS_OF, "{id}");
        assert_eq!(age_on(patient.birth_date, end), i32::from(patient.age), "{id}");
        let within = |date: Date| {
            let before_death = patient.death_date.is_none_or(|death| date < death);
            date > patient.birth_date && date <= AS_OF && before_death
        };
        let chart = patient.chart.as_ref().unwrap();
        for condition in &chart.conditions {
            assert!(within(condition.onset_date), "{id} {}", condition.code);
            assert!(
                condition
                    .abatement_date
                    .is_none_or(|over| over > condition.onset_date && within(over)),
                "{id}"
            );
        }
        for medication in &chart.medications {
            let reasons = chart
                .conditions
                .iter()
                .filter(|condition| condition.code == medication.reason_code);
            assert!(
                reasons
                    .clone()
                    .any(|reason| reason.onset_date <= medication.start_date),
                "{id} {}",
                medication.display
            );
            assert!(within(medication.start_date), "{id} {}", medication.display);
            assert!(
                medication
                    .end_date
                    .is_none_or(|over| over > medication.start_date && within(over)),
                "{id}"
            );
        }
        for procedure in &chart.procedures {
            assert!(within(procedure.date), "{id} {}", procedure.concept.display);
        }
        for device in &chart.devices {
            assert!(
                device.manufacture_date < device.implant_date && device.implant_date < device.expiration_date,
                "{id}"
            );
            assert!(within(device.implant_date), "{id}");
            assert!(
                chart
                    .procedures
                    .iter()
                    .any(|procedure| procedure.date == device.implant_date),
                "{id}"
            );
        }
        for immunization in &chart.immunizations {
            assert!(within(immunization.date), "{id} {}", immunization.concept.display);
        }
        assert!(
            chart
                .allergies
                .iter()
                .all(|allergy| within(allergy.recorded_date)),
            "{id}"
        );
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
        assert!(
            chart
                .conditions
                .iter()
                .all(|condition| dates.binary_search(&condition.onset_date).is_ok()),
            "{id}"
        );
        assert_eq!(chart.claims.len(), chart.encounters.len());
    }
}

#[test]
fn measurements_follow_from_conditions_and_treatment() {
    let (mut controlled, mut hypertensive) = (0, 0);
    for patient in population(1_500, Depth::Lifetime) {
        let chart = patient.chart.as_ref().unwrap();
        let onset = |code: &str| {
            chart
                .conditions
                .iter()
                .find(|condition| condition.code == code)
                .map(|found| found.onset_date)
        };
        let [hypertension, diabetes, obesity, kidney, cholesterol] =
            ["I10", "E11.9", "E66.9", "N18.9", "E78.00"].map(onset);
        for encounter in &chart.encounters {
            let (id, date, vitals) = (&patient.patient_id, encounter.date, &encounter.vitals);
            let has = |onset: Option<Date>| onset.is_some_and(|onset| onset <= date);
            let high = vitals.systolic_mmhg >= 130 || vitals.diastolic_mmhg >= 80;
            if hypertension == Some(date) {
                assert!(high, "{id} {date}: hypertension is found by its pressure");
            } else if !has(hypertension) {
                assert!(!high, "{id} {date}: {vitals:?}");
            }
            assert!(vitals.diastolic_mmhg + 15 < vitals.systolic_mmhg, "{id} {date}");
            assert!(
                (40..=170).contains(&vitals.heart_rate_bpm),
                "{id} {date} {vitals:?}"
            );
            assert!(
                (8..=42).contains(&vitals.respiratory_rate_per_min),
                "{id} {date} {vitals:?}"
            );
            assert!(
                (90..=100).contains(&vitals.oxygen_saturation_percent),
                "{id} {date}"
            );
            assert!((36.0..=40.0).contains(&vitals.temperature_celsius), "{id} {date}");
            assert!(
                (38.0..=215.0).contains(&vitals.height_cm) && (2.0..=220.0).contains(&vitals.weight_kg),
                "{id} {vitals:?}"
            );
            let bmi = vitals.weight_kg / (vitals.height_cm / 100.0).powi(2);
            assert!((bmi - vitals.bmi_kg_m2).abs() < 0.06, "{id} {bmi} {vitals:?}");
            if age_on(patient.birth_date, date) >= 21 {
                assert_eq!(vitals.bmi_kg_m2 >= 30.0, has(obesity), "{id} {date} {vitals:?}");
            }
            let Some(laboratory) = &encounter.laboratory else {
                continue;
            };
            if diabetes == Some(date) {
                assert!(
                    laboratory.hba1c_percent >= 6.5 && laboratory.glucose_mg_dl >= 125,
                    "{id} {laboratory:?}"
                );
            } else if !has(diabetes) {
                assert!(
                    laboratory.hba1c_percent < 6.5 && laboratory.glucose_mg_dl < 126,
                    "{id} {laboratory:?}"
                );
            }
            assert!(
                (4.0..=12.0).contains(&laboratory.hba1c_percent),
                "{id} {laboratory:?}"
            );
            if let Some(rate) = laboratory.egfr_ml_min_173m2 {
                assert_eq!(rate < 60, has(kidney), "{id} {date} {laboratory:?}");
            }
            let derived =
                laboratory.cholesterol_mg_dl - laboratory.hdl_mg_dl - laboratory.triglycerides_mg_dl / 5;
            assert_eq!(laboratory.ldl_mg_dl, derived);
            assert!(
                laboratory.ldl_mg_dl >= 40 && laboratory.triglycerides_mg_dl < 400,
                "{id} {laboratory:?}"
            );
            if cholesterol == Some(date) || !has(cholesterol) {
                assert_eq!(
                    laboratory.cholesterol_mg_dl >= 240,
                    has(cholesterol),
                    "{id} {laboratory:?}"
                );
            }
            assert!(
                (3.0..=5.6).contains(&laboratory.potassium_mmol_l),
                "{id} {laboratory:?}"
            );
            assert!(
                (8.5..=18.5).contains(&laboratory.hemoglobin_g_dl),
                "{id} {laboratory:?}"
            );
            assert!(
                (0.15..=8.0).contains(&laboratory.creatinine_mg_dl),
                "{id} {laboratory:?}"
            );
        }
        if hypertension.is_some() {
            hypertensive += 1;
            controlled += usize::from(chart.vitals.systolic_mmhg < 130);
        }
    }
    // Treatment works for some: neither for nobody nor for everybody.
    assert!(
        controlled * 10 > hypertensive && controlled * 10 < hypertensive * 9,
        "{controlled} of {hypertensive}"
    );
}

#[test]
fn sex_age_and_allergies_are_respected() {
    for patient in population(4_000, Depth::Lifetime) {
        let id = &patient.patient_id;
        let chart = patient.chart.as_ref().unwrap();
        let has = |code: &str| chart.conditions.iter().any(|condition| condition.code == code);
        assert!(!(has("N40.0") && patient.sex == Sex::Female), "{id}");
        let done = |concept: codes::Concept| {
            chart
                .procedures
                .iter()
                .any(|procedure| procedure.concept == concept)
        };
        assert!(!(done(codes::MAMMOGRAPHY) && patient.sex == Sex::Male), "{id}");
        for diagnosis in &DIAGNOSES {
            let impossible = diagnosis.prevalence(patient.sex, patient.age) == 0;
            assert!(
                !(impossible && has(diagnosis.icd10.code)),
                "{id} {}",
                diagnosis.key
            );
        }
        let allergic = chart
            .allergies
            .iter()
            .any(|allergy| allergy.concept == codes::PENICILLIN_ALLERGY);
        assert!(
            !(allergic
                && chart
                    .medications
                    .iter()
                    .any(|taken| taken.display == "amoxicillin")),
            "{id}"
        );
        assert_eq!(chart.coverage.kind == Payer::Medicare, patient.age >= 65, "{id}");
        for immunization in &chart.immunizations {
            let since = catalogue::DOSES
                .iter()
                .find(|dose| dose.vaccine == immunization.concept)
                .map_or(2000, |dose| dose.since);
            assert!(
                immunization.date.year() >= since,
                "{id} {}",
                immunization.concept.display
            );
        }
    }
}
