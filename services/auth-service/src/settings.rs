//! The settings of this service, read and checked: with a wrong one it does not start, and all mistakes are told at once.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgMatches, Args, FromArgMatches};
use jiff::SignedDuration;
use secrecy::{SecretSlice, SecretString};
use service_kit::auth::Algorithm;
use service_kit::checked_args;
use service_kit::config::parse_duration;
use service_kit::postgres::DatabaseSettings;

use crate::domain::keys::KeyRules;
use crate::domain::keys::sealing::KeyEncryptionKey;
use crate::domain::refresh::RefreshRules;

mod read;

use read::{apart, at_most_a_week, bootstrap_secret, issuer, key_encryption_key, secret, signed, text};

/// As written; what is in files is not read yet.
#[derive(Args, Debug)]
#[group(skip)]
struct Written {
    /// The issuer of all tokens: an https URL without query and fragment (RFC 8414, section 2)
    #[arg(long, env = "AUTH_ISSUER")]
    auth_issuer: String,

    /// This service's own name in the claim aud, for its admin API
    #[arg(long, env = "AUTH_AUDIENCE", default_value = "auth-service")]
    auth_audience: String,

    /// What access tokens are signed with: HS256, ES256, EdDSA or RS256
    #[arg(long, env = "AUTH_SIGNING_ALGORITHM", default_value = "HS256")]
    auth_signing_algorithm: String,

    /// File with the HS256 secret of access tokens, 32 bytes or more; for AUTH_SIGNING_ALGORITHM=HS256
    #[arg(long, env = "JWT_ACCESS_SECRET_FILE")]
    jwt_access_secret_file: Option<PathBuf>,

    /// File with the HS256 secret of refresh tokens, cookies and forms, 32 bytes or more; another one
    #[arg(long, env = "JWT_REFRESH_SECRET_FILE")]
    jwt_refresh_secret_file: PathBuf,

    /// File with the 32 bytes that private keys are sealed with; for all other algorithms, and for ID tokens
    #[arg(long, env = "KEY_ENCRYPTION_KEY_FILE")]
    key_encryption_key_file: Option<PathBuf>,

    /// How long a key signs before the next one does
    #[arg(long, env = "AUTH_KEY_ACTIVE", default_value = "720h", value_parser = parse_duration)]
    auth_key_active: Duration,

    /// How long a key is published before it signs: longer than anybody keeps a copy of the JWK Set
    #[arg(long, env = "AUTH_KEY_PUBLISH_BEFORE", default_value = "15m", value_parser = parse_duration)]
    auth_key_publish_before: Duration,

    /// How long a login lasts, at most 168h
    #[arg(long, env = "AUTH_REFRESH_LIFETIME", default_value = "168h", value_parser = parse_duration)]
    auth_refresh_lifetime: Duration,

    /// How long a refresh token that nobody uses is valid, at most 168h
    #[arg(long, env = "AUTH_REFRESH_IDLE", default_value = "24h", value_parser = parse_duration)]
    auth_refresh_idle: Duration,

    /// How long a refresh token that was used gives its successor again
    #[arg(long, env = "AUTH_REFRESH_GRACE", default_value = "10s", value_parser = parse_duration)]
    auth_refresh_grace: Duration,

    /// Memory for passwords that are checked at the same time, MiB; each takes 19
    #[arg(long, env = "AUTH_PASSWORD_MEMORY_MIB", default_value = "152", value_parser = clap::value_parser!(u32).range(19..=65_536))]
    auth_password_memory_mib: u32,

    /// Failed logins after which an account is locked, at most 10 (PCI DSS 8.3.4)
    #[arg(long, env = "AUTH_LOCKOUT_ATTEMPTS", default_value = "10", value_parser = clap::value_parser!(u32).range(1..=10))]
    auth_lockout_attempts: u32,

    /// How long it is locked then, at least 30m (PCI DSS 8.3.4)
    #[arg(long, env = "AUTH_LOCKOUT_TIME", default_value = "30m", value_parser = parse_duration)]
    auth_lockout_time: Duration,

    /// File with the id of a client that administers all others; made at the start if there is none of this id
    #[arg(long, env = "AUTH_BOOTSTRAP_CLIENT_ID_FILE")]
    auth_bootstrap_client_id_file: Option<PathBuf>,

