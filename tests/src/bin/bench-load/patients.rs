//! What synthetic-phi-service is asked.

use crate::case::Case;

pub(crate) fn cases() -> [Case; 5] {
    [
        Case::get("health", "/health"),
        Case::get("clinical patient", "/synthetic-patient?seed=1"),
        Case::get(
            "batch of 100 demographic",
            "/synthetic-patients?count=100&seed=1&depth=demographic",
        ),
        Case::get(
            "lifetime as FHIR",
            "/synthetic-patient?seed=1&depth=lifetime&format=fhir",
        ),
        Case {
            rate: Some(5_000),
            ..Case::get("clinical patient", "/synthetic-patient?seed=1")
        },
    ]
}
