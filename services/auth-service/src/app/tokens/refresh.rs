//! Tokens for a refresh token (RFC 6749, section 6; RFC 9700, section 4.14.2).

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use service_kit::auth::{Claims, IssuedToken};

use super::{Issued, PersonClaims, serial};
use crate::app::App;
use crate::app::audit::ClientRequest;
use crate::app::error::Failure;
use crate::app::families::of_store;
use crate::domain::access_token::{self, Granted};
use crate::domain::audience;
use crate::domain::audit::{AuditEvent, TokenName};
use crate::domain::client::Client;
use crate::domain::oauth_error::OAuthError;
use crate::domain::refresh::{Decision, Family, decide};
use crate::domain::token_id::RefreshTokenId;
use crate::domain::token_request::TokenRequest;
use crate::domain::user::User;
use crate::store::{RevocationReason, Rotation};

/// How often others may be faster: within one grace that is a broken client's doing.
const ATTEMPTS: u32 = 5;

/// A refresh token that was presented, and what is to come of it.
struct Presented {
    id: RefreshTokenId,
    granted: Granted,
    user: User,
    now: Timestamp,
}

impl App {
    pub(super) async fn refresh(
        &self,
        request: ClientRequest<'_>,
        client: &Client,
        asked: &TokenRequest,
        token: &SecretString,
    ) -> Result<Issued, Failure> {
        let claims = self
            .signed_refresh_token(token.expose_secret())
            .map_err(|_| invalid())?;
        let (id, family) = self.family_of(client, &claims).await?;
        // What cannot be granted does not use the token up.
        let presented = Presented {
            id,
            granted: Granted {
                scopes: family.narrowed(asked.scopes.as_ref())?,
                audience: audience::narrowed(&asked.audience, &family.audience)?,
            },
            user: self.user_of(&family.subject).await?,
            now: self.now(),
        };
        let successor = self.successor(request, &presented, family).await?;
        self.issue_successor(request, client, presented, successor).await
    }

    /// The family that the token names, which is this client's.
    async fn family_of(&self, client: &Client, claims: &Claims) -> Result<(RefreshTokenId, Family), Failure> {
        if claims.client_id() != client.id {
            return Err(OAuthError::invalid_grant("the refresh token was issued to another client").into());
        }
        let id: RefreshTokenId = claims.token_id().parse().map_err(|_| invalid())?;
        let family = self.find_family(id.family).await?.ok_or_else(invalid)?;
        if family.client_id == client.id && family.subject == claims.subject() {
            Ok((id, family))
        } else {
            Err(invalid().into())
        }
    }

    /// The family in the generation whose token is given, and whether it was given before: one statement decides who rotates,
    /// the others find what that one left.
    async fn successor(
        &self,
        request: ClientRequest<'_>,
        presented: &Presented,
        mut family: Family,
    ) -> Result<(Family, bool), Failure> {
        let (families, now) = (&self.store.families, presented.now);
        let generation = presented.id.generation;
        for _ in 0..ATTEMPTS {
            let decision = decide(generation, &family, now, &self.refresh.rules);
            match decision {
                Decision::Rotate => match families.rotate(family.id, generation, now).await? {
                    Rotation::Rotated(stored) => return Ok((of_store(stored)?, false)),
                    Rotation::Unchanged(stored) => family = of_store(stored)?,
                    Rotation::Unknown => return Err(invalid().into()),
                },
                Decision::SameSuccessor => return Ok((family, true)),
                Decision::Reuse => {
                    self.punish(request, presented, &family).await?;
                    return Err(refusal(decision).into());
                }
                Decision::Expired | Decision::Revoked => return Err(refusal(decision).into()),
            }
        }
        Err(Failure::Internal("a refresh family changed again and again"))
    }

    /// Ends a family whose token was stolen, or whose client is broken.
    async fn punish(
        &self,
        request: ClientRequest<'_>,
        presented: &Presented,
        family: &Family,
    ) -> Result<(), Failure> {
        self.kill_family(family.id, RevocationReason::RefreshTokenReused, presented.now)
            .await?;
        let event = AuditEvent::TokenReused {
            client_id: family.client_id.clone(),
            subject: family.subject.clone(),
            family: family.id,
            presented: presented.id.generation,
            generation: family.generation,
        };
        self.record(request.origin, event).await
    }

    async fn issue_successor(
        &self,
        request: ClientRequest<'_>,
        client: &Client,
        presented: Presented,
        (family, is_repeated): (Family, bool),
    ) -> Result<Issued, Failure> {
        let Presented {
            granted, user, now, ..
        } = presented;
        let (grant, validity) = access_token::for_family(&family, &granted, &user.roles, serial()?, now);
        let access = self.sign_access_token(&grant, validity)?;
        let event = refreshed(&family, &access, is_repeated);
        self.record(request.origin, event).await?;
        let person = PersonClaims {
            nonce: None,
            fhir_user: user.fhir_user.as_deref(),
        };
        Ok(Issued {
            refresh: self.refresh_token(client, &family)?,
            id_token: self.id_token(&family, &granted, &access, person)?,
            access,
            scopes: granted.scopes,
        })
    }
}

/// Which check failed only matters to who tries to pass it.
const fn invalid() -> OAuthError {
    OAuthError::invalid_grant("the refresh token is not valid")
}

fn refreshed(family: &Family, access: &IssuedToken, is_repeated: bool) -> AuditEvent {
    AuditEvent::TokenRefreshed {
        client_id: family.client_id.clone(),
        subject: family.subject.clone(),
        family: family.id,
        generation: family.generation,
        is_repeated,
        token: TokenName::from(access),
    }
}

/// The decision is one against the client.
fn refusal(decision: Decision) -> OAuthError {
    decision.refusal().unwrap_or_else(invalid)
}
