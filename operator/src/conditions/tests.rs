use kube::core::Status;
use serde_json::json;

use super::*;
use crate::testing::{NO_APIS, planned, service};
use crate::workload::{Failure, ReplicasOwner};

mod kstatus;

const GENERATION: i64 = 4;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn rolled_out() -> Workload {
    Workload {
        uid: "d".into(),
        resource_version: 9,
        generation: 2,
        observed_generation: 2,
        wanted: 3,
        replicas_owner: ReplicasOwner::Operator,
        replicas: 3,
        updated: 3,
        ready: 3,
        available: 3,
        is_available: true,
        failure: None,
    }
}

fn rolling() -> Workload {
    Workload {
        updated: 1,
        ..rolled_out()
    }
}

fn unserved() -> Workload {
    Workload {
        updated: 1,
        ready: 0,
        available: 0,
        is_available: false,
        ..rolled_out()
    }
}

fn failed(reason: &str, terminal: bool) -> Workload {
    let failure = Failure {
        reason: reason.into(),
        message: format!("{reason} said the controller"),
        terminal,
    };
    Workload {
        failure: Some(failure),
        ..unserved()
    }
}

fn empty() -> Workload {
    Workload {
        wanted: 0,
        replicas: 0,
        updated: 0,
        ready: 0,
        available: 0,
        ..rolled_out()
    }
}

/// The five states of a Deployment that lead to different conditions, and its absence.
fn workloads() -> Vec<(&'static str, Option<Workload>)> {
    vec![
        ("none", None),
        ("rolled out", Some(rolled_out())),
        ("rolling", Some(rolling())),
        (
            "not observed",
            Some(Workload {
                observed_generation: 1,
                ..rolled_out()
            }),
        ),
        ("unserved", Some(unserved())),
        ("stuck", Some(failed("ProgressDeadlineExceeded", true))),
        ("refused", Some(failed("FailedCreate", false))),
        ("empty", Some(empty())),
    ]
}

fn api_error(code: u16) -> Error {
    let status = Status::failure("the server said no", "Reason").with_code(code);
    Error::api(
        "apply",
        "Deployment",
        "records",
        kube::Error::Api(Box::new(status)),
    )
}

fn errors() -> Vec<(&'static str, Option<Error>)> {
    let (kind, name) = ("Service", "records".to_owned());
    vec![
        ("none", None),
        ("back-off", Some(api_error(503))),
        ("refused", Some(api_error(422))),
        (
            "terminating",
            Some(Error::Terminating {
                kind,
                name: name.clone(),
            }),
        ),
        (
            "conflict",
            Some(Error::Conflict {
                kind,
                name,
                owner: "not managed by this operator".into(),
            }),
        ),
        (
            "invalid",
            Some(Error::Plan(crate::plan::PlanError::MetricsPort(1))),
        ),
    ]
}

fn fault() -> PodFault {
    let pod = json!({"metadata": {"name": "records-a"}, "status": {"containerStatuses": [{
        "name": "records", "image": "i", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": "ImagePullBackOff", "message": "not found"}},
    }]}});
    crate::pods::worst(&[serde_json::from_value(pod).unwrap()]).unwrap()
}

fn facts<'a>(plan: Option<&'a Plan>, workload: Option<&'a Workload>) -> Facts<'a> {
    Facts {
        plan,
        paused: false,
        error: None,
        workload,
        fault: None,
        rollout: None,
        access: None,
        template_pending: false,
        wants_monitoring: true,
        compliance: &crate::compliance::Judgement::NotAsked,
    }
}

fn fresh(facts: &Facts<'_>) -> Vec<Condition> {
    conditions(facts, GENERATION, &[], at(100))
}

fn find<'a>(list: &'a [Condition], type_: &str) -> Option<&'a Condition> {
    list.iter().find(|condition| condition.type_ == type_)
}

/// Status and reason of one condition.
fn verdict(list: &[Condition], type_: &str) -> Option<(String, String)> {
    find(list, type_).map(|condition| (condition.status.clone(), condition.reason.clone()))
}

#[expect(clippy::unnecessary_wraps, reason = "what `verdict` is compared with")]
fn said(status: &str, reason: &str) -> Option<(String, String)> {
    Some((status.to_owned(), reason.to_owned()))
}

