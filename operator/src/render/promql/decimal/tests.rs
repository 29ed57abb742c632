use super::*;

#[test]
fn shares_are_exact() {
    let cases = [
        (5.0, "0.05"),
        (100.0, "1"),
        (0.001, "0.00001"),
        (12.5, "0.125"),
        (0.1 + 0.2, "0.003"),
    ];
    for (percent, text) in cases {
        assert_eq!(share(percent), text);
    }
}

#[test]
fn percentages_are_told_as_they_were_written() {
    let cases = [
        (0.1 + 0.2, "0.3"),
        (99.95, "99.95"),
        (100.0, "100"),
        (0.001, "0.001"),
    ];
    for (percent, text) in cases {
        assert_eq!(plain(percent), text);
    }
}

#[test]
fn budgets_have_no_noise_of_binary_fractions() {
    let cases = [
        (99.9, "0.001"),
        (99.95, "0.0005"),
        (99.999, "0.00001"),
        (99.0, "0.01"),
        (50.0, "0.5"),
        (92.7, "0.073"),
    ];
    for (objective, budget) in cases {
        assert_eq!(remainder(objective), budget);
    }
}

#[test]
fn seconds_are_written_as_bucket_bounds_are() {
    let cases = [
        (1, "0.001"),
        (5, "0.005"),
        (250, "0.25"),
        (1000, "1"),
        (2500, "2.5"),
        (10_000, "10"),
        (600_000, "600"),
    ];
    for (milliseconds, text) in cases {
        assert_eq!(seconds(milliseconds), text);
    }
}

#[test]
fn a_multiple_of_the_budget_fits_below_the_whole() {
    assert!(fits(144, 99.9));
    assert!(fits(144, 93.1));
    assert!(!fits(144, 93.0));
    assert!(!fits(30, 50.0));
    assert!(fits(10, 50.0));
}
