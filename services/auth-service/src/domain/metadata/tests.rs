use std::collections::BTreeSet;

use insta::assert_json_snapshot;
use serde_json::Value;
use service_kit::auth::Algorithm;

use super::{Metadata, Paths};
use crate::domain::scope::ScopeSet;
use crate::domain::test_support::{ISSUER, TOKEN_ENDPOINT};

fn metadata() -> Metadata {
    Metadata {
        issuer: ISSUER.to_owned(),
        paths: Paths::default(),
        id_token_algorithms: vec![Algorithm::Es256, Algorithm::Rs256],
        scopes: ScopeSet::parse("openid fhirUser offline_access user/*.cruds system/*.rs").unwrap(),
    }
}

fn names(document: &Value) -> BTreeSet<String> {
    document.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_document_of_rfc_8414() {
    assert_json_snapshot!(metadata().authorization_server());
}

#[test]
fn the_document_of_openid_connect() {
    assert_json_snapshot!(metadata().openid_configuration());
}

#[test]
fn the_document_of_smart_app_launch() {
    assert_json_snapshot!(metadata().smart_configuration());
}

#[test]
fn what_each_document_must_have_is_there() {
    // RFC 8414, section 2; OpenID Connect Discovery 1.0, section 3; SMART App Launch 2.2, "Conformance".
    let oauth = [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "response_types_supported",
    ];
    let openid = [
        "jwks_uri",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
    ];
    let smart = [
        "issuer",
        "jwks_uri",
        "token_endpoint",
        "grant_types_supported",
        "capabilities",
        "code_challenge_methods_supported",
    ];
    for (document, required) in [
        (metadata().authorization_server(), &oauth[..]),
        (
            metadata().openid_configuration(),
            &[oauth.as_slice(), &openid].concat(),
        ),
        (metadata().smart_configuration(), &smart),
    ] {
        let names = names(&document);
        assert!(required.iter().all(|name| names.contains(*name)), "{names:?}");
    }
}

#[test]
fn what_two_documents_say_is_the_same() {
    let openid = metadata().openid_configuration();
    for document in [
        metadata().authorization_server(),
        metadata().smart_configuration(),
    ] {
        for name in names(&document).iter().filter(|name| *name != "capabilities") {
            assert_eq!(document[name], openid[name], "{name}");
        }
    }
}

/// SMART App Launch 2.2, "Client authentication: asymmetric": RS384 or ES384 at least.
#[test]
fn apps_find_an_algorithm_they_must_have() {
    let algorithms = &metadata().smart_configuration()["token_endpoint_auth_signing_alg_values_supported"];
    assert!(
        ["ES384", "RS384"]
            .iter()
            .all(|name| algorithms.as_array().unwrap().contains(&Value::from(*name)))
    );
    assert_eq!(metadata().url(metadata().paths.token), TOKEN_ENDPOINT);
}
