use std::fmt;
use std::io::ErrorKind;

use sqlx::postgres::PgDatabaseError;

use crate::error::{ErrorCode, Problem};

/// Why a database operation failed.
///
/// Holds no text of the server's: its messages quote values (`invalid input syntax for type uuid: "…"`), and those may
/// be PHI. What is left is enough to find the place: SQLSTATE, and the constraint that was violated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// There was no connection within the time for it, or the one there was broke: nobody knows what of an operation
    /// under way was done.
    #[error("the database is not available: {0}")]
    Unavailable(Unavailable),
    /// The operation did not end in time.
    #[error("the operation did not end in time; look for locks and slow queries in pg_stat_activity")]
    TimedOut,
    /// The transaction met others every time it was tried (SQLSTATE 40001 or 40P01).
    #[error("the transaction conflicted with others every time it was tried")]
    Conflict,
    /// A constraint does not allow it (SQLSTATE class 23): the database is well, the request asks for what cannot be.
    #[error("{sqlstate}: the constraint {constraint:?} does not allow this")]
    Constraint {
        /// Which kind, as SQLSTATE: 23505 is a duplicate.
        sqlstate: String,
        /// The constraint's name; empty for a column that must not be null.
        constraint: String,
    },
    /// A query asked for one row and there was none.
    #[error("there is no such row")]
    NotFound,
    /// The server refused it for another reason.
    #[error("the database refused the operation with SQLSTATE {sqlstate}")]
    Refused {
        /// The reason's code (PostgreSQL's appendix A).
        sqlstate: String,
    },
    /// Something on our side of the connection: a value that does not fit its column, a broken protocol.
    #[error("the operation failed in the client: {0}")]
    Client(&'static str),
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// All connections of the pool are in use.
    PoolExhausted,
    /// The server answered nothing in time.
    NoAnswer,
    /// The operating system's reason: refused, no such host.
    Io(String),
    /// The server has no connection to give (SQLSTATE 53300).
    TooManyConnections,
    /// The server's disk is full: it reads, but does not write (SQLSTATE 53100).
    DiskFull,
    /// The server starts, stops or is in recovery (SQLSTATE class 57P, 08).
    Restarting,
    /// It does not let us in: user, password or database (SQLSTATE class 28, 3D000).
    Rejected(String),
    /// No TLS, or a certificate that is not trusted.
    Tls,
    /// Something else, in our words.
    Failed(String),
    /// The schema is not migrated yet.
    NotMigrated,
    /// This process closed its pool.
    Closed,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PoolExhausted => f.write_str(
                "all connections of the pool are in use; look for slow queries, or raise DATABASE_MAX_CONNECTIONS",
            ),
            Self::NoAnswer => f.write_str("it does not answer; is it overloaded, or the network cut?"),
            Self::Io(reason) => write!(f, "{reason}; does it run where DATABASE_URL says?"),
            Self::TooManyConnections => f.write_str(
                "the server has no free connection; raise its max_connections, or lower DATABASE_MAX_CONNECTIONS \
                 of its clients",
            ),
            Self::DiskFull => f.write_str("the disk of the server is full; enlarge its volume"),
            Self::Restarting => f.write_str("the server starts or stops"),
            Self::Rejected(sqlstate) => write!(
                f,
                "the server rejects us with SQLSTATE {sqlstate}; check user, password and database in DATABASE_URL"
            ),
            Self::Tls => f.write_str(
                "no trusted TLS connection; check sslmode in DATABASE_URL, the server's certificate and \
                 DATABASE_CA_FILE",
            ),
            Self::Failed(reason) => f.write_str(reason),
            Self::NotMigrated => f.write_str("its schema is not migrated yet"),
            Self::Closed => f.write_str("the connections of this process are closed"),
        }
    }
}

