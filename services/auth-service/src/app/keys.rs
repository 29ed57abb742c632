//! What tokens are signed with, and what verifies them: the mounted secret, or keys that rotate, or both.
//!
//! Access tokens are signed with the secret where there is one, else with the keys; ID tokens with the keys, as clients could not
//! verify the secret.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::Value;
use service_kit::Clock;
use service_kit::auth::{Algorithm, KeyError, KeySet, Signer, SigningKey, VerificationKey};
use tokio::sync::watch;

use super::error::Failure;
use crate::domain::keys::sealing::KeyEncryptionKey;
use crate::domain::keys::{KeyRecord, KeyRing, KeyRules, KeyState};
use crate::settings::{KeySettings, Signing};
use crate::store;

mod rotation;

pub(crate) use rotation::{Rotated, RotationError, Rotator};

/// The keys as this replica knows them. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct SigningKeys(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    issuer: String,
    clock: Clock,
    secret: Option<Signer>,
    rotating: Option<Rotating>,
    /// What verifies access tokens.
    verification: watch::Sender<KeySet>,
}

/// Keys that rotate.
#[derive(Debug)]
struct Rotating {
    algorithm: Algorithm,
    sealing: KeyEncryptionKey,
    rules: KeyRules,
    known: watch::Sender<Known>,
}

/// What was last read of the keys.
#[derive(Debug, Default)]
struct Known {
    version: Option<i64>,
    ring: KeyRing,
    /// By `kid`.
    signers: BTreeMap<String, Signer>,
    /// When it was read, changed or not.
    read_at: Option<Timestamp>,
}

impl SigningKeys {
    /// The secret, and no keys yet.
    pub(crate) fn new(signing: Signing, issuer: String, clock: Clock) -> Result<Self, KeyError> {
        let mut verification = KeySet::default();
        let mut secret = None;
        if let Some(bytes) = &signing.secret {
            let bytes = bytes.expose_secret();
            verification = KeySet::from_iter([VerificationKey::hs256(None, bytes)?]);
            secret = Some(Signer::new(
                issuer.clone(),
                SigningKey::hs256(None, bytes)?,
                clock.clone(),
            ));
        }
        Ok(Self(Arc::new(Inner {
            issuer,
            clock,
            secret,
            rotating: signing.keys.map(Rotating::new),
            verification: watch::Sender::new(verification),
        })))
    }

    /// What signs access tokens now.
    pub(crate) fn access_signer(&self) -> Result<Signer, Failure> {
        match &self.0.secret {
            Some(signer) => Ok(signer.clone()),
            None => self.id_token_signer(),
        }
    }

    /// What signs ID tokens now.
    pub(crate) fn id_token_signer(&self) -> Result<Signer, Failure> {
        let rotating = self.0.rotating.as_ref().ok_or(Failure::NoKey)?;
        rotating.signer().ok_or(Failure::NoKey)
    }

    /// What verifies access tokens, now and whatever will.
    pub(crate) fn verification(&self) -> watch::Receiver<KeySet> {
        self.0.verification.subscribe()
    }

    /// Whether a token with a key that is not among these is none of ours: not before the keys were read for the first time.
    pub(crate) fn are_known(&self) -> bool {
        let has_read = |rotating: &Rotating| rotating.known.borrow().version.is_some();
        self.0.secret.is_some() || self.0.rotating.as_ref().is_none_or(has_read)
    }

    /// The algorithm of ID tokens; none where there are no keys.
    pub(crate) fn id_token_algorithm(&self) -> Option<Algorithm> {
        self.0.rotating.as_ref().map(|rotating| rotating.algorithm)
    }

    /// The JWK Set (RFC 7517, section 5). A secret is not in it: whoever could read it could sign.
    pub(crate) fn jwks(&self) -> Value {
        match &self.0.rotating {
            Some(rotating) => rotating.known.borrow().ring.jwks(),
            None => KeyRing::default().jwks(),
        }
    }

