use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};

use super::{Admin, AdminError};
use crate::app::App;
use crate::app::error::Failure;
use crate::app::randomness;
use crate::domain::audit::{AuditEvent, Change};
use crate::domain::client::{Client, Credential};
use crate::domain::digest::Digest;
use crate::domain::registration;
use crate::store::{ChangeError, RevocationReason, Stored};

/// Most secrets of a client: the one in use, and the one that follows.
const MAX_SECRETS: usize = 2;

/// A client and the secret that nobody is shown again.
pub(crate) struct NewSecret {
    /// The client.
    pub(crate) client: Stored<Client>,
    /// Its new secret.
    pub(crate) secret: SecretString,
}

/// A new secret: 32 random bytes in base64url.
pub(crate) fn secret() -> Result<SecretString, Failure> {
    let bytes: [u8; 32] = randomness::bytes()?;
    Ok(URL_SAFE_NO_PAD.encode(bytes).into())
}

impl App {
    /// Registers a client.
    pub(crate) async fn register_client(
        &self,
        admin: &Admin,
        client: &Client,
    ) -> Result<Stored<Client>, AdminError> {
        check(client)?;
        let created = self.store.clients.create(client, self.now()).await?;
        self.client_changed(admin, &client.id, Change::Created).await?;
        Ok(created)
    }

    /// Replaces a client that is still in the version the caller read. One that is disabled loses all logins that came of it.
    pub(crate) async fn replace_client(
        &self,
        admin: &Admin,
        client: &Client,
        read_version: i64,
    ) -> Result<Stored<Client>, AdminError> {
        check(client)?;
        let clients = &self.store.clients;
        let before = clients.find(&client.id).await?.ok_or(ChangeError::Missing)?;
        let replaced = clients.replace(client, read_version, self.now()).await?;
        if !client.is_enabled {
            self.end_logins_of_client(&client.id).await?;
        }
        for change in changes(&before.value, client) {
            self.client_changed(admin, &client.id, change).await?;
        }
        Ok(replaced)
    }

    /// Takes from a client the right to get tokens, and ends all logins that came of it.
    pub(crate) async fn disable_client(&self, admin: &Admin, id: &str) -> Result<(), AdminError> {
        self.store.clients.disable(id, self.now()).await?;
        self.end_logins_of_client(id).await?;
        self.client_changed(admin, id, Change::Disabled).await
    }

    /// Another secret for a client. The one before it stays good until the next, so that none need be exchanged at once.
    pub(crate) async fn add_client_secret(&self, admin: &Admin, id: &str) -> Result<NewSecret, AdminError> {
        let found = self.store.clients.find(id).await?.ok_or(ChangeError::Missing)?;
        let mut client = found.value.clone();
        let Credential::Secret { digests } = &mut client.credential else {
            return Err(AdminError::NoSecret);
        };
        let secret = secret()?;
        digests.push(Digest::of(secret.expose_secret()).as_bytes().to_vec());
        let excess = digests.len().saturating_sub(MAX_SECRETS);
        digests.drain(..excess);
        let replaced = self
            .store
            .clients
            .replace(&client, found.version, self.now())
            .await?;
        self.client_changed(admin, id, Change::CredentialChanged).await?;
        Ok(NewSecret {
            client: replaced,
            secret,
        })
    }

    async fn end_logins_of_client(&self, id: &str) -> Result<(), AdminError> {
        let families = &self.store.families;
        families
            .kill_of_client(id, RevocationReason::ClientDisabled, self.now())
            .await?;
        self.shared.tell_soon();
        Ok(())
    }

    async fn client_changed(&self, admin: &Admin, id: &str, change: Change) -> Result<(), AdminError> {
        let event = AuditEvent::ClientChanged {
            client_id: id.to_owned(),
            change,
            by: admin.by.clone(),
        };
        Ok(self.record(&admin.origin, event).await?)
    }
}

fn check(client: &Client) -> Result<(), AdminError> {
    let mistakes = registration::check(client);
    if mistakes.is_empty() {
        Ok(())
    } else {
        Err(AdminError::Client(mistakes))
    }
}

/// What a replacement changed.
fn changes(before: &Client, after: &Client) -> Vec<Change> {
    let mut changes = vec![Change::Updated];
    if before.credential != after.credential {
        changes.push(Change::CredentialChanged);
    }
    match (before.is_enabled, after.is_enabled) {
        (true, false) => changes.push(Change::Disabled),
        (false, true) => changes.push(Change::Enabled),
        _ => {}
    }
    changes
}
