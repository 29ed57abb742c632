//! Codes from published systems, each with the system's own text. The one list everything is coded from, so that it
//! can be checked as a whole.

use serde::Serialize;
use utoipa::ToSchema;

/// A code system, by the identifier FHIR gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ToSchema)]
pub enum System {
    /// SNOMED CT.
    #[schema(rename = "SNOMED CT")]
    Snomed,
    /// LOINC.
    #[schema(rename = "LOINC")]
    Loinc,
    /// RxNorm, ingredients.
    RxNorm,
    /// CDC's vaccine codes.
    #[schema(rename = "CVX")]
    Cvx,
    /// ICD-10-CM.
    #[schema(rename = "ICD-10-CM")]
    Icd10Cm,
}

impl System {
    /// The URI FHIR R4 uses.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Snomed => "http://snomed.info/sct",
            Self::Loinc => "http://loinc.org",
            Self::RxNorm => "http://www.nlm.nih.gov/research/umls/rxnorm",
            Self::Cvx => "http://hl7.org/fhir/sid/cvx",
            Self::Icd10Cm => "http://hl7.org/fhir/sid/icd-10-cm",
        }
    }

    /// The name people use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Snomed => "SNOMED CT",
            Self::Loinc => "LOINC",
            Self::RxNorm => "RxNorm",
            Self::Cvx => "CVX",
            Self::Icd10Cm => "ICD-10-CM",
        }
    }
}

