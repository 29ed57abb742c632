//! Populations against the publications in `tables`, by Pearson's chi-square test. Seeds are fixed, so that a test that
//! passes does not fail by chance another day; with some twenty comparisons at 0.001, one seed in fifty
//! would have to be passed over.

#![expect(clippy::cast_precision_loss, reason = "counts of people are far below 2^53")]

use super::*;
use crate::domain::cohort::OLDEST;
use crate::domain::tables;

/// A test passes unless what was seen is rarer than this.
const SIGNIFICANCE: f64 = 0.001;

const PEOPLE: u64 = 40_000;

/// The probability of a chi-square value as large as this: one less the regularised lower incomplete gamma function, by
/// its power series (NIST DLMF 8.7.1).
fn p_value(chi_square: f64, degrees: f64) -> f64 {
    let (a, x) = (degrees / 2.0, chi_square / 2.0);
    let mut term = 1.0 / a;
    let mut sum = term;
    for n in 1..2_000 {
        term *= x / (a + f64::from(n));
        sum += term;
    }
    1.0 - (a * x.ln() - x - libm::lgamma(a)).exp() * sum
}

/// Pearson's test of counts against weights of any scale.
fn fits(what: &str, observed: &[f64], weights: &[f64]) {
    let (people, total): (f64, f64) = (observed.iter().sum(), weights.iter().sum());
    let expected: Vec<f64> = weights.iter().map(|weight| weight * people / total).collect();
    assert!(
        expected.iter().all(|count| *count >= 5.0),
        "{what}: a cell is too small for the test: {expected:?}"
    );
    let chi_square: f64 = observed
        .iter()
        .zip(&expected)
        .map(|(seen, due)| (seen - due).powi(2) / due)
        .sum();
    let p = p_value(chi_square, observed.len() as f64 - 1.0);
    assert!(
        p > SIGNIFICANCE,
        "{what}: chi-square {chi_square:.1}, p {p:.5}\n{observed:?}\n{expected:?}"
    );
}

fn people(seed: u64) -> Vec<Patient> {
    let generator = generator(seed, Depth::Clinical);
    Index::FIRST
        .up_to(PEOPLE)
        .map(|index| generator.patient(index))
        .collect()
}

fn has(patient: &Patient, code: &str) -> bool {
    patient
        .chart
        .as_ref()
        .is_some_and(|chart| chart.conditions.iter().any(|condition| condition.code == code))
}

fn count(patients: &[Patient], which: impl Fn(&Patient) -> bool) -> f64 {
    patients.iter().filter(|patient| which(patient)).count() as f64
}

#[test]
fn p_values_are_those_of_the_tables() {
    // Critical values of any table of the distribution.
    for (chi_square, degrees, p) in [
        (3.841, 1.0, 0.05),
        (18.307, 10.0, 0.05),
        (59.703, 30.0, 0.001),
        (13.816, 2.0, 0.001),
    ] {
        assert!(
            (p_value(chi_square, degrees) - p).abs() < 0.000_05,
            "{chi_square} {degrees}: {}",
            p_value(chi_square, degrees)
        );
    }
}

#[test]
fn ages_sexes_and_origins_are_those_of_the_census() {
    let living: Vec<Patient> = people(2)
        .into_iter()
        .filter(|patient| patient.death_date.is_none())
        .collect();
    let groups = tables::PEOPLE.iter().zip(0_u8..);
    let (mut observed, mut weights) = (Vec::new(), Vec::new());
    for ((men, all), group) in groups {
        let of_age = |patient: &Patient| (patient.age / 5).min(17) == group;
        observed.push(count(&living, |patient| {
            of_age(patient) && patient.sex == Sex::Male
        }));
        observed.push(count(&living, |patient| {
            of_age(patient) && patient.sex == Sex::Female
        }));
        weights.extend([f64::from(*men), f64::from(all - men)]);
    }
    fits("age and sex", &observed, &weights);
    let observed: Vec<f64> = tables::ORIGINS
        .iter()
        .map(|(race, ethnicity, _)| {
            count(&living, |patient| {
                patient.race == *race && patient.ethnicity == *ethnicity
            })
        })
        .collect();
    let weights: Vec<f64> = tables::ORIGINS
        .iter()
        .map(|(_, _, people)| f64::from(*people))
        .collect();
    fits("race and ethnicity", &observed, &weights);
}

/// Of those of an age who lived a year ago, as many have died since as published, from 35 on (before, too few do).
#[test]
fn the_dead_died_at_the_published_rates() {
    let everybody = people(3);
    let year_before = AS_OF.saturating_sub(jiff::Span::new().years(1));
    let (mut chi_square, mut cells) = (0.0, 0.0);
    for (at, (from, rate)) in tables::DEATHS.iter().enumerate().skip(5) {
        let end = tables::DEATHS.get(at + 1).map_or(OLDEST, |(next, _)| next - 1);
        let of_age = |patient: &Patient| (*from..=end).contains(&patient.age);
        let died = count(&everybody, |patient| {
            of_age(patient) && patient.death_date.is_some_and(|date| date >= year_before)
        });
        let alive = count(&everybody, |patient| {
            of_age(patient) && patient.death_date.is_none()
        });
        let share = f64::from(*rate) / 10_000_000.0;
        let due = (died + alive) * share;
        chi_square += (died - due).powi(2) / (due * (1.0 - share));
        cells += 1.0;
    }
    let p = p_value(chi_square, cells);
    assert!(
        p > SIGNIFICANCE,
        "chi-square {chi_square:.1} of {cells} cells, p {p:.5}"
    );
}

