use super::*;
use crate::render::monitoring::tests::plan;

fn rules(observability: &str) -> Option<Vec<Rule>> {
    let plan = plan(observability);
    group(&plan, plan.rules.as_ref().unwrap()).map(|group| group.rules)
}

fn limits(observability: &str) -> Vec<String> {
    let is_burn =
        |rule: &Rule| matches!(rule, Rule::Alert(alert) if alert.alert == "HealthcareServiceErrorBudgetBurn");
    let limit = |rule: Rule| match rule {
        Rule::Alert(alert) => alert
            .expr
            .lines()
            .next()
            .unwrap()
            .rsplit("> ")
            .next()
            .unwrap()
            .to_owned(),
        Rule::Record(record) => record.record,
    };
    rules(observability)
        .unwrap()
        .into_iter()
        .filter(is_burn)
        .map(limit)
        .collect()
}

#[test]
fn four_burn_rates_of_the_budget() {
    assert_eq!(
        limits("{slo: {objective: 99.9}}"),
        ["14.4 * 0.001", "6 * 0.001", "3 * 0.001", "1 * 0.001"]
    );
}

/// At 90 % a total outage spends the budget ten times too fast and no faster.
#[test]
fn a_rate_that_cannot_be_reached_is_left_out() {
    assert_eq!(
        limits("{slo: {objective: 90}}"),
        ["6 * 0.1", "3 * 0.1", "1 * 0.1"]
    );
    assert_eq!(limits("{slo: {objective: 50}}"), ["1 * 0.5"]);
}

#[test]
fn every_window_of_an_alert_is_recorded() {
    for burn in &BURNS {
        assert!(WINDOWS.contains(&burn.long) && WINDOWS.contains(&burn.short));
    }
    let named = |rule: &Rule| matches!(rule, Rule::Record(record) if record.record.contains(":ratio_rate"));
    assert_eq!(
        rules("{slo: {objective: 99}}")
            .unwrap()
            .iter()
            .filter(|rule| named(rule))
            .count(),
        WINDOWS.len()
    );
}

#[test]
fn without_objective_or_scraping_nothing_is_recorded() {
    assert_eq!(rules("{}"), None);
    assert_eq!(rules("{slo: {objective: 99}, metrics: {enabled: false}}"), None);
}

#[test]
fn a_bucket_is_matched_in_both_spellings() {
    assert_eq!(bucket(250), r#"le="0.25""#);
    assert_eq!(bucket(2500), r#"le="2.5""#);
    assert_eq!(bucket(1000), r#"le=~"1(\\.0)?""#);
    assert_eq!(bucket(10_000), r#"le=~"10(\\.0)?""#);
}
