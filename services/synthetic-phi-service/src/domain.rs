//! Synthetic patients: pure functions, no clock, no I/O, no global state.
//!
//! [`generate`] is the whole of it. Its parts read from one stream of random numbers in a fixed order, so changing
//! that order changes every patient: snapshots in the tests tell.

use jiff::civil::Date;
use serde::Serialize;

mod catalogue;
mod clinical;
mod demographics;
mod draw;
mod identifiers;
mod range;

pub use clinical::{Condition, Laboratory, Medication, Vitals};
pub use demographics::{Address, Name, Sex};
pub use identifiers::is_unassignable;
pub use range::{BatchSize, Index, OutOfRange, Seed};

/// The day on which all patients are as described: ages must not depend on when one asks.
pub const AS_OF: Date = Date::constant(2026, 1, 1);

/// One synthetic patient.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Patient {
    /// `syn-<seed>-<index>`: enough to generate the patient again.
    pub patient_id: String,
    /// Always true; so that nobody mistakes a copied record.
    pub synthetic: bool,
    /// With `index`, what the patient was made from.
    pub seed: Seed,
    /// Which patient of the seed.
    pub index: Index,
    /// The day the record describes.
    pub as_of: Date,
    /// Medical record number, `SYN` and nine digits; unique within a seed.
    pub mrn: String,
    /// Social security number from an area that was never assigned; unique within a seed.
    pub ssn: String,
    /// Name; the family name ends in digits.
    pub name: Name,
    /// Administrative sex.
    pub sex: Sex,
    /// Date of birth.
    pub birth_date: Date,
    /// Completed years on [`AS_OF`].
    pub age: u8,
    /// A number from the block reserved for fiction.
    pub phone: String,
    /// At example.org (RFC 2606).
    pub email: String,
    /// With a postal code that does not exist.
    pub address: Address,
    /// Diagnoses, coded in ICD-10-CM.
    pub conditions: Vec<Condition>,
    /// What is taken for them, coded in RxNorm.
    pub medications: Vec<Medication>,
    /// Latest vital signs.
    pub vitals: Vitals,
    /// Latest laboratory values.
    pub laboratory: Laboratory,
}

/// Patient `index` of `seed`: the same for the same pair, always and everywhere.
pub fn generate(seed: Seed, index: Index) -> Patient {
    let mut draw = draw::Draw::for_patient(seed, index);
    let sex = demographics::sex(&mut draw);
    let birth_date = demographics::birth_date(&mut draw);
    let age = demographics::age_on(birth_date, AS_OF);
    let name = demographics::name(&mut draw, sex);
    let address = demographics::address(&mut draw);
    let phone = demographics::phone(&mut draw);
    let population = identifiers::Population::of(seed);
    let mrn = population.mrn(index);
    let clinical = clinical::clinical(&mut draw, sex, age, birth_date);
    Patient {
        patient_id: format!("syn-{seed}-{index}"),
        synthetic: true,
        seed,
        index,
        as_of: AS_OF,
        email: format!("{}@example.org", mrn.to_ascii_lowercase()),
        mrn,
        ssn: population.ssn(index),
        name,
        sex,
        birth_date,
        age,
        phone,
        address,
        conditions: clinical.conditions,
        medications: clinical.medications,
        vitals: clinical.vitals,
        laboratory: clinical.laboratory,
    }
}

#[cfg(test)]
mod tests;
