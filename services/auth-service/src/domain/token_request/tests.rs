use secrecy::ExposeSecret;

use super::{RequestedGrant, TokenRequest, check_grant};
use crate::domain::client::{Client, GrantType};
use crate::domain::digest::Digest;
use crate::domain::oauth_error::{OAuthError, OAuthErrorCode};
use crate::domain::test_support::{client, form, public_client};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn parse(pairs: &[(&str, &str)]) -> Result<TokenRequest, OAuthError> {
    TokenRequest::parse(&form(pairs))
}

fn code(pairs: &[(&str, &str)]) -> OAuthErrorCode {
    parse(pairs).unwrap_err().code
}

#[test]
fn each_grant_is_read_with_what_belongs_to_it() {
    let request = parse(&[
        ("grant_type", "authorization_code"),
        ("code", "SplxlOBeZQQYbYS6WxSbIA"),
        ("redirect_uri", "https://client.example.org/cb"),
        ("code_verifier", VERIFIER),
        ("scope", "ignored \" here"),
    ]);
    let request = request.unwrap();
    assert_eq!(request.grant_type(), GrantType::AuthorizationCode);
    assert_eq!(request.scopes, None);
    let RequestedGrant::AuthorizationCode(redemption) = request.grant else {
        panic!("another grant")
    };
    assert_eq!(redemption.code, Digest::of("SplxlOBeZQQYbYS6WxSbIA"));
    assert_eq!(
        redemption.redirect_uri.as_deref(),
        Some("https://client.example.org/cb")
    );

    let request = parse(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", "tGzv3"),
        ("scope", "a"),
    ])
    .unwrap();
    assert_eq!(request.grant_type(), GrantType::RefreshToken);
    assert!(request.scopes.unwrap().contains("a"));
    assert!(matches!(request.grant, RequestedGrant::RefreshToken(token) if token.expose_secret() == "tGzv3"));

    let request = parse(&[("grant_type", "client_credentials"), ("audience", "records")]).unwrap();
    assert_eq!(request.grant_type(), GrantType::ClientCredentials);
    assert_eq!(request.audience, ["records"]);
}

#[test]
fn what_is_missing_or_wrong_is_told() {
    use OAuthErrorCode::{InvalidRequest, InvalidScope, InvalidTarget, UnsupportedGrantType};
    for (pairs, expected) in [
        (&[][..], InvalidRequest),
        (&[("grant_type", "")], InvalidRequest),
        (&[("grant_type", "password")], UnsupportedGrantType),
        (&[("grant_type", "Client_Credentials")], UnsupportedGrantType),
        (&[("grant_type", "refresh_token")], InvalidRequest),
        (
            &[("grant_type", "authorization_code"), ("code", "c")],
            InvalidRequest,
        ),
        (
            &[("grant_type", "authorization_code"), ("code_verifier", VERIFIER)],
            InvalidRequest,
        ),
        (
            &[
                ("grant_type", "authorization_code"),
                ("code", "c"),
                ("code_verifier", "short"),
            ],
            InvalidRequest,
        ),
        (
            &[("grant_type", "client_credentials"), ("scope", "a  b")],
            InvalidScope,
        ),
        (
            &[("grant_type", "client_credentials"), ("resource", "records")],
            InvalidTarget,
        ),
    ] {
        assert_eq!(code(pairs), expected, "{pairs:?}");
    }
}

#[test]
fn a_client_may_use_its_own_grants_alone() {
    let only = |grant| Client {
        grants: vec![grant],
        ..client()
    };
    let all = [
        GrantType::AuthorizationCode,
        GrantType::ClientCredentials,
        GrantType::RefreshToken,
    ];
    for held in all {
        for grant in all {
            let answer = check_grant(&only(held), grant);
            assert_eq!(answer.is_ok(), held == grant, "{held:?} {grant:?}");
            assert!(answer.is_ok() || answer.unwrap_err().code == OAuthErrorCode::UnauthorizedClient);
        }
    }
}

#[test]
fn a_public_client_gets_nothing_for_itself() {
    let client = public_client();
    assert!(check_grant(&client, GrantType::ClientCredentials).is_err());
    assert!(check_grant(&client, GrantType::AuthorizationCode).is_ok());
    assert!(check_grant(&client, GrantType::RefreshToken).is_ok());
}

#[test]
fn debug_shows_no_code_and_no_token() {
    let all = [
        parse(&[
            ("grant_type", "authorization_code"),
            ("code", "hunter2"),
            ("code_verifier", VERIFIER),
        ]),
        parse(&[("grant_type", "refresh_token"), ("refresh_token", "hunter2")]),
    ];
    let shown = format!("{all:?}");
    assert!(!shown.contains("hunter2") && !shown.contains(VERIFIER), "{shown}");
}
