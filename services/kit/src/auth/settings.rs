//! The settings of [`Auth`]: an `Args` to flatten into those of a service.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgMatches, Args, FromArgMatches};
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::authenticator::Auth;
use super::jwks::{Jwks, JwksError, JwksSettings, certificates};
use super::keys::{KeyError, KeySet, MIN_SECRET_BYTES, VerificationKey};
use super::rules::Rules;
use super::signer::{Signer, SigningKey};
use super::token::{Expectations, Keys, MAX_LEEWAY, TokenKind, Verifier};
use crate::Clock;
use crate::config::{checked_args, parse_duration};

mod optional;

pub use optional::OptionalAuthSettings;

/// As written; what is in files is not read yet. A secret is never parsed by clap, whose errors quote values.
#[derive(Args, Debug)]
struct Written {
    /// The only issuer of tokens, as in their claim iss
    #[arg(long, env = "JWT_ISSUER")]
    jwt_issuer: String,

    /// This service's name in the claim aud
    #[arg(long, env = "JWT_AUDIENCE")]
    jwt_audience: String,

    /// Difference between the issuer's clock and ours that is allowed for, at most 30s
    #[arg(long, env = "JWT_LEEWAY", default_value = "10s", value_parser = parse_duration)]
    jwt_leeway: Duration,

    /// HS256 secret of access tokens, 32 bytes or more; better as a file
    #[arg(long, env = "JWT_ACCESS_SECRET", hide_env_values = true)]
    jwt_access_secret: Option<SecretString>,

    /// File with the HS256 secret of access tokens
    #[arg(long, env = "JWT_ACCESS_SECRET_FILE")]
    jwt_access_secret_file: Option<PathBuf>,

    /// HS256 secret of refresh tokens, another one; better as a file
    #[arg(long, env = "JWT_REFRESH_SECRET", hide_env_values = true)]
    jwt_refresh_secret: Option<SecretString>,

    /// File with the HS256 secret of refresh tokens
    #[arg(long, env = "JWT_REFRESH_SECRET_FILE")]
    jwt_refresh_secret_file: Option<PathBuf>,

    /// File with the issuer's public keys (JWK Set)
    #[arg(long, env = "JWKS_FILE")]
    jwks_file: Option<PathBuf>,

    /// Where the issuer publishes its public keys (JWK Set)
    #[arg(long, env = "JWKS_URL")]
    jwks_url: Option<String>,

    /// Certificates (PEM) of who may vouch for JWKS_URL, instead of the system's
    #[arg(long, env = "JWKS_CA_FILE")]
    jwks_ca_file: Option<PathBuf>,

    /// File that says which roles and scopes may perform which action
    #[arg(long, env = "AUTH_POLICY_FILE")]
    auth_policy_file: Option<PathBuf>,
}

/// The settings of [`Auth`], read and checked: a service with a wrong one does not start (exit code 78).
#[derive(Clone, Debug)]
pub struct AuthSettings {
    issuer: String,
    audience: String,
    leeway: Duration,
    access: Source,
    refresh: Option<SecretSlice<u8>>,
    rules: Rules,
}

/// What access tokens are verified with.
#[derive(Clone, Debug)]
enum Source {
    Secret(SecretSlice<u8>),
    File(PathBuf),
    Url(String, Option<Vec<u8>>),
}

impl AuthSettings {
    /// The settings, or every mistake in them.
    fn read(matches: &ArgMatches) -> Result<Result<Self, Vec<String>>, clap::Error> {
        Written::from_arg_matches(matches).map(Written::read)
    }

    /// The part of a service that knows its callers. Add revocations where tokens can be taken back.
    pub fn auth(&self, clock: &Clock) -> Result<Auth, JwksError> {
        let keys = match &self.access {
            Source::Secret(secret) => fixed(secret)?,
            Source::File(path) => Keys::Jwks(Jwks::from_file(path, JwksSettings::default(), clock.clone())),
            Source::Url(url, authorities) => Keys::Jwks(Jwks::from_url(
                url,
                authorities.as_deref(),
                JwksSettings::default(),
                clock.clone(),
            )?),
        };
        Ok(Auth {
            verifier: self.verifier(TokenKind::Access, keys, clock),
            revocations: None,
            rules: self.rules.clone(),
        })
    }

    /// Verifies refresh tokens; only where their secret is set.
    pub fn refresh_verifier(&self, clock: &Clock) -> Result<Option<Verifier>, KeyError> {
        let keys = self.refresh.as_ref().map(fixed).transpose()?;
        Ok(keys.map(|keys| self.verifier(TokenKind::Refresh, keys, clock)))
    }

    /// Signs tokens of the kind; only where their secret is set.
    pub fn signer(&self, kind: TokenKind, clock: &Clock) -> Result<Option<Signer>, KeyError> {
        let secret = match (kind, &self.access) {
            (TokenKind::Access, Source::Secret(secret)) => Some(secret),
            (TokenKind::Access, _) => None,
            (TokenKind::Refresh, _) => self.refresh.as_ref(),
        };
        let key = secret.map(|secret| SigningKey::hs256(None, secret.expose_secret()));
        Ok(key
            .transpose()?
            .map(|key| Signer::new(self.issuer.clone(), key, clock.clone())))
    }

    fn verifier(&self, kind: TokenKind, keys: Keys, clock: &Clock) -> Verifier {
        let expectations = Expectations {
            kind,
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            leeway: self.leeway,
        };
        Verifier::new(expectations, keys, clock.clone())
    }
}

