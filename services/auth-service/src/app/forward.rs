//! Whether a request may pass a proxy.

use http::HeaderMap;
use service_kit::auth::{Claims, Reason, Refusal, bearer_token};

use super::App;
use crate::domain::scope::ScopeSet;

impl App {
    /// The claims of the access token in the request, when it is good for this service and these scopes.
    pub(crate) async fn verify_request(
        &self,
        headers: &HeaderMap,
        audience: Option<&str>,
        needed: &[&str],
    ) -> Result<Claims, Refusal> {
        let token = bearer_token(headers)?.ok_or(Reason::Missing)?;
        let claims = self.valid_access_token(token).await?;
        if audience.is_some_and(|audience| !claims.audience().iter().any(|name| name == audience)) {
            return Err(Reason::Audience.into());
        }
        let held = ScopeSet::from_tokens(claims.scopes().iter().cloned()).map_err(|_| Reason::Claims)?;
        let missing: Vec<_> = needed
            .iter()
            .filter(|scope| !held.covers(scope))
            .map(|scope| (*scope).to_owned())
            .collect();
        if missing.is_empty() {
            Ok(claims)
        } else {
            Err(Refusal {
                reason: Reason::Forbidden,
                missing_scopes: missing,
            })
        }
    }

    /// The claims of an access token of ours, for whichever service it is, that was not taken back.
    pub(super) async fn valid_access_token(&self, token: &str) -> Result<Claims, Reason> {
        let claims = match self.signed_access_token(token) {
            Err(Reason::UnknownKey) if !self.keys.are_known() => Err(Reason::Unavailable),
            other => other,
        }?;
        self.revocations.check(&claims).await?;
        Ok(claims)
    }

    /// The same, perhaps taken back. To the second: who is asked about a token is the clock it was made by, and gives no leeway.
    pub(super) fn signed_access_token(&self, token: &str) -> Result<Claims, Reason> {
        let (keys, now) = (self.keys.verification().borrow().clone(), self.now());
        let claims = self
            .access_expectations
            .verify_for_any_audience(token, &keys, now)?;
        if now < claims.expires_at() {
            Ok(claims)
        } else {
            Err(Reason::Expired)
        }
    }
}
