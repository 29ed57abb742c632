//! The published figures the population is made of, each with its publication.
//!
//! A publication that gives age and sex apart, but not together, is combined: figure of the age × (figure of the
//! sex ÷ figure of both). Those rows say so.

use super::{Ethnicity, Race};

/// People by five-year age group, male and all; the last group is 85 and over.
///
/// US Census Bureau, 2020 Census Demographic Profile, table DP1 (2023).
pub(super) const PEOPLE: [(u32, u32); 18] = [
    (9_388_285, 18_400_235),
    (10_288_218, 20_130_423),
    (11_066_169, 21_627_830),
    (11_241_567, 22_036_076),
    (11_265_350, 22_166_199),
    (11_229_510, 22_301_254),
    (11_241_831, 22_533_412),
    (10_857_087, 21_874_944),
    (10_028_183, 20_309_193),
    (9_920_816, 20_145_294),
    (10_176_612, 20_723_512),
    (10_759_761, 22_120_489),
    (10_223_302, 21_287_919),
    (8_634_739, 18_288_727),
    (6_881_732, 14_823_238),
    (4_475_564, 9_955_322),
    (2_721_048, 6_388_779),
    (2_286_037, 6_336_435),
];

/// People by race and ethnicity.
///
/// US Census Bureau, 2020 Census Redistricting Data (Public Law 94-171), table P2 (2021).
pub(super) const ORIGINS: [(Race, Ethnicity, u32); 14] = [
    (Race::White, Ethnicity::NotHispanicOrLatino, 191_697_647),
    (Race::Black, Ethnicity::NotHispanicOrLatino, 39_940_338),
    (Race::AmericanIndian, Ethnicity::NotHispanicOrLatino, 2_251_699),
    (Race::Asian, Ethnicity::NotHispanicOrLatino, 19_618_719),
    (Race::PacificIslander, Ethnicity::NotHispanicOrLatino, 622_018),
    (Race::Other, Ethnicity::NotHispanicOrLatino, 1_689_833),
    (Race::Multiple, Ethnicity::NotHispanicOrLatino, 13_548_983),
    (Race::White, Ethnicity::HispanicOrLatino, 12_579_626),
    (Race::Black, Ethnicity::HispanicOrLatino, 1_163_862),
    (Race::AmericanIndian, Ethnicity::HispanicOrLatino, 1_475_436),
    (Race::Asian, Ethnicity::HispanicOrLatino, 267_330),
    (Race::PacificIslander, Ethnicity::HispanicOrLatino, 67_948),
    (Race::Other, Ethnicity::HispanicOrLatino, 26_225_882),
    (Race::Multiple, Ethnicity::HispanicOrLatino, 20_299_960),
];

/// Deaths a year per 10 million people, by the first age of the group.
///
/// Mortality in the United States, 2022. NCHS Data Brief 492 (2024).
pub(super) const DEATHS: [(u8, u32); 11] = [
    (0, 56_040),
    (1, 2_800),
    (5, 1_530),
    (15, 7_950),
    (25, 16_340),
    (35, 25_540),
    (45, 45_330),
    (55, 99_210),
    (65, 197_870),
    (75, 470_820),
    (85, 1_438_960),
];

/// Age-adjusted death rates of men, women and all, 2022, per 1 million: how the sexes differ in [`DEATHS`].
///
/// Provisional Mortality Data, United States, 2022. MMWR 72:488 (2023).
pub(super) const DEATHS_BY_SEX: (u32, u32, u32) = (9_848, 7_009, 8_328);

/// How many of 10,000 men and of 10,000 women have it, from an age on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Band {
    pub(super) from: u8,
    pub(super) men: u32,
    pub(super) women: u32,
}

const fn band(from: u8, men: u32, women: u32) -> Band {
    Band { from, men, women }
}

/// Hypertension Prevalence Among Adults: United States, 2017–2018. NCHS Data Brief 364 (2020).
pub(super) const HYPERTENSION: [Band; 4] = [
    band(0, 0, 0),
    band(18, 3_120, 1_300),
    band(40, 5_940, 4_990),
    band(60, 7_520, 7_390),
];

/// Diagnosed diabetes. Prevalence of Total, Diagnosed, and Undiagnosed Diabetes in Adults: United States, August
/// 2021–August 2023. NCHS Data Brief 516 (2024): 2.2, 12.1, 20.5 %; men 12.9, women 9.7, all 11.3 % (combined).
pub(super) const DIABETES: [Band; 4] = [
    band(0, 0, 0),
    band(20, 251, 189),
    band(40, 1_381, 1_039),
    band(60, 2_340, 1_760),
];

/// Total cholesterol of 240 mg/dL and more. Total and High-density Lipoprotein Cholesterol in Adults: United States,
/// August 2021–August 2023. NCHS Data Brief 515 (2024): 6.0, 16.7, 11.3 %; men 10.6, women 11.9, all 11.3 % (combined).
pub(super) const HIGH_CHOLESTEROL: [Band; 4] = [
    band(0, 0, 0),
    band(20, 563, 632),
    band(40, 1_567, 1_759),
    band(60, 1_060, 1_190),
];

