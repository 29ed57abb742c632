use proptest::prelude::*;

use super::catalogue::DIAGNOSES;
use super::*;

mod plausibility;
mod statistics;

fn seed(number: u64) -> Seed {
    Seed::try_from(number).unwrap()
}

fn index(number: u64) -> Index {
    Index::try_from(number).unwrap()
}

fn generator(number: u64, depth: Depth) -> Generator {
    Generator::new(seed(number), Arc::new(Cohort::everybody()), depth)
}

fn cohort(conditions: &str, age: &str, sex: Option<Sex>) -> Result<Cohort, NoSuchCohort> {
    let age = (!age.is_empty()).then_some(age);
    Cohort::new(Selection::parse(Some(conditions), age, sex)?)
}

fn population(count: u64, depth: Depth) -> impl Iterator<Item = Patient> {
    let generator = generator(42, depth);
    Index::FIRST
        .up_to(count)
        .map(move |index| generator.patient(index))
}

/// Says so when the same seed and index no longer give the same patient: then raise the version in `draw`.
#[test]
fn patients_do_not_change() {
    let patient = |depth, number| generator(42, depth).patient(index(number));
    insta::assert_json_snapshot!([patient(Depth::Clinical, 0), patient(Depth::Clinical, 3)]);
    let lifetimes: Vec<String> = (0..50)
        .map(|number| serde_json::to_string(&patient(Depth::Lifetime, number)).unwrap())
        .collect();
    let digest = <sha2::Sha256 as sha2::Digest>::digest(lifetimes.concat());
    insta::assert_debug_snapshot!("lifetimes", digest.to_vec());
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
fn a_deeper_record_says_the_same_and_more() {
    for number in 0..300 {
        let [demographic, clinical, lifetime] = [Depth::Demographic, Depth::Clinical, Depth::Lifetime]
            .map(|depth| generator(9, depth).patient(index(number)));
        assert_eq!(demographic.chart, None);
        let same = Patient {
            depth: Depth::Demographic,
            chart: None,
            ..clinical.clone()
        };
        assert_eq!(demographic, same);
        let (now, life) = (clinical.chart.unwrap(), lifetime.chart.unwrap());
        assert_eq!((now.vitals, now.laboratory), (life.vitals, life.laboratory));
        assert_eq!(now.encounters.last(), life.encounters.last());
        assert_eq!(
            (&now.devices, &now.allergies, &now.coverage),
            (&life.devices, &life.allergies, &life.coverage)
        );
        assert!(now.conditions.iter().all(|item| life.conditions.contains(item)));
        assert!(now.medications.iter().all(|item| life.medications.contains(item)));
        assert!(
            now.immunizations
                .iter()
                .all(|item| life.immunizations.contains(item))
        );
        assert!(now.procedures.iter().all(|item| life.procedures.contains(item)));
    }
}

#[test]
fn bounds_say_what_they_are() {
    assert_eq!(
        BatchSize::try_from(0).unwrap_err().to_string(),
        "count must be from 1 to 100"
    );
    assert_eq!(BatchSize::try_from(-1), BatchSize::try_from(101));
    assert_eq!(
        StreamSize::try_from(2_000_001).unwrap_err().to_string(),
        "count must be from 1 to 2000000"
    );
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
    assert!(last.streamed(StreamSize::try_from(2).unwrap()).is_err());
    assert!(Index::try_from(Index::COUNT).is_err());
}

#[test]
fn random_seeds_differ() {
    assert_ne!(Seed::random().unwrap(), Seed::random().unwrap());
}

fn json(generator: &Generator, indices: impl Iterator<Item = Index>) -> String {
    indices
        .map(|index| serde_json::to_string(&generator.patient(index)).unwrap() + "\n")
        .collect()
}

fn depths() -> impl Strategy<Value = Depth> {
    prop_oneof![
        Just(Depth::Demographic),
        Just(Depth::Clinical),
        Just(Depth::Lifetime)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// One by one, in one go, in two halves, backwards or on another thread, from another generator: the same bytes.
    #[test]
    fn a_patient_depends_on_seed_and_index_alone(number in 0_u64..1 << 53, first in 0..Index::COUNT - 20, size in 2_i64..=20, depth in depths()) {
        let (first, generator) = (index(first), generator(number, depth));
        let batch = |start: Index, size: i64| start.following(BatchSize::try_from(size).unwrap()).unwrap();
        let whole = json(&generator, batch(first, size));
        let half = size / 2;
        let middle = index(first.number() + half.unsigned_abs());
        prop_assert_eq!(&whole, &(json(&generator, batch(first, half)) + &json(&generator, batch(middle, size - half))));
        let backwards: Vec<Index> = batch(first, size).collect();
        let singles: Vec<String> = backwards.iter().rev().map(|index| json(&generator, std::iter::once(*index))).collect();
        prop_assert_eq!(&whole, &singles.into_iter().rev().collect::<String>());
        let elsewhere = std::thread::spawn(move || {
            let other = Generator::new(seed(number), Arc::new(Cohort::everybody()), depth);
            json(&other, batch(first, size))
        });
        prop_assert_eq!(&whole, &elsewhere.join().unwrap());
    }

    #[test]
    fn nothing_can_be_real(number in 0_u64..1 << 53, which in 0..Index::COUNT) {
        let patient = generator(number, Depth::Clinical).patient(index(which));
        prop_assert!(patient.synthetic);
        prop_assert!(is_unassignable(&patient.ssn), "{}", patient.ssn);
        prop_assert!(patient.mrn.starts_with("SYN") && patient.mrn.len() == 12);
        prop_assert!(patient.phone.contains("-555-01") && patient.phone.len() == 15, "{}", patient.phone);
        prop_assert!(patient.email.ends_with("@example.org"));
        prop_assert!(patient.address.postal_code.starts_with("000") && patient.address.postal_code.len() == 5);
        prop_assert!(patient.name.family.bytes().rev().take(3).all(|byte| byte.is_ascii_digit()));
        let chart = patient.chart.unwrap();
        prop_assert!(chart.coverage.subscriber_id.starts_with("SYN-"));
        prop_assert!(chart.devices.iter().all(|device| device.udi_di.starts_with("0952")));
    }

    #[test]
    fn other_seeds_and_indices_give_other_patients(number in 0_u64..(1 << 53) - 1, which in 0..Index::COUNT - 1) {
        let body = |number: u64, index: Index| {
            let Patient { name, birth_date, phone, address, .. } = generator(number, Depth::Demographic).patient(index);
            format!("{name:?} {birth_date} {phone} {address:?}")
        };
        let one = body(number, index(which));
        prop_assert_ne!(&one, &body(number + 1, index(which)));
        prop_assert_ne!(&one, &body(number, index(which + 1)));
    }
}
