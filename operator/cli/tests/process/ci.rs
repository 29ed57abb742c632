//! The examples for pipelines: their shell steps are taken out and run on a repository with a branch.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::support::{PROGRAM, checkout, text};

/// A repository whose branch `change` replaces the manifest of `main`.
fn repository(old: &str, new: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services/a.yaml");
    std::fs::create_dir(folder.path().join("services")).unwrap();
    git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
    std::fs::write(&file, old).unwrap();
    commit(folder.path());
    git(folder.path(), &["update-ref", "refs/remotes/origin/main", "main"]);
    git(folder.path(), &["switch", "--quiet", "--create", "change"]);
    std::fs::write(&file, new).unwrap();
    commit(folder.path());
    folder
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn commit(folder: &Path) {
    git(folder, &["add", "."]);
    git(
        folder,
        &[
            "-c",
            "user.name=test",
            "-c",
            "user.email=test@example.org",
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            "change",
        ],
    );
}

/// Runs a step as the runner does, with the program on the PATH.
fn step(script: &str, folder: &Path, variables: &[(&str, &str)]) -> Output {
    let own = Path::new(PROGRAM).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path))).unwrap();
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
    command
        .current_dir(folder)
        .env("PATH", path)
        .envs(variables.iter().copied());
    command.output().unwrap()
}

fn example(name: &str) -> Value {
    let text = std::fs::read_to_string(checkout(&format!("examples/ci/{name}"))).unwrap();
    serde_yaml::from_str(&text).unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step.as_str().unwrap().to_owned())
        .collect()
}

/// Runs the workflow: whether it passes, and the summary.
fn github(old: &str, new: &str) -> (bool, String) {
    let workflow = example("github-actions.yaml");
    let repository = repository(old, new);
    let temp = tempfile::tempdir().unwrap();
    let summary = temp.path().join("summary.md");
    let highest = workflow["env"]["HIGHEST_RISK"].to_string();
    let variables = [
        ("MANIFESTS", workflow["env"]["MANIFESTS"].as_str().unwrap()),
        ("HIGHEST_RISK", highest.as_str()),
        ("API_VERSIONS", workflow["env"]["API_VERSIONS"].as_str().unwrap()),
        ("GITHUB_BASE_REF", "main"),
        ("RUNNER_TEMP", temp.path().to_str().unwrap()),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
    ];
    let steps = workflow["jobs"]["manifests"]["steps"].as_array().unwrap();
    let scripts: Vec<_> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    assert_eq!(scripts.len(), 4, "{steps:?}");
    let shown = || std::fs::read_to_string(&summary).unwrap_or_default();
    for script in scripts {
        let output = step(script, repository.path(), &variables);
        if !output.status.success() {
            return (false, shown() + &said(&output));
        }
    }
    (true, shown())
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Runs the job: whether it passes, and what it printed.
fn gitlab(old: &str, new: &str) -> (bool, String) {
    let job = &example("gitlab-ci.yaml")["healthcare-manifests"];
    let repository = repository(old, new);
    let temp = tempfile::tempdir().unwrap();
    let base = git(repository.path(), &["rev-parse", "main"]);
    let variables = [
        ("MANIFESTS", job["variables"]["MANIFESTS"].as_str().unwrap()),
        ("HIGHEST_RISK", job["variables"]["HIGHEST_RISK"].as_str().unwrap()),
        ("API_VERSIONS", job["variables"]["API_VERSIONS"].as_str().unwrap()),
        ("CI_BUILDS_DIR", temp.path().to_str().unwrap()),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", base.as_str()),
    ];
    // The runner joins the lines of a script.
    let output = step(&strings(&job["script"]).join("\n"), repository.path(), &variables);
    (output.status.success(), said(&output))
}

#[test]
fn a_good_change_passes_and_is_shown() {
    for run in [github, gitlab] {
        let (passed, shown) = run(&text("a", ""), &text("a", ", config: {A: x}"));
        assert!(passed, "{shown}");
        assert!(
            shown.contains("# healthcare/a: pods restart") && shown.contains("+  A: x"),
            "{shown}"
        );
    }
}

#[test]
fn a_wrong_manifest_stops_the_pipeline() {
    for run in [github, gitlab] {
        let (passed, shown) = run(&text("a", ""), &text("a", ", port: 0"));
        assert!(!passed);
        assert!(
            shown.contains("services/a.yaml:1: spec.port: Invalid value: 0"),
            "{shown}"
        );
    }
}

/// That nothing can be told is not the same as no difference.
#[test]
fn what_cannot_be_compared_stops_the_pipeline() {
    for run in [github, gitlab] {
        let (passed, _) = run(&text("a", ", port: x"), &text("a", ""));
        assert!(!passed);
    }
}

#[test]
fn no_change_is_no_failure() {
    for run in [github, gitlab] {
        let (passed, shown) = run(&text("a", ""), &text("a", ""));
        assert!(passed && !shown.contains("@@"), "{shown}");
    }
}

/// PHI on another major version, with another entry point, another port and more of access.
#[test]
fn a_change_that_is_too_risky_stops_the_pipeline() {
    let phi = ", compliance: {dataClassification: PHI, auditRetention: 6y, transportEncryption: Mesh}";
    let old = text("a", phi);
    let new = text(
        "a",
        &format!(
            "{phi}, command: [serve], port: 9090, config: {{A: x}}, secrets: [{{name: db}}], accessPolicy: {{inbound: [{{cidr: 10.0.0.0/8}}]}}"
        ),
    )
    .replace(":1.0.0", ":2.0.0");
    for run in [github, gitlab] {
        let (passed, shown) = run(&old, &new);
        assert!(!passed, "{shown}");
        assert!(shown.contains("too risky: healthcare/a scores"), "{shown}");
        assert!(
            shown.contains("ImageMajor"),
            "what it is made of is shown: {shown}"
        );
    }
}

#[test]
fn a_violated_control_stops_the_pipeline() {
    let audited = ", compliance: {frameworks: [SOX]}";
    for run in [github, gitlab] {
        let (passed, shown) = run(&text("a", audited), &text("a", audited));
        assert!(!passed, "{shown}");
        assert!(
            shown.contains("Violated") && shown.contains("not to be: healthcare/a: SOX-"),
            "{shown}"
        );
    }
}

#[test]
fn a_service_that_meets_its_controls_passes() {
    let audited =
        ", compliance: {frameworks: [SOX], auditRetention: 7y}, observability: {slo: {objective: 99.9}}";
    for run in [github, gitlab] {
        let (passed, shown) = run(&text("a", audited), &text("a", audited));
        assert!(passed, "{shown}");
    }
}
