//! The issuer's public keys, fetched and kept.
//!
//! - A token with an unknown `kid` makes us ask the source again, at most once per [`JwksSettings::min_interval`]: a
//!   caller who makes up names cannot make us a burden for the issuer.
//! - Keys older than [`JwksSettings::max_age`] are used while the next set is fetched in the background, so that a
//!   key that was taken out stops working.
//! - While the source is down the last keys serve on, until [`JwksSettings::max_stale`]: from then on tokens are
//!   refused with 503, because a key taken out meanwhile would not be noticed.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;

use super::keys::{KeyError, KeySet};
use super::refusal::Reason;
use crate::Clock;
use crate::health::{Check, Status};

mod source;

use source::Source;
pub(super) use source::certificates;

/// When to ask and how long to rely on the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JwksSettings {
    /// Keys older than this are fetched anew.
    pub max_age: Duration,
    /// Least time between two attempts.
    pub min_interval: Duration,
    /// Keys older than this are not relied on.
    pub max_stale: Duration,
    /// Longest an attempt may take.
    pub timeout: Duration,
}

impl Default for JwksSettings {
    fn default() -> Self {
        Self {
            max_age: Duration::from_mins(5),
            min_interval: Duration::from_secs(10),
            max_stale: Duration::from_hours(24),
            timeout: Duration::from_secs(3),
        }
    }
}

/// Why keys could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    File(#[from] std::io::Error),
    /// The request failed.
    #[error("the JWK Set cannot be fetched: {0}")]
    Http(#[from] reqwest::Error),
    /// Not a URL.
    #[error("the place of the JWK Set is not a URL")]
    Url,
    /// No certificates where there should be some.
    #[error("holds no certificate (PEM)")]
    Authorities,
    /// The answer is larger than any set of keys.
    #[error("the JWK Set is larger than {} bytes", source::MAX_DOCUMENT_BYTES)]
    TooLarge,
    /// The document is of no use.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// The keys of one source, shared by all who hold it.
#[derive(Clone)]
pub struct Jwks(Arc<Inner>);

struct Inner {
    source: Source,
    settings: JwksSettings,
    clock: Clock,
    known: RwLock<Known>,
    fetching: Mutex<()>,
}

#[derive(Clone, Default)]
struct Known {
    keys: KeySet,
    fetched: Option<Timestamp>,
    attempted: Option<Timestamp>,
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwks")
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}

impl Jwks {
    /// Keys from a file, which is read again as a source would be asked again.
    pub fn from_file(path: impl Into<PathBuf>, settings: JwksSettings, clock: Clock) -> Self {
        Self::new(Source::File(path.into()), settings, clock)
    }

    /// Keys from a URL; `authorities` (PEM) may vouch for its host, instead of those of the system. Redirects are not
    /// followed, and proxies not used.
    pub fn from_url(
        url: &str,
        authorities: Option<&[u8]>,
        settings: JwksSettings,
        clock: Clock,
    ) -> Result<Self, JwksError> {
        let source = Source::http(url, authorities, settings.timeout)?;
        Ok(Self::new(source, settings, clock))
    }

    fn new(source: Source, settings: JwksSettings, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            source,
            settings,
            clock,
            known: RwLock::default(),
            fetching: Mutex::default(),
        }))
    }

    /// Asks the source now, whenever it was asked last.
    pub async fn refresh(&self) -> Result<(), JwksError> {
        let _alone = self.0.fetching.lock().await;
        self.0.fetch().await
    }

    /// The keys for a token with this `kid`.
    pub(super) async fn keys_for(&self, id: Option<&str>) -> Result<KeySet, Reason> {
        let known = self.0.known();
        let now = self.0.clock.now();
        if known.keys.knows(id) && known.is_younger_than(self.0.settings.max_stale, now) {
            if !known.is_younger_than(self.0.settings.max_age, now) && self.0.may_ask(&known, now) {
                let this = self.clone();
                tokio::spawn(async move { this.ask_again().await });
            }
            return Ok(known.keys);
        }
        self.ask_again().await;
        let known = self.0.known();
        if known.is_younger_than(self.0.settings.max_stale, self.0.clock.now()) {
            Ok(known.keys)
        } else {
            Err(Reason::Unavailable)
        }
    }

    /// Asks the source, unless somebody just did.
    async fn ask_again(&self) {
        let _alone = self.0.fetching.lock().await;
        if !self.0.may_ask(&self.0.known(), self.0.clock.now()) {
            return;
        }
        if let Err(error) = self.0.fetch().await {
            tracing::warn!(%error, "the last keys for access tokens serve on");
        }
    }

    /// A readiness check: not ready without keys, degraded while the source does not answer.
    pub fn check(&self) -> Check {
        let this = self.clone();
        Check::new("jwks", move || {
            let this = this.clone();
            async move { this.status().await }
        })
    }

    async fn status(&self) -> Status {
        let settings = self.0.settings;
        if !self
            .0
            .known()
            .is_younger_than(settings.max_age, self.0.clock.now())
        {
            self.ask_again().await;
        }
        let (known, now) = (self.0.known(), self.0.clock.now());
        if known.is_younger_than(settings.max_age, now) {
            Status::Ready
        } else if known.is_younger_than(settings.max_stale, now) {
            Status::Degraded(
                "the source of keys for access tokens does not answer; the last ones serve on".to_owned(),
            )
        } else {
            Status::NotReady("no keys for access tokens: their source does not answer".to_owned())
        }
    }
}

impl Inner {
    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn may_ask(&self, known: &Known, now: Timestamp) -> bool {
        known
            .attempted
            .is_none_or(|at| !is_within(at, self.settings.min_interval, now))
    }

    async fn fetch(&self) -> Result<(), JwksError> {
        let now = self.clock.now();
        self.write(|known| known.attempted = Some(now));
        let keys = KeySet::from_jwks(&self.source.read().await?)?;
        self.write(|known| {
            known.keys = keys;
            known.fetched = Some(now);
        });
        Ok(())
    }

    fn write(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Known {
    fn is_younger_than(&self, age: Duration, now: Timestamp) -> bool {
        self.fetched.is_some_and(|at| is_within(at, age, now))
    }
}

/// Whether `since` is less than `span` away. A clock that was set back far makes us ask again, not rely on old keys.
fn is_within(since: Timestamp, span: Duration, now: Timestamp) -> bool {
    now.duration_since(since).unsigned_abs() < span
}

#[cfg(test)]
mod tests;
