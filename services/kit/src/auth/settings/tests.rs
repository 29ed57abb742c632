use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;
use tempfile::TempDir;

use super::AuthSettings;
use crate::Clock;
use crate::auth::test_support::{eddsa_key, grant, jwks, noon};
use crate::auth::{Reason, TokenKind};
use crate::config::{self, ConfigError};

#[derive(Debug, Parser)]
struct Settings {
    #[command(flatten)]
    auth: AuthSettings,
}

const ACCESS: &str = "0123456789abcdef0123456789abcdef";
const REFRESH: &str = "fedcba9876543210fedcba9876543210";

fn parse(arguments: &[&str]) -> Result<AuthSettings, ConfigError> {
    let fixed = [
        "service",
        "--jwt-issuer",
        "https://issuer.example",
        "--jwt-audience",
        "records",
    ];
    let all = fixed.iter().chain(arguments).map(OsString::from);
    config::parse::<Settings, _>(all).map(|settings| settings.auth)
}

fn mistakes(arguments: &[&str]) -> String {
    parse(arguments).expect_err("a mistake").to_string()
}

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path: PathBuf = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

#[tokio::test]
async fn secrets_come_from_files_or_variables_and_are_the_same_secret() {
    let files = Files::new();
    let path = files.write("secret", format!("{ACCESS}\r\n"));
    let from_file = parse(&["--jwt-access-secret-file", &path, "--jwt-refresh-secret", REFRESH]).unwrap();
    let from_text = parse(&["--jwt-access-secret", ACCESS, "--jwt-refresh-secret", REFRESH]).unwrap();
    let clock = Clock::fixed(noon());
    let signer = from_file.signer(TokenKind::Access, &clock).unwrap().unwrap();
    let access = signer.sign(TokenKind::Access, &grant()).unwrap();
    let verifier = from_text.auth(&clock).unwrap().verifier;
    assert!(verifier.verify(access.expose()).await.is_ok());

    let signer = from_file.signer(TokenKind::Refresh, &clock).unwrap().unwrap();
    let refresh = signer.sign(TokenKind::Refresh, &grant()).unwrap();
    let refresh_verifier = from_text.refresh_verifier(&clock).unwrap().unwrap();
    assert!(refresh_verifier.verify(refresh.expose()).await.is_ok());
    assert_eq!(verifier.verify(refresh.expose()).await, Err(Reason::Type));
    // Under the secret of refresh tokens not even an access token is one.
    let crossed = signer.sign(TokenKind::Access, &grant()).unwrap();
    assert_eq!(verifier.verify(crossed.expose()).await, Err(Reason::Signature));
}

#[tokio::test]
async fn public_keys_come_from_a_file() {
    let files = Files::new();
    let key = eddsa_key();
    let path = files.write("jwks.json", jwks([&key]));
    let settings = parse(&["--jwks-file", &path]).unwrap();
    let clock = Clock::fixed(noon());
    let auth = settings.auth(&clock).unwrap();
    assert_eq!(auth.checks().len(), 1);
    let token = crate::auth::test_support::token(&key, TokenKind::Access);
    assert!(auth.verifier.verify(&token).await.is_ok());
    assert!(settings.signer(TokenKind::Access, &clock).unwrap().is_none());
    assert!(settings.refresh_verifier(&clock).unwrap().is_none());
}

#[test]
fn every_mistake_is_told_and_no_secret_is() {
    let files = Files::new();
    let policy = files.write("policy.yaml", "{roles: [], scopes: [], actions: {x: {role: y}}}");
    let short = "too-short-a-secret";
    let text = mistakes(&[
        "--jwt-access-secret",
        short,
        "--jwt-refresh-secret-file",
        "/nowhere/secret",
        "--auth-policy-file",
        &policy,
        "--jwt-leeway",
        "31s",
    ]);
    for part in [
        "JWT_ACCESS_SECRET: the secret has 18 bytes",
        "JWT_REFRESH_SECRET_FILE: No such file",
        "AUTH_POLICY_FILE: action \"x\" asks for the role \"y\"",
        "JWT_LEEWAY: at most 30 s",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains(short), "{text}");
}

#[test]
fn exactly_one_source_of_keys() {
    let files = Files::new();
    let secret = files.write("secret", ACCESS);
    let keys = files.write("jwks.json", jwks([&eddsa_key()]));
    for arguments in [
        &[][..],
        &["--jwt-access-secret", ACCESS, "--jwks-file", &keys],
        &["--jwks-url", "http://localhost/keys", "--jwks-file", &keys],
    ] {
        assert!(
            mistakes(arguments).contains("set exactly one of them"),
            "{arguments:?}"
        );
    }
    let both = ["--jwt-access-secret", ACCESS, "--jwt-access-secret-file", &secret];
    assert!(mistakes(&both).contains("JWT_ACCESS_SECRET, JWT_ACCESS_SECRET_FILE: set one of them"));
    let same = ["--jwt-access-secret", ACCESS, "--jwt-refresh-secret", ACCESS];
    assert!(mistakes(&same).contains("must not be the secret of access tokens"));
    let empty = files.write("empty", "\n");
    assert!(mistakes(&["--jwt-access-secret-file", &empty]).contains("has 0 bytes"));
    let broken = files.write("broken.json", "{}");
    assert!(mistakes(&["--jwks-file", &broken]).contains("JWKS_FILE: not a JWK Set"));
    for url in ["file:///etc/passwd", "not a url", "https://"] {
        assert!(mistakes(&["--jwks-url", url]).contains("JWKS_URL"), "{url}");
    }
    let url = ["--jwks-url", "https://issuer.example/jwks.json"];
    assert!(parse(&url).is_ok());
    let authorities = files.write("ca.pem", "no certificate");
    for (path, mistake) in [
        (authorities.as_str(), "holds no certificate"),
        ("/nowhere", "No such file"),
    ] {
        let text = mistakes(&[&url[..], &["--jwks-ca-file", path]].concat());
        assert!(text.contains("JWKS_CA_FILE") && text.contains(mistake), "{text}");
    }
}

#[test]
fn debug_output_shows_no_secret() {
    let settings = parse(&["--jwt-access-secret", ACCESS, "--jwt-refresh-secret", REFRESH]).unwrap();
    let shown = format!("{settings:?}");
    assert!(!shown.contains(ACCESS) && !shown.contains(REFRESH), "{shown}");
    for byte_list in ["48, 49, 50", "102, 101, 100"] {
        assert!(!shown.contains(byte_list), "{shown}");
    }
}
