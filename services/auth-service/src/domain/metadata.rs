//! What the service tells about itself: RFC 8414, OpenID Connect Discovery 1.0 and SMART App Launch 2.2 (`.well-known/smart-configuration`).

use serde_json::{Map, Value, json};
use service_kit::auth::Algorithm;

use super::client::GrantType;
use super::client_auth::AuthMethod;
use super::scope::ScopeSet;

/// Ways by which clients authenticate where only they may ask.
const CONFIDENTIAL: [AuthMethod; 3] = [
    AuthMethod::ClientSecretBasic,
    AuthMethod::ClientSecretPost,
    AuthMethod::PrivateKeyJwt,
];

/// What clients may sign their assertions with.
const ASSERTION_ALGORITHMS: [Algorithm; 5] = [
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::EdDsa,
    Algorithm::Rs256,
    Algorithm::Rs384,
];

/// What the service can do, in the words of SMART App Launch 2.2. There is no EHR that launches apps and no patient to be
/// chosen, so that nothing is promised of those.
const CAPABILITIES: [&str; 9] = [
    "launch-standalone",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "permission-offline",
    "permission-user",
    "permission-v1",
    "permission-v2",
];

/// Paths below the issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paths {
    /// RFC 6749, section 3.1.
    pub authorization: &'static str,
    /// RFC 6749, section 3.2.
    pub token: &'static str,
    /// RFC 7662.
    pub introspection: &'static str,
    /// RFC 7009.
    pub revocation: &'static str,
    /// RFC 7517, section 5.
    pub jwks: &'static str,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            authorization: "/oauth2/authorize",
            token: "/oauth2/token",
            introspection: "/oauth2/introspect",
            revocation: "/oauth2/revoke",
            jwks: "/.well-known/jwks.json",
        }
    }
}

/// What the documents are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// `issuer`: a URL without a slash at its end, without query and fragment.
    pub issuer: String,
    /// Where its endpoints are.
    pub paths: Paths,
    /// What ID tokens may be signed with.
    pub id_token_algorithms: Vec<Algorithm>,
    /// The scopes to be shown.
    pub scopes: ScopeSet,
}

impl Metadata {
    /// The URL of an endpoint; that of the token endpoint is what assertions are for (RFC 7523, section 3, item 3).
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// `/.well-known/oauth-authorization-server` (RFC 8414, section 2).
    pub fn authorization_server(&self) -> Value {
        Value::Object(self.oauth())
    }

    /// `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0, section 3), which says all of the other as well.
    pub fn openid_configuration(&self) -> Value {
        let mut document = self.oauth();
        let algorithms: Vec<_> = self
            .id_token_algorithms
            .iter()
            .map(|algorithm| algorithm.name())
            .collect();
        document.extend(members([
            ("subject_types_supported", json!(["public"])),
            ("id_token_signing_alg_values_supported", json!(algorithms)),
            (
                "claims_supported",
                json!([
                    "iss",
                    "sub",
                    "aud",
                    "exp",
                    "iat",
                    "auth_time",
                    "amr",
                    "nonce",
                    "at_hash",
                    "fhirUser"
                ]),
            ),
            (
                "prompt_values_supported",
                json!(["none", "login", "consent", "select_account"]),
            ),
            ("claims_parameter_supported", json!(false)),
            ("request_parameter_supported", json!(false)),
            // Otherwise true is meant.
            ("request_uri_parameter_supported", json!(false)),
        ]));
        Value::Object(document)
    }

    /// `/.well-known/smart-configuration` (SMART App Launch 2.2, "Conformance").
    pub fn smart_configuration(&self) -> Value {
        const SHARED: [&str; 12] = [
            "issuer",
            "jwks_uri",
            "authorization_endpoint",
            "token_endpoint",
            "introspection_endpoint",
            "revocation_endpoint",
            "grant_types_supported",
            "scopes_supported",
            "response_types_supported",
            "code_challenge_methods_supported",
            "token_endpoint_auth_methods_supported",
            "token_endpoint_auth_signing_alg_values_supported",
        ];
        let mut document = self.oauth();
        document.retain(|name, _| SHARED.contains(&name.as_str()));
        document.insert("capabilities".to_owned(), json!(CAPABILITIES));
        Value::Object(document)
    }

    fn oauth(&self) -> Map<String, Value> {
        let mut document = self.endpoints();
        let scopes: Vec<_> = self.scopes.iter().collect();
        document.extend(members([
            ("scopes_supported", json!(scopes)),
            ("response_types_supported", json!(["code"])),
            ("response_modes_supported", json!(["query"])),
            ("grant_types_supported", json!(GrantType::ALL)),
            ("code_challenge_methods_supported", json!(["S256"])),
            // RFC 9207, section 3.
            ("authorization_response_iss_parameter_supported", json!(true)),
        ]));
        document.extend(authentication("token_endpoint", &AuthMethod::ALL));
        document.extend(authentication("introspection_endpoint", &CONFIDENTIAL));
        document.extend(authentication("revocation_endpoint", &AuthMethod::ALL));
        document
    }

    fn endpoints(&self) -> Map<String, Value> {
        let Paths {
            authorization,
            token,
            introspection,
            revocation,
            jwks,
        } = self.paths;
        let url = |path| Value::from(self.url(path));
        members([
            ("issuer", self.issuer.as_str().into()),
            ("authorization_endpoint", url(authorization)),
            ("token_endpoint", url(token)),
            ("introspection_endpoint", url(introspection)),
            ("revocation_endpoint", url(revocation)),
            ("jwks_uri", url(jwks)),
        ])
    }
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// How clients authenticate at an endpoint.
fn authentication(endpoint: &str, methods: &[AuthMethod]) -> [(String, Value); 2] {
    let methods: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
    [
        (format!("{endpoint}_auth_methods_supported"), json!(methods)),
        (
            format!("{endpoint}_auth_signing_alg_values_supported"),
            json!(ASSERTION_ALGORITHMS.map(Algorithm::name)),
        ),
    ]
}

#[cfg(test)]
mod tests;
