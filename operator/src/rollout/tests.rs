use healthcare_crds::v1alpha1::{Canary, CanaryStep, Risk};
use jiff::SignedDuration;
use proptest::prelude::*;

use super::stages::StageKind;
use super::*;

const START: &str = "2026-03-01T08:00:00Z";

fn at(seconds: i64) -> Timestamp {
    START.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

fn step(weight: i32, approval: bool) -> CanaryStep {
    CanaryStep {
        weight,
        bake_seconds: 30,
        approval,
    }
}

fn settings() -> Rollout {
    Rollout {
        canary: Canary {
            steps: vec![step(10, false), step(50, false)],
        },
        ..Rollout::default()
    }
}

fn good() -> RolloutStatus {
    let first = begin(None, &change("good", RolloutStrategy::Canary), &settings(), at(0));
    advance(&first, &settings(), &seen(true), None, at(1))
}

fn change(revision: &str, strategy: RolloutStrategy) -> Change<'_> {
    Change {
        revision,
        generation: 2,
        is_around_the_pods: false,
        strategy,
        risk: Risk::default(),
        replicas: 4,
    }
}

fn begun(strategy: RolloutStrategy) -> RolloutStatus {
    begin(Some(&settled()), &change("new", strategy), &settings(), at(100))
}

/// A first rollout that got through.
fn settled() -> RolloutStatus {
    let baked = advance(&good(), &settings(), &seen(true), None, at(2));
    assert_eq!(baked.phase, RolloutPhase::Completed, "{baked:?}");
    baked
}

fn seen(is_in_place: bool) -> Observed {
    Observed {
        is_in_place,
        measured: Verdict::Pass,
        failures: 0,
    }
}

fn failing(failures: i32) -> Observed {
    Observed {
        measured: Verdict::Fail {
            reason: "PodsFailing",
            message: "5 % of the calls fail".into(),
        },
        failures,
        ..seen(true)
    }
}

/// Goes on every second while all is well, and notes each new phase and step with the arrangement.
fn course(mut rollout: RolloutStatus, settings: &Rollout) -> Vec<String> {
    let mut course = vec![line(&rollout, settings)];
    for second in 101..1000 {
        rollout = advance(&rollout, settings, &seen(true), None, at(second));
        let now = line(&rollout, settings);
        if course.last() != Some(&now) {
            course.push(now);
        }
    }
    course
}

fn line(rollout: &RolloutStatus, settings: &Rollout) -> String {
    let arrangement = arrangement(rollout, settings);
    let candidate = arrangement.candidate.map_or_else(
        || "no candidate".to_owned(),
        |size| format!("candidate of {}", size.pods(4)),
    );
    format!(
        "{}/{} {:?} {} %: primary {:?}, {candidate}, called {:?}",
        rollout.step, rollout.steps, rollout.phase, rollout.weight, arrangement.primary, arrangement.called
    )
}

#[test]
fn the_first_pods_are_watched_by_nobody() {
    let first = begin(
        None,
        &change("good", RolloutStrategy::BlueGreen),
        &settings(),
        at(0),
    );
    assert_eq!(
        (
            first.strategy,
            first.phase,
            first.steps,
            first.last_good_revision.clone()
        ),
        (RolloutStrategy::Rolling, RolloutPhase::Promoting, 1, None)
    );
    assert_eq!(advance(&first, &settings(), &seen(false), None, at(1)), first);
    assert_eq!(settled().last_good_revision.as_deref(), Some("good"));
}

