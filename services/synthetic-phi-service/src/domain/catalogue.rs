//! The words and codes patients are made of.

use super::Sex;

pub(super) const FEMALE_NAMES: [&str; 16] = [
    "Ada", "Bea", "Clara", "Dina", "Elena", "Freya", "Grace", "Hana", "Iris", "June", "Kira", "Lena", "Mina",
    "Nora", "Opal", "Petra",
];

pub(super) const MALE_NAMES: [&str; 16] = [
    "Abel", "Boris", "Carl", "Dario", "Emil", "Felix", "Gus", "Hugo", "Ivan", "Jonas", "Karim", "Leo",
    "Milan", "Noel", "Otto", "Pablo",
];

pub(super) const FAMILY_NAMES: [&str; 20] = [
    "Alder", "Birch", "Cedar", "Dale", "Elm", "Fern", "Grove", "Hazel", "Ivy", "Juniper", "Kestrel", "Larch",
    "Maple", "Nettle", "Oak", "Pine", "Quill", "Rowan", "Sorrel", "Thorn",
];

pub(super) const STREETS: [&str; 6] = [
    "Sample Street",
    "Test Avenue",
    "Fixture Road",
    "Specimen Lane",
    "Placeholder Drive",
    "Demo Court",
];

pub(super) const TOWNS: [&str; 6] = [
    "Sampleton",
    "Testville",
    "Mockfield",
    "Fixture Falls",
    "Port Specimen",
    "Demo Springs",
];

pub(super) const STATES: [&str; 12] = [
    "AZ", "CA", "CO", "FL", "GA", "IL", "MA", "MN", "NY", "OH", "TX", "WA",
];

pub(super) const AREA_CODES: [&str; 12] = [
    "202", "206", "212", "303", "305", "312", "404", "512", "602", "614", "617", "651",
];

/// A medication with its RxNorm ingredient.
#[derive(Debug)]
pub(super) struct Drug {
    pub(super) rxnorm: &'static str,
    pub(super) name: &'static str,
    pub(super) dose: &'static str,
}

/// A diagnosis with its ICD-10-CM code, who gets it, and what is given for it.
#[derive(Debug)]
pub(super) struct Diagnosis {
    pub(super) icd10: &'static str,
    pub(super) display: &'static str,
    /// Only this sex, if any.
    pub(super) only: Option<Sex>,
    /// Of 100 people aged 0–17, 18–44, 45–64 and over; rough orders of magnitude, not epidemiology.
    pub(super) percent: [u32; 4],
    pub(super) drug: Drug,
}

impl Diagnosis {
    /// How many of 100 people of this age and sex have it.
    pub(super) fn prevalence(&self, sex: Sex, age: u8) -> u32 {
        let [child, young, middle, old] = self.percent;
        let applies = self.only.is_none_or(|only| only == sex);
        match age {
            _ if !applies => 0,
            0..=17 => child,
            18..=44 => young,
            45..=64 => middle,
            _ => old,
        }
    }
}

pub(super) const HYPERTENSION: Diagnosis = Diagnosis {
    icd10: "I10",
    display: "Essential (primary) hypertension",
    only: None,
    percent: [0, 10, 40, 65],
    drug: Drug {
        rxnorm: "29046",
        name: "lisinopril",
        dose: "10 mg once daily",
    },
};

pub(super) const DIABETES: Diagnosis = Diagnosis {
    icd10: "E11.9",
    display: "Type 2 diabetes mellitus without complications",
    only: None,
    percent: [0, 3, 14, 24],
    drug: Drug {
        rxnorm: "6809",
        name: "metformin",
        dose: "500 mg twice daily",
    },
};

/// What has no bearing on the vital signs and values given here.
pub(super) const OTHERS: [Diagnosis; 6] = [
    Diagnosis {
        icd10: "J45.909",
        display: "Unspecified asthma, uncomplicated",
        only: None,
        percent: [8, 8, 7, 7],
        drug: Drug {
            rxnorm: "435",
            name: "albuterol",
            dose: "2 puffs every 4 to 6 hours as needed",
        },
    },
    Diagnosis {
        icd10: "E78.5",
        display: "Hyperlipidemia, unspecified",
        only: None,
        percent: [0, 8, 35, 50],
        drug: Drug {
            rxnorm: "83367",
            name: "atorvastatin",
            dose: "20 mg once daily",
        },
    },
    Diagnosis {
        icd10: "E03.9",
        display: "Hypothyroidism, unspecified",
        only: None,
        percent: [0, 3, 6, 9],
        drug: Drug {
            rxnorm: "10582",
            name: "levothyroxine",
            dose: "50 mcg once daily",
        },
    },
    Diagnosis {
        icd10: "K21.9",
        display: "Gastro-esophageal reflux disease without esophagitis",
        only: None,
        percent: [1, 8, 15, 18],
        drug: Drug {
            rxnorm: "7646",
            name: "omeprazole",
            dose: "20 mg once daily",
        },
    },
    Diagnosis {
        icd10: "N40.0",
        display: "Benign prostatic hyperplasia without lower urinary tract symptoms",
        only: Some(Sex::Male),
        percent: [0, 0, 15, 45],
        drug: Drug {
            rxnorm: "77492",
            name: "tamsulosin",
            dose: "0.4 mg once daily",
        },
    },
    Diagnosis {
        icd10: "M81.0",
        display: "Age-related osteoporosis without current pathological fracture",
        only: Some(Sex::Female),
        percent: [0, 0, 8, 27],
        drug: Drug {
            rxnorm: "46041",
            name: "alendronic acid",
            dose: "70 mg once weekly",
        },
    },
];
