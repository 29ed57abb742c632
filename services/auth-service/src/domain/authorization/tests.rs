use jiff::SignedDuration;
use proptest::prelude::*;

use super::{AuthorizationRequest, Prompt, Refused};
use crate::domain::client::{Client, GrantType};
use crate::domain::oauth_error::OAuthErrorCode;
use crate::domain::test_support::{after, client, form, noon, public_client};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "https://portal.example.org/callback";

const GOOD: [(&str, &str); 8] = [
    ("client_id", "portal"),
    ("redirect_uri", CALLBACK),
    ("response_type", "code"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
    ("scope", "openid user/Patient.rs"),
    ("state", "af0ifjsldkj"),
    ("nonce", "n-0S6_WzA2Mj"),
];

/// [`GOOD`] with another value for one parameter, or without it when that is empty.
fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let others = GOOD.into_iter().filter(|(known, _)| *known != name);
    others.chain([(name, value)]).collect()
}

fn validate(pairs: &[(&str, &str)], client: &Client) -> Result<AuthorizationRequest, Refused> {
    AuthorizationRequest::validate(&form(pairs), Some(client))
}

/// The error, and whether the client is told.
fn refusal(pairs: &[(&str, &str)], client: &Client) -> Option<(OAuthErrorCode, bool)> {
    match validate(pairs, client) {
        Ok(_) => None,
        Err(Refused::Shown(error)) => Some((error.code, false)),
        Err(Refused::Redirected(response, error)) => {
            assert_eq!(response.redirect_uri, CALLBACK);
            Some((error.code, true))
        }
    }
}

#[test]
fn a_good_request_is_understood() {
    let request = validate(&GOOD, &client()).unwrap();
    assert_eq!(request.client_id, "portal");
    assert_eq!(request.redirect_uri.as_deref(), Some(CALLBACK));
    assert_eq!(request.response.redirect_uri, CALLBACK);
    assert_eq!(request.response.state.as_deref(), Some("af0ifjsldkj"));
    assert_eq!(request.scopes.to_string(), "openid user/Patient.rs");
    assert_eq!(request.audience, ["records"]);
    assert_eq!(request.nonce.as_deref(), Some("n-0S6_WzA2Mj"));
    assert_eq!((request.prompt, request.max_age), (Prompt::IfNeeded, None));
}

#[test]
fn who_is_not_known_is_never_redirected() {
    let many = Client {
        redirect_uris: vec![CALLBACK.to_owned(), "https://portal.example.org/other".to_owned()],
        ..client()
    };
    let disabled = Client {
        is_enabled: false,
        ..client()
    };
    for (pairs, client) in [
        (with("client_id", ""), &client()),
        (with("client_id", "other"), &client()),
        (
            with("redirect_uri", "https://portal.example.org/callback/"),
            &client(),
        ),
        (with("redirect_uri", "https://evil.example.org/"), &client()),
        (with("redirect_uri", ""), &many),
        (GOOD.to_vec(), &disabled),
    ] {
        assert_eq!(
            refusal(&pairs, client),
            Some((OAuthErrorCode::InvalidRequest, false)),
            "{pairs:?}"
        );
    }
    let nobody = AuthorizationRequest::validate(&form(&GOOD), None);
    assert!(matches!(nobody, Err(Refused::Shown(_))));
}

#[test]
fn what_else_is_wrong_is_told_to_the_client() {
    use OAuthErrorCode as Code;
    let long = "a".repeat(1025);
    for (name, value, code) in [
        ("response_type", "", Code::InvalidRequest),
        ("response_type", "token", Code::UnsupportedResponseType),
        ("response_type", "code id_token", Code::UnsupportedResponseType),
        ("response_mode", "fragment", Code::InvalidRequest),
        ("code_challenge", "", Code::InvalidRequest),
        ("code_challenge", "short", Code::InvalidRequest),
        ("code_challenge_method", "", Code::InvalidRequest),
        ("code_challenge_method", "plain", Code::InvalidRequest),
        ("code_challenge_method", "s256", Code::InvalidRequest),
        ("scope", "records.write", Code::InvalidScope),
        ("scope", "system/Patient.r", Code::InvalidScope),
        ("scope", "a  b", Code::InvalidScope),
        ("state", &long, Code::InvalidRequest),
        ("state", "ä", Code::InvalidRequest),
        ("nonce", &long, Code::InvalidRequest),
        ("prompt", "none login", Code::InvalidRequest),
        ("prompt", "create", Code::InvalidRequest),
        ("max_age", "-1", Code::InvalidRequest),
        ("max_age", "x", Code::InvalidRequest),
        ("request", "x", Code::RequestNotSupported),
        ("request_uri", "x", Code::RequestUriNotSupported),
        ("registration", "x", Code::RegistrationNotSupported),
        ("resource", "https://elsewhere.example.org", Code::InvalidTarget),
        ("aud", "https://elsewhere.example.org/r4", Code::InvalidTarget),
    ] {
        assert_eq!(
            refusal(&with(name, value), &client()),
            Some((code, true)),
            "{name}={value}"
        );
    }
    let without = Client {
        grants: vec![GrantType::ClientCredentials],
        ..client()
    };
    assert_eq!(refusal(&GOOD, &without), Some((Code::UnauthorizedClient, true)));
}

