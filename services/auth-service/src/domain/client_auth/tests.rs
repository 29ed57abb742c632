use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, header};
use proptest::prelude::*;
use serde_json::json;

use super::{AssertionRules, Attempt, AuthMethod, Authenticated, JWT_BEARER};
use crate::domain::client::{Client, Credential};
use crate::domain::digest::Digest;
use crate::domain::oauth_error::{OAuthError, OAuthErrorCode};
use crate::domain::test_support::{client, form, noon, public_client, secret};

const RULES: AssertionRules<'_> = AssertionRules {
    audiences: &["https://auth.example.org"],
    leeway: Duration::from_secs(10),
};

fn authorization(values: &[&str]) -> HeaderMap {
    let value = |text: &&str| (header::AUTHORIZATION, HeaderValue::from_str(text).unwrap());
    values.iter().map(value).collect()
}

fn basic(credentials: &str) -> HeaderMap {
    authorization(&[&format!("Basic {}", STANDARD.encode(credentials))])
}

fn verify(
    headers: &HeaderMap,
    pairs: &[(&str, &str)],
    client: Option<&Client>,
) -> Result<Authenticated, OAuthError> {
    Attempt::read(headers, &form(pairs))?.verify(client, &RULES, noon())
}

fn code(answer: Result<impl Sized, OAuthError>) -> Option<OAuthErrorCode> {
    answer.err().map(|error| error.code)
}

/// RFC 6749, section 2.3.1: the example.
#[test]
fn the_example_of_the_rfc_is_read() {
    let headers = authorization(&["Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"]);
    let known = Client {
        id: "s6BhdRkqt3".to_owned(),
        credential: secret("7Fjfp0ZBr1KtDRbnfVdmIw"),
        ..client()
    };
    let done = verify(&headers, &[], Some(&known)).unwrap();
    assert_eq!(done.method, AuthMethod::ClientSecretBasic);
    let body = [
        ("client_id", "s6BhdRkqt3"),
        ("client_secret", "7Fjfp0ZBr1KtDRbnfVdmIw"),
    ];
    let done = verify(&HeaderMap::new(), &body, Some(&known)).unwrap();
    assert_eq!(
        (done.method, done.assertion),
        (AuthMethod::ClientSecretPost, None)
    );
}

#[test]
fn id_and_secret_are_form_encoded_within_basic() {
    let known = Client {
        id: "a:b c".to_owned(),
        credential: secret("p%:+é"),
        ..client()
    };
    for encoded in ["a%3Ab+c:p%25%3A%2B%C3%A9", "a%3ab%20c:p%25:%2B%c3%a9"] {
        assert!(verify(&basic(encoded), &[], Some(&known)).is_ok(), "{encoded}");
    }
}

#[test]
fn more_than_one_way_is_an_invalid_request() {
    let assertion = [
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", ASSERTION),
    ];
    let secret = [("client_id", "portal"), ("client_secret", "secret")];
    let both = [&assertion[..], &secret[..]].concat();
    let attempts = [
        (basic("portal:secret"), &secret[..]),
        (basic("portal:secret"), &assertion[..]),
        (HeaderMap::new(), &both[..]),
        (authorization(&["Basic a", "Basic a"]), &[]),
        (basic("portal:secret"), &[("client_id", "other")]),
        (HeaderMap::new(), &[("client_assertion", ASSERTION)]),
        (HeaderMap::new(), &[("client_assertion_type", JWT_BEARER)]),
    ];
    for (headers, pairs) in attempts {
        let refused = code(Attempt::read(&headers, &form(pairs)));
        assert_eq!(refused, Some(OAuthErrorCode::InvalidRequest), "{headers:?}");
    }
    assert!(
        verify(
            &basic("portal:secret"),
            &[("client_id", "portal")],
            Some(&client())
        )
        .is_ok()
    );
}

/// Header and claims of an ES256 assertion of `portal` without a signature that fits.
const ASSERTION: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.eyJzdWIiOiJwb3J0YWwifQ.AAAA";

/// What is sent, and the client that it names.
type Sent<'a> = (&'a HeaderMap, &'a [(&'a str, &'a str)], Option<&'a Client>);

