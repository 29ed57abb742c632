use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::calendar::{self, Day};
use super::cohort::Place;
use super::draw::Draw;
use super::words::{AREA_CODES, FAMILY_NAMES, FEMALE_NAMES, MALE_NAMES, STATES, STREETS, TOWNS};
use super::{AS_OF, tables};

/// Administrative sex, as US systems record it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// Race, as the US census asks for it (OMB, 1997 standards).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Race {
    /// White.
    White,
    /// Black or African American.
    Black,
    /// American Indian or Alaska Native.
    AmericanIndian,
    /// Asian.
    Asian,
    /// Native Hawaiian or Other Pacific Islander.
    PacificIslander,
    /// Some other race.
    Other,
    /// Two or more races.
    Multiple,
}

/// Ethnicity, as the US census asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ethnicity {
    /// Hispanic or Latino.
    HispanicOrLatino,
    /// Not Hispanic or Latino.
    NotHispanicOrLatino,
}

/// A name nobody has: the family name ends in three digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Name {
    /// Given name.
    pub given: &'static str,
    /// Family name.
    pub family: String,
}

/// An address nobody lives at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
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

/// When a life began and how far it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    pub(super) birth: Date,
    pub(super) born: Day,
    /// The last day there can be a record of: that of the record, or the one before death.
    pub(super) end: Day,
    pub(super) death: Option<Day>,
}

/// Dates that make somebody of a place exactly as old.
pub(super) fn life(place: Place, draw: &mut Draw) -> Life {
    let age = i32::from(place.age);
    let within_year = draw.between(0, 364);
    let death = place
        .died
        .map(|ago| -1 - 365 * i32::from(ago) - draw.between(0, 364));
    let last_day = death.map_or(AS_OF, calendar::date);
    let birth = calendar::date(calendar::day(calendar::years_before(last_day, age)) - within_year);
    Life {
        birth,
        born: calendar::day(birth),
        end: death.map_or(0, |day| day - 1),
        death,
    }
}

/// Race and ethnicity.
pub(super) fn origin(draw: &mut Draw) -> (Race, Ethnicity) {
    let total = tables::ORIGINS.iter().map(|(_, _, people)| people).sum();
    let mut left = draw.below(total);
    let [first, ..] = tables::ORIGINS;
    let mut chosen = (first.0, first.1);
    for (race, ethnicity, people) in tables::ORIGINS {
        chosen = (race, ethnicity);
        if left < people {
            break;
        }
        left -= people;
    }
    chosen
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