/// Calls `check` with the conditions of every combination of facts, and a name for it.
fn every_combination(check: impl Fn(&str, &Facts<'_>, &[Condition])) {
    let running = planned(json!({}));
    let stopped = planned(json!({"scaling": {"minReplicas": 0}}));
    let plans = [
        ("running", Some(&running)),
        ("stopped", Some(&stopped)),
        ("no plan", None),
    ];
    let fault = fault();
    for (plan_name, plan) in plans {
        for (workload_name, workload) in &workloads() {
            for (error_name, error) in &errors() {
                for (paused, fault) in [
                    (false, None),
                    (false, Some(&fault)),
                    (true, None),
                    (true, Some(&fault)),
                ] {
                    // Without a plan there is an error, always: a spec that cannot be planned.
                    if plan.is_none() && error.is_none() {
                        continue;
                    }
                    let facts = Facts {
                        paused,
                        error: error.as_ref(),
                        fault,
                        ..facts(plan, workload.as_ref())
                    };
                    let name = format!(
                        "{plan_name}, workload {workload_name}, error {error_name}, paused {paused}, fault {}",
                        fault.is_some()
                    );
                    check(&name, &facts, &fresh(&facts));
                }
            }
        }
    }
}

#[test]
fn exactly_one_of_four_states_holds() {
    every_combination(|name, _, list| {
        let states = [types::READY, types::RECONCILING, types::STALLED, types::PAUSED];
        let holding: Vec<_> = states
            .into_iter()
            .filter(|t| find(list, t).is_some_and(|c| c.status == "True"))
            .collect();
        assert_eq!(holding.len(), 1, "{name}: {holding:?}");
    });
}

#[test]
fn ready_is_always_told_and_abnormal_states_only_while_true() {
    every_combination(|name, _, list| {
        assert!(find(list, types::READY).is_some(), "{name}");
        for abnormal in [types::RECONCILING, types::STALLED, types::PAUSED] {
            assert!(
                find(list, abnormal).is_none_or(|c| c.status == "True"),
                "{name}: {abnormal}"
            );
        }
    });
}

/// The rules of metav1.Condition: what the API server would refuse.
#[test]
fn every_condition_is_well_formed() {
    let camel_case = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_uppercase()) && word.chars().all(|c| c.is_ascii_alphanumeric())
    };
    every_combination(|name, _, list| {
        let mut types: Vec<_> = list.iter().map(|c| c.type_.as_str()).collect();
        types.dedup();
        assert_eq!(types.len(), list.len(), "{name}: a type twice");
        for condition in list {
            assert!(
                ["True", "False", "Unknown"].contains(&condition.status.as_str()),
                "{name}: {condition:?}"
            );
            assert!(
                camel_case(&condition.reason) && camel_case(&condition.type_),
                "{name}: {condition:?}"
            );
            assert!(
                !condition.message.is_empty() && condition.message.len() < 4096,
                "{name}: {condition:?}"
            );
            assert_eq!(condition.observed_generation, Some(GENERATION), "{name}");
        }
    });
}

#[test]
fn kstatus_reads_the_same_state() {
    use kstatus::Kstatus::{Current, Failed, InProgress};
    every_combination(|name, facts, list| {
        let expected = match (facts.paused, facts.error.map(Error::retry)) {
            (true, _) | (false, Some(Retry::Backoff)) => InProgress,
            (false, Some(Retry::OnChange)) => Failed,
            (false, None) => match find(list, types::READY).map(|c| c.status.as_str()) {
                Some("True") => Current,
                _ if find(list, types::STALLED).is_some() => Failed,
                _ => InProgress,
            },
        };
        assert_eq!(
            kstatus::compute(GENERATION, Some(GENERATION), list),
            expected,
            "{name}"
        );
        assert_eq!(
            kstatus::compute(GENERATION + 1, Some(GENERATION), list),
            InProgress,
            "{name}: a newer spec"
        );
        assert_eq!(
            kstatus::compute(1, Some(-1), &[]),
            InProgress,
            "a new object has the CRD's default status"
        );
    });
}

/// What must never be said: ready although this generation does not serve.
#[test]
fn ready_means_rolled_out_and_serving() {
    every_combination(|name, facts, list| {
        if find(list, types::READY).is_some_and(|c| c.status == "True") {
            let (plan, workload) = (facts.plan.unwrap(), facts.workload.unwrap());
            assert!(!facts.paused && facts.error.is_none(), "{name}");
            assert!(
                workload.is_observed() && workload.updated == workload.replicas,
                "{name}"
            );
            assert!(
                workload.available >= plan.replicas.minimum().min(workload.wanted),
                "{name}"
            );
        }
    });
}