fn fixed(secret: &SecretSlice<u8>) -> Result<Keys, KeyError> {
    let key = VerificationKey::hs256(None, secret.expose_secret())?;
    Ok(Keys::Fixed(KeySet::from_iter([key])))
}

checked_args!(AuthSettings: Written);

impl Written {
    /// Reads the files and checks it all; every mistake is told.
    fn read(self) -> Result<AuthSettings, Vec<String>> {
        let mut mistakes = Mistakes::default();
        let access = mistakes.note(secret(
            "JWT_ACCESS_SECRET",
            self.jwt_access_secret,
            self.jwt_access_secret_file,
        ));
        let refresh = mistakes.note(secret(
            "JWT_REFRESH_SECRET",
            self.jwt_refresh_secret,
            self.jwt_refresh_secret_file,
        ));
        let rules = mistakes.note(rules(self.auth_policy_file.as_deref()));
        mistakes.note(leeway(self.jwt_leeway));
        if let (Some(Some(access)), Some(Some(refresh))) = (&access, &refresh) {
            mistakes.note(apart(access, refresh));
        }
        let authorities = mistakes.note(authorities(self.jwks_ca_file.as_deref())).flatten();
        let url = self.jwks_url.map(|url| (url, authorities));
        // A secret that was refused above counts as given.
        let source = access.and_then(|secret| mistakes.note(source(secret, self.jwks_file, url)));
        match (source, refresh, rules) {
            (Some(access), Some(refresh), Some(rules)) if mistakes.0.is_empty() => Ok(AuthSettings {
                issuer: self.jwt_issuer,
                audience: self.jwt_audience,
                leeway: self.jwt_leeway,
                access,
                refresh,
                rules,
            }),
            _ => Err(mistakes.0),
        }
    }
}

#[derive(Default)]
struct Mistakes(Vec<String>);

impl Mistakes {
    fn note<T>(&mut self, result: Result<T, String>) -> Option<T> {
        result.map_err(|mistake| self.0.push(mistake)).ok()
    }
}

fn leeway(leeway: Duration) -> Result<(), String> {
    if leeway > MAX_LEEWAY {
        return Err(format!("JWT_LEEWAY: at most {} s", MAX_LEEWAY.as_secs()));
    }
    Ok(())
}

fn apart(access: &SecretSlice<u8>, refresh: &SecretSlice<u8>) -> Result<(), String> {
    if access.expose_secret() == refresh.expose_secret() {
        return Err("JWT_REFRESH_SECRET: must not be the secret of access tokens".to_owned());
    }
    Ok(())
}

/// The secret from its variable or its file, without the end of its last line.
fn secret(
    name: &str,
    value: Option<SecretString>,
    file: Option<PathBuf>,
) -> Result<Option<SecretSlice<u8>>, String> {
    let secret = match (value, file) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(format!("{name}, {name}_FILE: set one of them, not both")),
        (Some(value), None) => value.expose_secret().as_bytes().to_vec().into(),
        (None, Some(path)) => read_secret(&path).map_err(|error| format!("{name}_FILE: {error}"))?,
    };
    match secret.expose_secret().len() {
        length if length < MIN_SECRET_BYTES => Err(format!("{name}: {}", KeyError::ShortSecret(length))),
        _ => Ok(Some(secret)),
    }
}

fn read_secret(path: &Path) -> std::io::Result<SecretSlice<u8>> {
    let mut bytes = std::fs::read(path)?;
    while bytes.last().is_some_and(|last| matches!(last, b'\n' | b'\r')) {
        bytes.pop();
    }
    Ok(bytes.into())
}

fn source(
    secret: Option<SecretSlice<u8>>,
    file: Option<PathBuf>,
    url: Option<(String, Option<Vec<u8>>)>,
) -> Result<Source, String> {
    match (secret, file, url) {
        (Some(secret), None, None) => Ok(Source::Secret(secret)),
        (None, Some(file), None) => check_key_file(&file)
            .map(|()| Source::File(file))
            .map_err(|error| format!("JWKS_FILE: {error}")),
        (None, None, Some((url, authorities))) if is_http(&url) => Ok(Source::Url(url, authorities)),
        (None, None, Some(_)) => Err("JWKS_URL: not an http:// or https:// URL".to_owned()),
        _ => Err(
            "JWT_ACCESS_SECRET_FILE (or JWT_ACCESS_SECRET), JWKS_FILE, JWKS_URL: set exactly one of them"
                .to_owned(),
        ),
    }
}

/// The certificates of the file, as they are: the PEM is known to be good.
fn authorities(path: Option<&Path>) -> Result<Option<Vec<u8>>, String> {
    let Some(path) = path else { return Ok(None) };
    let read = std::fs::read(path).map_err(JwksError::from);
    let checked = read.and_then(|pem| certificates(&pem).map(|_| pem));
    checked
        .map(Some)
        .map_err(|error| format!("JWKS_CA_FILE: {error}"))
}

fn is_http(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn check_key_file(path: &Path) -> Result<(), JwksError> {
    KeySet::from_jwks(&std::fs::read(path)?)?;
    Ok(())
}

fn rules(path: Option<&Path>) -> Result<Rules, String> {
    let Some(path) = path else {
        return Ok(Rules::default());
    };
    let text = std::fs::read_to_string(path).map_err(|error| format!("AUTH_POLICY_FILE: {error}"))?;
    Rules::from_yaml(&text).map_err(|error| format!("AUTH_POLICY_FILE: {error}"))
}

#[cfg(test)]
mod tests;