#[test]
fn a_rolling_update_is_watched_after_it() {
    insta::assert_snapshot!(course(begun(RolloutStrategy::Rolling), &settings()).join("\n"), @r"
    1/2 Promoting 100 %: primary New, no candidate, called Primary
    2/2 Baking 100 %: primary New, no candidate, called Primary
    2/2 Completed 100 %: primary New, no candidate, called Primary
    ");
}

#[test]
fn a_canary_grows_by_its_steps() {
    insta::assert_snapshot!(course(begun(RolloutStrategy::Canary), &settings()).join("\n"), @r"
    1/4 Progressing 20 %: primary Good, candidate of 1, called Both
    1/4 Baking 20 %: primary Good, candidate of 1, called Both
    2/4 Progressing 50 %: primary Good, candidate of 4, called Both
    2/4 Baking 50 %: primary Good, candidate of 4, called Both
    3/4 Promoting 100 %: primary New, candidate of 4, called Both
    4/4 Baking 100 %: primary New, no candidate, called Primary
    4/4 Completed 100 %: primary New, no candidate, called Primary
    ");
}

#[test]
fn blue_and_green_switch_there_and_back() {
    insta::assert_snapshot!(course(begun(RolloutStrategy::BlueGreen), &settings()).join("\n"), @r"
    1/4 Progressing 0 %: primary Good, candidate of 4, called Primary
    1/4 Baking 0 %: primary Good, candidate of 4, called Primary
    2/4 Progressing 100 %: primary Good, candidate of 4, called Candidate
    2/4 Baking 100 %: primary Good, candidate of 4, called Candidate
    3/4 Promoting 100 %: primary New, candidate of 4, called Candidate
    4/4 Baking 100 %: primary New, no candidate, called Primary
    4/4 Completed 100 %: primary New, no candidate, called Primary
    ");
}

#[test]
fn a_stage_begun_by_a_clock_that_was_ahead_lasts_no_longer() {
    let hour = SignedDuration::from_hours(1);
    for strategy in [
        RolloutStrategy::Rolling,
        RolloutStrategy::Canary,
        RolloutStrategy::BlueGreen,
    ] {
        let now = course(begun(strategy), &settings());
        let ahead = RolloutStatus {
            since: (at(100) + hour).to_string(),
            ..begun(strategy)
        };
        assert_eq!(course(ahead, &settings()), now);
        let mut rollout = begun(strategy);
        for second in 101..1000 {
            let jump = if second == 140 { hour } else { SignedDuration::ZERO };
            rollout = advance(&rollout, &settings(), &seen(true), None, at(second) + jump);
        }
        assert_eq!(rollout.phase, RolloutPhase::Completed, "{rollout:?}");
    }
}

#[test]
fn what_is_over_keeps_its_time() {
    let ahead = RolloutStatus {
        since: at(5000).to_string(),
        ..settled()
    };
    assert_eq!(advance(&ahead, &settings(), &seen(true), None, at(100)), ahead);
}

#[test]
fn a_failure_goes_back_from_every_stage() {
    for strategy in [
        RolloutStrategy::Rolling,
        RolloutStrategy::Canary,
        RolloutStrategy::BlueGreen,
    ] {
        let mut rollout = begun(strategy);
        let mut second = 100;
        while rollout.phase != RolloutPhase::Completed {
            let back = advance(&rollout, &settings(), &failing(3), None, at(second));
            assert_eq!(back.phase, RolloutPhase::RollingBack, "{rollout:?}");
            assert_eq!((back.weight, back.message.as_str()), (0, "5 % of the calls fail"));
            let arranged = arrangement(&back, &settings());
            assert_eq!(
                (arranged.primary, arranged.candidate, arranged.called),
                (Version::Good, None, Track::Primary)
            );
            assert_eq!(
                advance(&back, &settings(), &seen(false), None, at(second)).phase,
                RolloutPhase::RollingBack
            );
            let over = advance(&back, &settings(), &seen(true), None, at(second));
            assert_eq!(
                (over.phase, last_good(&over)),
                (RolloutPhase::RolledBack, Some("good"))
            );
            second += 1;
            rollout = advance(&rollout, &settings(), &seen(true), None, at(second));
        }
    }
}

#[test]
fn a_few_bad_measurements_are_no_failure() {
    let rollout = begun(RolloutStrategy::Canary);
    let after = advance(&rollout, &settings(), &failing(2), None, at(101));
    assert_eq!(
        (after.phase, after.failed_measurements),
        (RolloutPhase::Baking, 2)
    );
    let held = advance(&after, &settings(), &failing(1), None, at(500));
    assert_eq!(
        (held.step, held.message.as_str()),
        (1, "held: 5 % of the calls fail")
    );
}

#[test]
fn missing_data_holds_for_ever() {
    let unknown = Observed {
        measured: Verdict::NoData {
            message: "Prometheus does not answer".into(),
        },
        ..seen(true)
    };
    let mut rollout = begun(RolloutStrategy::Canary);
    for second in 100..10_000 {
        rollout = advance(&rollout, &settings(), &unknown, None, at(second));
    }
    assert_eq!((rollout.step, rollout.phase), (1, RolloutPhase::Baking));
    assert_eq!(rollout.message, "held: Prometheus does not answer");
    let promoted = advance(&rollout, &settings(), &unknown, Some(Gate::Promote), at(10_001));
    assert_eq!(promoted.step, 2, "a person may know better");
}

#[test]
fn pods_that_do_not_come_up_in_time_are_a_failure() {
    let rollout = begun(RolloutStrategy::Canary);
    let patient = advance(&rollout, &settings(), &seen(false), None, at(699));
    assert_eq!(patient.phase, RolloutPhase::Progressing);
    let back = advance(&patient, &settings(), &seen(false), None, at(700));
    assert_eq!(
        (back.phase, back.message.as_str()),
        (RolloutPhase::RollingBack, "its pods were not ready within 600 s")
    );
}

#[test]
fn without_automatic_rollback_a_failure_waits_for_a_person() {
    let settings = Rollout {
        auto_rollback: false,
        ..settings()
    };
    let rollout = begun(RolloutStrategy::Canary);
    let held = advance(&rollout, &settings, &failing(3), None, at(101));
    assert_eq!(held.phase, RolloutPhase::Progressing);
    assert!(
        held.message
            .starts_with("failed: 5 % of the calls fail; spec.rollout.autoRollback is false"),
        "{}",
        held.message
    );
    let aborted = advance(&held, &settings, &failing(3), Some(Gate::Abort), at(102));
    assert_eq!(aborted.phase, RolloutPhase::RollingBack);
    let promoted = advance(&held, &settings, &failing(3), Some(Gate::Promote), at(102));
    assert_eq!((promoted.phase, promoted.step), (RolloutPhase::Progressing, 2));
    let absent = Observed {
        is_in_place: false,
        ..failing(3)
    };
    let kept = advance(&held, &settings, &absent, Some(Gate::PromoteFully), at(102));
    assert_eq!(kept.step, 1, "pods that are not there take no calls");
}

#[test]
fn an_approval_is_waited_for() {
    let settings = Rollout {
        canary: Canary {
            steps: vec![step(10, true), step(50, true)],
        },
        ..settings()
    };
    let mut rollout = begin(
        Some(&settled()),
        &change("new", RolloutStrategy::Canary),
        &settings,
        at(100),
    );
    for second in 100..5000 {
        rollout = advance(&rollout, &settings, &seen(true), None, at(second));
    }
    assert_eq!((rollout.step, rollout.phase), (1, RolloutPhase::AwaitingApproval));
    let mut annotations = std::collections::BTreeMap::from([(
        healthcare_crds::keys::ROLLOUT_PROMOTE.to_owned(),
        gates::value(&rollout),
    )]);
    let gate = gates::gate(&annotations, &rollout);
    let second = advance(&rollout, &settings, &seen(true), gate, at(5000));
    assert_eq!(second.step, 2);
    assert_eq!(
        gates::gate(&annotations, &second),
        None,
        "said of the first step only"
    );
    annotations.insert(
        healthcare_crds::keys::ROLLOUT_PROMOTE.to_owned(),
        gates::full_value(&second),
    );
    let gate = gates::gate(&annotations, &second);
    let taken = advance(&second, &settings, &seen(true), gate, at(5001));
    assert_eq!((taken.step, taken.phase), (3, RolloutPhase::Promoting));
    annotations.insert(
        healthcare_crds::keys::ROLLOUT_ABORT.to_owned(),
        format!("{}/{}", second.revision, second.generation),
    );
    assert_eq!(
        gates::gate(&annotations, &second),
        Some(Gate::Abort),
        "an abort wins"
    );
    let again = RolloutStatus {
        generation: second.generation + 2,
        ..second
    };
    assert_eq!(
        gates::gate(&annotations, &again),
        None,
        "said of an earlier rollout of the revision"
    );
}

#[test]
fn nobody_can_promote_pods_that_are_not_there() {
    let rollout = begun(RolloutStrategy::BlueGreen);
    for gate in [Gate::Promote, Gate::PromoteFully] {
        assert_eq!(
            advance(&rollout, &settings(), &seen(false), Some(gate), at(101)),
            rollout
        );
    }
}

#[test]
fn a_change_in_the_middle_starts_anew_from_the_last_good_revision() {
    let mut rollout = begun(RolloutStrategy::Canary);
    for second in 100..140 {
        rollout = advance(&rollout, &settings(), &seen(true), None, at(second));
    }
    assert_eq!(rollout.step, 2);
    let anew = begin(
        Some(&rollout),
        &change("newer", RolloutStrategy::BlueGreen),
        &settings(),
        at(140),
    );
    assert_eq!(
        (
            anew.step,
            anew.revision.as_str(),
            anew.last_good_revision.as_deref(),
            anew.strategy
        ),
        (1, "newer", Some("good"), RolloutStrategy::BlueGreen)
    );
}

#[test]
fn a_change_around_the_pods_is_no_rollout_unless_pods_have_to_go_back() {
    let around = Change {
        is_around_the_pods: true,
        ..change("wider", RolloutStrategy::BlueGreen)
    };
    let done = begin(Some(&settled()), &around, &settings(), at(100));
    assert_eq!(
        (done.phase, last_good(&done)),
        (RolloutPhase::Completed, Some("wider"))
    );
    let back = begin(
        Some(&begun(RolloutStrategy::Canary)),
        &around,
        &settings(),
        at(101),
    );
    assert_eq!(
        (back.strategy, back.phase),
        (RolloutStrategy::Rolling, RolloutPhase::Promoting)
    );
}

/// What is done and seen in one second.
fn events() -> impl Strategy<Value = (bool, u8, Option<Gate>, bool)> {
    let gates = prop_oneof![
        20 => Just(None),
        1 => Just(Some(Gate::Promote)),
        1 => Just(Some(Gate::PromoteFully)),
        1 => Just(Some(Gate::Abort)),
    ];
    (any::<bool>(), 0..5_u8, gates, proptest::bool::weighted(0.02))
}

proptest! {
    /// Whatever happens: a step never goes back within a rollout, an end is an end, the primary runs the new version only from
    /// the takeover on, and a candidate never gets more than its step says, one pod aside.
    #[test]
    fn no_course_breaks_the_rules(
        strategy in prop_oneof![
            Just(RolloutStrategy::Rolling), Just(RolloutStrategy::Canary), Just(RolloutStrategy::BlueGreen)
        ],
        course in proptest::collection::vec(events(), 1..300),
        primary in 1..40_i32,
    ) {
        let settings = settings();
        let mut rollout = begin(
            Some(&settled()), &Change { replicas: primary, ..change("new", strategy) }, &settings, at(100),
        );
        for (second, (is_in_place, measured, gate, is_changed)) in (100..).step_by(7).zip(course) {
            let measured = match measured {
                0 => Verdict::Fail { reason: "PodsFailing", message: "bad".into() },
                1 => Verdict::NoData { message: "no data".into() },
                _ => Verdict::Pass,
            };
            let failures = i32::from(matches!(measured, Verdict::Fail { .. })) * 3;
            let seen = Observed { is_in_place, measured, failures };
            let before = rollout.clone();
            rollout = if is_changed {
                begin(Some(&before), &change("other", strategy), &settings, at(second))
            } else {
                advance(&before, &settings, &seen, gate, at(second))
            };
            let arranged = arrangement(&rollout, &settings);
            if !is_changed {
                prop_assert!(rollout.step >= before.step);
                prop_assert!(!is_over(before.phase) || rollout == before);
            }
            let kind = stage_of(&rollout, &settings).kind;
            let is_new = matches!(kind, StageKind::Takeover | StageKind::Watch)
                && !matches!(rollout.phase, RolloutPhase::RollingBack | RolloutPhase::RolledBack);
            prop_assert_eq!(arranged.primary == Version::New, is_new);
            if let (Some(Size::Share(weight)), Version::Good) = (arranged.candidate, arranged.primary) {
                let pods = Size::Share(weight).pods(primary);
                prop_assert!(pods == 1 || pods * 100 <= weight * (pods + primary));
            }
        }
    }
}

#[test]
fn a_takeover_that_fails_its_callers_goes_back_before_it_is_over() {
    let begun = begun(RolloutStrategy::Rolling);
    assert_eq!(begun.phase, RolloutPhase::Promoting);
    let fails_early = Observed {
        is_in_place: false,
        ..failing(3)
    };
    let back = advance(&begun, &settings(), &fails_early, None, at(101));
    assert_eq!(
        (back.phase, back.message.as_str()),
        (RolloutPhase::RollingBack, "5 % of the calls fail")
    );
}

#[test]
fn a_takeover_waits_for_no_calls() {
    let begun = begun(RolloutStrategy::Rolling);
    let uncalled = |is_in_place| Observed {
        measured: Verdict::NoData {
            message: "no calls".into(),
        },
        ..seen(is_in_place)
    };
    let watched = advance(&begun, &settings(), &uncalled(true), None, at(101));
    assert_eq!(watched.phase, RolloutPhase::Baking);
    let late = advance(&begun, &settings(), &uncalled(false), None, at(10_000));
    assert_eq!(late.message, "its pods were not ready within 600 s");
}