    /// File with its secret, 32 bytes or more
    #[arg(long, env = "AUTH_BOOTSTRAP_CLIENT_SECRET_FILE")]
    auth_bootstrap_client_secret_file: Option<PathBuf>,
}

/// What tokens are signed with.
#[derive(Debug)]
pub struct Signing {
    /// The secret of access tokens, which all replicas and verifiers have (RFC 7518, section 3.2). Without it they are signed with
    /// the keys.
    pub secret: Option<SecretSlice<u8>>,
    /// Keys that rotate. Without them there are no ID tokens.
    pub keys: Option<KeySettings>,
}

/// Keys that rotate.
#[derive(Debug)]
pub struct KeySettings {
    /// What they sign with.
    pub algorithm: Algorithm,
    /// What their private halves are sealed with.
    pub sealing: KeyEncryptionKey,
    /// How long they are in each state.
    pub rules: KeyRules,
}

/// A client that is there from the start, so that somebody can make the others.
#[derive(Debug)]
pub struct BootstrapClient {
    /// `client_id`.
    pub id: String,
    /// `client_secret`.
    pub secret: SecretString,
}

/// Failed logins and what they lead to (PCI DSS 4.0, 8.3.4).
#[derive(Clone, Copy, Debug)]
pub struct Lockout {
    /// How many lock an account.
    pub attempts: u32,
    /// For how long.
    pub time: SignedDuration,
}

/// The settings of this service.
#[derive(Debug)]
pub struct Settings {
    /// Where its data is.
    pub database: DatabaseSettings,
    /// `iss`.
    pub issuer: String,
    /// Its own name in `aud`.
    pub audience: String,
    /// What access tokens are signed with.
    pub signing: Signing,
    /// What refresh tokens are signed with; cookies and forms are with keys that are derived from it.
    pub refresh_secret: SecretSlice<u8>,
    /// How long refresh tokens can be used.
    pub refresh: RefreshRules,
    /// Memory for passwords that are checked at the same time, MiB.
    pub password_memory_mib: u32,
    /// Failed logins and what they lead to.
    pub lockout: Lockout,
    /// A client that is there from the start.
    pub bootstrap_client: Option<BootstrapClient>,
}

checked_args!(Settings: DatabaseSettings, Written);

impl Settings {
    /// The settings, or every mistake in them.
    fn read(matches: &ArgMatches) -> Result<Result<Self, Vec<String>>, clap::Error> {
        let written = Written::from_arg_matches(matches)?;
        let database = DatabaseSettings::from_arg_matches(matches).map_err(|error| mistakes_in(&error));
        Ok(written.read(database))
    }
}

impl Settings {
    /// What two replicas must have in common, as text.
    pub(crate) fn without_secrets(&self) -> String {
        let keys = self.signing.keys.as_ref();
        format!(
            "{:?}",
            (
                &self.issuer,
                &self.audience,
                self.signing.secret.is_some(),
                keys.map(|keys| (keys.algorithm, keys.rules)),
                self.refresh,
                self.password_memory_mib,
                self.lockout,
            )
        )
    }
}

