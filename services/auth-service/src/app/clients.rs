//! Which client is calling.

use std::sync::Arc;

use super::App;
use super::audit::ClientRequest;
use super::error::Failure;
use crate::domain::client::Client;
use crate::domain::client_auth::{AssertionRules, Attempt, AuthMethod};
use crate::domain::oauth_error::OAuthError;
use crate::store::Stored;

/// A client as it was found, for all who asked for it at the same time.
type Known = Arc<Stored<Client>>;

impl App {
    /// The client that proved who it is, or that is public and said so.
    #[tracing::instrument(name = "verify_client", skip_all)]
    pub(crate) async fn verify_client(&self, request: ClientRequest<'_>) -> Result<Known, Failure> {
        self.authenticated(request).await.map(|(client, _)| client)
    }

    /// The same for what a public client may not do: anybody can say they are one.
    #[tracing::instrument(name = "verify_client", skip_all)]
    pub(crate) async fn verify_confidential_client(
        &self,
        request: ClientRequest<'_>,
    ) -> Result<Known, Failure> {
        match self.authenticated(request).await? {
            (_, AuthMethod::None) => Err(OAuthError::invalid_client().into()),
            (client, _) => Ok(client),
        }
    }

    async fn authenticated(&self, request: ClientRequest<'_>) -> Result<(Known, AuthMethod), Failure> {
        let attempt = Attempt::read(request.headers, request.form)?;
        let found = self.store.clients.find(attempt.client_id()).await?;
        let token_endpoint = format!("{}/oauth2/token", self.issuer);
        let rules = AssertionRules {
            audiences: &[&token_endpoint, &self.issuer],
            leeway: super::LEEWAY,
        };
        let authenticated = attempt.verify(found.as_ref().map(|known| &known.value), &rules, self.now())?;
        let client = found.ok_or_else(OAuthError::invalid_client)?;
        if let Some(used) = authenticated.assertion {
            let assertions = &self.store.assertions;
            let is_first = assertions
                .use_once(&client.value.id, &used.token_id, used.remember_until)
                .await?;
            if !is_first {
                return Err(OAuthError::invalid_client().into());
            }
        }
        Ok((client, authenticated.method))
    }
}
