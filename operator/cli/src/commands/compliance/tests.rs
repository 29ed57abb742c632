use std::path::Path;

use clap::Parser;
use serde_json::Value;
use service_kit::Clock;

use super::*;
use crate::cli::{Cli, Command};
use crate::testing::{checkout, plain, text};

fn parsed(arguments: &[&str]) -> Cli {
    Cli::parse_from([&["gitops-health", "compliance", "report"], arguments].concat())
}

fn run_with(arguments: &[&str], stdin: &str) -> Result<Report, Error> {
    let cli = parsed(arguments);
    let Command::Compliance(args) = &cli.command else {
        panic!()
    };
    let mut world = World {
        called: "gitops-health",
        stdin: &mut stdin.as_bytes(),
        clock: Clock::fixed("2026-11-20T12:00:00Z".parse().unwrap()),
        tell: &mut |_: &str| Ok(()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(run(args, &cli.cluster, &mut world))
}

/// A service under SOX, which says nothing of how long records are kept.
fn careless() -> String {
    text("records", ", compliance: {frameworks: [SOX]}")
}

fn json(report: &Report) -> Value {
    serde_json::from_str(&report.text).unwrap()
}

#[test]
fn a_violation_fails_only_those_who_ask() {
    let report = run_with(&["-o", "json", "-"], &careless()).unwrap();
    let judged = &json(&report)["reports"][0];
    assert!(judged["counts"]["violated"].as_i64().unwrap() > 0, "{judged:#}");
    assert_eq!((report.verdict, report.notes.len()), (Verdict::Fine, 0));
    let strict = run_with(&["--fail-on", "violated", "-"], &careless()).unwrap();
    assert_eq!(strict.verdict, Verdict::Found);
    assert!(plain(&strict.notes[0]).starts_with("not to be: healthcare/records: SOX-"));
    let other = run_with(&["--fail-on", "exempted,emergency", "-"], &careless()).unwrap();
    assert_eq!(other.verdict, Verdict::Fine);
}

#[test]
fn violations_come_first() {
    let report = run_with(&["-"], &careless()).unwrap();
    let text = plain(&report.text);
    let states: Vec<_> = text
        .lines()
        .skip(2)
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(states[0], "Violated", "{text}");
    assert_eq!(states.last(), Some(&"Inherited"));
    let heading = text.lines().next().unwrap();
    assert!(
        heading.starts_with("healthcare/records: ") && heading.contains("as rendered: evidence without uid"),
        "{heading}"
    );
}

#[test]
fn every_format_says_that_no_cluster_was_asked() {
    let out = |format: &str| run_with(&["--format", format, "-"], &careless()).unwrap().text;
    assert!(out("html").contains("no uid and no version") && out("html").starts_with("<!doctype html>"));
    let oscal: Value = serde_json::from_str(&out("oscal")).unwrap();
    let result = &oscal["assessment-results"]["results"][0];
    assert!(
        result["description"]
            .as_str()
            .unwrap()
            .contains("no uid and no version")
    );
    let json: Value = serde_json::from_str(&out("json")).unwrap();
    assert_eq!(json["reports"][0]["basis"], "rendered");
    let evidence = json["reports"][0]["findings"].as_array().unwrap();
    let mut evidence = evidence
        .iter()
        .filter_map(|finding| finding["evidence"].as_array())
        .flatten();
    assert!(evidence.all(|object| object.get("uid").is_none() && object["digest"].is_string()));
}

#[test]
fn frameworks_can_be_chosen() {
    let frameworks = |arguments: &[&str]| {
        let report = run_with(&[&["-o", "json", "-"], arguments].concat(), &careless()).unwrap();
        let judged = json(&report)["reports"][0].clone();
        let findings = judged["findings"].as_array().unwrap().clone();
        let mut of: Vec<_> = findings
            .iter()
            .map(|f| f["control"]["framework"].to_string())
            .collect();
        of.dedup();
        (judged["frameworks"].to_string(), of.join(","))
    };
    assert_eq!(frameworks(&[]), (r#"["SOX"]"#.to_owned(), r#""SOX""#.to_owned()));
    assert_eq!(
        frameworks(&["--framework", "HIPAA"]),
        (r#"["HIPAA"]"#.to_owned(), r#""HIPAA""#.to_owned())
    );
}

#[test]
fn a_service_that_asks_for_nothing_is_told_of() {
    let report = run_with(&["-", "--fail-on", "violated"], &text("a", "")).unwrap();
    assert_eq!(report.verdict, Verdict::Fine);
    assert!(plain(&report.notes[0]).starts_with("warning: healthcare/a names no framework"));
    assert!(plain(&report.text).starts_with("healthcare/a: no framework applies"));
}

#[test]
fn what_cannot_be_rendered_is_an_error() {
    assert!(matches!(
        run_with(&["-"], &text("a", ", port: 0")),
        Err(Error::Refused(_))
    ));
    let examples = checkout("examples/every-field.yaml");
    let example = Path::new(&examples).to_str().unwrap();
    assert!(run_with(&["-f", example], "").is_ok());
}

#[test]
fn arguments_that_contradict_each_other_are_refused() {
    for arguments in [
        &["-A"] as &[&str],
        &["--live", "-A", "a"],
        &["--live", "-f", "x"],
        &["--live", "--api-versions", "v1"],
        &["-", "--framework", "GDPR"],
    ] {
        let all = [&["gitops-health", "compliance", "report"], arguments].concat();
        assert!(Cli::try_parse_from(all).is_err(), "{arguments:?}");
    }
}
