//! The report as JSON, OSCAL and HTML, and as what a pass knows.

use std::collections::BTreeSet;
use std::time::Duration;

use healthcare_crds::v1alpha1::Framework;

use super::*;
use crate::compliance::oscal::{assessment_results, token};

fn every_state() -> Report {
    let exemption = json!({
        "control": "HIPAA-164.316(b)(2)(i)", "reason": "the archive is <being> built", "approver": "a & b",
        "expires": hours(3).to_string(),
    });
    Scene::patched(&json!({
        "observability": {"logging": {"level": "debug"}},
        "compliance": {"frameworks": ["HIPAA"], "auditRetention": "1y", "exemptions": [exemption]},
    }))
    .report()
}

#[test]
fn json_tells_control_state_and_evidence() {
    let report = serde_json::to_value(every_state()).unwrap();
    let finding = |id: &str| {
        let all = report["findings"].as_array().unwrap();
        all.iter().find(|f| f["control"]["id"] == id).unwrap().clone()
    };
    let log_level = finding("HIPAA-164.312(b)-log-level");
    assert_eq!(log_level["state"]["status"], "violated");
    assert_eq!(log_level["control"]["citation"], "45 CFR 164.312(b)");
    assert_eq!(log_level["control"]["enforcement"], "CelRule");
    assert_eq!(log_level["evidence"][0]["kind"], "Deployment");
    assert_eq!(finding("HIPAA-164.316(b)(2)(i)")["state"]["status"], "exempted");
    assert_eq!(finding("HIPAA-164.312(d)")["state"]["status"], "inherited");
    assert_eq!(
        (&report["nextChange"], &report["frameworks"]),
        (&json!("2026-11-20T15:00:00Z"), &json!(["HIPAA"]))
    );
}

/// Two controls of one token would be one control to the reader.
#[test]
fn oscal_tokens_are_distinct_and_well_formed() {
    let tokens: BTreeSet<_> = catalogue().map(|control| token(control.id)).collect();
    assert_eq!(tokens.len(), catalogue().count());
    for token in tokens {
        assert!(
            token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'),
            "{token}"
        );
        assert!(
            token
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)),
            "{token}"
        );
    }
}

#[test]
fn oscal_has_findings_for_what_is_checked_and_risks_for_what_is_not_met() {
    let report = every_state();
    let document = assessment_results(std::slice::from_ref(&report));
    let result = &document["assessment-results"]["results"][0];
    let count = |list: &str| result[list].as_array().map_or(0, Vec::len);
    let inherited = usize::try_from(report.counts.inherited).unwrap();
    assert_eq!(count("observations"), report.findings.len());
    assert_eq!(count("findings"), report.findings.len() - inherited);
    assert_eq!(count("risks"), 2);
    assert_eq!(
        assessment_results(&[report]),
        document,
        "the same report, the same bytes"
    );
}

/// Whatever is written into a spec is text on the page.
#[test]
fn html_escapes_every_value() {
    let evil = "\"><script>alert('1')</script>&";
    let mut scene = Scene::patched(
        &json!({"observability": {"logging": {"level": "debug"}}, "compliance": {
        "exemptions": [
            {"control": "HIPAA-164.312(b)-log-level", "reason": evil, "approver": evil, "expires": hours(3).to_string()},
            {"control": evil, "reason": evil, "approver": evil, "expires": evil},
        ],
        "breakGlass": {"until": hours(3).to_string(), "reason": evil, "ticket": evil, "openedBy": evil},
    }, "image": "a:latest"}),
    );
    for child in &mut scene.children {
        child.body["metadata"]["name"] = json!(evil);
        child.body["metadata"]["uid"] = json!(evil);
        child.body["metadata"]["resourceVersion"] = json!(evil);
    }
    scene.plan.owner.name = evil.to_owned();
    scene.plan.owner.namespace = evil.to_owned();
    let page = html::page(&[scene.report()]);
    assert!(!page.contains("<script") && !page.contains("alert('"), "{page}");
    assert!(page.contains("&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;"));
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "the page needs nothing else"
    );
}

#[test]
fn html_shows_each_control_once() {
    let report = every_state();
    let page = html::page(std::slice::from_ref(&report));
    for finding in &report.findings {
        let cell = format!("<code>{}</code>", finding.control.id);
        assert_eq!(page.matches(&cell).count(), 1, "{cell}");
    }
    for word in ["Met", "Violated", "Exempted", "Inherited"] {
        assert!(page.contains(&format!("\">{word}</span>")), "{word}");
    }
    assert!(page.contains("exemptions") || report.notices.is_empty());
}