#[test]
fn each_state_of_a_running_service() {
    let plan = planned(json!({}));
    let fault = fault();
    let cases = [
        (None, None, said("False", "Applying"), None),
        (
            Some(rolled_out()),
            None,
            said("True", "Serving"),
            said("True", "MinimumReplicasAvailable"),
        ),
        (
            Some(rolling()),
            None,
            said("False", "RollingOut"),
            said("True", "MinimumReplicasAvailable"),
        ),
        (
            Some(unserved()),
            None,
            said("False", "RollingOut"),
            said("False", "MinimumReplicasUnavailable"),
        ),
        (
            Some(unserved()),
            Some(&fault),
            said("False", "ImagePullBackOff"),
            said("False", "ImagePullBackOff"),
        ),
        (
            Some(failed("FailedCreate", false)),
            None,
            said("False", "FailedCreate"),
            said("False", "MinimumReplicasUnavailable"),
        ),
        (
            Some(failed("ProgressDeadlineExceeded", true)),
            Some(&fault),
            said("False", "ImagePullBackOff"),
            said("False", "ImagePullBackOff"),
        ),
    ];
    for (workload, fault, ready, available) in cases {
        let list = fresh(&Facts {
            fault,
            ..facts(Some(&plan), workload.as_ref())
        });
        assert_eq!(verdict(&list, types::READY), ready, "{workload:?}");
        if available.is_some() {
            assert_eq!(verdict(&list, types::AVAILABLE), available, "{workload:?}");
        }
    }
}

#[test]
fn missing_image_is_told_in_the_pods_words() {
    let (plan, workload, fault) = (planned(json!({})), unserved(), fault());
    let list = fresh(&Facts {
        fault: Some(&fault),
        ..facts(Some(&plan), Some(&workload))
    });
    let ready = find(&list, types::READY).unwrap();
    assert_eq!(
        ready.message,
        "pod records-a: ImagePullBackOff: not found; 0 of 3 pods available, 1 of 3 up to date"
    );
}

/// Only the Deployment controller's verdict on the current spec ends the waiting.
#[test]
fn stuck_rollout_stalls_once_it_is_about_this_spec() {
    let plan = planned(json!({}));
    let stuck = failed("ProgressDeadlineExceeded", true);
    let list = fresh(&facts(Some(&plan), Some(&stuck)));
    assert_eq!(
        verdict(&list, types::STALLED),
        said("True", "ProgressDeadlineExceeded")
    );
    let earlier = Workload {
        observed_generation: 1,
        ..stuck
    };
    let list = fresh(&facts(Some(&plan), Some(&earlier)));
    assert_eq!(verdict(&list, types::STALLED), None);
    assert!(find(&list, types::RECONCILING).is_some());
}

#[test]
fn foreign_object_of_our_name_stalls_and_is_named() {
    let (plan, workload) = (planned(json!({})), rolled_out());
    let (_, conflict) = errors().remove(4);
    let list = fresh(&Facts {
        error: conflict.as_ref(),
        ..facts(Some(&plan), Some(&workload))
    });
    assert_eq!(verdict(&list, types::STALLED), said("True", "ResourceConflict"));
    let message = &find(&list, types::STALLED).unwrap().message;
    assert!(
        message.starts_with("Service records exists and is not managed by this operator"),
        "{message}"
    );
    assert!(message.contains("gitops-health.io/adopt=true"), "{message}");
}

#[test]
fn stopped_service_is_ready_but_not_available() {
    let plan = planned(json!({"scaling": {"minReplicas": 0}}));
    let (stopping, stopped) = (rolled_out(), empty());
    let list = fresh(&facts(Some(&plan), Some(&stopped)));
    assert_eq!(verdict(&list, types::READY), said("True", "Stopped"));
    assert_eq!(verdict(&list, types::AVAILABLE), said("False", "Stopped"));
    let list = fresh(&facts(Some(&plan), Some(&stopping)));
    assert_eq!(
        verdict(&list, types::READY).unwrap().0,
        "False",
        "pods are still there"
    );
}

#[test]
fn paused_service_tells_what_runs_and_nothing_of_readiness() {
    let (plan, workload) = (planned(json!({"paused": true})), rolled_out());
    let list = fresh(&Facts {
        paused: true,
        ..facts(Some(&plan), Some(&workload))
    });
    assert_eq!(verdict(&list, types::READY), said("Unknown", "Paused"));
    assert_eq!(
        verdict(&list, types::AVAILABLE),
        said("True", "MinimumReplicasAvailable")
    );
    assert_eq!(verdict(&list, types::PAUSED), said("True", "Paused"));
}