#[test]
fn what_does_not_prove_anything_is_an_invalid_client() {
    let known = client();
    let disabled = Client {
        is_enabled: false,
        ..client()
    };
    let other = Client {
        id: "other".to_owned(),
        ..client()
    };
    let public = public_client();
    let jwt = [
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", ASSERTION),
    ];
    let another_type = [
        ("client_assertion_type", "urn:example"),
        ("client_assertion", ASSERTION),
    ];
    let none = HeaderMap::new();
    let attempts: [Sent<'_>; 16] = [
        (&none, &[], Some(&known)),
        (&none, &[("client_id", "portal")], Some(&known)),
        (&none, &[("client_secret", "secret")], Some(&known)),
        (&basic("portal:secret"), &[], None),
        (&basic("portal:secret"), &[], Some(&disabled)),
        (&basic("portal:secret"), &[], Some(&other)),
        (&basic("portal:secret"), &[], Some(&public)),
        (&basic("portal:wrong"), &[], Some(&known)),
        (&basic("portal:"), &[], Some(&known)),
        (&basic("portal"), &[], Some(&known)),
        (&basic(":secret"), &[], Some(&known)),
        (&basic("portal:secret%"), &[], Some(&known)),
        (&authorization(&["Basic ???"]), &[], Some(&known)),
        (
            &authorization(&["Bearer cG9ydGFsOnNlY3JldA=="]),
            &[],
            Some(&known),
        ),
        (&none, &jwt, Some(&known)),
        (&none, &another_type, Some(&known)),
    ];
    for (at, (headers, pairs, client)) in attempts.into_iter().enumerate() {
        let refused = code(verify(headers, pairs, client));
        assert_eq!(refused, Some(OAuthErrorCode::InvalidClient), "{at}");
    }
}

#[test]
fn a_public_client_only_names_itself() {
    let done = verify(
        &HeaderMap::new(),
        &[("client_id", "portal")],
        Some(&public_client()),
    )
    .unwrap();
    assert_eq!(done.method, AuthMethod::None);
}

#[test]
fn each_of_several_secrets_is_accepted_and_digests_of_another_length_are_not() {
    let digests = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| Digest::of(text).as_bytes().to_vec())
            .collect()
    };
    let with = |digests| Client {
        credential: Credential::Secret { digests },
        ..client()
    };
    let two = with(digests(&["old", "new"]));
    for secret in ["old", "new"] {
        assert!(verify(&basic(&format!("portal:{secret}")), &[], Some(&two)).is_ok());
    }
    for digests in [
        vec![],
        vec![vec![]],
        vec![Digest::of("secret").as_bytes()[..31].to_vec()],
    ] {
        assert!(verify(&basic("portal:secret"), &[], Some(&with(digests))).is_err());
    }
}

#[test]
fn an_assertion_of_a_client_without_keys_is_refused() {
    let keyless = Client {
        credential: Credential::PrivateKeyJwt {
            jwks: json!({"keys": []}),
        },
        ..client()
    };
    let jwt = [
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", ASSERTION),
    ];
    assert!(verify(&HeaderMap::new(), &jwt, Some(&keyless)).is_err());
}

#[test]
fn debug_shows_nothing_secret() {
    let attempt = Attempt::read(&basic("portal:hunter2"), &form(&[])).unwrap();
    assert_eq!(
        format!("{attempt:?}"),
        "Attempt { method: ClientSecretBasic, .. }"
    );
    assert_eq!(attempt.client_id(), "portal");
}

#[test]
fn methods_have_the_names_of_the_registry() {
    let names = AuthMethod::ALL.map(AuthMethod::as_str);
    assert_eq!(
        names,
        [
            "none",
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt"
        ]
    );
}

proptest! {
    #[test]
    fn any_id_and_secret_pass_when_encoded(id in "[ -~]{1,40}", text in "[^\\pC]{1,40}") {
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let known = Client { id: id.clone(), credential: secret(&text), ..client() };
        let credentials = format!("{}:{}", encode(&id), encode(&text));
        prop_assert!(verify(&basic(&credentials), &[], Some(&known)).is_ok());
        let wrong = format!("{credentials}x");
        prop_assert!(verify(&basic(&wrong), &[], Some(&known)).is_err());
    }

    #[test]
    fn no_header_is_too_strange(text in "[ -~]{0,40}", bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let encoded = format!("Basic {}", STANDARD.encode(bytes));
        for value in [text, encoded] {
            let _ = Attempt::read(&authorization(&[&value]), &form(&[]));
        }
    }
}
