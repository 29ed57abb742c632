use std::ffi::OsString;

use clap::Parser;
use secrecy::ExposeSecret;
use service_kit::config::{ConfigError, parse};
use tempfile::TempDir;

use super::*;

#[derive(Debug, Parser)]
struct All {
    #[command(flatten)]
    settings: Settings,
}

/// Files with secrets, and the flags that name them.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.write("access", &[b'a'; 32]);
        files.write("refresh", b"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\n");
        files.write("short", &[b's'; 31]);
        files.write("sealing", &[10; 32]);
        files.write("id", b"first\n");
        files.write("secret", &[b'x'; 43]);
        files
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.0.path().join(name), bytes).unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// The least that is needed, with `change` made to it: a flag, and its value if it is to have one.
    fn read(&self, change: &[(&str, Option<&str>)]) -> Result<Settings, Vec<String>> {
        let mut flags = vec![
            (
                "database-url".to_owned(),
                "postgres://app@127.0.0.1/auth".to_owned(),
            ),
            ("auth-issuer".to_owned(), "https://auth.example.org".to_owned()),
            ("jwt-access-secret-file".to_owned(), self.path("access")),
            ("jwt-refresh-secret-file".to_owned(), self.path("refresh")),
        ];
        for (flag, value) in change {
            flags.retain(|(name, _)| name != flag);
            flags.extend(value.map(|value| ((*flag).to_owned(), value.to_owned())));
        }
        let flags = flags
            .iter()
            .flat_map(|(name, value)| [format!("--{name}"), value.clone()]);
        let words = ["auth-service".to_owned()].into_iter().chain(flags);
        match parse::<All, _>(words.map(OsString::from)) {
            Ok(all) => Ok(all.settings),
            Err(ConfigError::Invalid(mistakes)) => Err(mistakes),
            Err(error) => panic!("{error}"),
        }
    }

    /// The one mistake that `change` makes.
    fn mistake(&self, change: &[(&str, Option<&str>)]) -> String {
        let mistakes = self.read(change).unwrap_err();
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        mistakes.join("")
    }
}

#[test]
fn by_default_a_secret_signs_and_there_are_no_keys() {
    let settings = Files::new().read(&[]).unwrap();
    assert_eq!(settings.issuer, "https://auth.example.org");
    assert_eq!(settings.audience, "auth-service");
    assert!(settings.signing.secret.is_some() && settings.signing.keys.is_none());
    assert_eq!(settings.refresh, RefreshRules::default());
    // Without the end of its line.
    assert_eq!(settings.refresh_secret.expose_secret().len(), 32);
    assert!(settings.bootstrap_client.is_none());
}

#[test]
fn keys_are_of_the_algorithm_that_is_asked_for() {
    let files = Files::new();
    let sealing = files.path("sealing");
    for (algorithm, expected, has_secret) in [
        ("HS256", Algorithm::Es256, true),
        ("ES256", Algorithm::Es256, false),
        ("EdDSA", Algorithm::EdDsa, false),
        ("RS256", Algorithm::Rs256, false),
    ] {
        let flags = [
            ("auth-signing-algorithm", Some(algorithm)),
            ("key-encryption-key-file", Some(sealing.as_str())),
        ];
        let signing = files.read(&flags).unwrap().signing;
        assert_eq!(signing.keys.unwrap().algorithm, expected);
        assert_eq!(signing.secret.is_some(), has_secret, "{algorithm}");
    }
}

#[test]
fn what_is_missing_or_wrong_is_told_by_its_name() {
    let files = Files::new();
    let path = |name| files.path(name);
    let (short, access, id, secret) = (path("short"), path("access"), path("id"), path("secret"));
    for (change, expected) in [
        (("jwt-access-secret-file", None), "JWT_ACCESS_SECRET_FILE"),
        (("jwt-access-secret-file", Some(short.as_str())), "31 bytes"),
        (
            ("jwt-refresh-secret-file", Some(access.as_str())),
            "must not be the secret of access tokens",
        ),
        (
            ("auth-signing-algorithm", Some("ES256")),
            "KEY_ENCRYPTION_KEY_FILE",
        ),
        (("auth-signing-algorithm", Some("none")), "AUTH_SIGNING_ALGORITHM"),
        (
            ("auth-signing-algorithm", Some("RS384")),
            "AUTH_SIGNING_ALGORITHM",
        ),
        (
            ("key-encryption-key-file", Some(short.as_str())),
            "KEY_ENCRYPTION_KEY_FILE",
        ),
        (("auth-refresh-lifetime", Some("169h")), "AUTH_REFRESH_LIFETIME"),
        (("auth-refresh-idle", Some("0s")), "AUTH_REFRESH_IDLE"),
        (("auth-lockout-time", Some("29m")), "AUTH_LOCKOUT_TIME"),
        (
            ("auth-bootstrap-client-id-file", Some(id.as_str())),
            "set both or none",
        ),
        (
            ("auth-bootstrap-client-secret-file", Some(secret.as_str())),
            "set both or none",
        ),
        (("database-url", None), "DATABASE_URL"),
    ] {
        let mistake = files.mistake(&[change]);
        assert!(mistake.contains(expected), "{change:?}: {mistake}");
    }
}

#[test]
fn an_issuer_is_a_plain_https_url() {
    let files = Files::new();
    for issuer in [
        "https://auth.example.org/",
        "https://auth.example.org/tenant",
        "https://auth.example.org?x=1",
        "https://auth.example.org#x",
        "https://user@auth.example.org",
        "https://AUTH.example.org",
        "https://auth.example.org:443",
        "http://auth.example.org",
        "auth.example.org",
    ] {
        let mistake = files.mistake(&[("auth-issuer", Some(issuer))]);
        assert!(mistake.contains("AUTH_ISSUER"), "{issuer}: {mistake}");
    }
    for issuer in [
        "https://auth.example.org:8443",
        "http://127.0.0.1:8080",
        "http://localhost:1",
    ] {
        assert_eq!(
            files.read(&[("auth-issuer", Some(issuer))]).unwrap().issuer,
            issuer
        );
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let changes = [
        ("database-url", None),
        ("auth-issuer", Some("nonsense")),
        ("auth-signing-algorithm", Some("none")),
        ("auth-refresh-lifetime", Some("1000h")),
        ("auth-lockout-time", Some("1s")),
    ];
    let told = Files::new().read(&changes).unwrap_err().join("\n");
    for name in [
        "DATABASE_URL",
        "AUTH_ISSUER",
        "AUTH_SIGNING_ALGORITHM",
        "AUTH_REFRESH_LIFETIME",
        "AUTH_LOCKOUT_TIME",
    ] {
        assert!(told.contains(name), "{name} is not in {told}");
    }
}

#[test]
fn a_first_client_is_read_from_its_files() {
    let files = Files::new();
    let (id, secret) = (files.path("id"), files.path("secret"));
    let flags = [
        ("auth-bootstrap-client-id-file", Some(id.as_str())),
        ("auth-bootstrap-client-secret-file", Some(secret.as_str())),
    ];
    let first = files.read(&flags).unwrap().bootstrap_client.unwrap();
    assert_eq!(first.id, "first");
    assert_eq!(first.secret.expose_secret(), "x".repeat(43));
}

#[test]
fn no_secret_shows() {
    let files = Files::new();
    let settings = files.read(&[]).unwrap();
    let shown = format!("{settings:?}{}", settings.without_secrets());
    assert!(
        !shown.contains("aaaa") && !shown.contains("rrrr") && !shown.contains("97, 97"),
        "{shown}"
    );
}
