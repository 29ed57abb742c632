use std::ffi::OsString;

use clap::Parser;

use super::OptionalAuthSettings;
use crate::Clock;
use crate::auth::test_support::{grant, noon};
use crate::auth::{Signer, SigningKey, TokenKind};
use crate::config;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[derive(Debug, Parser)]
struct Settings {
    #[command(flatten)]
    auth: OptionalAuthSettings,
}

fn parse(arguments: &[&str]) -> Result<OptionalAuthSettings, String> {
    let all = ["service"].iter().chain(arguments).map(OsString::from);
    config::parse::<Settings, _>(all)
        .map(|settings| settings.auth)
        .map_err(|error| error.to_string())
}

#[test]
fn without_any_setting_nobody_is_asked() {
    let auth = parse(&[]).unwrap().auth(&Clock::fixed(noon())).unwrap();
    assert!(auth.is_none());
}

#[tokio::test]
async fn with_an_issuer_callers_are_asked() {
    let arguments = [
        "--jwt-issuer",
        "https://issuer.example",
        "--jwt-audience",
        "records",
        "--jwt-access-secret",
        SECRET,
    ];
    let clock = Clock::fixed(noon());
    let auth = parse(&arguments).unwrap().auth(&clock).unwrap().unwrap();
    let key = SigningKey::hs256(None, SECRET.as_bytes()).unwrap();
    let token = Signer::new("https://issuer.example", key, clock)
        .sign(TokenKind::Access, &grant())
        .unwrap();
    assert!(auth.verifier.verify(token.expose()).await.is_ok());
    assert!(auth.verifier.verify("e30.e30.e30").await.is_err());
}

/// What was meant to protect the service must not be ignored in silence.
#[test]
fn half_of_the_settings_is_a_mistake() {
    for (arguments, missing) in [
        (vec!["--jwt-audience", "records"], "JWT_ISSUER"),
        (vec!["--jwt-access-secret", SECRET], "JWT_ISSUER"),
        (vec!["--jwks-url", "https://issuer.example/keys"], "JWT_ISSUER"),
        (vec!["--jwt-leeway", "5s"], "JWT_ISSUER"),
        (vec!["--jwt-issuer", "https://issuer.example"], "JWT_AUDIENCE"),
        (
            vec![
                "--jwt-issuer",
                "https://issuer.example",
                "--jwt-audience",
                "records",
            ],
            "JWKS_FILE",
        ),
    ] {
        let said = parse(&arguments).unwrap_err();
        assert!(said.contains(missing), "{arguments:?}: {said}");
        assert!(!said.contains(SECRET), "{said}");
    }
}
