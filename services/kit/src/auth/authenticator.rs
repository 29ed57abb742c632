//! Puts the steps together, and counts what each of them refuses.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use http::request::Parts;
use http::{Extensions, HeaderMap};
use prometheus::{IntCounterVec, Opts, Registry};

use super::bearer;
use super::jwks::Jwks;
use super::policy::Policy;
use super::refusal::{Reason, Refusal};
use super::revocation::Revocations;
use super::rules::{Rules, RulesError};
use super::token::Verifier;
use super::user::User;
use crate::health::Check;
use crate::middleware::after_auth;

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

/// Why the routes of a service cannot be guarded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Routes with policies, but nothing that knows callers.
    #[error("a route is protected, but the service has no auth: set Service::auth")]
    NotConfigured,
    /// The policy file and the routes do not fit.
    #[error(transparent)]
    Rules(#[from] RulesError),
}

impl Auth {
    /// What readiness depends on: the source of the keys, if there is one.
    pub fn checks(&self) -> Vec<Check> {
        self.verifier.jwks().map(Jwks::check).into_iter().collect()
    }
}

/// Whether every policy can be decided: there is an `auth`, and its file names every action.
pub(crate) fn check_policies(auth: Option<&Auth>, policies: &[Policy]) -> Result<(), AuthError> {
    match auth {
        None if policies.is_empty() => Ok(()),
        None => Err(AuthError::NotConfigured),
        Some(auth) => {
            for policy in policies {
                auth.rules.resolve(policy)?;
            }
            Ok(())
        }
    }
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
        // An action the file does not name is denied.
        let policy = self.0.auth.rules.resolve(policy);
        let allowed = policy
            .unwrap_or_else(|_| Cow::Owned(Policy::deny()))
            .check(&**caller);
        allowed.map_err(|denial| self.refuse(denial))
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

/// The caller, when the policy of the route has already asked for one.
pub(crate) fn caller(extensions: &Extensions) -> Option<User> {
    extensions.get::<Known>().cloned().and_then(Known::optional)
}

/// The handlers of a route, behind its policy; limits by user come after it.
pub(crate) fn guarded<S: Clone + Send + Sync + 'static>(
    policy: Policy,
    methods: MethodRouter<S>,
) -> MethodRouter<S> {
    methods
        .layer(from_fn(after_auth))
        .layer(from_fn_with_state(Arc::new(policy), guard))
}

/// Lets a request through to its handler when the policy allows its caller to pass.
async fn guard(State(policy): State<Arc<Policy>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match allowed(&mut parts, &policy).await {
        Ok(_) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) => refusal.into_response(),
    }
}

#[cfg(test)]
mod tests;
