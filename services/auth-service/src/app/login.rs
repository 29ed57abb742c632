//! People log in: password, lockout, known devices, and the code that their client gets for it.

use std::convert::Infallible;

use jiff::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;

use super::App;
use super::audit::Origin;
use super::error::Failure;
use super::randomness;
use crate::domain::audit::{AuditEvent, Counted};
use crate::domain::authorization::{AuthorizationRequest, Location};
use crate::domain::code::{self, CodeGrant};
use crate::domain::digest::Digest;
use crate::domain::lockout::{Attempts, Locked, LockoutRules};
use crate::domain::password;
use crate::domain::user::User;
use crate::store::NewCode;

/// What a person typed, and the browser they did it in.
pub(crate) struct Credentials<'a> {
    /// The login.
    pub(crate) login: &'a str,
    /// The password.
    pub(crate) password: SecretString,
    /// What the browser says it is; proves nothing by itself.
    pub(crate) device_cookie: Option<&'a str>,
}

/// What came of a login.
pub(crate) enum Login {
    /// It is this person.
    Succeeded(Box<LoggedIn>),
    /// Nobody has this login with this password.
    Failed,
    /// There were too many attempts.
    Locked,
}

/// A person who logged in.
pub(crate) struct LoggedIn {
    user: User,
    at: Timestamp,
    /// By which this browser is known from now on.
    pub(crate) device_cookie: SecretString,
}

/// By what an attempt is counted.
struct Counter {
    counted: Counted,
    digest: Digest,
    rules: LockoutRules,
}

impl App {
    /// Whether these are somebody's login and password. The attempt is counted first, so that guesses in parallel do not slip
    /// through; logins that nobody has are counted, checked and answered as all others are.
    pub(crate) async fn log_in(
        &self,
        origin: &Origin,
        credentials: &Credentials<'_>,
    ) -> Result<Login, Failure> {
        let now = self.now();
        let device = self.known_device(credentials, now);
        let found = self.store.users.find_by_login(credentials.login).await?;
        let user = found.map(|stored| stored.value);
        let counters = self.counters(origin, credentials.login, device);
        for counter in &counters {
            if let Err(locked) = self.count(counter, now).await? {
                self.locked(origin, user.as_ref(), counter.counted, locked.until)
                    .await?;
                return Ok(Login::Locked);
            }
        }
        let kept = user.as_ref().map(|user| user.password_hash.clone());
        let is_right = self.passwords.verify(credentials.password.clone(), kept).await;
        let Some(user) = self.accepted(user.as_ref(), is_right, &counters).await? else {
            self.failed(origin, user.as_ref(), device.is_some()).await?;
            return Ok(Login::Failed);
        };
        self.succeeded(origin, user.clone(), credentials, device, &counters)
            .await
    }

    /// The device of the cookie, if it was made for this login.
    fn known_device(&self, credentials: &Credentials<'_>, now: Timestamp) -> Option<Uuid> {
        let cookie = credentials.device_cookie?;
        self.secrets.lockout.known_device(credentials.login, cookie, now)
    }

    /// A known device is counted by itself: strangers cannot lock it out, from wherever they try.
    fn counters(&self, origin: &Origin, login: &str, device: Option<Uuid>) -> Vec<Counter> {
        let key = &self.secrets.lockout;
        let (account, source) = (self.lockout.account, self.lockout.source);
        if let Some(device) = device {
            let digest = key.device(login, device);
            return vec![Counter {
                counted: Counted::Device,
                digest,
                rules: account,
            }];
        }
        let of_source = origin.address.map(|address| Counter {
            counted: Counted::Source,
            digest: key.source(address),
            rules: source,
        });
        let of_account = Counter {
            counted: Counted::Account,
            digest: key.account(login),
            rules: account,
        };
        of_source.into_iter().chain([of_account]).collect()
    }

    /// Counts an attempt, which is presumed to be wrong.
    async fn count(&self, counter: &Counter, now: Timestamp) -> Result<Result<Attempts, Locked>, Failure> {
        let change = |kept: Attempts| kept.attempt(&counter.rules, now);
        Ok(self.store.attempts.update(&counter.digest, now, change).await?)
    }

