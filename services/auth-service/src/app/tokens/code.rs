//! Tokens for an authorization code (RFC 6749, section 4.1.3).

use uuid::Uuid;

use super::{Issued, PersonClaims, issued, serial};
use crate::app::App;
use crate::app::audit::ClientRequest;
use crate::app::error::Failure;
use crate::app::families::to_store;
use crate::domain::access_token::{self, Granted};
use crate::domain::audience;
use crate::domain::audit::AuditEvent;
use crate::domain::client::{Client, GrantType};
use crate::domain::code::CodeGrant;
use crate::domain::oauth_error::OAuthError;
use crate::domain::refresh::Family;
use crate::domain::token_request::{CodeRedemption, TokenRequest};
use crate::domain::user::User;
use crate::store::{Redemption, RevocationReason};

impl App {
    pub(super) async fn redeem(
        &self,
        request: ClientRequest<'_>,
        client: &Client,
        asked: &TokenRequest,
        redemption: &CodeRedemption,
    ) -> Result<Issued, Failure> {
        let (family_id, now) = (Uuid::new_v4(), self.now());
        let code = code_grant(&self.take_code(request, redemption, family_id).await?)?;
        code.check(&client.id, redemption, now)?;
        let user = self.user_of(&code.subject).await?;
        let granted = Granted {
            scopes: code.scopes.clone(),
            audience: audience::narrowed(&asked.audience, &code.audience)?,
        };
        let family = Family::open(family_id, &code, &self.refresh.rules, now);
        let stored = to_store(&family);
        if !self.store.families.open(&stored, &redemption.code).await? {
            return Err(OAuthError::invalid_grant("the code was used before").into());
        }
        let person = PersonClaims {
            nonce: code.nonce.as_deref(),
            fhir_user: user.fhir_user.as_deref(),
        };
        self.issue_first(request, client, &family, granted, &user.roles, person)
            .await
    }

    /// The first tokens of a family.
    async fn issue_first(
        &self,
        request: ClientRequest<'_>,
        client: &Client,
        family: &Family,
        granted: Granted,
        roles: &[String],
        person: PersonClaims<'_>,
    ) -> Result<Issued, Failure> {
        let (grant, validity) = access_token::for_family(family, &granted, roles, serial()?, self.now());
        let access = self.sign_access_token(&grant, validity)?;
        let event = issued(GrantType::AuthorizationCode, &grant, &granted, &access);
        self.record(request.origin, event).await?;
        Ok(Issued {
            refresh: self.refresh_token(client, family)?,
            id_token: self.id_token(family, &granted, &access, person)?,
            access,
            scopes: granted.scopes,
        })
    }

    /// What the code stands for, when this is its first use. At the second the login that came of the first ends (RFC 6749,
    /// section 4.1.2).
    async fn take_code(
        &self,
        request: ClientRequest<'_>,
        redemption: &CodeRedemption,
        family: Uuid,
    ) -> Result<serde_json::Value, Failure> {
        let now = self.now();
        match self.store.codes.redeem(&redemption.code, family, now).await? {
            Redemption::First(contents) => Ok(contents),
            Redemption::Again(opened) => {
                self.kill_for(request, opened, RevocationReason::CodeReused)
                    .await?;
                Err(OAuthError::invalid_grant("the code was used before").into())
            }
            Redemption::Expired => Err(OAuthError::invalid_grant("the code has expired").into()),
            Redemption::Unknown => Err(OAuthError::invalid_grant("there is no such code").into()),
        }
    }

    /// Ends a family, and writes that down.
    pub(in crate::app) async fn kill_for(
        &self,
        request: ClientRequest<'_>,
        id: Uuid,
        why: RevocationReason,
    ) -> Result<(), Failure> {
        let family = self.find_family(id).await?;
        self.kill_family(id, why, self.now()).await?;
        // One that was never opened has nothing to tell of.
        let Some(family) = family.filter(|family| family.revoked_at.is_none()) else {
            return Ok(());
        };
        let event = AuditEvent::FamilyRevoked {
            client_id: family.client_id,
            subject: family.subject,
            family: id,
            reason: why,
        };
        self.record(request.origin, event).await
    }

    /// The person, if they may still log in.
    pub(super) async fn user_of(&self, subject: &str) -> Result<User, Failure> {
        let gone = || OAuthError::invalid_grant("the person may not log in any more");
        let id = subject.parse().map_err(|_| gone())?;
        let found = self.store.users.find(id).await?.map(|stored| stored.value);
        Ok(found.filter(|user| user.is_enabled).ok_or_else(gone)?)
    }
}

fn code_grant(contents: &serde_json::Value) -> Result<CodeGrant, Failure> {
    serde_json::from_value(contents.clone()).map_err(|_| Failure::Internal("a stored code cannot be read"))
}
