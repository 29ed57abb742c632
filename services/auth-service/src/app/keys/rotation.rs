//! Rotation: every replica looks each second, and one takes the steps that are due.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret;
use service_kit::auth::{Algorithm, SigningKey};
use service_kit::postgres::DatabaseError;
use tokio_util::sync::CancellationToken;

use super::{Rotating, SigningKeys, record};
use crate::app::randomness;
use crate::domain::keys::sealing::KeyEncryptionKey;
use crate::domain::keys::{KeyRing, KeyStep, generate};
use crate::store::{self, KeyChange, Keys};

/// How often the keys are looked at: a replica knows a new key long before it is used.
const INTERVAL: Duration = Duration::from_secs(1);

/// Why the keys are as they were.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RotationError {
    /// A secret has no keys that could rotate.
    #[error("there are no keys: KEY_ENCRYPTION_KEY_FILE is not set")]
    NoKeys,
    /// PostgreSQL did not do it.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// There is no new key.
    #[error("no key could be made: {0}")]
    NotMade(&'static str),
}

/// Steps that this replica took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rotated {
    /// The steps, in their order.
    pub(crate) steps: Vec<KeyStep>,
    /// `kid` of the key that [`KeyStep::Add`] added, if there is that step.
    pub(crate) added: String,
    /// What the keys sign with.
    pub(crate) algorithm: Algorithm,
}

/// Keeps the keys of a replica as they are in PostgreSQL, and takes the steps that are due.
#[derive(Clone, Debug)]
pub(crate) struct Rotator {
    pub(crate) keys: SigningKeys,
    pub(crate) store: Keys,
}

/// What a rotation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason<'a> {
    /// Time.
    Due,
    /// Somebody wants another key, which is used as soon as everybody can know it.
    Wanted,
    /// Somebody else may have this one.
    Withdrawn(&'a str),
}