#[test]
fn a_state_that_cannot_be_carried_is_not_sent_back() {
    let long = "a".repeat(1025);
    let Err(Refused::Redirected(response, _)) = validate(&with("state", &long), &client()) else {
        panic!("not redirected")
    };
    assert_eq!(response.state, None);
}

#[test]
fn an_only_redirect_uri_need_not_be_named() {
    let request = validate(&with("redirect_uri", ""), &public_client()).unwrap();
    assert_eq!(request.redirect_uri, None);
    assert_eq!(request.response.redirect_uri, CALLBACK);
}

#[test]
fn an_app_on_this_machine_is_answered_where_it_listens() {
    let app = Client {
        redirect_uris: vec!["http://127.0.0.1/cb".to_owned()],
        ..public_client()
    };
    let request = validate(&with("redirect_uri", "http://127.0.0.1:51004/cb"), &app).unwrap();
    assert_eq!(request.response.redirect_uri, "http://127.0.0.1:51004/cb");
}

#[test]
fn the_fhir_server_of_an_app_is_a_service_of_its_client() {
    let request = validate(&with("aud", "https://fhir.example.org/r4"), &client()).unwrap();
    assert_eq!(request.audience, ["https://fhir.example.org/r4"]);
}

#[test]
fn prompt_and_max_age_say_whether_to_ask() {
    let request = |name, value| validate(&with(name, value), &client()).unwrap();
    let recent = Some(after(-60));
    for (name, value, nobody, somebody) in [
        ("prompt", "", Some(true), Some(false)),
        ("prompt", "none", None, Some(false)),
        ("prompt", "login", Some(true), Some(true)),
        ("prompt", "consent select_account", Some(true), Some(true)),
        ("max_age", "59", Some(true), Some(true)),
        ("max_age", "60", Some(true), Some(false)),
    ] {
        let request = request(name, value);
        assert_eq!(request.needs_login(None, noon()).ok(), nobody, "{name}={value}");
        assert_eq!(
            request.needs_login(recent, noon()).ok(),
            somebody,
            "{name}={value}"
        );
    }
    let refused = request("prompt", "none").needs_login(None, noon()).unwrap_err();
    assert_eq!(refused.code, OAuthErrorCode::LoginRequired);
    let zero = request("max_age", "0");
    assert_eq!(zero.max_age, Some(SignedDuration::ZERO));
    assert_eq!(zero.needs_login(recent, noon()), Ok(true));
}

proptest! {
    /// Whatever a request says, nobody is sent to a place that the client did not register.
    #[test]
    fn nobody_is_sent_elsewhere(
        pairs in prop::collection::btree_map("(client_id|redirect_uri|scope|state|prompt|x)", "[ -~]{0,30}", 0..6),
        uri in prop_oneof![Just(CALLBACK.to_owned()), "(https?://)?(portal|127[.]0[.]0[.]1)?[.:@a-z/]{0,20}"],
    ) {
        let mut pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        pairs.retain(|(name, _)| *name != "client_id" && *name != "redirect_uri");
        pairs.extend([("client_id", "portal"), ("redirect_uri", uri.as_str())]);
        match validate(&pairs, &client()) {
            Ok(request) => prop_assert_eq!(request.response.redirect_uri, CALLBACK),
            Err(Refused::Redirected(response, _)) => prop_assert_eq!(response.redirect_uri, CALLBACK),
            Err(Refused::Shown(_)) => {}
        }
    }
}
