use clap::Parser;

use super::*;
use crate::cli::{Cli, Command};
use crate::testing::{checkout, plain, text};

fn run_with(arguments: &[&str], stdin: &str) -> Result<Report, Error> {
    let cli = Cli::parse_from([&["gitops-health", "validate"], arguments].concat());
    let Command::Validate(args) = cli.command else {
        panic!()
    };
    run(&args, &mut stdin.as_bytes())
}

fn wrong() -> String {
    [
        text("good", ""),
        text("bad", ", port: 0, prot: 1"),
        "kind: [\n".to_owned(),
        text("rule", ", observability: {metrics: {port: 9}}"),
        text("cel", ", additionalPorts: [{name: x, port: 8080}]"),
    ]
    .join("---\n")
}

#[test]
fn each_violation_is_a_line() {
    let report = run_with(&["-"], &wrong()).unwrap();
    assert_eq!(report.verdict, Verdict::Found);
    insta::assert_snapshot!(format!(
        "{}{}",
        plain(&report.text),
        plain(&report.notes.join("\n"))
    ));
}

#[test]
fn a_table_and_json_say_the_same() {
    let report = run_with(&["-", "-o", "table"], &wrong()).unwrap();
    insta::assert_snapshot!(plain(&report.text));
    let report = run_with(&["-", "-o", "json"], &wrong()).unwrap();
    insta::assert_snapshot!(report.text);
}

#[test]
fn unknown_fields_count_as_asked() {
    let strange = text("a", ", prot: 1");
    let verdict = |level: &str| {
        let report = run_with(&["-", "--field-validation", level], &strange).unwrap();
        (report.verdict, plain(&report.text))
    };
    assert_eq!(verdict("strict").0, Verdict::Found);
    let (fine, said) = verdict("warn");
    assert_eq!(
        (fine, said.as_str()),
        (
            Verdict::Fine,
            "<stdin>:1: spec.prot: warning: unknown field \"spec.prot\"\n"
        )
    );
    assert_eq!(verdict("ignore"), (Verdict::Fine, String::new()));
}

#[test]
fn examples_are_valid() {
    let examples = checkout("examples").display().to_string();
    let report = run_with(&[&examples], "").unwrap();
    assert_eq!(plain(&report.text), "");
    assert_eq!(report.verdict, Verdict::Fine);
}

/// A path that is misspelt in a pipeline must not pass.
#[test]
fn no_manifest_is_not_valid() {
    assert!(matches!(
        run_with(&["-"], "kind: Pod\n"),
        Err(Error::Input(InputError::Nothing { others: 1 }))
    ));
}
