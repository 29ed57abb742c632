//! What is kept in PostgreSQL. I/O.
//!
//! One file a topic; [`Store`] is the sum of them. All ids and times come from the caller. Each operation is one statement, or
//! one transaction whose first statement takes the lock that keeps others out, so that any number of replicas may run it.

use service_kit::Clock;
use service_kit::auth::PostgresRevocations;
use service_kit::postgres::{Database, Migration};

mod assertions;
mod attempts;
mod audit;
mod clients;
mod codes;
mod error;
mod families;
mod keys;
mod purge;
mod records;
mod time;
mod users;

pub use assertions::Assertions;
pub use attempts::LoginAttempts;
pub use audit::{AuditEntries, AuditError, AuditLog};
pub use clients::Clients;
pub use codes::Codes;
pub use error::ChangeError;
pub use families::Families;
pub use keys::Keys;
pub use purge::Purged;
pub use records::*;
pub use users::Users;

/// The schema, for [`Database::start`].
pub const SCHEMA: &[Migration] = &[
    Migration {
        version: 1,
        name: "clients and users",
        sql: include_str!("../migrations/0001_clients_and_users.sql"),
    },
    PostgresRevocations::migration(2),
    Migration {
        version: 3,
        name: "grants",
        sql: include_str!("../migrations/0003_grants.sql"),
    },
    Migration {
        version: 4,
        name: "signing keys",
        sql: include_str!("../migrations/0004_signing_keys.sql"),
    },
    Migration {
        version: 5,
        name: "assertions and attempts",
        sql: include_str!("../migrations/0005_assertions_and_attempts.sql"),
    },
    Migration {
        version: 6,
        name: "audit",
        sql: include_str!("../migrations/0006_audit.sql"),
    },
];

/// Everything that is stored. Clones share the pool.
#[derive(Clone, Debug)]
pub struct Store {
    /// Who may ask for tokens.
    pub clients: Clients,
    /// Who may log in.
    pub users: Users,
    /// Authorization codes.
    pub codes: Codes,
    /// Refresh families.
    pub families: Families,
    /// Access tokens that were revoked.
    pub revocations: PostgresRevocations,
    /// Keys that tokens are signed with.
    pub keys: Keys,
    /// Assertions that were used.
    pub assertions: Assertions,
    /// Failed logins.
    pub attempts: LoginAttempts,
    /// The audit log, to read; [`AuditLog`] writes it.
    pub audit: AuditEntries,
    database: Database,
}

impl Store {
    /// The store in a database whose schema is [`SCHEMA`]. `clock` is that of the revocations. To be called in a Tokio runtime.
    pub fn new(database: Database, clock: Clock) -> Self {
        Self {
            clients: Clients::new(database.clone()),
            users: Users(database.clone()),
            codes: Codes(database.clone()),
            families: Families(database.clone()),
            revocations: PostgresRevocations::new(database.clone(), clock),
            keys: Keys(database.clone()),
            assertions: Assertions(database.clone()),
            attempts: LoginAttempts(database.clone()),
            audit: AuditEntries(database.clone()),
            database,
        }
    }
}

/// Most rows of a page.
const LONGEST_PAGE: u32 = 1000;

/// How many rows to ask for.
fn page(limit: u32) -> i64 {
    i64::from(limit.clamp(1, LONGEST_PAGE))
}

/// PostgreSQL takes no text with U+0000: whoever asks for one asks for what cannot be there.
fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}