impl Rotator {
    /// Looks each second, until `shutdown`; tells `taken` of the steps that this replica took.
    pub(crate) async fn run<F: Future<Output = ()> + Send>(
        self,
        shutdown: CancellationToken,
        taken: impl Fn(Rotated) -> F + Send,
    ) {
        if self.keys.0.rotating.is_none() {
            return;
        }
        loop {
            match self.tick().await {
                Ok(Some(rotated)) => taken(rotated).await,
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the signing keys could not be looked at"),
            }
            let pause = tokio::time::sleep(INTERVAL);
            if shutdown.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }

    /// Makes a key that is used as soon as everybody can know it.
    pub(crate) async fn rotate(&self) -> Result<Rotated, RotationError> {
        self.take(self.rotating()?, Reason::Wanted).await
    }

    /// Takes a key out of use at once, with the tokens it signed.
    pub(crate) async fn withdraw(&self, kid: &str) -> Result<Rotated, RotationError> {
        self.take(self.rotating()?, Reason::Withdrawn(kid)).await
    }

    /// Reads what has changed.
    pub(crate) async fn read(&self) -> Result<(), DatabaseError> {
        let Some(rotating) = &self.keys.0.rotating else {
            return Ok(());
        };
        let version = rotating.known.borrow().version.unwrap_or(-1);
        if let Some(stored) = self.store.changed_since(version).await? {
            self.keys.replace(&stored);
        }
        Ok(())
    }

    /// Reads what has changed, and takes the steps that are due.
    async fn tick(&self) -> Result<Option<Rotated>, RotationError> {
        let rotating = self.rotating()?;
        self.read().await?;
        let now = self.keys.0.clock.now();
        rotating.known.send_modify(|known| known.read_at = Some(now));
        let is_due = {
            let ring = &rotating.known.borrow().ring;
            let is_needed = ring.needs_key(rotating.algorithm, &rotating.rules, now);
            is_needed
                || !ring
                    .plan(rotating.algorithm, None, &rotating.rules, now)
                    .is_empty()
        };
        if is_due {
            self.take(rotating, Reason::Due).await.map(Some)
        } else {
            Ok(None)
        }
    }

    fn rotating(&self) -> Result<&Rotating, RotationError> {
        self.keys.0.rotating.as_ref().ok_or(RotationError::NoKeys)
    }

    /// Whichever replica comes first takes the steps; for the others there is nothing left to do.
    async fn take(&self, rotating: &Rotating, reason: Reason<'_>) -> Result<Rotated, RotationError> {
        let now = self.keys.0.clock.now();
        let new = NewKey::make(rotating.algorithm, &rotating.sealing, now).await?;
        let plan = |stored: &store::KeySet| {
            let ring = KeyRing::new(stored.keys.iter().filter_map(record));
            steps(&ring, rotating, &new.0.kid, reason, now)
        };
        let planned = Mutex::new(Vec::new());
        let change = |stored: &store::KeySet| {
            let steps = plan(stored);
            let changes = steps.iter().map(|step| new.change(step)).collect();
            *planned.lock().unwrap_or_else(PoisonError::into_inner) = steps;
            changes
        };
        let stored = self.store.transition(now, change).await?;
        self.keys.replace(&stored);
        Ok(Rotated {
            steps: planned.into_inner().unwrap_or_else(PoisonError::into_inner),
            added: new.0.kid,
            algorithm: rotating.algorithm,
        })
    }
}

/// What is to be done about these keys.
fn steps(ring: &KeyRing, rotating: &Rotating, new: &str, reason: Reason<'_>, now: Timestamp) -> Vec<KeyStep> {
    let (algorithm, rules) = (rotating.algorithm, &rotating.rules);
    match reason {
        Reason::Due => ring.plan(algorithm, Some(new), rules, now),
        Reason::Wanted if ring.has_next(algorithm) => Vec::new(),
        Reason::Wanted => vec![KeyStep::Add],
        Reason::Withdrawn(kid) => {
            let mut steps = ring.withdraw(kid);
            if !steps.is_empty() {
                let left = ring.keys().iter().filter(|key| key.key_id != kid).cloned();
                steps.extend(KeyRing::new(left).plan(algorithm, Some(new), rules, now));
            }
            steps
        }
    }
}

/// A key that may be added.
struct NewKey(store::SigningKey);

impl NewKey {
    async fn make(
        algorithm: Algorithm,
        sealing: &KeyEncryptionKey,
        now: Timestamp,
    ) -> Result<Self, RotationError> {
        // RSA takes up to a second.
        let made = tokio::task::spawn_blocking(move || generate::pkcs8(algorithm)).await;
        let der = made
            .map_err(|_| RotationError::NotMade("its thread ended"))?
            .map_err(|_| RotationError::NotMade("the library refused"))?;
        let key = SigningKey::from_pkcs8(algorithm, der.expose_secret())
            .map_err(|_| RotationError::NotMade("it cannot be read"))?;
        let (Some(kid), Some(public)) = (key.id(), key.public()) else {
            return Err(RotationError::NotMade("it has no public half"));
        };
        let nonce = randomness::bytes().map_err(|_| RotationError::NotMade("there is no randomness"))?;
        let sealed_private = sealing
            .seal(kid, nonce, &der)
            .map_err(|_| RotationError::NotMade("it cannot be sealed"))?;
        Ok(Self(store::SigningKey {
            kid: kid.to_owned(),
            algorithm: algorithm.name().to_owned(),
            public_jwk: serde_json::to_value(public).map_err(|_| RotationError::NotMade("it has no JWK"))?,
            sealed_private,
            state: store::KeyState::Next,
            created_at: now,
            activated_at: None,
            retired_at: None,
        }))
    }

    fn change(&self, step: &KeyStep) -> KeyChange {
        match step {
            KeyStep::Add => KeyChange::Add(self.0.clone()),
            KeyStep::Retire(kid) => KeyChange::Retire { kid: kid.clone() },
            KeyStep::Activate(kid) => KeyChange::Activate { kid: kid.clone() },
            KeyStep::Remove(kid) => KeyChange::Remove { kid: kid.clone() },
        }
    }
}