/// Those that the kit found; it tells them one a line.
fn mistakes_in(error: &clap::Error) -> Vec<String> {
    let text = error.to_string();
    let lines = text.trim_start_matches("error: ").lines();
    lines
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[derive(Default)]
struct Mistakes(Vec<String>);

impl Mistakes {
    fn note<T>(&mut self, result: Result<T, String>) -> Option<T> {
        result.map_err(|mistake| self.0.push(mistake)).ok()
    }
}

impl Written {
    /// Reads the files and checks it all.
    fn read(self, database: Result<DatabaseSettings, Vec<String>>) -> Result<Settings, Vec<String>> {
        let mut mistakes = Mistakes::default();
        let database = database.map_err(|found| mistakes.0.extend(found)).ok();
        let issuer = mistakes.note(issuer(&self.auth_issuer));
        let signing = mistakes.note(self.signing());
        let refresh_secret = mistakes.note(secret("JWT_REFRESH_SECRET_FILE", &self.jwt_refresh_secret_file));
        let access = signing.as_ref().and_then(|signing| signing.secret.as_ref());
        if let (Some(access), Some(refresh)) = (access, &refresh_secret) {
            mistakes.note(apart(access, refresh));
        }
        let bootstrap_client = mistakes.note(self.bootstrap_client());
        for checked in self.times() {
            mistakes.note(checked);
        }
        let (refresh, lockout) = (self.refresh(), self.lockout());
        match (database, issuer, signing, refresh_secret, bootstrap_client) {
            (Some(database), Some(issuer), Some(signing), Some(refresh_secret), Some(bootstrap_client))
                if mistakes.0.is_empty() =>
            {
                Ok(Settings {
                    database,
                    issuer,
                    audience: self.auth_audience,
                    signing,
                    refresh_secret,
                    refresh,
                    password_memory_mib: self.auth_password_memory_mib,
                    lockout,
                    bootstrap_client,
                })
            }
            _ => Err(mistakes.0),
        }
    }

    /// The secret for HS256, the keys for the other algorithms; with both, ID tokens are signed with ES256.
    fn signing(&self) -> Result<Signing, String> {
        let algorithm = match Algorithm::from_name(&self.auth_signing_algorithm) {
            Some(Algorithm::Hs256) => None,
            Some(key @ (Algorithm::Es256 | Algorithm::EdDsa | Algorithm::Rs256)) => Some(key),
            _ => return Err("AUTH_SIGNING_ALGORITHM: one of HS256, ES256, EdDSA, RS256".to_owned()),
        };
        let secret = match (algorithm, &self.jwt_access_secret_file) {
            (Some(_), _) => None,
            (None, Some(path)) => Some(secret("JWT_ACCESS_SECRET_FILE", path)?),
            (None, None) => {
                return Err("JWT_ACCESS_SECRET_FILE: AUTH_SIGNING_ALGORITHM=HS256 needs it".to_owned());
            }
        };
        let keys = match (algorithm, &self.key_encryption_key_file) {
            (algorithm, Some(path)) => Some(self.keys(algorithm.unwrap_or(Algorithm::Es256), path)?),
            (Some(_), None) => {
                return Err("KEY_ENCRYPTION_KEY_FILE: algorithms other than HS256 need it".to_owned());
            }
            (None, None) => None,
        };
        Ok(Signing { secret, keys })
    }

    fn keys(&self, algorithm: Algorithm, path: &Path) -> Result<KeySettings, String> {
        Ok(KeySettings {
            algorithm,
            sealing: key_encryption_key(path)?,
            rules: KeyRules {
                publish_before: signed(self.auth_key_publish_before),
                active_for: signed(self.auth_key_active),
                ..KeyRules::default()
            },
        })
    }

    fn refresh(&self) -> RefreshRules {
        RefreshRules {
            absolute: signed(self.auth_refresh_lifetime),
            idle: signed(self.auth_refresh_idle),
            grace: signed(self.auth_refresh_grace),
        }
    }

    fn lockout(&self) -> Lockout {
        Lockout {
            attempts: self.auth_lockout_attempts,
            time: signed(self.auth_lockout_time),
        }
    }

    fn times(&self) -> [Result<(), String>; 3] {
        [
            at_most_a_week("AUTH_REFRESH_LIFETIME", self.auth_refresh_lifetime),
            at_most_a_week("AUTH_REFRESH_IDLE", self.auth_refresh_idle),
            self.lockout_time(),
        ]
    }

    fn lockout_time(&self) -> Result<(), String> {
        if self.auth_lockout_time < Duration::from_mins(30) {
            return Err("AUTH_LOCKOUT_TIME: at least 30m (PCI DSS 8.3.4)".to_owned());
        }
        Ok(())
    }

    fn bootstrap_client(&self) -> Result<Option<BootstrapClient>, String> {
        let files = (
            &self.auth_bootstrap_client_id_file,
            &self.auth_bootstrap_client_secret_file,
        );
        match files {
            (None, None) => Ok(None),
            (Some(id), Some(secret_file)) => {
                let id = text("AUTH_BOOTSTRAP_CLIENT_ID_FILE", id)?;
                let secret = bootstrap_secret(secret_file)?;
                Ok(Some(BootstrapClient { id, secret }))
            }
            _ => Err(
                "AUTH_BOOTSTRAP_CLIENT_ID_FILE, AUTH_BOOTSTRAP_CLIENT_SECRET_FILE: set both or none"
                    .to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
