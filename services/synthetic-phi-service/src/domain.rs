//! Synthetic patients: pure functions, no clock, no I/O, no global state.
//!
//! [`Generator`] is the whole of it. Each part of a patient reads from its own stretch of one stream of random numbers in
//! a fixed order, so changing that order changes patients: snapshots in the tests tell.

use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod body;
mod calendar;
mod catalogue;
mod chart;
mod clinical;
pub(crate) mod codes;
mod cohort;
mod course;
mod demographics;
mod draw;
mod identifiers;
mod implants;
mod range;
mod tables;
mod words;

pub use chart::{
    Allergy, Chart, Claim, Condition, Coverage, Device, Encounter, Immunization, Laboratory, Medication,
    Payer, Procedure, Setting, Vitals,
};
pub use codes::{Concept, System};
pub use cohort::{Cohort, NoSuchCohort, Selection};
pub use demographics::{Address, Ethnicity, Name, Race, Sex};
pub use identifiers::is_unassignable;
pub use range::{BatchSize, Index, OutOfRange, Seed, StreamSize};

use draw::Part;

/// The day on which all patients are as described: ages must not depend on when one asks.
pub const AS_OF: Date = Date::constant(2026, 1, 1);

/// How much a record tells. A deeper one says the same as a shallower one, and more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Depth {
    /// Who the patient is.
    Demographic,
    /// And how the patient is now: what lasts, what is taken for it, the latest visit.
    #[default]
    Clinical,
    /// And everything that happened since birth.
    Lifetime,
}

/// One synthetic patient.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Patient {
    /// `syn-<seed>-<index>`: with the cohort, if one was asked for, enough to generate the patient again.
    pub patient_id: String,
    /// Always true; so that nobody mistakes a copied record.
    pub synthetic: bool,
    /// With `index`, what the patient was made from.
    pub seed: Seed,
    /// Which patient of the seed.
    pub index: Index,
    /// The day the record describes.
    pub as_of: Date,
    /// How much the record tells.
    pub depth: Depth,
    /// Medical record number, `SYN` and nine digits; unique within a seed.
    pub mrn: String,
    /// Social security number from an area that was never assigned; unique within a seed.
    pub ssn: String,
    /// Name; the family name ends in digits.
    pub name: Name,
    /// Administrative sex.
    pub sex: Sex,
    /// Race.
    pub race: Race,
    /// Ethnicity.
    pub ethnicity: Ethnicity,
    /// Date of birth.
    pub birth_date: Date,
    /// Date of death, of those who died in the ten years before [`AS_OF`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub death_date: Option<Date>,
    /// Completed years on [`AS_OF`], or at death.
    pub age: u8,
    /// A number from the block reserved for fiction.
    pub phone: String,
    /// At example.org (RFC 2606).
    pub email: String,
    /// With a postal code that does not exist.
    pub address: Address,
    /// Health; not at depth demographic.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Chart)]
    pub chart: Option<Chart>,
}

impl Patient {
    /// How many diagnoses the record names.
    pub fn diagnosis_count(&self) -> usize {
        self.chart.as_ref().map_or(0, |chart| chart.conditions.len())
    }
}

/// Makes the patients of a seed, a cohort and a depth.
#[derive(Clone, Debug)]
pub struct Generator {
    seed: Seed,
    cohort: Arc<Cohort>,
    depth: Depth,
    source: draw::Source,
    identifiers: identifiers::Population,
}

impl Generator {
    /// A generator; to be kept for the patients of one request.
    pub fn new(seed: Seed, cohort: Arc<Cohort>, depth: Depth) -> Self {
        Self {
            seed,
            cohort,
            depth,
            source: draw::Source::of(seed),
            identifiers: identifiers::Population::of(seed),
        }
    }

    /// Patient `index`: the same for the same seed, cohort and depth, always and everywhere.
    pub fn patient(&self, index: Index) -> Patient {
        let draws = self.source.patient(index);
        let place = self.cohort.place(&draws);
        let mut draw = draws.part(Part::Person);
        let life = demographics::life(place, &mut draw);
        let (race, ethnicity) = demographics::origin(&mut draw);
        let name = demographics::name(&mut draw, place.sex);
        let address = demographics::address(&mut draw);
        let phone = demographics::phone(&mut draw);
        let mrn = self.identifiers.mrn(index);
        let subject = clinical::Subject {
            place,
            life,
            mrn: &mrn,
        };
        let chart = (self.depth > Depth::Demographic)
            .then(|| clinical::chart(&self.cohort, subject, self.depth, &draws));
        Patient {
            patient_id: format!("syn-{}-{index}", self.seed),
            synthetic: true,
            seed: self.seed,
            index,
            as_of: AS_OF,
            depth: self.depth,
            email: format!("{}@example.org", mrn.to_ascii_lowercase()),
            ssn: self.identifiers.ssn(index),
            mrn,
            name,
            sex: place.sex,
            race,
            ethnicity,
            birth_date: life.birth,
            death_date: life.death.map(calendar::date),
            age: place.age,
            phone,
            address,
            chart,
        }
    }
}

#[cfg(test)]
mod tests;
