//! Exemptions and emergency access.

use super::*;

const CONTROL: &str = "HIPAA-164.312(b)-log-level";

fn exemption(control: &str, expires: Timestamp) -> Value {
    json!({"control": control, "reason": "until the fault is found", "approver": "security officer", "expires": expires.to_string()})
}

/// A service with a violation of [`CONTROL`] alone, under HIPAA alone.
fn loud(exemptions: &[Value]) -> Value {
    json!({
        "observability": {"logging": {"level": "debug"}},
        "compliance": {"frameworks": ["HIPAA"], "exemptions": exemptions},
    })
}

#[test]
fn an_exemption_excuses_until_it_ends() {
    let scene = Scene::patched(&loud(&[exemption(CONTROL, hours(1))]));
    let report = scene.report();
    assert!(
        matches!(state(&report, CONTROL), State::Exempted { until, approver, second_approver: None, .. }
        if *until == hours(1) && approver == "security officer")
    );
    assert_eq!(report.next_change(), Some(hours(1)));
    assert_eq!((report.counts.exempted, report.counts.violated), (1, 0));
    let (good, all) = (report.counts.met + 1, report.counts.met + 1);
    assert_eq!(report.summary(), format!("{good}/{all}"));

    let later = scene.report_at(hours(1));
    assert!(message(&later, CONTROL).contains("its exemption ended at 2026-11-20T13:00:00Z"));
    assert_eq!(later.next_change(), None);
}

#[test]
fn an_exemption_without_a_readable_end_does_not_count() {
    let mut exemption = exemption(CONTROL, now());
    exemption["expires"] = json!("soon");
    let report = Scene::patched(&loud(&[exemption])).report();
    assert!(message(&report, CONTROL).contains("no readable end (soon)"));
}

#[test]
fn exemptions_that_excuse_nothing_are_noticed() {
    let known = "HIPAA-164.316(b)(2)(i)";
    let other = "PCI-DSS-6.5.3";
    let inherited = "HIPAA-164.312(d)";
    let all = ["HIPAA-1", known, other, inherited].map(|control| exemption(control, hours(2)));
    let report = Scene::patched(&loud(&all)).report();
    let said: Vec<_> = report
        .notices
        .iter()
        .map(|n| (n.subject.as_str(), n.message.as_str()))
        .collect();
    assert_eq!(said.len(), 4, "{said:#?}");
    assert_eq!(said[0].0, "spec.compliance.exemptions[HIPAA-1]");
    assert!(said[0].1.contains("there is no control HIPAA-1"));
    assert!(said[1].1.contains("is not violated") && said[2].1.contains("does not apply to this service"));
    assert!(said[3].1.contains(inherited));
    assert!(
        message(&report, CONTROL).contains("LOG_LEVEL is debug"),
        "nothing excuses it"
    );
}

fn under_sox(annotation: Option<&str>) -> Report {
    let mut scene = Scene::patched(&json!({
        "observability": {"logging": {"level": "debug"}},
        "compliance": {"frameworks": ["HIPAA", "SOX"], "exemptions": [exemption(CONTROL, hours(1))]},
    }));
    let key = healthcare_crds::keys::SECOND_APPROVAL.to_owned();
    scene.service.metadata.annotations = annotation.map(|value| [(key, value.to_owned())].into());
    scene.report()
}

#[test]
fn under_sox_nobody_excuses_alone() {
    let missing =
        "annotate the service with gitops-health.io/second-approval=HIPAA-164.312(b)-log-level=<approver>";
    for annotation in [
        None,
        Some(""),
        Some("SOX-ITGC-CM-03=auditor"),
        Some("HIPAA-164.312(b)-log-level="),
    ] {
        assert!(
            message(&under_sox(annotation), CONTROL).contains(missing),
            "{annotation:?}"
        );
    }
    let twice = under_sox(Some("HIPAA-164.312(b)-log-level=Security Officer"));
    assert!(message(&twice, CONTROL).contains("must be somebody else"));
    let good = under_sox(Some(
        "SOX-ITGC-CM-03=x, HIPAA-164.312(b)-log-level = head of audit",
    ));
    assert!(
        matches!(state(&good, CONTROL), State::Exempted { second_approver: Some(second), .. } if second == "head of audit")
    );
}

fn emergency(until: Timestamp) -> Scene {
    let mut patch = loud(&[]);
    patch["compliance"]["breakGlass"] = json!({
        "until": until.to_string(), "reason": "the store is down", "ticket": "INC-1", "openedBy": "on call",
    });
    Scene::patched(&patch)
}

#[test]
fn emergency_access_marks_violations_and_lists_them() {
    let scene = emergency(hours(24));
    let report = scene.report();
    assert!(matches!(state(&report, CONTROL), State::BreakGlass { until, .. } if *until == hours(24)));
    assert_eq!(violated(&report), [CONTROL]);
    assert_eq!((report.counts.break_glass, report.counts.violated), (1, 0));
    assert_eq!(
        report.break_glass.as_ref().map(|b| b.ticket.as_str()),
        Some("INC-1")
    );
    assert_eq!(report.next_change(), Some(hours(24)));
    assert!(
        matches!(state(&report, "HIPAA-164.312(a)(2)(ii)"), State::Met { seen } if seen.contains("INC-1"))
    );

    let over = scene.report_at(hours(24));
    assert!(matches!(state(&over, CONTROL), State::Violated { .. }));
    assert_eq!((over.break_glass.is_some(), over.next_change()), (false, None));
    assert!(over.notices[0].message.contains("it ended at"));
}

#[test]
fn emergency_access_of_more_than_a_day_is_refused() {
    let report = emergency(hours(25)).report();
    assert!(message(&report, CONTROL).contains("LOG_LEVEL is debug"));
    assert!(report.notices[0].message.contains("more than 24 hours ahead"));
    assert!(message(&report, "HIPAA-164.312(a)(2)(ii)").contains("more than 24 hours ahead"));
    assert_eq!(report.next_change(), Some(hours(1)), "from then on it counts");
    assert!(report.break_glass.is_none());
}

#[test]
fn an_exemption_goes_before_emergency_access() {
    let mut patch = loud(&[exemption(CONTROL, hours(1))]);
    patch["compliance"]["breakGlass"] = json!({
        "until": hours(2).to_string(), "reason": "the store is down", "ticket": "INC-1", "openedBy": "on call",
    });
    let report = Scene::patched(&patch).report();
    assert!(matches!(state(&report, CONTROL), State::Exempted { .. }));
    assert_eq!(report.next_change(), Some(hours(1)));
}

#[test]
fn the_status_is_bounded_and_counts() {
    let report = Scene::patched(
        &json!({"accessPolicy": null, "observability": null, "image": "a:1", "compliance": {
        "auditRetention": null, "transportEncryption": null,
    }, "env": [{"name": "TOKEN", "value": "x".repeat(5000)}], "exposure": {"gateway": null}, "paused": true}),
    )
    .report();
    let status = healthcare_crds::v1alpha1::ComplianceStatus::from(&report);
    assert_eq!(status.violations.len(), 16);
    assert_eq!(
        status.violated,
        i32::try_from(report.violations().count()).unwrap()
    );
    assert!(status.violated > 16);
    assert_eq!(
        status.summary,
        format!("{}/{}", status.met, status.met + status.violated)
    );
    assert!(status.violations.iter().all(|v| v.message.chars().count() <= 321));
    assert_eq!(
        (status.met, status.inherited),
        (report.counts.met, report.counts.inherited)
    );
}
