//! The promises this service verifies about itself, on a sample of what it generates.
//!
//! The safe harbour of the HIPAA Privacy Rule, 45 CFR 164.514(b)(2)(i), lists the identifiers that make data
//! "protected". Ours must not be able to identify anybody.

use std::sync::Arc;

use service_kit::compliance::ComplianceCheck;

use crate::domain::{Cohort, Depth, Generator, Index, Patient, Seed, is_unassignable};

/// How many patients a check looks at.
const SAMPLE: u64 = 50;

pub(crate) fn checks() -> Vec<ComplianceCheck> {
    vec![
        ComplianceCheck {
            name: "identifiers_not_assignable",
            control: "45 CFR 164.514(b)(2)(i)(G), (H): social security and medical record numbers",
            verify: Box::new(|| each(identifiers_not_assignable)),
        },
        ComplianceCheck {
            name: "contacts_reserved",
            control: "45 CFR 164.514(b)(2)(i)(B), (D), (F): addresses, telephone numbers, mail addresses",
            verify: Box::new(|| each(contacts_reserved)),
        },
        ComplianceCheck {
            name: "reproducible",
            control: "45 CFR 164.514(a): derived from a number, not from a person",
            verify: Box::new(|| each(reproducible)),
        },
    ]
}

fn each(promise: fn(&Patient) -> bool) -> Result<(), String> {
    let kept = |patient: &Patient| {
        promise(patient)
            .then_some(())
            .ok_or_else(|| patient.patient_id.clone())
    };
    let generator = sample();
    Index::FIRST
        .up_to(SAMPLE)
        .try_for_each(|index| kept(&generator.patient(index)))
}

fn sample() -> Generator {
    Generator::new(Seed::SAMPLE, Arc::new(Cohort::everybody()), Depth::Clinical)
}

fn identifiers_not_assignable(patient: &Patient) -> bool {
    is_unassignable(&patient.ssn) && patient.mrn.starts_with("SYN")
}

fn contacts_reserved(patient: &Patient) -> bool {
    patient.phone.contains("-555-01")
        && patient.email.ends_with("@example.org")
        && patient.address.postal_code.starts_with("000")
}

fn reproducible(patient: &Patient) -> bool {
    sample().patient(patient.index) == *patient
}

#[cfg(test)]
mod tests;