#[test]
fn missing_monitoring_is_reported_not_an_error() {
    let workload = rolled_out();
    let with = planned(json!({}));
    let without = Plan::new(
        &service(json!({})),
        &crate::plan::OperatorDefaults::default(),
        NO_APIS,
    )
    .unwrap();
    let of = |plan, wants_monitoring| {
        let list = fresh(&Facts {
            wants_monitoring,
            ..facts(Some(plan), Some(&workload))
        });
        assert_eq!(verdict(&list, types::READY), said("True", "Serving"));
        verdict(&list, types::MONITORING_AVAILABLE)
    };
    assert_eq!(of(&with, true), said("True", "Installed"));
    assert_eq!(of(&without, true), said("False", "KindsMissing"));
    assert_eq!(of(&without, false), None);
}

#[test]
fn callees_that_refuse_are_listed() {
    let (plan, workload) = (planned(json!({})), rolled_out());
    let of = |access: Option<&[Inconsistency]>| {
        let list = fresh(&Facts {
            access,
            ..facts(Some(&plan), Some(&workload))
        });
        find(&list, types::ACCESS_POLICY_CONSISTENT)
            .map(|c| (c.status.clone(), c.reason.clone(), c.message.clone()))
    };
    let missing = |name: &str| Inconsistency::Missing {
        callee: format!("clinic/{name}"),
    };
    assert_eq!(of(None), None);
    assert_eq!(of(Some(&[])).unwrap().0, "True");
    let (status, reason, message) = of(Some(&[missing("a"), missing("b")])).unwrap();
    assert_eq!((status.as_str(), reason.as_str()), ("False", "CalleeMissing"));
    assert!(
        message.contains("clinic/a") && message.contains("clinic/b"),
        "{message}"
    );
}

#[test]
fn time_moves_only_when_a_status_flips() {
    let plan = planned(json!({}));
    let (good, bad, fault) = (rolled_out(), unserved(), fault());
    let serving = facts(Some(&plan), Some(&good));
    let first = conditions(&serving, 1, &[], at(100));
    let again = conditions(&serving, 2, &first, at(200));
    assert!(
        again.iter().all(|c| c.last_transition_time.0 == at(100)),
        "{again:?}"
    );
    assert!(again.iter().all(|c| c.observed_generation == Some(2)));

    let broken = conditions(&facts(Some(&plan), Some(&bad)), 2, &again, at(300));
    let time = |list: &[Condition], type_: &str| find(list, type_).unwrap().last_transition_time.0;
    assert_eq!(time(&broken, types::READY), at(300));
    assert_eq!(
        time(&broken, types::MONITORING_AVAILABLE),
        at(100),
        "did not flip"
    );
    let explained = Facts {
        fault: Some(&fault),
        ..facts(Some(&plan), Some(&bad))
    };
    let explained = conditions(&explained, 2, &broken, at(400));
    assert_eq!(
        time(&explained, types::READY),
        at(300),
        "another reason is no flip"
    );
    assert_eq!(find(&explained, types::READY).unwrap().reason, "ImagePullBackOff");
}

/// metav1.Time keeps whole seconds: fractions would make the wanted status differ from the stored one for ever.
#[test]
fn times_have_no_fractions() {
    let (plan, workload) = (planned(json!({})), rolled_out());
    let now = Timestamp::new(100, 123_456_789).unwrap();
    let list = conditions(&facts(Some(&plan), Some(&workload)), 1, &[], now);
    assert!(list.iter().all(|c| c.last_transition_time.0 == at(100)));
}

#[test]
fn long_messages_are_cut() {
    let plan = planned(json!({}));
    let status = Status::failure(&"ü".repeat(5000), "Reason").with_code(422);
    let error = Error::api(
        "apply",
        "Deployment",
        "records",
        kube::Error::Api(Box::new(status)),
    );
    let list = fresh(&Facts {
        error: Some(&error),
        ..facts(Some(&plan), None)
    });
    let message = &find(&list, types::READY).unwrap().message;
    assert!(
        message.chars().count() <= 1025 && message.ends_with('…'),
        "{}",
        message.chars().count()
    );
}

#[test]
fn a_template_that_waits_is_told_and_else_not() {
    let plan = planned(json!({}));
    let workload = rolled_out();
    let facts = Facts {
        template_pending: true,
        ..facts(Some(&plan), Some(&workload))
    };
    let list = fresh(&facts);
    let pending = list.iter().find(|c| c.type_ == "TemplateUpdatePending").unwrap();
    assert_eq!(
        (pending.status.as_str(), pending.reason.as_str()),
        ("True", "OperatorChanged")
    );
    assert!(pending.message.contains("gitops-health.io/template-requested-at"));
    let list = fresh(&Facts {
        template_pending: false,
        ..facts
    });
    assert!(list.iter().all(|c| c.type_ != "TemplateUpdatePending"));
}