impl DatabaseError {
    /// A value that must be unique is there already.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Constraint { sqlstate, .. } if sqlstate == "23505")
    }

    /// The metric label `error_type`: a closed list.
    pub(super) const fn label(&self) -> &'static str {
        match self {
            Self::Unavailable(Unavailable::PoolExhausted) => "pool_exhausted",
            Self::Unavailable(_) => "unavailable",
            Self::TimedOut => "timeout",
            Self::Conflict => "conflict",
            Self::Constraint { .. } => "constraint",
            Self::NotFound => "not_found",
            Self::Refused { .. } => "refused",
            Self::Client(_) => "client",
        }
    }

    /// Whether the connection can be used again.
    pub(super) const fn leaves_connection_usable(&self) -> bool {
        matches!(
            self,
            Self::Constraint { .. } | Self::NotFound | Self::Refused { .. } | Self::Conflict
        )
    }
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match error {
            E::Database(error) => {
                let error: &PgDatabaseError = error.downcast_ref();
                refused(error.code(), error.constraint())
            }
            E::RowNotFound => Self::NotFound,
            // rustls reports a certificate it does not trust as invalid data.
            E::Io(error) if error.kind() == ErrorKind::InvalidData => Self::Unavailable(Unavailable::Tls),
            E::Io(error) => Self::Unavailable(Unavailable::Io(reason(&error))),
            E::Tls(_) => Self::Unavailable(Unavailable::Tls),
            E::PoolTimedOut => Self::Unavailable(Unavailable::NoAnswer),
            E::PoolClosed | E::WorkerCrashed => Self::Unavailable(Unavailable::Closed),
            E::Protocol(_) => Self::Client("the server broke the protocol"),
            E::Configuration(_) | E::InvalidArgument(_) => Self::Client("a setting or argument is not valid"),
            E::ColumnNotFound(_) | E::ColumnIndexOutOfBounds { .. } | E::TypeNotFound { .. } => {
                Self::Client("the query does not return what the code reads")
            }
            E::ColumnDecode { .. } | E::Decode(_) | E::Encode(_) => {
                Self::Client("a value does not fit its type")
            }
            _ => Self::Client("an unexpected error of the database library"),
        }
    }
}

/// The error of a SQLSTATE (PostgreSQL's appendix A).
fn refused(sqlstate: &str, constraint: Option<&str>) -> DatabaseError {
    let code = sqlstate.to_owned();
    match sqlstate {
        "53300" => DatabaseError::Unavailable(Unavailable::TooManyConnections),
        // 25006, "read only": another server is the primary now.
        "57P01" | "57P02" | "57P03" | "57P05" | "25006" => {
            DatabaseError::Unavailable(Unavailable::Restarting)
        }
        "53100" => DatabaseError::Unavailable(Unavailable::DiskFull),
        "3D000" => DatabaseError::Unavailable(Unavailable::Rejected(code)),
        "40001" | "40P01" => DatabaseError::Conflict,
        // Our own time-outs at the server: statement, lock, idle transaction.
        "57014" | "55P03" | "25P03" => DatabaseError::TimedOut,
        _ if sqlstate.starts_with("23") => DatabaseError::Constraint {
            sqlstate: code,
            constraint: constraint.unwrap_or_default().to_owned(),
        },
        _ if sqlstate.starts_with("28") => DatabaseError::Unavailable(Unavailable::Rejected(code)),
        _ if sqlstate.starts_with("08") => DatabaseError::Unavailable(Unavailable::Restarting),
        _ => DatabaseError::Refused { sqlstate: code },
    }
}

/// The operating system's words, which name no host and no value.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once("failed to lookup address information: ") {
        Some((_, detail)) => format!("its host name is not found ({detail})"),
        None => error.kind().to_string(),
    }
}

/// What the caller is told: 503 when asking again may help, 409 for a duplicate is the handler's to say.
impl From<DatabaseError> for Problem {
    fn from(error: DatabaseError) -> Self {
        match &error {
            DatabaseError::Unavailable(_) | DatabaseError::Conflict => {
                tracing::warn!(%error, "database");
                Self::new(
                    ErrorCode::Unavailable,
                    "The service cannot reach its database; try again later.",
                )
            }
            DatabaseError::TimedOut => {
                tracing::warn!(%error, "database");
                Self::new(
                    ErrorCode::Timeout,
                    "The database did not answer in time; try again later.",
                )
            }
            _ => {
                tracing::error!(%error, "database");
                Self::internal()
            }
        }
    }
}

#[cfg(test)]
mod tests;
