//! Why a use case came to no result.

use service_kit::auth::{RevocationError, SignError};
use service_kit::postgres::DatabaseError;

use crate::domain::oauth_error::{OAuthError, OAuthErrorCode};
use crate::store::{AuditError, ChangeError};

/// Why a use case came to no result. No text of a token, code or password is in any of them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The caller asked for what it may not have, or not in this way.
    #[error(transparent)]
    Refused(#[from] OAuthError),
    /// PostgreSQL did not do it.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// It could not be written down, and so was not done.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The revocation is not where all replicas see it.
    #[error(transparent)]
    Revocation(#[from] RevocationError),
    /// All the memory for passwords is in use.
    #[error("as many passwords are being checked as AUTH_PASSWORD_MEMORY_MIB allows")]
    Busy,
    /// There is no key to sign with.
    #[error("there is no active signing key; readiness says why")]
    NoKey,
    /// A token could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A bug, or a machine that does not work.
    #[error("{0}")]
    Internal(&'static str),
}

impl Failure {
    /// Whether the caller may ask again soon, and get what it asked for.
    pub(crate) const fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Database(DatabaseError::Unavailable(_) | DatabaseError::TimedOut | DatabaseError::Conflict)
                | Self::Audit(_)
                | Self::Revocation(_)
                | Self::Busy
                | Self::NoKey
        )
    }

    /// What the caller is told. The cause of what is not its own fault goes to the log.
    pub(crate) fn tell(&self) -> OAuthError {
        match self {
            Self::Refused(error) => *error,
            _ if self.is_temporary() => {
                tracing::warn!(error = %self, "not available");
                OAuthError::new(
                    OAuthErrorCode::TemporarilyUnavailable,
                    "the service cannot do this at the moment; try again later",
                )
            }
            _ => {
                tracing::error!(error = %self, "failed");
                OAuthError::new(
                    OAuthErrorCode::ServerError,
                    "the service failed; tell its operators the x-request-id of this answer",
                )
            }
        }
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Database(error) => Self::Database(error),
            ChangeError::Exists | ChangeError::Missing | ChangeError::Changed => {
                Self::Internal("a row was not as it was read")
            }
        }
    }
}
