//! What patients can have.

use super::Sex;
use super::codes::{self, Concept};
use super::tables::{self, Band};

/// A medication and how it is taken.
#[derive(Debug)]
pub(super) struct Drug {
    pub(super) concept: Concept,
    pub(super) dose: &'static str,
}

const fn drug(concept: Concept, dose: &'static str) -> Drug {
    Drug { concept, dose }
}

/// A lasting diagnosis: who has it, and what is given for it.
#[derive(Debug)]
pub(super) struct Diagnosis {
    /// What it is called in `conditions=`.
    pub(super) key: &'static str,
    pub(super) icd10: Concept,
    pub(super) snomed: Concept,
    /// How many have it, by age and sex.
    pub(super) bands: &'static [Band],
    /// One of those that occur together because of how people live.
    pub(super) metabolic: bool,
    /// What is given first, and what is added later for some.
    pub(super) drugs: &'static [Drug],
}

impl Diagnosis {
    /// Of 10,000 people of this age and sex.
    pub(super) fn prevalence(&self, sex: Sex, age: u8) -> u32 {
        let reached = self.bands.iter().take_while(|band| band.from <= age).last();
        reached.map_or(0, |band| of(band, sex))
    }
}

pub(super) const fn of(band: &Band, sex: Sex) -> u32 {
    match sex {
        Sex::Female => band.women,
        Sex::Male => band.men,
    }
}

/// Places in [`DIAGNOSES`] of those that measurements depend on.
pub(super) mod at {
    pub(in super::super) const HYPERTENSION: usize = 0;
    pub(in super::super) const DIABETES: usize = 1;
    pub(in super::super) const CHOLESTEROL: usize = 2;
    pub(in super::super) const OBESITY: usize = 3;
    pub(in super::super) const KIDNEY: usize = 4;
    pub(in super::super) const CORONARY: usize = 5;
    pub(in super::super) const COPD: usize = 7;
    pub(in super::super) const FIBRILLATION: usize = 8;
    pub(in super::super) const ARTHRITIS: usize = 9;
}

/// How many diagnoses there are.
pub(super) const COUNT: usize = 15;

