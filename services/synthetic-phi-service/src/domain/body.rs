//! What is measured in a body of some age with some conditions, treated or not: vital signs and laboratory values of
//! any day follow from the course of life and from traits that a person keeps.

use super::Sex;
use super::calendar::Day;
use super::catalogue::at;
use super::chart::{Laboratory, Vitals};
use super::course::{Course, Visit};
use super::demographics::Life;
use super::draw::{Draw, Draws, Part};
use super::tables::GROWTH;

mod kidney;

use kidney::{creatinine_for, filtration_rate};

/// What a person keeps.
#[derive(Clone, Copy, Debug)]
struct Traits {
    /// mm Hg above or below what is usual.
    systolic: i32,
    /// mm Hg that untreated hypertension adds.
    hypertension: i32,
    pulse: i32,
    /// Thousandths of the median height and of the median weight for it.
    height: i32,
    build: i32,
    /// Tenths of kg/m² of the grown.
    lean_bmi: i32,
    obese_bmi: i32,
    /// Tenths of a per cent.
    hba1c: i32,
    diabetes: i32,
    /// ml/min/1.73 m².
    egfr: i32,
    /// Tenths of ml/min/1.73 m² lost a year with kidney disease.
    kidney_loss: i32,
    cholesterol: i32,
    high_cholesterol: i32,
    hdl: i32,
    triglycerides: i32,
    hemoglobin: i32,
}

/// A body over its life.
#[derive(Clone, Debug)]
pub(super) struct Body<'a> {
    sex: Sex,
    life: Life,
    course: &'a Course,
    draws: &'a Draws,
    traits: Traits,
}

const YEAR: Day = 365;

/// Days until a drug has its full effect.
const EFFECT: Day = 60;

impl<'a> Body<'a> {
    pub(super) fn new(sex: Sex, life: Life, course: &'a Course, draws: &'a Draws) -> Self {
        let traits = traits(sex, &mut draws.part(Part::Body));
        Self {
            sex,
            life,
            course,
            draws,
            traits,
        }
    }

    /// Vital signs at a visit.
    pub(super) fn vitals(&self, day: Day, visit: Visit) -> Vitals {
        let mut draw = self.draw(day, 0);
        let (systolic_mmhg, diastolic_mmhg) = self.pressure(day, &mut draw);
        let fever = matches!(visit, Visit::Acute { fever: true, .. });
        let (height, weight) = self.size(day, &mut draw);
        let breathing = 2 * i32::from(self.has(at::COPD, day)) + 2 * i32::from(fever);
        let saturation = if self.has(at::COPD, day) {
            draw.between(90, 95)
        } else {
            draw.between(95, 100)
        };
        let (pulse, breaths) = self.rest_rates(day);
        Vitals {
            systolic_mmhg,
            diastolic_mmhg,
            heart_rate_bpm: pulse + self.traits.pulse + draw.between(-6, 6) + 14 * i32::from(fever),
            respiratory_rate_per_min: breaths + breathing + draw.between(-2, 2),
            temperature_celsius: tenths(if fever {
                draw.between(379, 394)
            } else {
                draw.between(362, 372)
            }),
            oxygen_saturation_percent: saturation,
            height_cm: tenths(height),
            weight_kg: tenths(weight),
            bmi_kg_m2: tenths(body_mass_index(height, weight)),
        }
    }

    /// What the laboratory finds in blood taken on a day.
    pub(super) fn laboratory(&self, day: Day) -> Laboratory {
        let mut draw = self.draw(day, 1);
        let hba1c = self.hba1c(day, &mut draw);
        let (creatinine, egfr) = self.kidney(day, &mut draw);
        let (cholesterol, hdl, triglycerides) = self.lipids(day, &mut draw);
        let impaired = self.has(at::KIDNEY, day);
        Laboratory {
            hba1c_percent: tenths(hba1c),
            glucose_mg_dl: fasting_glucose(hba1c),
            creatinine_mg_dl: f64::from(creatinine) / 100.0,
            egfr_ml_min_173m2: egfr,
            cholesterol_mg_dl: cholesterol,
            hdl_mg_dl: hdl,
            ldl_mg_dl: cholesterol - hdl - triglycerides / 5,
            triglycerides_mg_dl: triglycerides,
            sodium_mmol_l: draw.between(136, 144),
            potassium_mmol_l: tenths(draw.between(37, 48) + 4 * i32::from(impaired)),
            hemoglobin_g_dl: tenths(self.traits.hemoglobin - 14 * i32::from(impaired) + draw.between(-3, 3)),
        }
    }