/// Obesity and Severe Obesity Prevalence in Adults: United States, August 2021–August 2023. NCHS Data Brief 508
/// (2024): 35.5, 46.4, 38.9 %; men 39.2, women 41.3, all 40.3 % (combined).
pub(super) const OBESITY: [Band; 4] = [
    band(0, 0, 0),
    band(20, 3_453, 3_638),
    band(40, 4_513, 4_755),
    band(60, 3_784, 3_987),
];

/// Current asthma. CDC, National Health Interview Survey 2021, table 4-1. Infants cannot be diagnosed here, so the
/// figure of ages 0–4 is borne by ages 1–4.
pub(super) const ASTHMA: [Band; 8] = [
    band(0, 0, 0),
    band(1, 263, 225),
    band(5, 910, 620),
    band(15, 970, 840),
    band(20, 840, 1_060),
    band(25, 700, 870),
    band(35, 600, 1_040),
    band(65, 460, 940),
];

/// National Health Interview Survey 2022, as tabulated in the American Lung Association's COPD Trends Brief: 1.5, 5.4,
/// 9.7 %; men 4.1, women 5.0, all 4.6 % (combined).
pub(super) const COPD: [Band; 4] = [
    band(0, 0, 0),
    band(18, 134, 163),
    band(45, 481, 587),
    band(65, 865, 1_054),
];

/// Chronic Kidney Disease in the United States, 2023. CDC (2023): 6, 12, 34 %; men 12, women 14 % (combined).
pub(super) const KIDNEY_DISEASE: [Band; 4] = [
    band(0, 0, 0),
    band(18, 554, 646),
    band(45, 1_108, 1_292),
    band(65, 3_138, 3_662),
];

/// Diagnosed coronary heart disease. Health, United States: heart disease prevalence, National Health Interview Survey
/// 2019: 1.0, 3.6, 9.0, 14.3, 24.2 %; men 7.0, women 4.2, all 5.5 % (combined).
pub(super) const CORONARY_DISEASE: [Band; 6] = [
    band(0, 0, 0),
    band(18, 127, 76),
    band(45, 458, 275),
    band(55, 1_145, 687),
    band(65, 1_820, 1_092),
    band(75, 3_080, 1_848),
];

/// Go et al., Prevalence of Diagnosed Atrial Fibrillation in Adults (ATRIA). JAMA 285:2370 (2001).
pub(super) const ATRIAL_FIBRILLATION: [Band; 9] = [
    band(0, 0, 0),
    band(20, 20, 10),
    band(55, 90, 40),
    band(60, 170, 100),
    band(65, 300, 170),
    band(70, 500, 340),
    band(75, 730, 500),
    band(80, 1_030, 720),
    band(85, 1_110, 910),
];

/// Osteoporosis or Low Bone Mass in Older Adults: United States, 2017–2018. NCHS Data Brief 405 (2021).
pub(super) const OSTEOPOROSIS: [Band; 3] = [band(0, 0, 0), band(50, 330, 1_310), band(65, 570, 2_710)];

/// Prevalence of Depression Among Adults Aged 20 and Over: United States, 2013–2016. NCHS Data Brief 303 (2018).
pub(super) const DEPRESSION: [Band; 2] = [band(0, 0, 0), band(20, 550, 1_040)];

/// Orders of magnitude, not from a publication: no claim is made and no test compares them.
pub(super) const OSTEOARTHRITIS: [Band; 5] = [
    band(0, 0, 0),
    band(35, 400, 600),
    band(50, 1_300, 1_900),
    band(65, 2_400, 3_200),
    band(75, 3_000, 4_000),
];
pub(super) const HYPOTHYROIDISM: [Band; 4] = [
    band(0, 0, 0),
    band(18, 100, 400),
    band(45, 300, 900),
    band(65, 500, 1_300),
];
pub(super) const REFLUX: [Band; 4] = [
    band(0, 0, 0),
    band(18, 800, 800),
    band(45, 1_500, 1_500),
    band(65, 1_800, 1_800),
];
pub(super) const PROSTATE: [Band; 3] = [band(0, 0, 0), band(45, 1_500, 0), band(65, 4_500, 0)];

/// Weight in hectograms and height in millimetres of boys and girls at each birthday from 0 to 20: medians of the
/// CDC Growth Charts for the United States (2000), rounded.
pub(super) const GROWTH: [[(i32, i32); 2]; 21] = [
    [(35, 500), (34, 495)],
    [(103, 760), (95, 745)],
    [(127, 868), (121, 855)],
    [(144, 950), (139, 940)],
    [(163, 1025), (159, 1010)],
    [(185, 1090), (180, 1080)],
    [(208, 1155), (203, 1150)],
    [(231, 1220), (229, 1215)],
    [(256, 1280), (258, 1275)],
    [(286, 1335), (291, 1330)],
    [(321, 1385), (330, 1380)],
    [(361, 1435), (371, 1440)],
    [(407, 1490), (418, 1510)],
    [(458, 1560), (461, 1570)],
    [(512, 1635), (496, 1605)],
    [(565, 1700), (520, 1620)],
    [(611, 1735), (538, 1625)],
    [(647, 1755), (551, 1630)],
    [(673, 1760), (563, 1630)],
    [(692, 1765), (574, 1630)],
    [(706, 1770), (582, 1630)],
];