impl Serialize for System {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A code with its system and text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct Concept {
    /// The code system.
    pub system: System,
    /// The code.
    pub code: &'static str,
    /// The system's own text for it.
    pub display: &'static str,
}

const fn concept(system: System, code: &'static str, display: &'static str) -> Concept {
    Concept {
        system,
        code,
        display,
    }
}

const fn snomed(code: &'static str, display: &'static str) -> Concept {
    concept(System::Snomed, code, display)
}

const fn loinc(code: &'static str, display: &'static str) -> Concept {
    concept(System::Loinc, code, display)
}

const fn rxnorm(code: &'static str, display: &'static str) -> Concept {
    concept(System::RxNorm, code, display)
}

const fn cvx(code: &'static str, display: &'static str) -> Concept {
    concept(System::Cvx, code, display)
}

const fn icd10(code: &'static str, display: &'static str) -> Concept {
    concept(System::Icd10Cm, code, display)
}

/// Declares constants and the list of all of them.
macro_rules! concepts {
    ($($name:ident = $concept:expr;)*) => {
        $(pub(crate) const $name: Concept = $concept;)*
        /// Every code there is.
        #[cfg(test)]
        pub(crate) const ALL: &[Concept] = &[$($name),*];
    };
}

concepts! {
    ICD_HYPERTENSION = icd10("I10", "Essential (primary) hypertension");
    ICD_DIABETES = icd10("E11.9", "Type 2 diabetes mellitus without complications");
    ICD_CHOLESTEROL = icd10("E78.00", "Pure hypercholesterolemia, unspecified");
    ICD_OBESITY = icd10("E66.9", "Obesity, unspecified");
    ICD_ASTHMA = icd10("J45.909", "Unspecified asthma, uncomplicated");
    ICD_COPD = icd10("J44.9", "Chronic obstructive pulmonary disease, unspecified");
    ICD_KIDNEY = icd10("N18.9", "Chronic kidney disease, unspecified");
    ICD_CORONARY = icd10("I25.10", "Atherosclerotic heart disease of native coronary artery without angina pectoris");
    ICD_FIBRILLATION = icd10("I48.91", "Unspecified atrial fibrillation");
    ICD_OSTEOPOROSIS = icd10("M81.0", "Age-related osteoporosis without current pathological fracture");
    ICD_DEPRESSION = icd10("F32.A", "Depression, unspecified");
    ICD_ARTHRITIS = icd10("M19.90", "Unspecified osteoarthritis, unspecified site");
    ICD_HYPOTHYROIDISM = icd10("E03.9", "Hypothyroidism, unspecified");
    ICD_REFLUX = icd10("K21.9", "Gastro-esophageal reflux disease without esophagitis");
    ICD_PROSTATE = icd10("N40.0", "Benign prostatic hyperplasia without lower urinary tract symptoms");
    ICD_RESPIRATORY = icd10("J06.9", "Acute upper respiratory infection, unspecified");
    ICD_OTITIS = icd10("H66.90", "Otitis media, unspecified, unspecified ear");
    ICD_BRONCHITIS = icd10("J20.9", "Acute bronchitis, unspecified");
    ICD_URINARY = icd10("N39.0", "Urinary tract infection, site not specified");
    ICD_SPRAIN = icd10("S93.409A", "Sprain of unspecified ligament of unspecified ankle, initial encounter");
    ICD_PNEUMONIA = icd10("J18.9", "Pneumonia, unspecified organism");

    SCT_HYPERTENSION = snomed("59621000", "Essential hypertension");
    SCT_DIABETES = snomed("44054006", "Diabetes mellitus type 2");
    SCT_CHOLESTEROL = snomed("13644009", "Hypercholesterolemia");
    SCT_OBESITY = snomed("414916001", "Obesity");
    SCT_ASTHMA = snomed("195967001", "Asthma");
    SCT_COPD = snomed("13645005", "Chronic obstructive lung disease");
    SCT_KIDNEY = snomed("709044004", "Chronic kidney disease");
    SCT_CORONARY = snomed("53741008", "Coronary arteriosclerosis");
    SCT_FIBRILLATION = snomed("49436004", "Atrial fibrillation");
    SCT_OSTEOPOROSIS = snomed("64859006", "Osteoporosis");
    SCT_DEPRESSION = snomed("35489007", "Depressive disorder");
    SCT_ARTHRITIS = snomed("396275006", "Osteoarthritis");
    SCT_HYPOTHYROIDISM = snomed("40930008", "Hypothyroidism");
    SCT_REFLUX = snomed("235595009", "Gastroesophageal reflux disease");
    SCT_PROSTATE = snomed("266569009", "Benign prostatic hyperplasia");
    SCT_RESPIRATORY = snomed("54398005", "Acute upper respiratory infection");
    SCT_OTITIS = snomed("65363002", "Otitis media");
    SCT_BRONCHITIS = snomed("10509002", "Acute bronchitis");
    SCT_URINARY = snomed("68566005", "Urinary tract infectious disease");
    SCT_SPRAIN = snomed("44465007", "Sprain of ankle");
    SCT_PNEUMONIA = snomed("233604007", "Pneumonia");

    CHECK_UP = snomed("185349003", "Encounter for check up");
    WELL_CHILD = snomed("410620009", "Well child visit");
    FOLLOW_UP = snomed("390906007", "Follow-up encounter");
    SYMPTOM = snomed("185345009", "Encounter for symptom");
    ADMISSION = snomed("32485007", "Hospital admission");

    PACEMAKER_IMPLANT = snomed("307280005", "Implantation of cardiac pacemaker");
    CORONARY_INTERVENTION = snomed("415070008", "Percutaneous coronary intervention");
    HIP_REPLACEMENT = snomed("52734007", "Total replacement of hip");
    COLONOSCOPY = snomed("73761001", "Colonoscopy");
    MAMMOGRAPHY = snomed("24623002", "Screening mammography");
    PACEMAKER = snomed("14106009", "Cardiac pacemaker");
    STENT = snomed("705643001", "Coronary artery stent");
    HIP_PROSTHESIS = snomed("304120007", "Total hip replacement prosthesis");

    PENICILLIN_ALLERGY = snomed("91936005", "Allergy to penicillin");
    PEANUT_ALLERGY = snomed("91935009", "Allergy to peanut");
    POLLEN_ALLERGY = snomed("300910009", "Allergy to pollen");
    URTICARIA = snomed("126485001", "Urticaria");
    RHINITIS = snomed("61582004", "Allergic rhinitis");
    RASH = snomed("271807003", "Eruption of skin");

    LISINOPRIL = rxnorm("29046", "lisinopril");
    AMLODIPINE = rxnorm("17767", "amlodipine");
    METFORMIN = rxnorm("6809", "metformin");
    INSULIN = rxnorm("274783", "insulin glargine");
    ATORVASTATIN = rxnorm("83367", "atorvastatin");
    ALBUTEROL = rxnorm("435", "albuterol");
    TIOTROPIUM = rxnorm("69120", "tiotropium");
    ASPIRIN = rxnorm("1191", "aspirin");
    METOPROLOL = rxnorm("6918", "metoprolol");
    APIXABAN = rxnorm("1364430", "apixaban");
    ALENDRONATE = rxnorm("46041", "alendronic acid");
    SERTRALINE = rxnorm("36437", "sertraline");
    ACETAMINOPHEN = rxnorm("161", "acetaminophen");
    LEVOTHYROXINE = rxnorm("10582", "levothyroxine");
    OMEPRAZOLE = rxnorm("7646", "omeprazole");
    TAMSULOSIN = rxnorm("77492", "tamsulosin");
    EMPAGLIFLOZIN = rxnorm("1545653", "empagliflozin");
    AMOXICILLIN = rxnorm("723", "amoxicillin");
    AZITHROMYCIN = rxnorm("18631", "azithromycin");
    NITROFURANTOIN = rxnorm("7454", "nitrofurantoin");

    HEPATITIS_B = cvx("08", "Hep B, adolescent or pediatric");
    ROTAVIRUS = cvx("119", "rotavirus, monovalent");
    DTAP = cvx("20", "DTaP");
    HIB = cvx("49", "Hib (PRP-OMP)");
    PCV13 = cvx("133", "Pneumococcal conjugate PCV 13");
    IPV = cvx("10", "IPV");
    MMR = cvx("03", "MMR");
    VARICELLA = cvx("21", "varicella");
    HEPATITIS_A = cvx("83", "Hep A, ped/adol, 2 dose");
    TDAP = cvx("115", "Tdap");
    HPV9 = cvx("165", "HPV9");
    MENINGOCOCCAL = cvx("114", "meningococcal MCV4P");
    PPSV23 = cvx("33", "pneumococcal polysaccharide PPV23");
    ZOSTER = cvx("187", "zoster recombinant");
    INFLUENZA = cvx("140", "Influenza, split virus, trivalent, PF");

    VITAL_PRESSURE = loinc("85354-9", "Blood pressure panel with all children optional");
    VITAL_SYSTOLIC = loinc("8480-6", "Systolic blood pressure");
    VITAL_DIASTOLIC = loinc("8462-4", "Diastolic blood pressure");
    VITAL_HEART_RATE = loinc("8867-4", "Heart rate");
    VITAL_BREATHS = loinc("9279-1", "Respiratory rate");
    VITAL_TEMPERATURE = loinc("8310-5", "Body temperature");
    VITAL_SATURATION = loinc("2708-6", "Oxygen saturation in Arterial blood");
    VITAL_OXIMETRY = loinc("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry");
    VITAL_HEIGHT = loinc("8302-2", "Body height");
    VITAL_WEIGHT = loinc("29463-7", "Body weight");
    VITAL_BMI = loinc("39156-5", "Body mass index (BMI) [Ratio]");

    LAB_HBA1C = loinc("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood");
    LAB_GLUCOSE = loinc("2345-7", "Glucose [Mass/volume] in Serum or Plasma");
    LAB_CREATININE = loinc("2160-0", "Creatinine [Mass/volume] in Serum or Plasma");
    LAB_EGFR = loinc("98979-8", "Glomerular filtration rate [Volume Rate/Area] in Serum, Plasma or Blood by Creatinine-based formula (CKD-EPI 2021)/1.73 sq M");
    LAB_CHOLESTEROL = loinc("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma");
    LAB_HDL = loinc("2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma");
    LAB_LDL = loinc("13457-7", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation");
    LAB_TRIGLYCERIDES = loinc("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma");
    LAB_SODIUM = loinc("2951-2", "Sodium [Moles/volume] in Serum or Plasma");
    LAB_POTASSIUM = loinc("2823-3", "Potassium [Moles/volume] in Serum or Plasma");
    LAB_HEMOGLOBIN = loinc("718-7", "Hemoglobin [Mass/volume] in Blood");
}

#[cfg(test)]
mod tests;
