use secrecy::ExposeSecret;
use serde_json::json;

use super::{CODE_BYTES, CodeGrant, expires_at, issue};
use crate::domain::digest::Digest;
use crate::domain::oauth_error::OAuthErrorCode;
use crate::domain::pkce::{CodeChallenge, CodeVerifier};
use crate::domain::scope::ScopeSet;
use crate::domain::test_support::{after, noon};
use crate::domain::token_request::CodeRedemption;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CALLBACK: &str = "https://portal.example.org/callback";

fn grant() -> CodeGrant {
    CodeGrant {
        client_id: "portal".to_owned(),
        redirect_uri: Some(CALLBACK.to_owned()),
        code_challenge: CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap(),
        subject: "user-1".to_owned(),
        roles: vec!["clinician".to_owned()],
        scopes: ScopeSet::parse("openid").unwrap(),
        audience: vec!["records".to_owned()],
        nonce: None,
        auth_time: noon(),
        expires_at: expires_at(noon()),
    }
}

fn redemption() -> CodeRedemption {
    CodeRedemption {
        code: Digest::of("code"),
        redirect_uri: Some(CALLBACK.to_owned()),
        code_verifier: CodeVerifier::parse(VERIFIER).unwrap(),
    }
}

#[test]
fn a_code_is_of_its_bytes_and_only_its_digest_is_shown() {
    let code = issue([7; CODE_BYTES]);
    assert_eq!(
        code.text.expose_secret(),
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"
    );
    assert_eq!(code.digest, Digest::of(code.text.expose_secret()));
    assert!(!format!("{code:?}").contains("BwcH"));
}

#[test]
fn the_client_that_asked_redeems_it_within_a_minute() {
    assert_eq!(grant().check("portal", &redemption(), noon()), Ok(()));
    assert_eq!(grant().check("portal", &redemption(), after(59)), Ok(()));
    let refused = grant().check("portal", &redemption(), after(60)).unwrap_err();
    assert_eq!(refused.code, OAuthErrorCode::InvalidGrant);
}

#[test]
fn whatever_does_not_fit_is_an_invalid_grant() {
    let elsewhere = CodeRedemption {
        redirect_uri: Some(format!("{CALLBACK}/")),
        ..redemption()
    };
    let nowhere = CodeRedemption {
        redirect_uri: None,
        ..redemption()
    };
    let unproved = CodeRedemption {
        code_verifier: CodeVerifier::parse(&VERIFIER.replace('d', "e")).unwrap(),
        ..redemption()
    };
    for (client, redemption) in [
        ("other", redemption()),
        ("portal", elsewhere),
        ("portal", nowhere.clone()),
        ("portal", unproved),
    ] {
        let refused = grant().check(client, &redemption, noon()).unwrap_err();
        assert_eq!(refused.code, OAuthErrorCode::InvalidGrant, "{redemption:?}");
    }
    let unnamed = CodeGrant {
        redirect_uri: None,
        ..grant()
    };
    assert_eq!(unnamed.check("portal", &nowhere, noon()), Ok(()));
    // Named only now: there is nothing it could contradict.
    assert_eq!(unnamed.check("portal", &redemption(), noon()), Ok(()));
}

#[test]
fn what_is_kept_is_read_back_and_nothing_else_is() {
    let kept = serde_json::to_value(grant()).unwrap();
    assert_eq!(
        serde_json::from_value::<CodeGrant>(kept.clone()).unwrap(),
        grant()
    );
    let mut other = kept;
    other["more"] = json!(1);
    assert!(serde_json::from_value::<CodeGrant>(other).is_err());
}
