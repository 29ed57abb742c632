//! How well kidneys filter, and the creatinine that shows it.

use crate::domain::Sex;

/// CKD-EPI 2021 (Inker et al., NEJM 385:1737): creatinine in hundredths of mg/dl → ml/min/1.73 m².
pub(super) fn filtration_rate(creatinine: i32, sex: Sex, years: i32) -> i32 {
    let (kappa, alpha, factor) = equation(sex);
    let ratio = f64::from(creatinine) / 100.0 / kappa;
    let rate = 142.0
        * libm::pow(ratio.min(1.0), alpha)
        * libm::pow(ratio.max(1.0), -1.2)
        * libm::pow(0.9938, f64::from(years))
        * factor;
    rounded(rate)
}

/// The creatinine, in hundredths of mg/dl, that gives a filtration rate.
pub(super) fn creatinine_for(rate: f64, sex: Sex, years: i32) -> i32 {
    let (kappa, alpha, factor) = equation(sex);
    let relative = 142.0 * libm::pow(0.9938, f64::from(years)) * factor / rate;
    let exponent = if relative > 1.0 { 1.2 } else { -alpha };
    rounded(100.0 * kappa * libm::pow(relative, 1.0 / exponent)).max(30)
}

const fn equation(sex: Sex) -> (f64, f64, f64) {
    match sex {
        Sex::Female => (0.7, -0.241, 1.012),
        Sex::Male => (0.9, -0.302, 1.0),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "laboratory values are small")]
fn rounded(value: f64) -> i32 {
    libm::round(value) as i32
}
