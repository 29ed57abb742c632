//! Token revocation (RFC 7009).

use jiff::Timestamp;
use service_kit::auth::{Claims, TokenKind, unverified_claims};

use super::App;
use super::audit::ClientRequest;
use super::error::Failure;
use crate::domain::audit::{AuditEvent, Endpoint, TokenName};
use crate::domain::revocation::{self, Target};
use crate::store::RevocationReason;

impl App {
    /// Takes back the token of a request. When this returns it is refused here, and within a second everywhere.
    #[tracing::instrument(name = "revoke_token", skip_all)]
    pub(crate) async fn revoke_token(&self, request: ClientRequest<'_>) -> Result<(), Failure> {
        let result = self.try_to_revoke(request).await;
        self.audited(request, Endpoint::Revocation, result).await
    }

    async fn try_to_revoke(&self, request: ClientRequest<'_>) -> Result<(), Failure> {
        let client = self.verify_client(request).await?;
        let token = request.form.require("token", "token is missing")?;
        let found = match self.ours(token) {
            // Signed with a key that another replica made since this one last looked, perhaps: nobody is told that it is taken
            // back when it is not.
            None => {
                self.rotator.read().await?;
                self.ours(token)
            }
            found => found,
        };
        let target = revocation::target(
            &client.value,
            found.as_ref().map(|(kind, claims)| (*kind, claims)),
        )?;
        match (target, found) {
            (Target::Family(family), _) => {
                self.kill_for(request, family, RevocationReason::TokenRevoked)
                    .await
            }
            (Target::AccessToken { token_id, expires_at }, Some((_, claims))) => {
                self.revocations.revoke(&token_id, expires_at).await?;
                let event = AuditEvent::TokenRevoked {
                    client_id: client.value.id.clone(),
                    token: TokenName::from(&claims),
                };
                self.record(request.origin, event).await
            }
            _ => Ok(()),
        }
    }

    /// The claims of a token of either kind that is ours. Whether it is valid now is not asked: by the clock of another replica it may
    /// be.
    fn ours(&self, token: &str) -> Option<(TokenKind, Claims)> {
        let at = issued_at(token)?;
        let keys = self.keys.verification().borrow().clone();
        let access = self
            .access_expectations
            .verify_for_any_audience(token, &keys, at)
            .map(|claims| (TokenKind::Access, claims));
        let refresh = || self.refresh.expectations.verify(token, &self.refresh.keys, at);
        access
            .or_else(|_| refresh().map(|claims| (TokenKind::Refresh, claims)))
            .ok()
    }
}

/// When a token says it was issued, without proof.
fn issued_at(token: &str) -> Option<Timestamp> {
    let seconds = unverified_claims(token).ok()?.get("iat")?.as_i64()?;
    Timestamp::from_second(seconds).ok()
}
