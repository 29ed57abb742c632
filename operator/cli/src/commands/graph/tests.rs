use clap::Parser;

use super::*;
use crate::cli::{Cli, Command};
use crate::testing::{plain, text};

fn run_with(arguments: &[&str], stdin: &str) -> Report {
    let cli = Cli::parse_from([&["gitops-health", "graph", "-"], arguments].concat());
    let Command::Graph(args) = cli.command else {
        panic!()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime
        .block_on(run(&args, &cli.cluster, &mut stdin.as_bytes()))
        .unwrap()
}

#[test]
fn a_one_sided_call_fails_only_a_check() {
    let lonely = text("a", ", accessPolicy: {outbound: [{service: b}]}");
    let report = run_with(&[], &lonely);
    assert_eq!(report.verdict, Verdict::Fine);
    assert_eq!(
        plain(&report.notes.join("\n")),
        "warning: healthcare/a → healthcare/b (not found): only the caller allows it"
    );
    assert_eq!(run_with(&["--check"], &lonely).verdict, Verdict::Found);
    assert_eq!(run_with(&["--check"], &text("a", "")).verdict, Verdict::Fine);
}

#[test]
fn each_format_is_what_it_says() {
    let some = text("a", ", accessPolicy: {outbound: [{service: b}]}");
    assert!(run_with(&["-o", "dot"], &some).text.starts_with("digraph"));
    assert!(run_with(&["-o", "svg"], &some).text.contains("<svg"));
    let json: serde_json::Value = serde_json::from_str(&run_with(&["-o", "json"], &some).text).unwrap();
    assert_eq!(json["edges"][0]["to"]["kind"], "unknownService");
}