/// What is not met, and the evidence, is a step away.
#[test]
fn html_links_lead_somewhere() {
    let report = every_state();
    let page = html::page(&[report.clone(), report.clone()]);
    let links: Vec<_> = page.split("href=\"#").skip(1).collect();
    let not_met = 2 * report.violations().count();
    assert!(
        not_met > 0 && links.len() > not_met + report.findings.len(),
        "{}",
        links.len()
    );
    for link in links {
        let (name, _) = link.split_once('"').unwrap();
        assert_eq!(page.matches(&format!("id=\"{name}\"")).count(), 1, "{name}");
    }
    assert_eq!(page.matches("<h3>Not met</h3>").count(), 2);
}

/// The words of the house: nothing here makes anybody compliant.
#[test]
fn nothing_claims_compliance() {
    let report = every_state();
    let all = html::page(std::slice::from_ref(&report)).to_lowercase()
        + &assessment_results(&[report]).to_string().to_lowercase();
    for claim in ["compliant", "certified", "guarantee"] {
        assert!(!all.contains(claim), "{claim}");
    }
}

/// Evidence of objects that nobody has seen in a cluster is not taken for more.
#[test]
fn every_output_says_what_was_judged() {
    let scene = Scene::patched(&json!({}));
    let bodies = scene.children.iter().map(|child| (child.kind, &child.body));
    let live = evaluate(&Input::live(&scene.service, &scene.plan, bodies), now());
    for (report, basis, words) in [
        (scene.report(), "rendered", "no uid and no version"),
        (live, "live", "the cluster held"),
    ] {
        assert_eq!(serde_json::to_value(&report).unwrap()["basis"], basis);
        assert!(html::page(std::slice::from_ref(&report)).contains(words));
        assert!(assessment_results(&[report]).to_string().contains(words));
    }
}

#[test]
fn a_report_can_be_narrowed_to_some_frameworks() {
    let sox = [Framework::Sox];
    let whole = Scene::patched(&json!({})).report();
    let narrow = whole.clone().only(&sox);
    assert_eq!(narrow.frameworks, sox);
    assert!(
        narrow
            .findings
            .iter()
            .all(|f| f.control.framework == Framework::Sox)
    );
    assert!(narrow.counts.met > 0 && narrow.counts.met < whole.counts.met);
    let none = whole.only(&[]);
    assert_eq!((none.findings.len(), none.summary()), (0, "0/0".to_owned()));
}

/// Whether or not the service names them.
#[test]
fn a_service_can_be_judged_by_any_framework() {
    let scene = Scene::of(service(json!({})));
    let input = Input::rendered(&scene.service, &scene.plan, &scene.children);
    let report = evaluate_by(
        &input,
        vec![Framework::Sox, Framework::Hipaa, Framework::Sox],
        now(),
    );
    assert_eq!(report.frameworks, [Framework::Hipaa, Framework::Sox]);
    assert!(report.counts.met > 0);
}

#[test]
fn a_service_without_frameworks_is_not_judged() {
    let scene = Scene::of(service(json!({})));
    let judgement = scene.judgement();
    assert!(matches!(judgement, Judgement::NotAsked));
    assert_eq!((judgement.status(None), judgement.holds_for()), (None, None));
}

#[test]
fn what_cannot_be_rendered_keeps_its_last_judgement() {
    let scene = Scene::patched(&json!({}));
    let judgement = Judgement::of(&scene.service, None, &Cluster::default(), now());
    assert!(matches!(judgement, Judgement::Impossible));
    let before = healthcare_crds::v1alpha1::ComplianceStatus {
        summary: "1/2".to_owned(),
        ..Default::default()
    };
    assert_eq!(judgement.status(Some(&before)), Some(before));
}

#[test]
fn a_judgement_holds_until_an_exemption_ends() {
    let scene = Scene::patched(&json!({"compliance": {"exemptions": [{
        "control": "SOX-ITGC-CM-02", "reason": "until it is mended", "approver": "officer", "expires": hours(2).to_string(),
    }]}}));
    let judgement = scene.judgement();
    assert_eq!(judgement.holds_for(), Some(Duration::from_hours(2)));
    let status = judgement.status(None).unwrap();
    assert_eq!((status.violated, status.violations.len()), (0, 0));
}