    /// The numbers of a day: the same whichever visits are looked at.
    fn draw(&self, day: Day, kind: u32) -> Draw {
        let age = u32::try_from(day - self.life.born).unwrap_or_default();
        self.draws.piece(Part::Measurement, age * 2 + kind)
    }

    fn years(&self, day: Day) -> i32 {
        (day - self.life.born) / YEAR
    }

    fn onset(&self, at: usize) -> Option<Day> {
        self.course
            .onsets
            .iter()
            .find(|onset| onset.at == at)
            .map(|onset| onset.day)
    }

    fn has(&self, at: usize, day: Day) -> bool {
        self.onset(at).is_some_and(|onset| onset <= day)
    }

    /// How many of the drugs for a condition have taken effect.
    fn treated(&self, at: usize, day: Day) -> i32 {
        let working = self
            .course
            .intakes
            .iter()
            .filter(|intake| intake.at == Some(at) && intake.first + EFFECT <= day);
        i32::try_from(working.count()).unwrap_or_default()
    }

    /// Hypertension is 130/80 and more, or what is treated for it (ACC/AHA 2017).
    fn pressure(&self, day: Day, draw: &mut Draw) -> (i32, i32) {
        let years = self.years(day);
        let usual = match years {
            0..=1 => 85,
            2..=5 => 95,
            6..=12 => 104,
            13..=17 => 110,
            _ => 110 + years / 8,
        };
        let (noise, offset) = (draw.bell(0, 3), draw.between(-3, 3));
        let systolic = usual + self.traits.systolic * years.min(20) / 20 + noise;
        let lower = |systolic: i32| systolic * 5 / 8 + offset;
        if !self.has(at::HYPERTENSION, day) {
            let systolic = systolic.clamp(70, 129);
            return (systolic, lower(systolic).min(79));
        }
        let untreated = (systolic + self.traits.hypertension).max(132);
        let systolic = (untreated - 12 * self.treated(at::HYPERTENSION, day)).max(106);
        (systolic, lower(systolic))
    }

    fn rest_rates(&self, day: Day) -> (i32, i32) {
        match self.years(day) {
            0..=1 => (120, 34),
            2..=5 => (105, 25),
            6..=12 => (88, 20),
            _ => (74, 15),
        }
    }

    /// Height in mm and weight in hectograms.
    fn size(&self, day: Day, draw: &mut Draw) -> (i32, i32) {
        let days = day - self.life.born;
        let (length, mass) = median_size(self.sex, days);
        let height = length * self.traits.height / 1000;
        let noise = draw.between(990, 1010);
        if self.years(day) < 20 {
            return (height, mass * self.traits.build / 1000 * noise / 1000);
        }
        let obese = self.has(at::OBESITY, day);
        let bmi = if obese {
            self.traits.obese_bmi
        } else {
            self.traits.lean_bmi
        };
        let weight = weight_for(bmi * noise / 1000, height);
        // Rounding and the day's noise must not carry anybody over the line that defines obesity.
        let kept = if obese {
            weight.max(weight_for(301, height))
        } else {
            weight.min(weight_for(298, height))
        };
        (height, kept)
    }

    /// In tenths of a per cent. Below 6.5 % without diabetes, raised in the years before it is found, at least 6.5 %
    /// when it is found, lowered by treatment.
    fn hba1c(&self, day: Day, draw: &mut Draw) -> i32 {
        let noise = draw.between(-1, 1);
        let Some(onset) = self.onset(at::DIABETES) else {
            return (self.traits.hba1c + 2 * i32::from(self.has(at::OBESITY, day)) + noise).min(62);
        };
        if day < onset - 3 * YEAR {
            return (self.traits.hba1c + noise).min(56);
        }
        if day < onset {
            return 57 + (6 * (day - onset + 3 * YEAR) / (3 * YEAR)) + noise.abs();
        }
        let progress = ((day - onset) / (2 * YEAR)).min(8);
        let untreated = (self.traits.diabetes + progress + noise).max(65);
        (untreated - 10 * self.treated(at::DIABETES, day)).max(58)
    }

