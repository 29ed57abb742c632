//! What the program says of itself.

use super::support::{run, text};

const COMMANDS: [&str; 11] = [
    "render",
    "validate",
    "diff",
    "why",
    "graph",
    "risk",
    "compliance",
    "rollout",
    "crd",
    "completions",
    "man",
];

/// Commands of commands.
const BELOW: [&str; 5] = [
    "risk score",
    "compliance report",
    "rollout status",
    "rollout promote",
    "rollout abort",
];

fn help(arguments: &[&str]) -> String {
    let ran = run(&[arguments, &["--help"]].concat(), b"");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    ran.out
}

#[test]
fn help_of_every_command() {
    insta::assert_snapshot!("help", help(&[]));
    for command in COMMANDS {
        insta::assert_snapshot!(format!("help-{command}"), help(&[command]));
    }
    for command in BELOW {
        let words: Vec<_> = command.split(' ').collect();
        insta::assert_snapshot!(format!("help-{}", words.join("-")), help(&words));
    }
}

/// A command that is not in the list above has no snapshot.
#[test]
fn no_command_is_without_a_snapshot() {
    let listed = |command: &[&str]| {
        let help = help(command);
        let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        lines.take_while(|line| !line.is_empty()).count()
    };
    assert_eq!(listed(&[]), COMMANDS.len());
    let below: usize = COMMANDS.iter().map(|command| listed(&[*command])).sum();
    assert_eq!(below, BELOW.len());
}

#[test]
fn the_crd_is_that_of_the_repository() {
    let wanted = std::fs::read_to_string(super::support::checkout(
        "crds/healthcareservices.gitops-health.io.yaml",
    ))
    .unwrap();
    assert_eq!(run(&["crd"], b"").out, wanted);
}

#[test]
fn scripts_complete_in_every_shell() {
    for (shell, mark) in [
        ("bash", "_gitops__health"),
        ("zsh", "#compdef gitops-health"),
        ("fish", "complete -c gitops-health"),
        ("elvish", "gitops-health"),
        ("powershell", "gitops-health"),
    ] {
        let ran = run(&["completions", shell], b"");
        assert!(ran.code == 0 && ran.out.contains(mark), "{shell}: {}", ran.out);
    }
    let bash = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(bash.path(), run(&["completions", "bash"], b"").out).unwrap();
    let line = format!(
        "source {} && COMP_WORDS=(gitops-health va) COMP_CWORD=1 && _gitops__health gitops-health va gitops-health && echo \"${{COMPREPLY[@]}}\"",
        bash.path().display()
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &line])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "validate",
        "{output:?}"
    );
}

#[test]
fn the_manual_has_a_page_for_each_command_with_exit_codes() {
    let page = run(&["man"], b"").out;
    assert!(
        page.contains(".TH gitops-health 1") && page.contains("Exit codes:"),
        "{page}"
    );
    let folder = tempfile::tempdir().unwrap();
    let ran = run(
        &["man".as_ref(), "--directory".as_ref(), folder.path().as_os_str()],
        b"",
    );
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        COMMANDS.len() + BELOW.len() + 1
    );
    let promote = std::fs::read_to_string(folder.path().join("gitops-health-rollout-promote.1")).unwrap();
    assert!(
        promote.contains(".TH gitops-health-rollout-promote 1"),
        "{promote}"
    );
    let validate = std::fs::read_to_string(folder.path().join("gitops-health-validate.1")).unwrap();
    assert!(validate.contains(".TH gitops-health-validate 1"), "{validate}");
}

#[test]
fn each_format_of_render_holds_the_same() {
    let manifest = text("a", "");
    let json: serde_json::Value =
        serde_json::from_str(&run(&["render", "-", "-o", "json"], manifest.as_bytes()).out).unwrap();
    let yaml = run(&["render", "-"], manifest.as_bytes()).out;
    let documents: Vec<serde_json::Value> = serde_yaml::Deserializer::from_str(&yaml)
        .map(|d| serde::Deserialize::deserialize(d).unwrap())
        .collect();
    assert_eq!(json["items"].as_array().unwrap(), &documents);
}
