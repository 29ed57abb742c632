use super::*;

/// The example of the National Kidney Foundation's description of the equation, and values worked out by hand.
#[test]
fn filtration_rates_are_those_of_ckd_epi_2021() {
    // 142 × (1.0 ÷ 0.9)^−1.2 × 0.9938^50 = 91.7 for a man of 50; × 1.012 with κ = 0.7 gives 68.6 for a woman.
    assert_eq!(filtration_rate(100, Sex::Male, 50), 92);
    assert_eq!(filtration_rate(100, Sex::Female, 50), 69);
    // At κ itself only age and sex are left: 142 × 0.9938^20.
    assert_eq!(filtration_rate(90, Sex::Male, 20), 125);
    assert_eq!(filtration_rate(70, Sex::Female, 20), 127);
}

#[test]
fn creatinine_gives_the_rate_it_was_made_for() {
    for years in [18, 40, 75, 100] {
        for rate in (15..=120).step_by(5) {
            for sex in [Sex::Female, Sex::Male] {
                let creatinine = creatinine_for(f64::from(rate), sex, years);
                let found = filtration_rate(creatinine, sex, years);
                let attainable = creatinine > 30;
                assert!(
                    !attainable || (found - rate).abs() <= 4,
                    "{sex:?} {years} {rate} {found}"
                );
            }
        }
    }
}

#[test]
fn glucose_goes_with_hba1c() {
    // 28.7 × 6.5 − 46.7 = 139.9 on average over the day.
    assert_eq!(fasting_glucose(65), 125);
    assert_eq!(fasting_glucose(50), 87);
}

#[test]
fn children_grow() {
    for sex in [Sex::Female, Sex::Male] {
        let sizes: Vec<(i32, i32)> = (0..20 * 365)
            .step_by(30)
            .map(|days| median_size(sex, days))
            .collect();
        assert!(sizes.is_sorted(), "{sex:?}");
    }
    assert_eq!(median_size(Sex::Male, 0), (500, 35));
    assert_eq!(median_size(Sex::Female, 10 * 365), (1380, 330));
}
