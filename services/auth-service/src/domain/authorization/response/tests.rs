use proptest::prelude::*;

use super::AuthorizationResponse;
use crate::domain::oauth_error::OAuthError;
use crate::domain::test_support::ISSUER;

fn response(redirect_uri: &str, state: Option<&str>) -> AuthorizationResponse {
    AuthorizationResponse {
        redirect_uri: redirect_uri.to_owned(),
        state: state.map(str::to_owned),
    }
}

/// RFC 9207, section 2.1: the examples, with our issuer.
#[test]
fn answers_name_their_issuer() {
    let response = response(
        "https://client.example.org/cb",
        Some("ZWVlNDBlYzA1NjdkMDNhYjg3ZjUxZjAyNGQzMTM2NzI"),
    );
    let location = response.with_code(ISSUER, &"x1848ZT64p4IirMPT0R-X3141MFPTuBX-VFL_cvaplMH58".into());
    assert_eq!(
        location.expose(),
        "https://client.example.org/cb?code=x1848ZT64p4IirMPT0R-X3141MFPTuBX-VFL_cvaplMH58\
         &state=ZWVlNDBlYzA1NjdkMDNhYjg3ZjUxZjAyNGQzMTM2NzI&iss=https%3A%2F%2Fauth.example.org"
    );
    let location = response.with_error(ISSUER, OAuthError::invalid_request("no"));
    assert_eq!(
        location.expose(),
        "https://client.example.org/cb?error=invalid_request&error_description=no\
         &state=ZWVlNDBlYzA1NjdkMDNhYjg3ZjUxZjAyNGQzMTM2NzI&iss=https%3A%2F%2Fauth.example.org"
    );
}

#[test]
fn a_query_of_the_redirect_uri_is_kept() {
    for (uri, start) in [
        ("https://a.example.org/cb", "https://a.example.org/cb?code=c&iss="),
        (
            "https://a.example.org/cb?",
            "https://a.example.org/cb?code=c&iss=",
        ),
        (
            "https://a.example.org/cb?x=1",
            "https://a.example.org/cb?x=1&code=c&iss=",
        ),
        ("org.example.app:/cb", "org.example.app:/cb?code=c&iss="),
    ] {
        let location = response(uri, None).with_code(ISSUER, &"c".into());
        assert!(location.expose().starts_with(start), "{}", location.expose());
    }
}

#[test]
fn debug_shows_no_code() {
    let location = response("https://a.example.org/cb", None).with_code(ISSUER, &"hunter2".into());
    assert_eq!(format!("{location:?}"), "Location(..)");
}

proptest! {
    #[test]
    fn the_client_reads_what_was_meant(state in "[ -~]{0,40}", code in "[A-Za-z0-9_-]{1,43}") {
        let location = response("https://a.example.org/cb?x=1", Some(&state)).with_code(ISSUER, &code.as_str().into());
        let url = url::Url::parse(location.expose()).unwrap();
        let pairs: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let expected = [("x", "1"), ("code", &code), ("state", &state), ("iss", ISSUER)];
        prop_assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        prop_assert!(url.fragment().is_none());
    }
}
