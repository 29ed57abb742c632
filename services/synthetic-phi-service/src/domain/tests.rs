use proptest::prelude::*;

use super::catalogue::{DIABETES, HYPERTENSION};
use super::*;

fn seed(number: u64) -> Seed {
    Seed::try_from(number).unwrap()
}

fn index(number: u64) -> Index {
    Index::try_from(number).unwrap()
}

fn population(count: u64) -> impl Iterator<Item = Patient> {
    Index::FIRST.up_to(count).map(|index| generate(seed(42), index))
}

/// Says so when the same seed and index no longer give the same patient: then raise the version in `draw`.
#[test]
fn patients_do_not_change() {
    insta::assert_json_snapshot!([generate(seed(42), index(0)), generate(seed(42), index(3))]);
}

#[test]
fn assignable_numbers_are_recognised() {
    for ssn in [
        "078-05-1120",
        "900-70-0001",
        "123-45-6789",
        "000-1-2345",
        "666-12-345x",
        "66612-3456",
        "",
    ] {
        assert!(!is_unassignable(ssn), "{ssn}");
    }
    for ssn in ["000-12-3456", "666-00-0000"] {
        assert!(is_unassignable(ssn), "{ssn}");
    }
}

#[test]
fn medicine_hangs_together() {
    for patient in population(5_000) {
        let has = |code: &str| patient.conditions.iter().any(|condition| condition.code == code);
        let reasons: Vec<&str> = patient
            .medications
            .iter()
            .map(|medication| medication.reason_code)
            .collect();
        let codes: Vec<&str> = patient
            .conditions
            .iter()
            .map(|condition| condition.code)
            .collect();
        assert_eq!(codes, reasons);
        assert_eq!(
            patient.laboratory.hba1c_percent >= 6.5,
            has(DIABETES.icd10),
            "{}",
            patient.patient_id
        );
        assert_eq!(
            patient.vitals.systolic_mmhg >= 130,
            has(HYPERTENSION.icd10),
            "{}",
            patient.patient_id
        );
        assert!(patient.vitals.diastolic_mmhg < patient.vitals.systolic_mmhg);
        assert!(
            !(has("N40.0") && patient.sex == Sex::Female),
            "{}",
            patient.patient_id
        );
        assert!(
            !(has("M81.0") && patient.sex == Sex::Male),
            "{}",
            patient.patient_id
        );
        for condition in &patient.conditions {
            assert!(
                (patient.birth_date..AS_OF).contains(&condition.onset_date),
                "{}",
                patient.patient_id
            );
        }
    }
}

#[test]
fn age_follows_from_the_birth_date() {
    let age = |birth: &str, day: &str| demographics::age_on(birth.parse().unwrap(), day.parse().unwrap());
    assert_eq!(age("2000-02-29", "2025-02-28"), 24);
    assert_eq!(age("2000-02-29", "2025-03-01"), 25);
    assert_eq!(age("2026-01-01", "2026-01-01"), 0);
    assert!(population(2_000).all(|patient| patient.age <= 95 && patient.birth_date <= AS_OF));
}

#[test]
fn populations_have_both_sexes_and_all_ages() {
    let count = |which: fn(&Patient) -> bool| population(5_000).filter(which).count();
    assert!((2_400..2_700).contains(&count(|patient| patient.sex == Sex::Female)));
    assert!((950..1_250).contains(&count(|patient| patient.age < 18)));
    assert!((720..980).contains(&count(|patient| patient.age >= 65)));
}

#[test]
fn bounds_say_what_they_are() {
    assert_eq!(
        BatchSize::try_from(0).unwrap_err().to_string(),
        "count must be from 1 to 100"
    );
    assert_eq!(BatchSize::try_from(-1), BatchSize::try_from(101));
    assert!(
        Seed::try_from(u64::MAX)
            .unwrap_err()
            .to_string()
            .starts_with("seed must be from 0 to 9007199254740991")
    );
    let last = index(Index::COUNT - 1);
    assert_eq!(
        last.following(BatchSize::try_from(1).unwrap()).unwrap().count(),
        1
    );
    assert!(last.following(BatchSize::try_from(2).unwrap()).is_err());
    assert!(Index::try_from(Index::COUNT).is_err());
}

#[test]
fn random_seeds_differ() {
    assert_ne!(Seed::random().unwrap(), Seed::random().unwrap());
}

fn json(seed: Seed, indices: impl Iterator<Item = Index>) -> String {
    indices
        .map(|index| serde_json::to_string(&generate(seed, index)).unwrap() + "\n")
        .collect()
}

proptest! {
    /// One by one, in one go, in two halves, backwards or on another thread: the same bytes.
    #[test]
    fn a_patient_depends_on_seed_and_index_alone(number in 0_u64..1 << 53, first in 0..Index::COUNT - 100, size in 2_i64..=100) {
        let (seed, first) = (seed(number), index(first));
        let batch = |start: Index, size: i64| start.following(BatchSize::try_from(size).unwrap()).unwrap();
        let whole = json(seed, batch(first, size));
        let half = size / 2;
        let middle = index(first.get() + half.unsigned_abs());
        prop_assert_eq!(&whole, &(json(seed, batch(first, half)) + &json(seed, batch(middle, size - half))));
        let backwards: Vec<Index> = batch(first, size).collect();
        let singles: Vec<String> = backwards.iter().rev().map(|index| json(seed, std::iter::once(*index))).collect();
        prop_assert_eq!(&whole, &singles.into_iter().rev().collect::<String>());
        let elsewhere = std::thread::spawn(move || json(seed, batch(first, size))).join().unwrap();
        prop_assert_eq!(&whole, &elsewhere);
    }

    #[test]
    fn nothing_can_be_real(number in 0_u64..1 << 53, which in 0..Index::COUNT) {
        let patient = generate(seed(number), index(which));
        prop_assert!(patient.synthetic);
        prop_assert!(is_unassignable(&patient.ssn), "{}", patient.ssn);
        prop_assert!(patient.mrn.starts_with("SYN") && patient.mrn.len() == 12);
        prop_assert!(patient.phone.contains("-555-01") && patient.phone.len() == 15, "{}", patient.phone);
        prop_assert!(patient.email.ends_with("@example.org"));
        prop_assert!(patient.address.postal_code.starts_with("000") && patient.address.postal_code.len() == 5);
        prop_assert!(patient.name.family.bytes().rev().take(3).all(|byte| byte.is_ascii_digit()));
    }

    #[test]
    fn other_seeds_and_indices_give_other_patients(number in 0_u64..(1 << 53) - 1, which in 0..Index::COUNT - 1) {
        let body = |seed: Seed, index: Index| {
            let Patient { name, birth_date, phone, address, .. } = generate(seed, index);
            format!("{name:?} {birth_date} {phone} {address:?}")
        };
        let one = body(seed(number), index(which));
        prop_assert_ne!(&one, &body(seed(number + 1), index(which)));
        prop_assert_ne!(&one, &body(seed(number), index(which + 1)));
    }
}
