//! Input that nobody wants, and readers that leave.

use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use super::support::{program, run, text};

fn services(numbers: std::ops::Range<usize>) -> String {
    let texts: Vec<_> = numbers.map(|n| text(&format!("s{n}"), "")).collect();
    texts.join("---\n")
}

#[test]
fn exit_codes_are_those_of_the_manual() {
    let code = |arguments: &[&str], stdin: &str| {
        let ran = run(arguments, stdin.as_bytes());
        (ran.code, ran.out, ran.err)
    };
    assert_eq!(code(&["validate", "-"], &text("a", "")).0, 0);
    assert_eq!(code(&["validate", "-"], &text("a", ", port: 0")).0, 1);
    assert_eq!(code(&["validate", "-"], "kind: Pod").0, 2);
    assert_eq!(code(&["validate"], "").0, 2);
    assert_eq!(code(&["validate", "/no/such"], "").0, 2);
    assert_eq!(code(&["render", "-"], &text("a", ", port: 0")).0, 2);
    assert_eq!(code(&["render", "-"], &text("a", "")).0, 0);
    assert_eq!(code(&["unknown"], "").0, 2);
    assert_eq!(code(&["--version"], "").0, 0);
    assert_eq!(code(&["diff", "-"], "").0, 2);
    let careless = text("a", ", compliance: {frameworks: [SOX]}");
    assert_eq!(code(&["compliance", "report", "-"], &careless).0, 0);
    assert_eq!(
        code(&["compliance", "report", "-", "--fail-on=violated"], &careless).0,
        1
    );
    assert_eq!(code(&["compliance", "report", "-"], &text("a", ", port: 0")).0, 2);
    assert_eq!(
        code(&["risk", "score", "-", "--from", "/dev/null"], &text("a", "")).0,
        0
    );
    assert_eq!(code(&["risk", "score", "-"], &text("a", "")).0, 2);
    assert_eq!(code(&["risk", "score", "-", "--fail-above=101"], "").0, 2);
    for line in ["status", "promote", "promote --full --step 1", "abort"] {
        let words: Vec<_> = ["rollout"]
            .into_iter()
            .chain(line.split(' '))
            .chain(["a"])
            .collect();
        assert_eq!(code(&words, "").0, 2, "{line}");
    }
    let (code, out, err) = code(&["why", "a"], "");
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        err.contains("no cluster to ask") && err.contains("--kubeconfig"),
        "{err}"
    );
}

#[test]
fn bytes_that_are_no_text_are_a_violation_and_no_panic() {
    let ran = run(&["validate", "-"], b"\xff\xfe\x00a\x00p");
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (1, "<stdin>:1: not UTF-8 at byte 0: save the file as UTF-8 text\n")
    );
    assert_eq!(run(&["render", "-"], b"\xff").code, 2);
    let strange = std::ffi::OsStr::from_bytes(b"/no/\xff");
    let ran = run(&[std::ffi::OsStr::new("validate"), strange], b"");
    assert_eq!(ran.code, 2, "{}", ran.err);
}

#[test]
fn huge_input_is_read_or_refused() {
    let many = services(0..2_000);
    let ran = run(&["validate", "-"], many.as_bytes());
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.trim()),
        (0, "", "2000 manifests, 0 violations")
    );
    let ran = run(&["validate", "-"], &vec![b'#'; 65 * 1024 * 1024]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("<stdin>: larger than 67108864 bytes"),
        "{}",
        ran.err
    );
    let deep = run(&["validate", "-"], "[".repeat(1_000_000).as_bytes());
    assert_eq!(deep.code, 1, "{}", deep.err);
}

/// `| head -1`: the verdict stands and nothing is complained about.
#[test]
fn a_reader_that_leaves_is_no_failure() {
    let many = services(0..300);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), many).unwrap();
    let arguments = ["render".as_ref(), file.path().as_os_str()];
    let mut command = program(&arguments);
    let mut process = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let ended = process.wait_with_output().unwrap();
    assert_eq!((first.as_str(), ended.status.code()), ("---\n", Some(0)));
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let wrong = text("a", ", port: 0");
    let out = |arguments: &[&str]| run(&[&["validate", "-"], arguments].concat(), wrong.as_bytes()).out;
    assert!(!out(&[]).contains('\u{1b}'), "a pipe is no terminal");
    assert!(!out(&["--color", "never"]).contains('\u{1b}'));
    assert!(out(&["--color", "always"]).contains('\u{1b}'));
    // `script` gives it a terminal.
    let terminal = |variables: &[(&str, &str)]| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &wrong).unwrap();
        let line = format!("{} validate {}", super::support::PROGRAM, file.path().display());
        let mut command = std::process::Command::new("script");
        command
            .args(["-qec", &line, "/dev/null"])
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .stdin(Stdio::null());
        let output = command.envs(variables.iter().copied()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(terminal(&[]).contains("\u{1b}["), "a terminal shows colours");
    assert!(
        !terminal(&[("NO_COLOR", "1")]).contains("\u{1b}["),
        "unless NO_COLOR is set"
    );
}

#[test]
fn rendering_is_the_same_each_time() {
    let example = super::support::checkout("examples/every-field.yaml");
    let once = || {
        run(
            &[
                "render".as_ref(),
                example.as_os_str(),
                "--api-versions=monitoring.coreos.com/v1".as_ref(),
            ],
            b"",
        )
    };
    let (first, second) = (once(), once());
    assert_eq!((first.code, &first.out), (0, &second.out), "{}", first.err);
    assert!(first.out.contains("kind: PrometheusRule"));
    assert!(first.out.contains("uid: 00000000-0000-0000-0000-000000000000"));
}
