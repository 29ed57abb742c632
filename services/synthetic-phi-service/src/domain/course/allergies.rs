//! What somebody does not tolerate.

use super::YEAR;
use crate::domain::calendar::Day;
use crate::domain::codes::{self, Concept};
use crate::domain::demographics::Life;
use crate::domain::draw::{Draws, Part};

/// What somebody may be allergic to.
#[derive(Clone, Copy, Debug)]
pub(in crate::domain) struct Sensitivity {
    pub(in crate::domain) allergy: Concept,
    pub(in crate::domain) reaction: Concept,
    pub(in crate::domain) category: &'static str,
    /// Of 100 people; orders of magnitude, not from a publication.
    percent: u32,
}

const SENSITIVITIES: [Sensitivity; 3] = [
    Sensitivity {
        allergy: codes::PENICILLIN_ALLERGY,
        reaction: codes::RASH,
        category: "medication",
        percent: 10,
    },
    Sensitivity {
        allergy: codes::PEANUT_ALLERGY,
        reaction: codes::URTICARIA,
        category: "food",
        percent: 2,
    },
    Sensitivity {
        allergy: codes::POLLEN_ALLERGY,
        reaction: codes::RHINITIS,
        category: "environment",
        percent: 15,
    },
];

pub(super) fn allergies(life: Life, draws: &Draws) -> Vec<(Sensitivity, Day)> {
    let mut draw = draws.part(Part::Allergy);
    let mut found = Vec::new();
    for sensitivity in SENSITIVITIES {
        let (has, day) = (
            draw.chance(sensitivity.percent),
            life.born + draw.between(180, 12 * YEAR),
        );
        if has && day < life.end {
            found.push((sensitivity, day));
        }
    }
    found
}