    /// The user, if the password is right and they may log in. A password that nobody could look at was no attempt.
    async fn accepted<'a>(
        &self,
        user: Option<&'a User>,
        is_right: Result<bool, Failure>,
        counters: &[Counter],
    ) -> Result<Option<&'a User>, Failure> {
        match is_right {
            Ok(is_right) => Ok(user.filter(|user| is_right && user.is_enabled)),
            Err(failure) => {
                self.take_back(counters).await?;
                Err(failure)
            }
        }
    }

    async fn take_back(&self, counters: &[Counter]) -> Result<(), Failure> {
        let now = self.now();
        for counter in counters {
            self.change(counter, |kept| kept.taken_back(now)).await?;
        }
        Ok(())
    }

    async fn clear(&self, counters: &[Counter]) -> Result<(), Failure> {
        let now = self.now();
        for counter in counters {
            match counter.counted {
                Counted::Source => self.change(counter, |kept| kept.taken_back(now)).await?,
                Counted::Account | Counted::Device => self.change(counter, |_| Attempts::cleared()).await?,
            }
        }
        Ok(())
    }

    async fn change(
        &self,
        counter: &Counter,
        change: impl Fn(Attempts) -> Attempts + Sync,
    ) -> Result<(), Failure> {
        let change = |kept| Ok::<_, Infallible>(change(kept));
        let Ok(_) = self
            .store
            .attempts
            .update(&counter.digest, self.now(), change)
            .await?;
        Ok(())
    }

    async fn succeeded(
        &self,
        origin: &Origin,
        user: User,
        credentials: &Credentials<'_>,
        device: Option<Uuid>,
        counters: &[Counter],
    ) -> Result<Login, Failure> {
        self.clear(counters).await?;
        self.renew_hash(&user, &credentials.password).await;
        let event = AuditEvent::LoginSucceeded {
            user: user.id,
            is_known_device: device.is_some(),
        };
        self.record(origin, event).await?;
        let at = self.now();
        let device = device.unwrap_or_else(Uuid::new_v4);
        let device_cookie = self.secrets.lockout.device_cookie(credentials.login, device, at);
        Ok(Login::Succeeded(Box::new(LoggedIn {
            user,
            at,
            device_cookie,
        })))
    }

    async fn failed(
        &self,
        origin: &Origin,
        user: Option<&User>,
        is_known_device: bool,
    ) -> Result<(), Failure> {
        let event = AuditEvent::LoginFailed {
            user: user.map(|user| user.id),
            is_known_device,
        };
        self.record(origin, event).await
    }

    async fn locked(
        &self,
        origin: &Origin,
        user: Option<&User>,
        counted: Counted,
        until: Timestamp,
    ) -> Result<(), Failure> {
        let event = AuditEvent::LoginLocked {
            user: user.map(|user| user.id),
            counted,
            until,
        };
        self.record(origin, event).await
    }

    /// Makes a hash of older parameters anew. If that fails, the next login does it.
    async fn renew_hash(&self, user: &User, password: &SecretString) {
        if !password::needs_rehash(&user.password_hash) {
            return;
        }
        let Ok(Ok(new)) = self.passwords.hash(password.clone()).await else {
            return;
        };
        let users = &self.store.users;
        let changed = users
            .change_password_hash(user.id, &user.password_hash, &new, self.now())
            .await;
        if let Err(error) = changed {
            tracing::warn!(%error, "a password hash could not be renewed");
        }
    }

    /// The answer to the client of a person who logged in: a code.
    pub(crate) async fn authorize(
        &self,
        origin: &Origin,
        request: &AuthorizationRequest,
        logged_in: &LoggedIn,
    ) -> Result<Location, Failure> {
        let issued = code::issue(randomness::bytes()?);
        let grant = code_grant(request, logged_in, self.now());
        let contents =
            serde_json::to_value(&grant).map_err(|_| Failure::Internal("a code could not be written"))?;
        let code = NewCode {
            digest: issued.digest,
            client_id: grant.client_id.clone(),
            subject: grant.subject.clone(),
            contents,
            expires_at: grant.expires_at,
        };
        self.store.codes.save(&code).await?;
        let event = AuditEvent::CodeIssued {
            client_id: grant.client_id,
            subject: grant.subject,
            scopes: grant.scopes,
        };
        self.record(origin, event).await?;
        Ok(request.response.with_code(&self.issuer, &issued.text))
    }
}

fn code_grant(request: &AuthorizationRequest, logged_in: &LoggedIn, now: Timestamp) -> CodeGrant {
    CodeGrant {
        client_id: request.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
        subject: logged_in.user.id.to_string(),
        roles: logged_in.user.roles.clone(),
        scopes: request.scopes.clone(),
        audience: request.audience.clone(),
        nonce: request.nonce.clone(),
        auth_time: logged_in.at,
        expires_at: code::expires_at(now),
    }
}
