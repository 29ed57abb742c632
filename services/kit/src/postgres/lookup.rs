//! Looking rows up by key. Those who ask at the same time share a query.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use tracing::{Instrument, Span};

use super::{Connection, Database, DatabaseError, Unavailable};

/// How many may wait for their turn before others have to wait for a place.
const QUEUE: usize = 1024;

/// Most keys of a query.
const GROUP: usize = 256;

/// Queries at a time.
const AT_ONCE: usize = 4;

/// How long those who come wait for the query before theirs: they share the next. One whose connection is dead does not keep them
/// waiting for longer.
const PATIENCE: Duration = Duration::from_millis(10);

/// Reads what there is for these keys, each of which comes once.
type Read<K, V> = fn(Connection, Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>, sqlx::Error>>;

/// Looks rows up by key, for what every request begins with. Clones share the queries.
pub struct Lookup<K, V>(mpsc::Sender<Waiting<K, V>>);

struct Waiting<K, V> {
    key: K,
    span: Span,
    answer: oneshot::Sender<Result<Option<V>, DatabaseError>>,
}

impl<K, V> Clone for Lookup<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V> fmt::Debug for Lookup<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lookup").finish_non_exhaustive()
    }
}

impl<K, V> Lookup<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Looks up in `database` with the operation `name` (see [`Database::run`]). To be called in a Tokio runtime; ends when the
    /// last clone is gone.
    pub fn start(database: Database, name: &'static str, read: Read<K, V>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let queries = Queries { database, name, read };
        tokio::spawn(queries.work(waiting));
        Self(queue)
    }

    /// What there is for `key` now: the query begins after this was called.
    pub async fn find(&self, key: K) -> Result<Option<V>, DatabaseError> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            key,
            span: Span::current(),
            answer,
        };
        let closed = || DatabaseError::Unavailable(Unavailable::Closed);
        self.0.send(waiting).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

#[derive(Clone)]
struct Queries<K, V> {
    database: Database,
    name: &'static str,
    read: Read<K, V>,
}

impl<K, V> Queries<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    async fn work(self, mut queue: mpsc::Receiver<Waiting<K, V>>) {
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        // A turn first: who comes while there is none joins the group.
        while let Ok(turn) = Arc::clone(&turns).acquire_owned().await {
            let mut group = Vec::new();
            if queue.recv_many(&mut group, GROUP).await == 0 {
                return;
            }
            let span = group.first().map_or_else(Span::none, |first| first.span.clone());
            let queries = self.clone();
            let answering = async move {
                queries.answer(group).await;
                drop(turn);
            };
            let answering = tokio::spawn(answering.instrument(span));
            let _in_time = timeout(PATIENCE, answering).await;
        }
    }

    async fn answer(self, group: Vec<Waiting<K, V>>) {
        let keys: HashSet<K> = group.iter().map(|waiting| waiting.key.clone()).collect();
        let work = |connection| (self.read)(connection, keys.into_iter().collect());
        let found = self.database.run(self.name, work).await;
        for Waiting { key, answer, .. } in group {
            let found = found.as_ref().map(|found| found.get(&key).cloned());
            let _nobody_waits = answer.send(found.map_err(Clone::clone));
        }
    }
}

#[cfg(test)]
mod tests;