pub(super) const DIAGNOSES: [Diagnosis; COUNT] = [
    Diagnosis {
        key: "hypertension",
        icd10: codes::ICD_HYPERTENSION,
        snomed: codes::SCT_HYPERTENSION,
        bands: &tables::HYPERTENSION,
        metabolic: true,
        drugs: &[
            drug(codes::LISINOPRIL, "10 mg once daily"),
            drug(codes::AMLODIPINE, "5 mg once daily"),
        ],
    },
    Diagnosis {
        key: "diabetes",
        icd10: codes::ICD_DIABETES,
        snomed: codes::SCT_DIABETES,
        bands: &tables::DIABETES,
        metabolic: true,
        drugs: &[
            drug(codes::METFORMIN, "500 mg twice daily"),
            drug(codes::INSULIN, "10 units once daily at bedtime"),
        ],
    },
    Diagnosis {
        key: "hypercholesterolemia",
        icd10: codes::ICD_CHOLESTEROL,
        snomed: codes::SCT_CHOLESTEROL,
        bands: &tables::HIGH_CHOLESTEROL,
        metabolic: true,
        drugs: &[drug(codes::ATORVASTATIN, "20 mg once daily")],
    },
    Diagnosis {
        key: "obesity",
        icd10: codes::ICD_OBESITY,
        snomed: codes::SCT_OBESITY,
        bands: &tables::OBESITY,
        metabolic: true,
        drugs: &[],
    },
    Diagnosis {
        key: "kidney-disease",
        icd10: codes::ICD_KIDNEY,
        snomed: codes::SCT_KIDNEY,
        bands: &tables::KIDNEY_DISEASE,
        metabolic: true,
        drugs: &[drug(codes::EMPAGLIFLOZIN, "10 mg once daily")],
    },
    Diagnosis {
        key: "coronary-disease",
        icd10: codes::ICD_CORONARY,
        snomed: codes::SCT_CORONARY,
        bands: &tables::CORONARY_DISEASE,
        metabolic: true,
        drugs: &[
            drug(codes::ASPIRIN, "81 mg once daily"),
            drug(codes::METOPROLOL, "25 mg twice daily"),
        ],
    },
    Diagnosis {
        key: "asthma",
        icd10: codes::ICD_ASTHMA,
        snomed: codes::SCT_ASTHMA,
        bands: &tables::ASTHMA,
        metabolic: false,
        drugs: &[drug(codes::ALBUTEROL, "2 puffs every 4 to 6 hours as needed")],
    },
    Diagnosis {
        key: "copd",
        icd10: codes::ICD_COPD,
        snomed: codes::SCT_COPD,
        bands: &tables::COPD,
        metabolic: false,
        drugs: &[drug(codes::TIOTROPIUM, "18 mcg inhaled once daily")],
    },
    Diagnosis {
        key: "atrial-fibrillation",
        icd10: codes::ICD_FIBRILLATION,
        snomed: codes::SCT_FIBRILLATION,
        bands: &tables::ATRIAL_FIBRILLATION,
        metabolic: false,
        drugs: &[drug(codes::APIXABAN, "5 mg twice daily")],
    },
    Diagnosis {
        key: "osteoarthritis",
        icd10: codes::ICD_ARTHRITIS,
        snomed: codes::SCT_ARTHRITIS,
        bands: &tables::OSTEOARTHRITIS,
        metabolic: false,
        drugs: &[drug(
            codes::ACETAMINOPHEN,
            "500 mg up to four times daily as needed",
        )],
    },
    Diagnosis {
        key: "osteoporosis",
        icd10: codes::ICD_OSTEOPOROSIS,
        snomed: codes::SCT_OSTEOPOROSIS,
        bands: &tables::OSTEOPOROSIS,
        metabolic: false,
        drugs: &[drug(codes::ALENDRONATE, "70 mg once weekly")],
    },
    Diagnosis {
        key: "depression",
        icd10: codes::ICD_DEPRESSION,
        snomed: codes::SCT_DEPRESSION,
        bands: &tables::DEPRESSION,
        metabolic: false,
        drugs: &[drug(codes::SERTRALINE, "50 mg once daily")],
    },
    Diagnosis {
        key: "hypothyroidism",
        icd10: codes::ICD_HYPOTHYROIDISM,
        snomed: codes::SCT_HYPOTHYROIDISM,
        bands: &tables::HYPOTHYROIDISM,
        metabolic: false,
        drugs: &[drug(codes::LEVOTHYROXINE, "50 mcg once daily")],
    },
    Diagnosis {
        key: "reflux",
        icd10: codes::ICD_REFLUX,
        snomed: codes::SCT_REFLUX,
        bands: &tables::REFLUX,
        metabolic: false,
        drugs: &[drug(codes::OMEPRAZOLE, "20 mg once daily")],
    },
    Diagnosis {
        key: "prostatic-hyperplasia",
        icd10: codes::ICD_PROSTATE,
        snomed: codes::SCT_PROSTATE,
        bands: &tables::PROSTATE,
        metabolic: false,
        drugs: &[drug(codes::TAMSULOSIN, "0.4 mg once daily")],
    },
];

/// Something that passes: who gets it, how often, what is given for a week.
#[derive(Debug)]
pub(super) struct Episode {
    pub(super) icd10: Concept,
    pub(super) snomed: Concept,
    pub(super) first_age: u8,
    pub(super) last_age: u8,
    /// Cases of 10,000 men and women a year; orders of magnitude, not from a publication.
    pub(super) men: u32,
    pub(super) women: u32,
    pub(super) fever: bool,
    pub(super) drug: Option<&'static Drug>,
    /// What those get instead who must not have the first.
    pub(super) instead: Option<&'static Drug>,
}

const AMOXICILLIN: Drug = drug(codes::AMOXICILLIN, "500 mg three times daily for 7 days");
const AZITHROMYCIN: Drug = drug(codes::AZITHROMYCIN, "250 mg once daily for 5 days");
const NITROFURANTOIN: Drug = drug(codes::NITROFURANTOIN, "100 mg twice daily for 5 days");

