//! The token endpoint (RFC 6749, sections 4.1.3, 4.4.2 and 6).

use secrecy::SecretString;
use service_kit::auth::{Grant, IssuedToken, TokenKind, Validity};
use uuid::Uuid;

use super::App;
use super::audit::ClientRequest;
use super::error::Failure;
use crate::domain::access_token::{self, Granted};
use crate::domain::audience;
use crate::domain::audit::{AuditEvent, Endpoint, TokenName};
use crate::domain::client::{Client, GrantType};
use crate::domain::id_token::IdToken;
use crate::domain::refresh::Family;
use crate::domain::scope::{self, OPENID, ScopeSet};
use crate::domain::token_request::{RequestedGrant, TokenRequest, check_grant};
use crate::metrics::{GrantLabel, IssueResult};

mod code;
mod refresh;

/// Tokens for a client.
pub(crate) struct Issued {
    /// What it asked for.
    pub(crate) access: IssuedToken,
    /// Of the access token.
    pub(crate) scopes: ScopeSet,
    pub(crate) refresh: Option<SecretString>,
    pub(crate) id_token: Option<SecretString>,
}

impl App {
    /// What a client gets for this request.
    #[tracing::instrument(name = "issue_token", skip_all)]
    pub(crate) async fn issue_token(&self, request: ClientRequest<'_>) -> Result<Issued, Failure> {
        let grant = GrantLabel::of(request.form.get("grant_type"));
        let result = self.try_to_issue(request).await;
        let result = self.audited(request, Endpoint::Token, result).await;
        self.metrics.asked(grant, label(&result));
        result
    }

    async fn try_to_issue(&self, request: ClientRequest<'_>) -> Result<Issued, Failure> {
        let known = self.verify_client(request).await?;
        let client = &known.value;
        let asked = TokenRequest::parse(request.form)?;
        check_grant(client, asked.grant_type())?;
        match &asked.grant {
            RequestedGrant::ClientCredentials => self.issue_for_client(request, client, &asked).await,
            RequestedGrant::AuthorizationCode(redemption) => {
                self.redeem(request, client, &asked, redemption).await
            }
            RequestedGrant::RefreshToken(token) => self.refresh(request, client, &asked, token).await,
        }
    }

    /// RFC 6749, section 4.4: no refresh token, as the client can ask again.
    async fn issue_for_client(
        &self,
        request: ClientRequest<'_>,
        client: &Client,
        asked: &TokenRequest,
    ) -> Result<Issued, Failure> {
        let allowed = ScopeSet::from_tokens(client.scopes.iter().cloned())
            .map_err(|_| Failure::Internal("a stored client has scopes that are none"))?;
        let granted = Granted {
            scopes: scope::granted(asked.scopes.as_ref(), &allowed, GrantType::ClientCredentials)?,
            audience: audience::granted(&asked.audience, &client.audiences)?,
        };
        let (grant, validity) = access_token::for_client(client, &granted, Uuid::new_v4(), self.now());
        let access = self.sign_access_token(&grant, validity)?;
        let event = issued(GrantType::ClientCredentials, &grant, &granted, &access);
        self.record(request.origin, event).await?;
        Ok(Issued {
            access,
            scopes: granted.scopes,
            refresh: None,
            id_token: None,
        })
    }

    fn sign_access_token(&self, grant: &Grant, validity: Validity) -> Result<IssuedToken, Failure> {
        let signer = self.keys.access_signer()?;
        Ok(signer.sign_as(TokenKind::Access, grant, validity)?)
    }

    /// The refresh token of the family in its generation: the same whenever it is asked for. Only for clients that may use it.
    fn refresh_token(&self, client: &Client, family: &Family) -> Result<Option<SecretString>, Failure> {
        if !client.grants.contains(&GrantType::RefreshToken) {
            return Ok(None);
        }
        let (grant, validity) = family.refresh_token(&self.issuer, &self.refresh.rules);
        let signed = self
            .refresh
            .signer
            .sign_as(TokenKind::Refresh, &grant, validity)?;
        Ok(Some(signed.token))
    }

    fn id_token(
        &self,
        family: &Family,
        granted: &Granted,
        access: &IssuedToken,
        of: PersonClaims<'_>,
    ) -> Result<Option<SecretString>, Failure> {
        let Some(algorithm) = self
            .keys
            .id_token_algorithm()
            .filter(|_| granted.scopes.contains(OPENID))
        else {
            return Ok(None);
        };
        let id_token = IdToken {
            issuer: &self.issuer,
            nonce: of.nonce,
            fhir_user: of.fhir_user,
            access_token: access.expose(),
            algorithm,
        };
        let Some(claims) = id_token.claims(family, &granted.scopes, self.now()) else {
            return Ok(None);
        };
        Ok(Some(self.keys.id_token_signer()?.sign_claims(&claims)?))
    }
}

/// What an ID token tells of the person.
#[derive(Clone, Copy)]
struct PersonClaims<'a> {
    nonce: Option<&'a str>,
    fhir_user: Option<&'a str>,
}

fn issued(how: GrantType, grant: &Grant, granted: &Granted, access: &IssuedToken) -> AuditEvent {
    AuditEvent::TokenIssued {
        grant: how,
        client_id: grant.client_id.clone(),
        subject: grant.subject.clone(),
        token: TokenName::from(access),
        scopes: granted.scopes.clone(),
        audience: granted.audience.clone(),
        expires_at: access.expires_at,
    }
}

fn label(result: &Result<Issued, Failure>) -> IssueResult {
    match result {
        Ok(_) => IssueResult::Issued,
        Err(Failure::Refused(_)) => IssueResult::Refused,
        Err(_) => IssueResult::Failed,
    }
}

/// Random, for the name of a token.
fn serial() -> Result<u64, Failure> {
    super::randomness::bytes().map(u64::from_be_bytes)
}
