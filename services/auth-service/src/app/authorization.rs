//! The authorization endpoint (RFC 6749, section 4.1.1).

use super::error::Failure;
use super::{App, Origin};
use crate::domain::audit::{AuditEvent, Endpoint};
use crate::domain::authorization::{AuthorizationRequest, AuthorizationResponse, Location, Refused};
use crate::domain::client::{Client, GrantType};
use crate::domain::oauth_error::{OAuthError, OAuthErrorCode};
use crate::domain::parameters::Parameters;
use crate::domain::scope::OPENID;

/// A request that is in order, but for the person, who has to log in.
pub(crate) struct ToLogIn {
    /// The request.
    pub(crate) request: AuthorizationRequest,
    /// The client's name, for people.
    pub(crate) client_name: String,
}

/// A request that goes no further.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The person is shown why: it is not certain where the request came from.
    Shown(OAuthError),
    /// The client is told.
    Redirect(Location, OAuthErrorCode),
    /// Neither is to blame.
    Failed(Failure),
}

impl Stop {
    /// Why it is refused; none where it is not.
    const fn refusal(&self) -> Option<OAuthErrorCode> {
        match self {
            Self::Shown(error) => Some(error.code),
            Self::Redirect(_, code) => Some(*code),
            Self::Failed(_) => None,
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => Self::Shown(error),
            failure => Self::Failed(failure),
        }
    }
}

impl App {
    /// The request in this query, if it may be answered after a login. Nobody ever is logged in before: each client sends the
    /// person here once, and what it then has lasts for a working day and longer.
    pub(crate) async fn authorization_request(&self, origin: &Origin, query: &str) -> Result<ToLogIn, Stop> {
        let parameters = Parameters::parse(query.as_bytes()).map_err(OAuthError::from);
        let client = match &parameters {
            Ok(parameters) => self.named_by(parameters).await?,
            Err(_) => None,
        };
        let client = client.as_ref();
        let checked = parameters
            .map_err(Stop::Shown)
            .and_then(|parameters| self.checked(&parameters, client));
        if let Some(error) = checked.as_ref().err().and_then(Stop::refusal) {
            self.refused(origin, client, error).await?;
        }
        let client_name = client.map(|client| client.name.clone()).unwrap_or_default();
        checked.map(|request| ToLogIn { request, client_name })
    }

    async fn named_by(&self, parameters: &Parameters) -> Result<Option<Client>, Failure> {
        let Ok(client_id) = AuthorizationRequest::client_id(parameters) else {
            return Ok(None);
        };
        let found = self.store.clients.find(client_id).await?;
        Ok(found.map(|stored| stored.value.clone()))
    }

    fn checked(
        &self,
        parameters: &Parameters,
        client: Option<&Client>,
    ) -> Result<AuthorizationRequest, Stop> {
        let redirected = |to: &AuthorizationResponse, error: OAuthError| {
            Stop::Redirect(to.with_error(&self.issuer, error), error.code)
        };
        let request =
            AuthorizationRequest::validate(parameters, client).map_err(|refused| match refused {
                Refused::Shown(error) => Stop::Shown(error),
                Refused::Redirected(to, error) => redirected(&to, error),
            })?;
        if request.scopes.contains(OPENID) && self.keys.id_token_algorithm().is_none() {
            let error = OAuthError::invalid_scope("this server has no keys to sign ID tokens with");
            return Err(redirected(&request.response, error));
        }
        let needs = request.needs_login(None, self.now());
        needs.map_err(|error| redirected(&request.response, error))?;
        Ok(request)
    }

    async fn refused(
        &self,
        origin: &Origin,
        client: Option<&Client>,
        error: OAuthErrorCode,
    ) -> Result<(), Failure> {
        let event = AuditEvent::RequestRefused {
            endpoint: Endpoint::Authorization,
            client_id: client.map(|client| client.id.clone()),
            grant: Some(GrantType::AuthorizationCode),
            error,
        };
        self.record(origin, event).await
    }
}