    /// Creatinine in hundredths of mg/dl, and for adults the filtration rate that follows from it.
    fn kidney(&self, day: Day, draw: &mut Draw) -> (i32, Option<i32>) {
        let years = self.years(day);
        let noise = draw.between(-2, 2);
        if years < 18 {
            return (20 + years * 3 + noise, None);
        }
        let healthy = (self.traits.egfr - (years - 20).max(0) * 3 / 4).clamp(66, 128);
        let rate = match self.onset(at::KIDNEY).filter(|onset| *onset <= day) {
            None => healthy,
            Some(onset) => (56 - self.traits.kidney_loss * ((day - onset) / YEAR) / 10).max(17),
        };
        let creatinine = creatinine_for(f64::from(rate + noise), self.sex, years);
        (creatinine, Some(filtration_rate(creatinine, self.sex, years)))
    }

    fn lipids(&self, day: Day, draw: &mut Draw) -> (i32, i32, i32) {
        let noise = draw.between(-6, 6);
        let triglycerides =
            (self.traits.triglycerides + 30 * i32::from(self.has(at::DIABETES, day)) + draw.between(-10, 10))
                .max(45);
        let hdl = (self.traits.hdl - 4 * i32::from(self.has(at::DIABETES, day))).clamp(28, 80);
        let grown = self.traits.cholesterol * (80 + self.years(day).min(20)) / 100;
        let cholesterol = if self.has(at::CHOLESTEROL, day) {
            let untreated = (self.traits.high_cholesterol + noise).max(240);
            untreated * (10 - 3 * self.treated(at::CHOLESTEROL, day)) / 10
        } else {
            (grown + noise).min(238)
        };
        // Friedewald's difference cannot be smaller than what is found in people.
        (cholesterol.max(hdl + triglycerides / 5 + 40), hdl, triglycerides)
    }
}

fn traits(sex: Sex, draw: &mut Draw) -> Traits {
    let woman = sex == Sex::Female;
    Traits {
        systolic: draw.bell(0, 5),
        hypertension: draw.between(18, 40),
        pulse: draw.bell(0, 5),
        height: draw.bell(1000, 38),
        build: draw.bell(1000, 70),
        lean_bmi: draw.bell(248, 22).clamp(190, 296),
        obese_bmi: draw.between(305, 400),
        hba1c: draw.bell(53, 2).clamp(47, 57),
        diabetes: draw.between(67, 95),
        egfr: draw.bell(118, 8),
        kidney_loss: draw.between(3, 20),
        cholesterol: draw.bell(186, 20),
        high_cholesterol: draw.between(244, 300),
        hdl: draw.bell(if woman { 57 } else { 47 }, 9),
        triglycerides: draw.bell(110, 28),
        hemoglobin: draw.bell(if woman { 135 } else { 150 }, 7),
    }
}

/// The median at an age in days, straight between birthdays.
fn median_size(sex: Sex, days: Day) -> (i32, i32) {
    let column = usize::from(sex == Sex::Female);
    let at = |years: i32| {
        let row = usize::try_from(years.clamp(0, 20)).unwrap_or_default();
        GROWTH
            .get(row)
            .and_then(|row| row.get(column))
            .copied()
            .unwrap_or_default()
    };
    let (years, rest) = (days / YEAR, days % YEAR);
    let (mass, length) = at(years);
    let (later_mass, later_length) = at(years + 1);
    (
        length + (later_length - length) * rest / YEAR,
        mass + (later_mass - mass) * rest / YEAR,
    )
}

/// Tenths of kg/m² from mm and hectograms.
fn body_mass_index(height: i32, weight: i32) -> i32 {
    let square = i64::from(height) * i64::from(height);
    i32::try_from((i64::from(weight) * 1_000_000 + square / 2) / square.max(1)).unwrap_or_default()
}

fn weight_for(bmi: i32, height: i32) -> i32 {
    let square = i64::from(height) * i64::from(height);
    i32::try_from(i64::from(bmi) * square / 1_000_000).unwrap_or_default()
}

/// Fasting glucose in mg/dl, 0.9 of the mean glucose that goes with an HbA1c (Nathan et al., Diabetes Care 31:1473).
fn fasting_glucose(hba1c_tenths: i32) -> i32 {
    (287 * hba1c_tenths - 4670) * 9 / 1000
}

/// Exact in decimal, so the same text everywhere.
fn tenths(value: i32) -> f64 {
    f64::from(value) / 10.0
}

#[cfg(test)]
mod tests;
