//! What the service does for a request by the rules alone, in its order: no network, no database, no audit log.

use std::cell::Cell;
use std::time::Duration;

use anyhow::Context as _;
use auth_service::domain::access_token::{self, Granted};
use auth_service::domain::audience;
use auth_service::domain::audit::{AuditEvent, AuditRecord, TokenName};
use auth_service::domain::client::{Client, Credential, GrantType};
use auth_service::domain::client_auth::{AssertionRules, Attempt};
use auth_service::domain::digest::Digest;
use auth_service::domain::introspection;
use auth_service::domain::keys::generate;
use auth_service::domain::parameters::Parameters;
use auth_service::domain::scope::{self, ScopeSet};
use auth_service::domain::token_request::{TokenRequest, check_grant};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use service_kit::Clock;
use service_kit::auth::{
    Algorithm, Expectations, IssuedToken, KeySet, Signer, SigningKey, TokenKind, VerificationKey,
};
use uuid::Uuid;

use crate::{CLIENT, ISSUER, SECRET};

/// The rules, a client and its token.
pub(crate) struct Rules {
    /// The secret, or PKCS#8 in DER.
    key: Vec<u8>,
    client: Client,
    signer: Signer,
    keys: KeySet,
    expectations: Expectations,
    now: Timestamp,
    /// More than a key remembers the signatures of.
    tokens: Vec<String>,
    next: Cell<usize>,
}

const TOKENS: usize = 10_000;

impl Rules {
    pub(crate) fn new(algorithm: Algorithm) -> anyhow::Result<Self> {
        let (key, signing, keys) = key(algorithm)?;
        let clock = Clock::system();
        let mut rules = Self {
            key,
            client: client(),
            now: clock.now(),
            signer: Signer::new(ISSUER, signing, clock),
            keys,
            expectations: Expectations {
                kind: TokenKind::Access,
                issuer: ISSUER.to_owned(),
                audience: "auth-service".to_owned(),
                leeway: Duration::from_secs(10),
            },
            tokens: Vec::new(),
            next: Cell::default(),
        };
        let issued = (0..TOKENS).map(|_| rules.issue().map(|issued| issued.expose().to_owned()));
        rules.tokens = issued.collect::<Option<_>>().context("a token is issued")?;
        Ok(rules)
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    /// The same each time.
    pub(crate) fn token(&self) -> &str {
        self.tokens.first().map_or("", String::as_str)
    }

    /// One that was not looked at lately.
    pub(crate) fn another_token(&self) -> &str {
        let next = (self.next.get() + 1) % TOKENS;
        self.next.set(next);
        self.tokens.get(next).map_or("", String::as_str)
    }

    /// A token, and what goes into the audit log about it.
    pub(crate) fn issue(&self) -> Option<IssuedToken> {
        let form = self.form(&[("grant_type", "client_credentials")])?;
        let asked = TokenRequest::parse(&form).ok()?;
        check_grant(&self.client, asked.grant_type()).ok()?;
        let allowed = ScopeSet::from_tokens(self.client.scopes.iter().cloned()).ok()?;
        let how = GrantType::ClientCredentials;
        let granted = Granted {
            scopes: scope::granted(asked.scopes.as_ref(), &allowed, how).ok()?,
            audience: audience::granted(&asked.audience, &self.client.audiences).ok()?,
        };
        let (grant, validity) = access_token::for_client(&self.client, &granted, Uuid::new_v4(), self.now);
        let issued = self.signer.sign_as(TokenKind::Access, &grant, validity).ok()?;
        let event = AuditEvent::TokenIssued {
            grant: how,
            client_id: grant.client_id,
            subject: grant.subject,
            token: TokenName::from(&issued),
            scopes: granted.scopes,
            audience: granted.audience,
            expires_at: issued.expires_at,
        };
        let record = AuditRecord::new(self.now, None, None, event);
        record.canonical().ok().map(|_| issued)
    }

    /// What its client is told of the token.
    pub(crate) fn introspect(&self, token: &str) -> Option<String> {
        let form = self.form(&[("token", token)])?;
        let token = form.get("token")?;
        let claims = self
            .expectations
            .verify_for_any_audience(token, &self.keys, self.now)
            .ok()?;
        let answer = introspection::of_access_token(&self.client, &claims, false);
        (answer != introspection::inactive()).then(|| answer.to_string())
    }

    /// The form, read, of a client that proves who it is.
    fn form(&self, pairs: &[(&str, &str)]) -> Option<Parameters> {
        let form = crate::whole::form(pairs);
        let form = Parameters::parse(form.as_bytes()).ok()?;
        let rules = AssertionRules {
            audiences: &[ISSUER],
            leeway: Duration::ZERO,
        };
        let attempt = Attempt::read(&crate::whole::headers(), &form).ok()?;
        attempt.verify(Some(&self.client), &rules, self.now).ok()?;
        Some(form)
    }
}

/// The key as bytes, as what signs, and as what verifies.
fn key(algorithm: Algorithm) -> anyhow::Result<(Vec<u8>, SigningKey, KeySet)> {
    if algorithm == Algorithm::Hs256 {
        let secret = vec![b'a'; 32];
        let keys = KeySet::from_iter([VerificationKey::hs256(None, &secret)?]);
        return Ok((secret.clone(), SigningKey::hs256(None, &secret)?, keys));
    }
    let der = generate::pkcs8(algorithm)?.expose_secret().to_vec();
    let signing = SigningKey::from_pkcs8(algorithm, &der)?;
    let public = signing.public().context("a public half")?;
    let jwks = serde_json::to_vec(&serde_json::json!({ "keys": [public] }))?;
    Ok((der, signing, KeySet::from_jwks(&jwks)?))
}

fn client() -> Client {
    Client {
        id: CLIENT.to_owned(),
        name: "First client".to_owned(),
        credential: Credential::Secret {
            digests: vec![Digest::of(SECRET).as_bytes().to_vec()],
        },
        grants: vec![GrantType::ClientCredentials],
        redirect_uris: Vec::new(),
        scopes: ["auth.clients.read", "auth.clients.write", "auth.users.read"]
            .map(str::to_owned)
            .to_vec(),
        roles: Vec::new(),
        audiences: vec!["auth-service".to_owned()],
        is_enabled: true,
    }
}
