use clap::Parser;

use super::*;
use crate::cli::{Cli, Command};
use crate::testing::{plain, text};

/// A change from one file to another.
fn run_with(old: &str, new: &str, arguments: &[&str]) -> Result<Report, Error> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), old).unwrap();
    let from = file.path().to_str().unwrap();
    let all = [
        &["gitops-health", "risk", "score", "-", "--from", from],
        arguments,
    ]
    .concat();
    let cli = Cli::parse_from(all);
    let Command::Risk(args) = cli.command else {
        panic!()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(run(&args, &cli.cluster, &mut new.as_bytes()))
}

#[test]
fn a_limit_is_kept_or_broken() {
    let new = text("a", ", config: {A: x}");
    let report = run_with(&text("a", ""), &new, &["--format", "json"]).unwrap();
    let json: serde_json::Value = serde_json::from_str(&report.text).unwrap();
    let score = json["risk_score"].as_i64().unwrap();
    assert!(score > 0 && report.verdict == Verdict::Fine, "{json:#}");
    let at = |limit: i64| {
        let limit = limit.to_string();
        run_with(&text("a", ""), &new, &["--fail-above", &limit]).unwrap()
    };
    assert_eq!(at(score).verdict, Verdict::Fine);
    let above = at(score - 1);
    assert_eq!(above.verdict, Verdict::Found);
    assert_eq!(
        plain(&above.notes.join("\n")),
        format!("too risky: healthcare/a scores {score}, above {}", score - 1)
    );
}

#[test]
fn services_come_and_go() {
    let report = run_with(&text("old", ""), &text("new", ""), &["--fail-above", "0"]).unwrap();
    assert_eq!(report.verdict, Verdict::Fine);
    assert!(report.text.contains("nothing: it is new"), "{}", report.text);
    assert_eq!(
        plain(&report.notes.join("\n")),
        "warning: healthcare/old is in --from only: that it goes has no score"
    );
    assert!(run_with(&text("old", ""), "", &[]).is_ok());
    assert!(run_with("", "", &[]).is_err());
}

/// What was stored under older rules can be corrected; what is new must be valid.
#[test]
fn only_the_new_side_must_be_valid() {
    let wrong = text("a", ", port: 0");
    assert!(run_with(&wrong, &text("a", ""), &[]).is_ok());
    assert!(matches!(
        run_with(&text("a", ""), &wrong, &[]),
        Err(Error::Refused(_))
    ));
    let twice = [text("a", ""), text("a", "")].join("---\n");
    assert!(matches!(run_with("", &twice, &[]), Err(Error::Usage(_))));
}

#[test]
fn without_the_old_side_a_cluster_is_needed() {
    let arguments = ["gitops-health", "risk", "score", "-", "--kubeconfig", "/no/such"];
    let cli = Cli::parse_from(arguments);
    let Command::Risk(args) = cli.command else {
        panic!()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime
        .block_on(run(&args, &cli.cluster, &mut text("a", "").as_bytes()))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("no cluster to ask") && error.ends_with("by --from"),
        "{error}"
    );
}
