//! Requests to the token endpoint (RFC 6749, sections 4.1.3, 4.4.2 and 6).

use secrecy::SecretString;

use super::audience;
use super::client::{Client, Credential, GrantType};
use super::digest::Digest;
use super::oauth_error::{OAuthError, OAuthErrorCode};
use super::parameters::Parameters;
use super::pkce::CodeVerifier;
use super::scope::ScopeSet;

/// What a client asks for.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// By which grant.
    pub grant: RequestedGrant,
    /// `scope`; none with a code, whose scopes were agreed on before.
    pub scopes: Option<ScopeSet>,
    /// The services it names (see [`audience::requested`]).
    pub audience: Vec<String>,
}

/// A grant and what proves it. `Debug` shows no code and no token.
#[derive(Clone, Debug)]
pub enum RequestedGrant {
    /// RFC 6749, section 4.1.3.
    AuthorizationCode(CodeRedemption),
    /// RFC 6749, section 6.
    RefreshToken(SecretString),
    /// RFC 6749, section 4.4.2.
    ClientCredentials,
}

/// An authorization code and what comes with it.
#[derive(Clone, Debug)]
pub struct CodeRedemption {
    /// Of `code`.
    pub code: Digest,
    /// `redirect_uri`.
    pub redirect_uri: Option<String>,
    /// `code_verifier` (RFC 7636, section 4.5).
    pub code_verifier: CodeVerifier,
}

impl TokenRequest {
    /// What the body asks for.
    pub fn parse(form: &Parameters) -> Result<Self, OAuthError> {
        let grant_type = form.require("grant_type", "grant_type is missing")?;
        let grant = match grant_type {
            "authorization_code" => RequestedGrant::AuthorizationCode(code_redemption(form)?),
            "refresh_token" => {
                let token = form.require("refresh_token", "refresh_token is missing")?;
                RequestedGrant::RefreshToken(token.into())
            }
            "client_credentials" => RequestedGrant::ClientCredentials,
            _ => {
                return Err(OAuthError::new(
                    OAuthErrorCode::UnsupportedGrantType,
                    "grant_type is none of authorization_code, refresh_token and client_credentials",
                ));
            }
        };
        let scope = form
            .get("scope")
            .filter(|_| !matches!(grant, RequestedGrant::AuthorizationCode(_)));
        Ok(Self {
            scopes: scope.map(ScopeSet::parse).transpose()?,
            audience: audience::requested(form)?,
            grant,
        })
    }

    /// Which grant it is.
    pub const fn grant_type(&self) -> GrantType {
        match self.grant {
            RequestedGrant::AuthorizationCode(_) => GrantType::AuthorizationCode,
            RequestedGrant::RefreshToken(_) => GrantType::RefreshToken,
            RequestedGrant::ClientCredentials => GrantType::ClientCredentials,
        }
    }
}

/// Whether the client may get tokens by this grant. One that cannot prove who it is has nothing of its own to get tokens for
/// (RFC 6749, section 4.4).
pub fn check_grant(client: &Client, grant: GrantType) -> Result<(), OAuthError> {
    let is_public = client.credential == Credential::Public;
    if !client.grants.contains(&grant) {
        Err(OAuthError::unauthorized_client(
            "the client may not use this grant_type",
        ))
    } else if grant == GrantType::ClientCredentials && is_public {
        Err(OAuthError::unauthorized_client(
            "client_credentials is for confidential clients",
        ))
    } else {
        Ok(())
    }
}

fn code_redemption(form: &Parameters) -> Result<CodeRedemption, OAuthError> {
    let code = form.require("code", "code is missing")?;
    let verifier = form.require("code_verifier", "code_verifier is missing")?;
    Ok(CodeRedemption {
        code: Digest::of(code),
        redirect_uri: form.get("redirect_uri").map(str::to_owned),
        code_verifier: CodeVerifier::parse(verifier).ok_or_else(|| {
            OAuthError::invalid_request("code_verifier is not of 43 to 128 unreserved characters")
        })?,
    })
}

#[cfg(test)]
mod tests;
