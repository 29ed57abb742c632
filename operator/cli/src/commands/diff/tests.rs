use clap::Parser;
use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;
use crate::cli::{Cli, Command};
use crate::testing::{checkout, plain, text};

fn run_with(arguments: &[&str]) -> Result<Report, Error> {
    let cli = Cli::parse_from([&["gitops-health", "diff"], arguments].concat());
    let Command::Diff(args) = cli.command else {
        panic!()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(run(&args, &cli.cluster, &mut std::io::empty()))
}

/// Compares two texts.
fn diff_of(old: &str, new: &str, more: &[&str]) -> Result<Report, Error> {
    let folder = tempfile::tempdir().unwrap();
    let [old_file, new_file] = ["old.yaml", "new.yaml"].map(|name| folder.path().join(name));
    std::fs::write(&old_file, old).unwrap();
    std::fs::write(&new_file, new).unwrap();
    run_with(&[&[old_file.to_str().unwrap(), new_file.to_str().unwrap()], more].concat())
}

#[test]
fn the_same_does_not_differ() {
    let examples = checkout("examples/synthetic-phi-service.yaml")
        .display()
        .to_string();
    let report = run_with(&["-f", &examples, "-f", &examples]).unwrap();
    assert_eq!(report, Report::fine(String::new()));
}

#[test]
fn a_change_of_settings_restarts_pods_and_one_of_scaling_does_not() {
    let old = [text("a", ", config: {A: x}"), text("b", "")].join("---\n");
    let new = [
        text("a", ", config: {A: z}"),
        text("b", ", scaling: {maxReplicas: 12}"),
    ]
    .join("---\n");
    let report = diff_of(&old, &new, &[]).unwrap();
    assert_eq!(report.verdict, Verdict::Found);
    insta::assert_snapshot!(plain(&report.text));
}

#[test]
fn services_come_and_go() {
    let report = diff_of(&text("a", ""), &text("b", ""), &["-U", "0", "-o", "json"]).unwrap();
    let changes: serde_json::Value = serde_json::from_str(&report.text).unwrap();
    let told: Vec<_> = changes
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["service"].as_str().unwrap(), c["pods"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("healthcare/a", "stop"), ("healthcare/b", "start")]);
    let gone = diff_of(&text("a", ""), "# nothing\n", &[]).unwrap();
    assert_eq!(gone.verdict, Verdict::Found);
}

#[test]
fn what_cannot_be_compared_is_an_error() {
    let said = |result: Result<Report, Error>| result.unwrap_err().to_string();
    assert!(said(run_with(&["one"])).contains("1 were named: name two"));
    assert!(said(diff_of("# a\n", "kind: Pod\n", &[])).contains("no HealthcareService"));
    let twice = [text("a", ""), text("a", "")].join("---\n");
    assert!(said(diff_of(&twice, &text("a", ""), &[])).contains("healthcare/a is described twice"));
    let wrong = said(diff_of(&text("a", ""), &text("a", ", port: 0"), &[]));
    assert!(
        wrong.contains("new.yaml:1: spec.port: Invalid value: 0"),
        "{wrong}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What stands around the pods never restarts them, whatever else comes with it.
    #[test]
    fn what_is_around_the_pods_restarts_none(changes in subsequence(vec![
        ", scaling: {maxReplicas: 20}", ", accessPolicy: {inbound: [{service: b}]}", ", disruption: {maxUnavailable: 1}",
        ", exposure: {hostnames: [a.example.org]}", ", sessionAffinity: ClientIP", ", paused: true",
    ], 1..=6)) {
        let report = diff_of(&text("a", ""), &text("a", &changes.concat()), &[]).unwrap();
        prop_assert!(!report.text.contains("pods restart"), "{}", report.text);
    }
}