/// Every diagnosis in every band of age, men and women apart.
#[test]
fn prevalences_are_those_published() {
    let everybody = people(4);
    for diagnosis in &DIAGNOSES {
        let (mut chi_square, mut cells) = (0.0, 0.0);
        for (at, band) in diagnosis.bands.iter().enumerate() {
            let end = diagnosis.bands.get(at + 1).map_or(OLDEST, |next| next.from - 1);
            for (sex, per_ten_thousand) in [(Sex::Male, band.men), (Sex::Female, band.women)] {
                let within =
                    |patient: &Patient| patient.sex == sex && (band.from..=end).contains(&patient.age);
                let share = f64::from(per_ten_thousand) / 10_000.0;
                let all = count(&everybody, within);
                let ill = count(&everybody, |patient| {
                    within(patient) && has(patient, diagnosis.icd10.code)
                });
                if per_ten_thousand == 0 {
                    assert!(ill == 0.0, "{} {sex:?} from {}", diagnosis.key, band.from);
                } else if all * share >= 5.0 {
                    chi_square += (ill - all * share).powi(2) / (all * share * (1.0 - share));
                    cells += 1.0;
                }
            }
        }
        let p = p_value(chi_square, cells);
        assert!(
            p > SIGNIFICANCE,
            "{}: chi-square {chi_square:.1} of {cells} cells, p {p:.5}",
            diagnosis.key
        );
    }
}

/// What comes of the same habits comes together, more often than by chance.
#[test]
fn metabolic_conditions_come_together() {
    let adults: Vec<Patient> = people(5)
        .into_iter()
        .filter(|patient| patient.age >= 60)
        .collect();
    let of = |which: &dyn Fn(&Patient) -> bool| count(&adults, which) / adults.len() as f64;
    let both = of(&|patient| has(patient, "E11.9") && has(patient, "I10"));
    let apart = of(&|patient| has(patient, "E11.9")) * of(&|patient| has(patient, "I10"));
    assert!(both > apart * 1.05, "{both} {apart}");
    let unrelated = of(&|patient| has(patient, "F32.A") && has(patient, "I10"));
    let expected = of(&|patient| has(patient, "F32.A")) * of(&|patient| has(patient, "I10"));
    assert!((unrelated / expected - 1.0).abs() < 0.1, "{unrelated} {expected}");
}

/// A cohort made by construction is distributed as the same people within everybody.
#[test]
fn a_cohort_is_like_those_of_the_population_it_names() {
    for (conditions, codes, seed) in [
        ("diabetes", &["E11.9"][..], 6),
        ("diabetes,hypertension,copd", &["E11.9", "I10", "J44.9"][..], 7),
    ] {
        let wanted = |patient: &Patient| codes.iter().all(|code| has(patient, code));
        let sieved: Vec<Patient> = (0..6)
            .flat_map(|part| people(100 + part))
            .filter(wanted)
            .collect();
        let generator = Generator::new(
            super::seed(seed),
            Arc::new(cohort(conditions, "", None).unwrap()),
            Depth::Clinical,
        );
        let made: Vec<Patient> = Index::FIRST
            .up_to(10_000)
            .map(|index| generator.patient(index))
            .collect();
        assert!(made.iter().all(wanted));
        let traits = |patient: &Patient| {
            let age = usize::from((patient.age.max(30) - 30) / 15).min(4);
            let obese = usize::from(has(patient, "E66.9"));
            let kidney = usize::from(has(patient, "N18.9"));
            (age * 2 + usize::from(patient.sex == Sex::Male)) * 4 + obese * 2 + kidney
        };
        two_samples(conditions, &sieved, &made, traits, 40);
    }
}

/// The chi-square test of two samples being of one distribution; cells that are nearly empty count together.
fn two_samples(
    what: &str,
    one: &[Patient],
    other: &[Patient],
    cell: impl Fn(&Patient) -> usize,
    cells: usize,
) {
    let mut counts = vec![[0.0_f64; 2]; cells];
    for patient in one {
        counts[cell(patient)][0] += 1.0;
    }
    for patient in other {
        counts[cell(patient)][1] += 1.0;
    }
    let (large, small): (Vec<[f64; 2]>, Vec<[f64; 2]>) =
        counts.into_iter().partition(|[a, b]| a.min(*b) >= 8.0);
    let rest = small.iter().fold([0.0, 0.0], |[a, b], [c, d]| [a + c, b + d]);
    let (n, m) = (one.len() as f64, other.len() as f64);
    let term = |[a, b]: &[f64; 2]| {
        if a + b == 0.0 {
            0.0
        } else {
            (a * (m / n).sqrt() - b * (n / m).sqrt()).powi(2) / (a + b)
        }
    };
    let chi_square: f64 = large.iter().chain([&rest]).map(term).sum();
    let p = p_value(chi_square, large.len() as f64);
    assert!(
        large.len() >= 4 && p > SIGNIFICANCE,
        "{what}: chi-square {chi_square:.1} of {} cells, p {p:.5}",
        large.len() + 1
    );
}