    /// How long a copy of the JWK Set may be kept, in seconds: a key is published for twice as long before it is used.
    pub(crate) fn jwks_max_age(&self) -> i64 {
        const LONGEST: i64 = 300;
        let before = self
            .0
            .rotating
            .as_ref()
            .map(|rotating| rotating.rules.publish_before);
        before.map_or(LONGEST, |before| (before.as_secs() / 2).clamp(0, LONGEST))
    }

    /// How old the keys are that a replica with keys knows, and whether one of them signs; `None` without keys.
    pub(crate) fn state(&self) -> Option<KeysState> {
        let rotating = self.0.rotating.as_ref()?;
        let now = self.0.clock.now();
        let read_at = rotating.known.borrow().read_at;
        Some(KeysState {
            can_sign: rotating.signer().is_some(),
            age_seconds: read_at.map(|at| now.duration_since(at).as_secs()),
        })
    }

    /// Takes over what is stored.
    fn replace(&self, stored: &store::KeySet) {
        let Some(rotating) = &self.0.rotating else { return };
        let records: Vec<_> = stored.keys.iter().filter_map(record).collect();
        let opened = stored.keys.iter().filter_map(|key| self.open(rotating, key));
        let signers = opened.collect();
        rotating.known.send_modify(|known| {
            known.version = Some(stored.version);
            known.ring = KeyRing::new(records);
            known.signers = signers;
        });
        if self.0.secret.is_none() {
            let published = published(&rotating.known.borrow().ring);
            self.0.verification.send_replace(published);
        }
    }

    /// Only a key of the algorithm that is used: others are there for the tokens they signed. One that cannot be opened is left
    /// out, and told in the log.
    fn open(&self, rotating: &Rotating, key: &store::SigningKey) -> Option<(String, Signer)> {
        if key.algorithm != rotating.algorithm.name() {
            return None;
        }
        match opened(rotating, key) {
            Ok(signing_key) => {
                let signer = Signer::new(self.0.issuer.clone(), signing_key, self.0.clock.clone());
                Some((key.kid.clone(), signer))
            }
            Err(error) => {
                tracing::error!(kid = key.kid, error, "a signing key cannot be used");
                None
            }
        }
    }
}

/// What readiness is told of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeysState {
    /// Whether there is an active key that this replica can open.
    pub(crate) can_sign: bool,
    /// When the keys were last read, seconds ago.
    pub(crate) age_seconds: Option<i64>,
}

impl Rotating {
    fn new(settings: KeySettings) -> Self {
        Self {
            algorithm: settings.algorithm,
            sealing: settings.sealing,
            rules: settings.rules,
            known: watch::Sender::default(),
        }
    }

    fn signer(&self) -> Option<Signer> {
        let known = self.known.borrow();
        let active = known.ring.active(self.algorithm)?;
        known.signers.get(&active.key_id).cloned()
    }
}

fn opened(rotating: &Rotating, key: &store::SigningKey) -> Result<SigningKey, String> {
    let der = rotating
        .sealing
        .open(&key.kid, &key.sealed_private)
        .map_err(|error| error.to_string())?;
    SigningKey::from_pkcs8(rotating.algorithm, der.expose_secret()).map_err(|error| error.to_string())
}

/// A stored key as the rules know it; none where a newer version stored what this one does not know.
fn record(key: &store::SigningKey) -> Option<KeyRecord> {
    let state = match key.state {
        store::KeyState::Next => KeyState::Next {
            since: key.created_at,
        },
        store::KeyState::Active => KeyState::Active {
            since: key.activated_at?,
        },
        store::KeyState::Retired => KeyState::Retired {
            since: key.retired_at?,
        },
    };
    Some(KeyRecord {
        key_id: key.kid.clone(),
        algorithm: Algorithm::from_name(&key.algorithm)?,
        public: key.public_jwk.clone(),
        state,
    })
}

/// The keys of the JWK Set as those who fetch it know them; none when there are none.
fn published(ring: &KeyRing) -> KeySet {
    KeySet::from_jwks(ring.jwks().to_string().as_bytes()).unwrap_or_default()
}
