//! The first client, which makes the others.

use std::time::Duration;

use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use super::error::Failure;
use super::{App, Origin};
use crate::domain::audit::{Actor, AuditEvent, Change};
use crate::domain::client::{Client, Credential, GrantType};
use crate::domain::digest::Digest;
use crate::settings::BootstrapClient;
use crate::store::ChangeError;

/// Pause between two attempts, while PostgreSQL is away.
const PAUSE: Duration = Duration::from_secs(1);

impl App {
    /// Makes the first client, if there is none of this id. Tries until it is there, or until `shutdown`.
    pub(crate) async fn keep_bootstrapping(
        self,
        first: BootstrapClient,
        scopes: &[&str],
        shutdown: CancellationToken,
    ) {
        let audience = self.access_expectations.audience.clone();
        let client = client(&first, scopes, audience);
        loop {
            match self.bootstrap(&client).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, "the first client could not be made; trying again"),
            }
            let pause = tokio::time::sleep(PAUSE);
            if shutdown.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }

    /// One that is there stays as it is: somebody may have changed it on purpose.
    async fn bootstrap(&self, client: &Client) -> Result<(), Failure> {
        match self.store.clients.create(client, self.now()).await {
            Ok(created) => {
                let event = AuditEvent::ClientChanged {
                    client_id: created.value.id,
                    change: Change::Created,
                    by: Actor::Service,
                };
                self.record(&Origin::default(), event).await
            }
            Err(ChangeError::Exists) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn client(first: &BootstrapClient, scopes: &[&str], audience: String) -> Client {
    Client {
        id: first.id.clone(),
        name: "First client".to_owned(),
        credential: Credential::Secret {
            digests: vec![Digest::of(first.secret.expose_secret()).as_bytes().to_vec()],
        },
        grants: vec![GrantType::ClientCredentials],
        redirect_uris: Vec::new(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        roles: Vec::new(),
        audiences: vec![audience],
        is_enabled: true,
    }
}
