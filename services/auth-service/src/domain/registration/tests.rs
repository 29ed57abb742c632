use serde_json::json;
use service_kit::auth::{KeyError, SigningKey};

use super::{RegistrationError, check};
use crate::domain::client::{Client, Credential, GrantType};
use crate::domain::keys::generate::pkcs8;
use crate::domain::redirect_uri::RedirectUriError;
use crate::domain::scope::ScopeError;
use crate::domain::test_support::{client, jwks, uuid};

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn good_clients_may_be_registered() {
    use secrecy::ExposeSecret as _;
    use service_kit::auth::Algorithm::Es384;
    let key = SigningKey::from_pkcs8(Es384, pkcs8(Es384).unwrap().expose_secret()).unwrap();
    let by_keys = Client {
        credential: Credential::PrivateKeyJwt { jwks: jwks([&key]) },
        ..client()
    };
    let introspector = Client {
        grants: vec![],
        redirect_uris: vec![],
        audiences: vec![],
        ..client()
    };
    let public = Client {
        credential: Credential::Public,
        grants: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        ..client()
    };
    for client in [client(), by_keys, introspector, public] {
        assert_eq!(check(&client), []);
    }
}

/// What is wrong with the good client after this change.
fn mistakes(change: impl FnOnce(&mut Client)) -> Vec<RegistrationError> {
    let mut changed = client();
    change(&mut changed);
    check(&changed)
}

#[test]
fn a_client_is_told_from_people_and_other_clients() {
    for id in ["", "ä", "a\u{7f}", &"a".repeat(256)] {
        let found = mistakes(|client| client.id = id.to_owned());
        assert_eq!(found, [RegistrationError::ClientId], "{id}");
    }
    for id in [uuid(1).to_string(), uuid(1).simple().to_string()] {
        let found = mistakes(|client| client.id = id);
        assert_eq!(found, [RegistrationError::LooksLikeAPerson]);
    }
    let found = mistakes(|client| client.name = " ".to_owned());
    assert_eq!(found, [RegistrationError::Name]);
}

#[test]
fn a_client_can_use_what_it_is_registered_for() {
    use RegistrationError as Wrong;
    let found = mistakes(|client| client.redirect_uris = vec![]);
    assert_eq!(found, [Wrong::NoRedirectUri]);
    let found = mistakes(|client| client.credential = Credential::Public);
    assert_eq!(found, [Wrong::PublicClientCredentials]);
    let found = mistakes(|client| client.grants = vec![GrantType::RefreshToken]);
    assert_eq!(found, [Wrong::RefreshAlone]);
    let found = mistakes(|client| client.scopes = texts(&["a b"]));
    assert_eq!(found, [Wrong::Scope(ScopeError::Malformed)]);
    for audiences in [texts(&[]), texts(&["records", ""])] {
        let found = mistakes(|client| client.audiences = audiences);
        assert_eq!(found, [Wrong::Audience]);
    }
}

#[test]
fn a_client_can_prove_who_it_is() {
    for digests in [vec![], vec![vec![0; 31]], vec![vec![0; 32], vec![]]] {
        let found = mistakes(|client| client.credential = Credential::Secret { digests });
        assert_eq!(found, [RegistrationError::Secret]);
    }
    for (jwks, error) in [
        (json!({"keys": []}), KeyError::NoUsableKey),
        (json!([]), KeyError::NotAKeySet),
    ] {
        let found = mistakes(|client| client.credential = Credential::PrivateKeyJwt { jwks });
        assert_eq!(found, [RegistrationError::Keys(error)]);
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let client = Client {
        name: String::new(),
        redirect_uris: texts(&["https://portal.example.org/", "http://portal.example.org/"]),
        scopes: texts(&["\""]),
        ..client()
    };
    let found = check(&client);
    assert_eq!(found.len(), 3);
    let uri = RegistrationError::RedirectUri {
        number: 2,
        error: RedirectUriError::Scheme,
    };
    assert!(found.contains(&uri), "{found:?}");
    assert_eq!(
        found[0].to_string(),
        format!("redirect URI number 2: {}", RedirectUriError::Scheme)
    );
}
