use healthcare_crds::v1alpha1::{HealthcareServiceSpec, Risk, Rollout, RolloutStrategy};
use json_patch::merge;
use serde_json::{Value, json};

use super::{Change, History, score, strategy};

mod monotone;
mod units;

/// The service that the rows of the table start from, with changes.
pub(super) fn spec(changes: &[&Value]) -> HealthcareServiceSpec {
    let mut spec = json!({"image": "registry.example.org/team/records:1.4.2"});
    for change in changes {
        merge(&mut spec, change);
    }
    serde_json::from_value(spec).expect("a spec")
}

fn risk(from: &HealthcareServiceSpec, to: &HealthcareServiceSpec, history: History) -> Risk {
    score(&Change {
        from: Some(from),
        to,
        history,
    })
}

fn table() -> Vec<Value> {
    serde_yaml::from_str(include_str!("tests/table.yaml")).expect("rows")
}

fn scored(row: &Value) -> (Risk, RolloutStrategy) {
    let nothing = json!({});
    let part = |name: &str| row.get(name).unwrap_or(&nothing);
    let (from, to) = (spec(&[part("from")]), spec(&[part("from"), part("to")]));
    let history = History {
        last_rollout_failed: row["history"]["failed"].as_bool().unwrap_or_default(),
        error_budget_spent: row["history"]["budget"].as_f64(),
    };
    let risk = score(&Change {
        from: (row["first"] != true).then_some(&from),
        to: &to,
        history,
    });
    let chosen = strategy(&to.rollout.unwrap_or_default(), &risk);
    (risk, chosen)
}

#[test]
fn changes_score_as_the_table_says() {
    let rows = table();
    assert!(rows.len() >= 44, "{} rows", rows.len());
    let mut wrong = Vec::new();
    for row in &rows {
        let (risk, strategy) = scored(row);
        let factors: Value = risk
            .factors
            .iter()
            .map(|factor| (factor.name.clone(), json!(factor.points)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let as_expected = row["score"] == risk.score
            && row["strategy"] == json!(strategy)
            && row.get("factors").is_none_or(|expected| *expected == factors);
        if !as_expected {
            wrong.push(format!(
                "{}: {} {strategy:?} {factors}",
                row["change"], risk.score
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn limits_between_strategies_belong_to_the_heavier_one() {
    let of = |score| {
        strategy(
            &Rollout::default(),
            &Risk {
                score,
                factors: Vec::new(),
            },
        )
    };
    assert_eq!(
        [0, 29, 30, 69, 70, 100].map(of),
        [
            RolloutStrategy::Rolling,
            RolloutStrategy::Rolling,
            RolloutStrategy::Canary,
            RolloutStrategy::Canary,
            RolloutStrategy::BlueGreen,
            RolloutStrategy::BlueGreen,
        ]
    );
}

#[test]
fn the_factors_of_a_row_come_with_the_most_points_first() {
    for row in table() {
        let (risk, _) = scored(&row);
        assert!(risk.factors.is_sorted_by_key(|factor| -factor.points), "{risk:?}");
        let sum: i32 = risk.factors.iter().map(|factor| factor.points).sum();
        assert_eq!(risk.score, sum.min(100), "{row}");
    }
}
