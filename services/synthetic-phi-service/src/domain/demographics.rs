use jiff::civil::Date;
use jiff::{Span, Unit};
use serde::Serialize;

use super::AS_OF;
use super::catalogue::{AREA_CODES, FAMILY_NAMES, FEMALE_NAMES, MALE_NAMES, STATES, STREETS, TOWNS};
use super::draw::Draw;

/// Administrative sex, as US systems record it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// A name nobody has: the family name ends in three digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Name {
    /// Given name.
    pub given: &'static str,
    /// Family name.
    pub family: String,
}

/// An address nobody lives at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Address {
    /// Number and street.
    pub line: String,
    /// An invented town.
    pub city: &'static str,
    /// A US state, two letters, so that validating systems accept it.
    pub state: &'static str,
    /// Five digits beginning with 000: the US Postal Service assigns nothing below 005.
    pub postal_code: String,
}

/// Years of age, first and last, and how many of 100 people are of them (US Census 2020, rounded).
const AGE_BANDS: [(i32, i32, u32); 4] = [(0, 17, 22), (18, 44, 36), (45, 64, 25), (65, 94, 17)];

pub(super) fn sex(draw: &mut Draw) -> Sex {
    if draw.chance(51) { Sex::Female } else { Sex::Male }
}

pub(super) fn birth_date(draw: &mut Draw) -> Date {
    let mut share = draw.below(100);
    let (mut first, mut last) = (0, 0);
    for (low, high, percent) in AGE_BANDS {
        (first, last) = (low, high);
        if share < percent {
            break;
        }
        share -= percent;
    }
    let years = draw.between(first, last);
    let days = draw.between(0, 364);
    AS_OF.saturating_sub(Span::new().years(years).days(days))
}

/// Completed years.
pub(super) fn age_on(birth: Date, day: Date) -> u8 {
    let years = birth
        .until((Unit::Year, day))
        .map(|span| span.get_years())
        .unwrap_or_default();
    u8::try_from(years).unwrap_or_default()
}

pub(super) fn name(draw: &mut Draw, sex: Sex) -> Name {
    let given = draw.pick(match sex {
        Sex::Female => &FEMALE_NAMES,
        Sex::Male => &MALE_NAMES,
    });
    let family = draw.pick(&FAMILY_NAMES);
    Name {
        given,
        family: format!("{family}{:03}", draw.below(1000)),
    }
}

pub(super) fn address(draw: &mut Draw) -> Address {
    Address {
        line: format!("{} {}", draw.between(1, 9999), draw.pick(&STREETS)),
        city: draw.pick(&TOWNS),
        state: draw.pick(&STATES),
        postal_code: format!("{:05}", draw.below(100)),
    }
}

/// In any area, 555-0100 to 555-0199 are reserved for fiction (North American Numbering Plan, ATIS-0300115).
pub(super) fn phone(draw: &mut Draw) -> String {
    format!("+1-{}-555-01{:02}", draw.pick(&AREA_CODES), draw.below(100))
}
