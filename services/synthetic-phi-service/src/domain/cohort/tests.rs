#![expect(clippy::cast_precision_loss, reason = "counts of people are far below 2^53")]

use super::*;

fn selection(conditions: &str, age: &str, sex: Option<Sex>) -> Result<Selection, NoSuchCohort> {
    Selection::parse(Some(conditions), (!age.is_empty()).then_some(age), sex)
}

#[test]
fn selections_are_read() {
    let by_name = selection("hypertension, diabetes", "40-64", None).unwrap();
    let by_code = selection("E11.9,i10,diabetes", "40-64", None).unwrap();
    assert_eq!(by_name, by_code);
    assert_eq!(selection("", "", None).unwrap(), Selection::default());
    assert_eq!(selection("", "7", None).unwrap().ages, Some((7, 7)));
    for age in [
        "", "x", "-", "5-", "-5", "9-3", "0-101", "256", "+5", "4 0", "1-2-3",
    ] {
        let refused = Selection::parse(None, Some(age), None);
        assert_eq!(refused, Err(NoSuchCohort::Age), "{age}");
    }
    assert_eq!(selection("gout", "", None), Err(NoSuchCohort::Condition));
    let many: Vec<&str> = DIAGNOSES.iter().map(|diagnosis| diagnosis.key).take(7).collect();
    assert_eq!(selection(&many.join(","), "", None), Err(NoSuchCohort::TooMany));
}

#[test]
fn a_cohort_of_nobody_is_refused() {
    for (conditions, age, sex) in [
        ("prostatic-hyperplasia", "", Some(Sex::Female)),
        ("hypertension", "0-17", None),
        ("osteoporosis", "20-49", Some(Sex::Male)),
    ] {
        let refused = Cohort::new(selection(conditions, age, sex).unwrap());
        assert_eq!(refused.err(), Some(NoSuchCohort::Empty), "{conditions}");
    }
    assert!(
        NoSuchCohort::Condition
            .to_string()
            .contains("hypertension, diabetes")
    );
}

#[test]
fn everybody_is_as_many_as_the_census_counted_and_the_dead() {
    let everybody = Cohort::everybody();
    let living: f64 = [Sex::Male, Sex::Female]
        .iter()
        .flat_map(|sex| (0..=OLDEST).map(|age| people(*sex, age)))
        .sum();
    assert!((living - 331_449_281.0).abs() < 1.0, "{living}");
    let dead = everybody.total as f64 / 1000.0 - living;
    // Three million a year, for ten years.
    assert!((24e6..36e6).contains(&dead), "{dead}");
}

#[test]
fn ages_and_sexes_are_as_asked() {
    let cohort = Cohort::new(selection("", "30-31", Some(Sex::Female)).unwrap()).unwrap();
    let source = crate::domain::draw::Source::of(crate::domain::Seed::SAMPLE);
    for index in crate::domain::Index::FIRST.up_to(2_000) {
        let place = cohort.place(&source.patient(index));
        assert!((30..=31).contains(&place.age) && place.sex == Sex::Female);
    }
}
