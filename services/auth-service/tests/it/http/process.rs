//! The real process: settings, exit codes, the manifest.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use tempfile::TempDir;

/// The binary with these settings and no others.
pub(crate) fn output(settings: &[(&str, String)], arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_auth-service"))
        .env_clear()
        .envs(std::env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)))
        .env("HOST", "127.0.0.1")
        .env("PORT", "0")
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .args(arguments)
        .output()
        .unwrap()
}

/// The least that a start needs; nothing is there but the files.
pub(crate) fn settings() -> (TempDir, Vec<(&'static str, String)>) {
    let files = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        let path = files.path().join(name);
        std::fs::write(&path, name.repeat(32)).unwrap();
        path.display().to_string()
    };
    let settings = vec![
        ("AUTH_ISSUER", "https://auth.example.org".to_owned()),
        ("DATABASE_URL", "postgres://app@127.0.0.1:1/auth".to_owned()),
        ("JWT_ACCESS_SECRET_FILE", file("access")),
        ("JWT_REFRESH_SECRET_FILE", file("refresh")),
    ];
    (files, settings)
}

#[test]
fn all_wrong_settings_are_listed_at_once() {
    let wrong = [
        ("AUTH_ISSUER", "nonsense".to_owned()),
        ("AUTH_SIGNING_ALGORITHM", "none".to_owned()),
        ("JWT_REFRESH_SECRET_FILE", "/nowhere".to_owned()),
        ("AUTH_LOCKOUT_TIME", "1s".to_owned()),
    ];
    let output = output(&wrong, &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{said}");
    for (name, _) in &wrong {
        assert!(said.contains(name), "{name} is not in {said}");
    }
    assert!(said.contains("DATABASE_URL"), "{said}");
}

/// A key of the manifest's `config` becomes an environment variable: one that the service does not read would be ignored in
/// silence.
#[test]
fn the_example_sets_only_what_the_service_reads() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/auth-service.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let example: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let config: BTreeMap<String, String> = serde_yaml::from_value(example["spec"]["config"].clone()).unwrap();
    assert!(!config.is_empty());
    let help = String::from_utf8(output(&[], &["--help"]).stdout).unwrap();
    for name in config.keys() {
        assert!(
            help.contains(&format!("[env: {name}=]")),
            "{name} is not read:\n{help}"
        );
    }
}
