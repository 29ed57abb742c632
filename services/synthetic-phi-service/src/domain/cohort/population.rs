//! How many people there are and were, by sex and age.

use super::OLDEST;
use crate::domain::{Sex, tables};

/// How many people of an age are alive. Within a five-year group each year has as many; those of 85 and over become
/// fewer as they die.
pub(super) fn people(sex: Sex, age: u8) -> f64 {
    if age < 85 {
        return group(sex, usize::from(age / 5)) / 5.0;
    }
    let survival = 1.0 - death_rate(sex, 85);
    let last = (0..OLDEST - 84).fold(1.0, |rest, _| rest * survival);
    let first = group(sex, 17) * (1.0 - survival) / (1.0 - last);
    (85..age).fold(first, |rest, _| rest * survival)
}

fn group(sex: Sex, at: usize) -> f64 {
    let (men, all) = tables::PEOPLE.get(at).copied().unwrap_or_default();
    f64::from(match sex {
        Sex::Male => men,
        Sex::Female => all - men,
    })
}

/// A year's deaths per person.
fn death_rate(sex: Sex, age: u8) -> f64 {
    let reached = tables::DEATHS.iter().take_while(|(from, _)| *from <= age).last();
    let both = reached.map_or(0.0, |(_, rate)| f64::from(*rate)) / 10_000_000.0;
    let (men, women, all) = tables::DEATHS_BY_SEX;
    let own = match sex {
        Sex::Male => men,
        Sex::Female => women,
    };
    both * f64::from(own) / f64::from(all)
}

/// How many died at this age so many full years ago: those alive now are what was left of those alive then.
pub(super) fn deaths(sex: Sex, age: u8, ago: u8) -> f64 {
    let now = age.saturating_add(ago).saturating_add(1);
    if now > OLDEST {
        return 0.0;
    }
    let alive_then = (age..now).fold(people(sex, now), |alive, age| {
        alive / (1.0 - death_rate(sex, age))
    });
    alive_then * death_rate(sex, age)
}
