//! Token introspection (RFC 7662).

use serde_json::Value;
use service_kit::auth::{Claims, Reason, RevocationError};

use super::App;
use super::audit::ClientRequest;
use super::error::Failure;
use crate::domain::audit::Endpoint;
use crate::domain::client::Client;
use crate::domain::introspection;
use crate::domain::token_id::RefreshTokenId;

impl App {
    /// What the caller may know of the token it asks about.
    #[tracing::instrument(name = "introspect_token", skip_all)]
    pub(crate) async fn introspect_token(&self, request: ClientRequest<'_>) -> Result<Value, Failure> {
        let result = self.try_to_introspect(request).await;
        let answer = self.audited(request, Endpoint::Introspection, result).await?;
        self.metrics.introspected(answer != introspection::inactive());
        Ok(answer)
    }

    async fn try_to_introspect(&self, request: ClientRequest<'_>) -> Result<Value, Failure> {
        let caller = self.verify_confidential_client(request).await?;
        let token = request.form.require("token", "token is missing")?;
        self.about(&caller.value, token).await
    }

    async fn about(&self, caller: &Client, token: &str) -> Result<Value, Failure> {
        let mut access = self.signed_access_token(token);
        if access == Err(Reason::UnknownKey) {
            // Another replica may have made it since this one last looked.
            self.rotator.read().await?;
            access = self.signed_access_token(token);
        }
        if let Ok(claims) = access {
            let is_revoked = self.is_revoked(&claims).await?;
            return Ok(introspection::of_access_token(caller, &claims, is_revoked));
        }
        match self.signed_refresh_token(token) {
            Ok(claims) => self.about_refresh_token(caller, &claims).await,
            Err(_) => Ok(introspection::inactive()),
        }
    }

    async fn about_refresh_token(&self, caller: &Client, claims: &Claims) -> Result<Value, Failure> {
        let family = match claims.token_id().parse::<RefreshTokenId>() {
            Ok(id) => self.find_family(id.family).await?,
            Err(_) => None,
        };
        let (now, rules) = (self.now(), &self.refresh.rules);
        let family = family.as_ref();
        Ok(introspection::of_refresh_token(
            caller, claims, family, now, rules,
        ))
    }

    /// That it cannot be told is no answer.
    async fn is_revoked(&self, claims: &Claims) -> Result<bool, Failure> {
        match self.revocations.check(claims).await {
            Ok(()) => Ok(false),
            Err(Reason::Revoked) => Ok(true),
            Err(_) => {
                let cause = "neither the store nor a recent answer of it".to_owned();
                Err(Failure::Revocation(RevocationError(cause)))
            }
        }
    }

    /// The claims of a refresh token of ours; whether it would be taken is for its family to say.
    pub(super) fn signed_refresh_token(&self, token: &str) -> Result<Claims, Reason> {
        let (keys, now) = (&self.refresh.keys, self.now());
        let claims = self.refresh.expectations.verify(token, keys, now)?;
        if now < claims.expires_at() {
            Ok(claims)
        } else {
            Err(Reason::Expired)
        }
    }
}
