//! Refresh families between the rules and the store, and their end.

use jiff::Timestamp;
use uuid::Uuid;

use super::App;
use super::error::Failure;
use crate::domain::access_token::ACCESS_TOKEN_LIFETIME;
use crate::domain::refresh::Family;
use crate::domain::scope::ScopeSet;
use crate::store::{self, RevocationReason};

/// A stored family as the rules know it.
pub(super) fn of_store(family: store::Family) -> Result<Family, Failure> {
    let scopes = ScopeSet::from_tokens(family.scopes)
        .map_err(|_| Failure::Internal("a stored family has scopes that are none"))?;
    Ok(Family {
        id: family.id,
        client_id: family.client_id,
        subject: family.subject,
        scopes,
        roles: family.roles,
        audience: family.audience,
        auth_time: family.auth_time,
        generation: family.generation,
        rotated_at: family.rotated_at,
        expires_at: family.expires_at,
        revoked_at: family.revoked.map(|revoked| revoked.at),
    })
}

/// A new family as it is stored.
pub(super) fn to_store(family: &Family) -> store::Family {
    store::Family {
        id: family.id,
        client_id: family.client_id.clone(),
        subject: family.subject.clone(),
        scopes: family.scopes.clone().into(),
        roles: family.roles.clone(),
        audience: family.audience.clone(),
        auth_time: family.auth_time,
        generation: family.generation,
        rotated_at: family.rotated_at,
        expires_at: family.expires_at,
        revoked: None,
    }
}

impl App {
    /// The family with this id.
    pub(super) async fn find_family(&self, id: Uuid) -> Result<Option<Family>, Failure> {
        let found = self.store.families.find(id).await?;
        found.map(of_store).transpose()
    }

    /// Ends a family and its access tokens, here and at all who ask Redis or PostgreSQL. Also for one that is dead already: that
    /// others were told of it may have failed.
    pub(super) async fn kill_family(
        &self,
        id: Uuid,
        why: RevocationReason,
        now: Timestamp,
    ) -> Result<(), Failure> {
        self.store.families.kill(id, why, now).await?;
        let until = now.checked_add(ACCESS_TOKEN_LIFETIME).unwrap_or(Timestamp::MAX);
        self.revocations.revoke(&id.to_string(), until).await?;
        Ok(())
    }
}