pub(super) const EPISODES: [Episode; 6] = [
    Episode {
        icd10: codes::ICD_RESPIRATORY,
        snomed: codes::SCT_RESPIRATORY,
        first_age: 1,
        last_age: 100,
        men: 1_000,
        women: 1_200,
        fever: true,
        drug: None,
        instead: None,
    },
    Episode {
        icd10: codes::ICD_OTITIS,
        snomed: codes::SCT_OTITIS,
        first_age: 1,
        last_age: 7,
        men: 2_500,
        women: 2_300,
        fever: true,
        drug: Some(&AMOXICILLIN),
        instead: Some(&AZITHROMYCIN),
    },
    Episode {
        icd10: codes::ICD_BRONCHITIS,
        snomed: codes::SCT_BRONCHITIS,
        first_age: 5,
        last_age: 100,
        men: 300,
        women: 350,
        fever: false,
        drug: None,
        instead: None,
    },
    Episode {
        icd10: codes::ICD_URINARY,
        snomed: codes::SCT_URINARY,
        first_age: 16,
        last_age: 100,
        men: 60,
        women: 900,
        fever: false,
        drug: Some(&NITROFURANTOIN),
        instead: None,
    },
    Episode {
        icd10: codes::ICD_SPRAIN,
        snomed: codes::SCT_SPRAIN,
        first_age: 8,
        last_age: 60,
        men: 300,
        women: 280,
        fever: false,
        drug: None,
        instead: None,
    },
    Episode {
        icd10: codes::ICD_PNEUMONIA,
        snomed: codes::SCT_PNEUMONIA,
        first_age: 1,
        last_age: 100,
        men: 110,
        women: 100,
        fever: true,
        drug: Some(&AMOXICILLIN),
        instead: Some(&AZITHROMYCIN),
    },
];

/// A dose of a vaccine: when in life it is due, and since when it could be had.
#[derive(Debug)]
pub(super) struct Dose {
    pub(super) vaccine: Concept,
    /// Days of age.
    pub(super) due: i32,
    /// Year of the first US licence or recommendation.
    pub(super) since: i16,
}

const fn dose(vaccine: Concept, months: i32, since: i16) -> Dose {
    Dose {
        vaccine,
        due: months * 61 / 2 + 1,
        since,
    }
}

/// After CDC's immunization schedules, simplified to one product a disease.
pub(super) const DOSES: [Dose; 34] = [
    dose(codes::HEPATITIS_B, 0, 1992),
    dose(codes::HEPATITIS_B, 2, 1992),
    dose(codes::HEPATITIS_B, 6, 1992),
    dose(codes::ROTAVIRUS, 2, 2008),
    dose(codes::ROTAVIRUS, 4, 2008),
    dose(codes::DTAP, 2, 1997),
    dose(codes::DTAP, 4, 1997),
    dose(codes::DTAP, 6, 1997),
    dose(codes::DTAP, 15, 1997),
    dose(codes::DTAP, 48, 1997),
    dose(codes::HIB, 2, 1991),
    dose(codes::HIB, 4, 1991),
    dose(codes::HIB, 12, 1991),
    dose(codes::PCV13, 2, 2010),
    dose(codes::PCV13, 4, 2010),
    dose(codes::PCV13, 6, 2010),
    dose(codes::PCV13, 12, 2010),
    dose(codes::IPV, 2, 2000),
    dose(codes::IPV, 4, 2000),
    dose(codes::IPV, 6, 2000),
    dose(codes::IPV, 48, 2000),
    dose(codes::MMR, 12, 1972),
    dose(codes::MMR, 48, 1990),
    dose(codes::VARICELLA, 12, 1996),
    dose(codes::VARICELLA, 48, 2007),
    dose(codes::HEPATITIS_A, 12, 2006),
    dose(codes::HEPATITIS_A, 18, 2006),
    dose(codes::TDAP, 132, 2006),
    dose(codes::HPV9, 132, 2015),
    dose(codes::HPV9, 138, 2015),
    dose(codes::MENINGOCOCCAL, 132, 2005),
    dose(codes::ZOSTER, 600, 2018),
    dose(codes::ZOSTER, 604, 2018),
    dose(codes::PPSV23, 780, 1984),
];
