use serde_json::Value;

use super::Level::{High, Low, Medium};
use super::RolloutStrategy::{BlueGreen, Canary, Rolling};
use super::*;
use crate::testing::{object, plain, text};

fn service(more: &str) -> HealthcareService {
    serde_json::from_value(object(&text("a", more))).unwrap()
}

fn from_spec(old: &str, new: &str) -> Proposal {
    Proposal {
        service: service(new),
        before: Before::Spec(Box::new(service(old).spec)),
        compared_with: "OLD".to_owned(),
        history: History::default(),
    }
}

const PHI: &str = ", compliance: {dataClassification: PHI, auditRetention: 6y, transportEncryption: Mesh}";

fn with(part: &str) -> String {
    format!("{PHI}{part}")
}

#[test]
fn levels_begin_where_strategies_do() {
    let levels = [0, 29, 30, 69, 70, 100].map(Level::of);
    assert_eq!(levels, [Low, Low, Medium, Medium, High, High]);
}

#[test]
fn the_strategy_is_the_operators() {
    let strategy = |proposal: &Proposal| {
        let score = score(proposal);
        (score.strategy, score.pods)
    };
    let small = from_spec("", ", config: {A: x}");
    assert_eq!(strategy(&small), (Rolling, Pods::Restart));
    let sensitive = from_spec(
        PHI,
        &with(", config: {A: x}, env: [{name: B, value: z}], port: 9090"),
    );
    assert_eq!(
        strategy(&sensitive),
        (Canary, Pods::Restart),
        "{:?}",
        score(&sensitive)
    );
    let written = from_spec("", ", config: {A: x}, rollout: {strategy: BlueGreen}");
    assert_eq!(strategy(&written), (BlueGreen, Pods::Restart));
}

/// No other pods are needed beside those that stay, whatever the strategy.
#[test]
fn what_is_around_the_pods_is_applied_at_once() {
    let around = from_spec("", ", scaling: {maxReplicas: 20}, rollout: {strategy: BlueGreen}");
    let score = score(&around);
    assert_eq!(
        (score.strategy, score.pods),
        (RolloutStrategy::Rolling, Pods::Stay)
    );
    assert_eq!(score.reason, "the pods stay as they are");
}

#[test]
fn what_nobody_depends_on_yet_scores_nothing() {
    let first = Proposal {
        before: Before::Nothing,
        ..from_spec("", ", rollout: {strategy: Canary}")
    };
    let score = score(&first);
    assert_eq!((score.risk_score, score.strategy), (0, RolloutStrategy::Rolling));
    assert_eq!(score.pods, Pods::Start);
}

#[test]
fn a_request_for_a_newer_template_restarts_pods() {
    let revision = |wish: Option<&str>| Revision {
        spec: service("").spec,
        template: k8s_openapi::api::core::v1::PodTemplateSpec::default(),
        template_requested_at: wish.map(str::to_owned),
    };
    let pods = |before: Option<&str>, now: Option<&str>| {
        let mut proposal = from_spec("", "");
        proposal.before = Before::Revision(Box::new(revision(before)));
        let annotations = proposal.service.annotations_mut();
        annotations.extend(now.map(|now| (keys::TEMPLATE_REQUESTED_AT.to_owned(), now.to_owned())));
        score(&proposal).pods
    };
    assert_eq!(pods(None, None), Pods::Stay);
    assert_eq!(pods(Some("1"), Some("1")), Pods::Stay);
    assert_eq!(pods(Some("1"), Some("2")), Pods::Restart);
}

#[test]
fn a_rollout_that_failed_weighs() {
    let mut proposal = from_spec("", ", config: {A: x}");
    let before = score(&proposal).risk_score;
    proposal.history.last_rollout_failed = true;
    let after = score(&proposal);
    assert!(after.risk_score > before);
    assert!(
        after
            .factors
            .iter()
            .any(|factor| factor.name == "LastRolloutFailed")
    );
}

#[test]
fn the_highest_score_counts() {
    let scores = Scores::of(&[from_spec("", ""), from_spec(PHI, &with(", config: {A: x}"))]);
    assert_eq!(scores.risk_score, scores.services[1].risk_score);
    assert_eq!(scores.above(scores.risk_score).count(), 0);
    assert_eq!(scores.above(scores.risk_score - 1).count(), 1);
    let json: Value = serde_json::to_value(&scores).unwrap();
    assert_eq!(json["services"][0]["risk_score"], 0);
    assert_eq!(json["services"][0]["level"], "low");
}

#[test]
fn people_read_a_table_and_the_reasons() {
    let scores = Scores::of(&[from_spec(PHI, &with(", config: {A: x}")), from_spec("", "")]);
    insta::assert_snapshot!(plain(&written(&scores)));
}