/// A judgement of a service with PHI, at the start of time.
fn judged(spec: serde_json::Value, plan: Option<&Plan>) -> Judgement {
    let now = at(100);
    let mut spec = spec;
    spec["compliance"]["frameworks"] = json!(["SOX"]);
    judge(&crate::testing::service(spec), plan, now)
}

fn judge(service: &healthcare_crds::HealthcareService, plan: Option<&Plan>, now: Timestamp) -> Judgement {
    let children = plan.map(crate::testing::rendered).unwrap_or_default();
    let cluster = crate::testing::in_place(&children);
    Judgement::of(
        service,
        plan.map(|plan| (plan, children.as_slice())),
        &cluster,
        now,
    )
}

#[test]
fn compliant_tells_how_the_controls_stand() {
    let good = json!({
        "accessPolicy": {"inbound": [{"service": "a"}]},
        "observability": {"metrics": {"enabled": false}, "slo": {"objective": 99.9}},
        "compliance": {"auditRetention": "7y"},
    });
    let plan = planned(good.clone());
    let verdict_of = |judgement: &Judgement, error: Option<&Error>| {
        let facts = Facts {
            error,
            compliance: judgement,
            ..facts(Some(&plan), None)
        };
        verdict(&fresh(&facts), types::COMPLIANT)
    };
    assert_eq!(verdict_of(&Judgement::NotAsked, None), None);
    assert_eq!(
        verdict_of(&judged(good.clone(), None), None),
        Some(("Unknown".into(), "NotEvaluated".into()))
    );
    let exempted = |controls: &[&str]| {
        let all: Vec<_> = controls
            .iter()
            .map(|control| json!({"control": control, "reason": "until it is there", "approver": "officer", "expires": "2090-01-01T00:00:00Z"}))
            .collect();
        let mut spec = good.clone();
        spec["compliance"]["exemptions"] = json!(all);
        let mut service = crate::testing::service(spec);
        service.spec.compliance.as_mut().unwrap().frameworks =
            vec![healthcare_crds::v1alpha1::Framework::Sox];
        let second: Vec<_> = controls
            .iter()
            .map(|control| format!("{control}=auditor"))
            .collect();
        let key = healthcare_crds::keys::SECOND_APPROVAL.to_owned();
        service.metadata.annotations = Some([(key, second.join(","))].into());
        judge(&service, Some(&plan), at(100))
    };
    let violated = exempted(&["SOX-ITGC-OP-01"]);
    assert_eq!(
        verdict_of(&violated, None),
        Some(("False".into(), "ControlsViolated".into()))
    );
    let met = exempted(&["SOX-ITGC-OP-01", "SOX-ITGC-OP-03", "SOX-ITGC-OP-02"]);
    assert_eq!(
        verdict_of(&met, None),
        Some(("True".into(), "ControlsMet".into()))
    );
    let refused = api_error(422);
    assert_eq!(
        verdict_of(&met, Some(&refused)),
        Some(("Unknown".into(), "NotApplied".into()))
    );
    assert_eq!(
        verdict_of(&met, Some(&api_error(503))),
        Some(("True".into(), "ControlsMet".into()))
    );
}

#[test]
fn compliant_names_the_emergency() {
    let spec = json!({"rollout": {"autoRollback": false}, "compliance": {"breakGlass": {
        "until": "1970-01-01T12:00:00Z", "reason": "the store is down", "ticket": "INC-1", "openedBy": "on call",
    }}});
    let plan = planned(spec.clone());
    let judgement = judged(spec, Some(&plan));
    let facts = Facts {
        compliance: &judgement,
        ..facts(Some(&plan), None)
    };
    let list = fresh(&facts);
    let found = list.iter().find(|c| c.type_ == types::COMPLIANT).unwrap();
    assert_eq!(
        (found.status.as_str(), found.reason.as_str()),
        ("False", "BreakGlass")
    );
    assert!(
        found
            .message
            .starts_with("emergency access until 1970-01-01T12:00:00Z, opened by on call, ticket INC-1; ")
    );
    assert!(
        found.message.contains("; and ") && found.message.contains("SOX-ITGC-CM-04: "),
        "{}",
        found.message
    );
}
