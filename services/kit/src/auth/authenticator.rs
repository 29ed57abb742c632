//! Puts the steps together, and counts what each of them refuses.

use std::fmt;
use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::request::Parts;
use prometheus::{IntCounterVec, Opts, Registry};

use super::bearer;
use super::policy::Policy;
use super::refusal::{Reason, Refusal};
use super::revocation::Revocations;
use super::rules::Rules;
use super::token::Verifier;
use super::user::User;

/// How a service knows its callers: handed over with its routes.
#[derive(Clone, Debug)]
pub struct Auth {
    /// Which access tokens are valid.
    pub verifier: Verifier,
    /// Which were taken back; without, a token is valid until it expires.
    pub revocations: Option<Revocations>,
    /// Who may perform which action.
    pub rules: Rules,
}

/// Tells who is calling and whether they may. Cheap to clone.
#[derive(Clone)]
pub struct Authenticator(Arc<Inner>);

struct Inner {
    auth: Auth,
    failures: IntCounterVec,
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Authenticator").field(&self.0.auth).finish()
    }
}

impl Authenticator {
    /// Registers `http_server_auth_failures_total{reason}`, every reason from the start.
    pub fn new(auth: Auth, registry: &Registry) -> Result<Self, prometheus::Error> {
        let failures = IntCounterVec::new(
            Opts::new(
                "http_server_auth_failures_total",
                "Requests refused for who sent them, by reason.",
            ),
            &["reason"],
        )?;
        for reason in Reason::ALL {
            failures.with_label_values(&[reason.as_str()]);
        }
        registry.register(Box::new(failures.clone()))?;
        Ok(Self(Arc::new(Inner { auth, failures })))
    }

    /// The caller, `None` when the request brings no token. A token that is not valid is refused.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Option<User>, Refusal> {
        self.identify(headers).await.map_err(|reason| self.refuse(reason))
    }

    /// Whether the caller may do what `policy` guards; actions are looked up in the policy file.
    pub fn authorize(&self, caller: &User, policy: &Policy) -> Result<(), Refusal> {
        let Ok(policy) = self.0.auth.rules.resolve(policy) else {
            return Err(self.refuse(Reason::Forbidden));
        };
        policy.check(&**caller).map_err(|denial| self.refuse(denial))
    }

    async fn identify(&self, headers: &HeaderMap) -> Result<Option<User>, Reason> {
        let Some(token) = bearer::token(headers)? else {
            return Ok(None);
        };
        let claims = self.0.auth.verifier.verify(token).await?;
        if let Some(revocations) = &self.0.auth.revocations {
            revocations.check(&claims).await?;
        }
        Ok(Some(User::new(claims)))
    }

    /// Every refusal passes here once.
    fn refuse(&self, refusal: impl Into<Refusal>) -> Refusal {
        let refusal = refusal.into();
        let reason = refusal.reason.as_str();
        self.0.failures.with_label_values(&[reason]).inc();
        tracing::debug!(reason, "caller refused");
        refusal
    }
}

/// The caller as far as it is known for this request: looked for once, whoever asks.
#[derive(Clone)]
pub(super) enum Known {
    User(User, Authenticator),
    Nobody(Authenticator),
}

impl Known {
    pub(super) fn optional(self) -> Option<User> {
        match self {
            Self::User(user, _) => Some(user),
            Self::Nobody(_) => None,
        }
    }
}

/// Who is calling, for extractors. Without an [`Authenticator`] nobody is ever known, and everything is refused.
pub(super) async fn known(parts: &mut Parts) -> Result<Known, Refusal> {
    if let Some(known) = parts.extensions.get::<Known>() {
        return Ok(known.clone());
    }
    let Some(authenticator) = parts.extensions.get::<Authenticator>().cloned() else {
        tracing::error!("a handler asks for its caller, but the service was given no auth");
        return Err(Reason::Unavailable.into());
    };
    let known = match authenticator.authenticate(&parts.headers).await? {
        Some(user) => Known::User(user, authenticator),
        None => Known::Nobody(authenticator),
    };
    parts.extensions.insert(known.clone());
    Ok(known)
}

/// The caller, when `policy` allows them to pass.
pub(super) async fn allowed(parts: &mut Parts, policy: &Policy) -> Result<User, Refusal> {
    match known(parts).await? {
        Known::User(user, authenticator) => authenticator.authorize(&user, policy).map(|()| user),
        Known::Nobody(authenticator) => Err(authenticator.refuse(Reason::Missing)),
    }
}

/// Lets a request through to its handler when `policy` allows its caller to pass.
pub(crate) async fn guard(policy: &Policy, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match allowed(&mut parts, policy).await {
        Ok(_) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) => refusal.into_response(),
    }
}

#[cfg(test)]
mod tests;
