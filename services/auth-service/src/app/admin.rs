//! Administration of clients, accounts and keys. Every change is in the audit log before its caller is told, with who made it.

use crate::domain::audit::Actor;
use crate::domain::password::PasswordError;
use crate::domain::registration::RegistrationError;
use crate::store::ChangeError;

use super::Origin;
use super::error::Failure;
use super::keys::RotationError;

mod clients;
mod keys;
mod users;

pub(crate) use clients::{NewSecret, secret};
pub(crate) use users::UserError;

/// Who asks for a change, and from where.
#[derive(Clone, Debug)]
pub(crate) struct Admin {
    /// Where the request came from.
    pub(crate) origin: Origin,
    /// Whose access token it brought.
    pub(crate) by: Actor,
}

/// Why nothing was changed, or the change was not told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    /// What was sent cannot be registered; every reason.
    #[error("the client cannot be registered")]
    Client(Vec<RegistrationError>),
    /// What was sent is no account.
    #[error(transparent)]
    User(#[from] UserError),
    /// The password cannot be taken.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// It is not as the caller thinks.
    #[error(transparent)]
    Change(ChangeError),
    /// The keys are as they were.
    #[error(transparent)]
    Rotation(#[from] RotationError),
    /// A client of another kind has no secret.
    #[error("the client does not prove who it is by a secret")]
    NoSecret,
    /// The service.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<ChangeError> for AdminError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Database(error) => Self::Failed(error.into()),
            error => Self::Change(error),
        }
    }
}

impl From<service_kit::postgres::DatabaseError> for AdminError {
    fn from(error: service_kit::postgres::DatabaseError) -> Self {
        Self::Failed(error.into())
    }
}
