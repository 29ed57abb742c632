//! A connection on loan from the pool, which goes back only when it is fit for the next.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres};

use super::error::DatabaseError;

/// Longest a returned connection may take to show that it is alive. The pool asks each, without a limit of its own:
/// a server that vanished without a word would keep the place in the pool until TCP gives up, after a quarter of an
/// hour.
const RETURN_LIMIT: Duration = Duration::from_secs(2);

/// The connection an operation works with: `&mut *connection` is what sqlx's queries are run on.
///
/// It is a value, not a reference, because only so the compiler sees that futures that hold it can move between threads.
/// It must not be kept: when the operation's future ends, it has to be dropped.
#[derive(Debug)]
pub struct Connection {
    connection: Option<PoolConnection<Postgres>>,
    home: Home,
}

type Home = Arc<Mutex<Option<PoolConnection<Postgres>>>>;

impl Deref for Connection {
    type Target = PgConnection;

    #[expect(clippy::expect_used, reason = "there until the value is dropped")]
    fn deref(&self) -> &PgConnection {
        self.connection.as_deref().expect("a connection until dropped")
    }
}

impl DerefMut for Connection {
    #[expect(clippy::expect_used, reason = "there until the value is dropped")]
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection
            .as_deref_mut()
            .expect("a connection until dropped")
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        *self.home.lock().unwrap_or_else(PoisonError::into_inner) = self.connection.take();
    }
}

/// A connection of the pool, lent out for one use after the other. Unless the last use is known to have ended well the
/// connection is closed, not returned: what a cancelled statement left behind must not be met by the next.
#[derive(Debug)]
pub(super) struct Lease {
    home: Home,
    fit: bool,
}

impl Lease {
    pub(super) fn new(connection: PoolConnection<Postgres>) -> Self {
        Self {
            home: Arc::new(Mutex::new(Some(connection))),
            fit: false,
        }
    }

    /// The connection for one use; it counts as unfit until [`settle`](Self::settle).
    pub(super) fn lend(&mut self) -> Result<Connection, DatabaseError> {
        self.fit = false;
        let connection = self
            .take()
            .ok_or(DatabaseError::Client("an operation kept its connection"))?;
        Ok(Connection {
            connection: Some(connection),
            home: Arc::clone(&self.home),
        })
    }

    /// Notes how the use ended.
    pub(super) fn settle<T>(&mut self, result: &Result<T, DatabaseError>) {
        self.fit = result
            .as_ref()
            .err()
            .is_none_or(DatabaseError::leaves_connection_usable);
    }

    fn take(&self) -> Option<PoolConnection<Postgres>> {
        self.home.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut connection) = self.take() else {
            return;
        };
        if self.fit {
            tokio::spawn(tokio::time::timeout(RETURN_LIMIT, connection.return_to_pool()));
        } else {
            connection.close_on_drop();
        }
    }
}
