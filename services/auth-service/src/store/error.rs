use service_kit::postgres::DatabaseError;

/// Why a client or a user is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The id or the login is taken.
    #[error("there is one with this id or login already; choose another")]
    Exists,
    /// There is none with this id.
    #[error("there is none with this id")]
    Missing,
    /// It is not as it was when it was read.
    #[error("it was changed meanwhile; read it again and repeat the change")]
    Changed,
    /// The database.
    #[error(transparent)]
    Database(DatabaseError),
}

impl From<DatabaseError> for ChangeError {
    fn from(error: DatabaseError) -> Self {
        if error.is_duplicate() {
            Self::Exists
        } else {
            Self::Database(error)
        }
    }
}

/// The changed row, or why there is none: whether it `exists` tells the two apart.
pub(super) fn changed<T>(row: Option<T>, exists: bool) -> Result<T, ChangeError> {
    match row {
        Some(row) => Ok(row),
        None if exists => Err(ChangeError::Changed),
        None => Err(ChangeError::Missing),
    }
}

/// A stored value that this version of the service does not know.
pub(super) fn unreadable(column: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("{column} holds a value that is not known here").into())
}
