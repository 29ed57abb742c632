//! Token revocation (RFC 7009).

use service_kit::auth::{Claims, TokenKind};

use super::App;
use super::audit::ClientRequest;
use super::error::Failure;
use crate::domain::audit::{AuditEvent, Endpoint, TokenName};
use crate::domain::revocation::{self, Target};
use crate::store::Why;

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
        let found = self.ours(token);
        let target = revocation::target(&client, found.as_ref().map(|(kind, claims)| (*kind, claims)))?;
        match (target, found) {
            (Target::Family(family), _) => self.kill_for(request, family, Why::TokenRevoked).await,
            (Target::AccessToken { token_id, expires_at }, Some((_, claims))) => {
                self.revocations.revoke(&token_id, expires_at).await?;
                let event = AuditEvent::TokenRevoked {
                    client_id: client.id,
                    token: TokenName::from(&claims),
                };
                self.record(request.origin, event).await
            }
            _ => Ok(()),
        }
    }

    /// The claims of a valid token of either kind.
    fn ours(&self, token: &str) -> Option<(TokenKind, Claims)> {
        let access = self
            .signed_access_token(token)
            .map(|claims| (TokenKind::Access, claims));
        access
            .or_else(|_| {
                self.signed_refresh_token(token)
                    .map(|claims| (TokenKind::Refresh, claims))
            })
            .ok()
    }
}
