//! Finds clients. Those who ask at the same time share a query: every request begins with one.

use std::collections::HashMap;
use std::sync::Arc;

use service_kit::postgres::{Connection, Database, DatabaseError, Unavailable};
use sqlx::Row;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tracing::{Instrument, Span};

use super::stored;
use crate::domain::client::Client;
use crate::store::records::Stored;

/// How many may wait for their turn before others have to wait for a place.
const QUEUE: usize = 1024;

/// Most ids of a query.
const GROUP: usize = 256;

/// Queries at a time: one whose connection is dead does not keep the others waiting.
const AT_ONCE: usize = 4;

type Answer = Result<Option<Stored<Client>>, DatabaseError>;

/// Asks for clients. Clones share the queries.
#[derive(Clone, Debug)]
pub(super) struct Lookup(mpsc::Sender<Waiting>);

#[derive(Debug)]
struct Waiting {
    id: String,
    span: Span,
    answer: oneshot::Sender<Answer>,
}

impl Lookup {
    /// Ends when the last clone is gone.
    pub(super) fn start(database: Database) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(work(database, waiting));
        Self(queue)
    }

    /// The client as it is now: the query begins after this was called.
    pub(super) async fn find(&self, id: &str) -> Answer {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            id: id.to_owned(),
            span: Span::current(),
            answer,
        };
        let closed = || DatabaseError::Unavailable(Unavailable::Closed);
        self.0.send(waiting).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

async fn work(database: Database, mut queue: mpsc::Receiver<Waiting>) {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    // A turn first: who comes while there is none joins the group.
    while let Ok(turn) = Arc::clone(&turns).acquire_owned().await {
        let mut group = Vec::new();
        if queue.recv_many(&mut group, GROUP).await == 0 {
            return;
        }
        let span = group.first().map_or_else(Span::none, |first| first.span.clone());
        let database = database.clone();
        let answering = async move {
            answer(group, &database).await;
            drop(turn);
        };
        tokio::spawn(answering.instrument(span));
    }
}

async fn answer(group: Vec<Waiting>, database: &Database) {
    let ids = group.iter().map(|waiting| waiting.id.clone()).collect();
    let found = read(database, ids).await;
    for Waiting { id, answer, .. } in group {
        let client = match &found {
            Ok(found) => found.get(&id).cloned().transpose(),
            Err(error) => Err(error.clone()),
        };
        let _nobody_waits = answer.send(client);
    }
}

/// The clients with these ids. One that cannot be read is nobody else's error.
async fn read(
    database: &Database,
    mut ids: Vec<String>,
) -> Result<HashMap<String, Result<Stored<Client>, DatabaseError>>, DatabaseError> {
    const SELECT: &str = concat!("SELECT ", columns!(), " FROM client WHERE id = ANY($1)");
    ids.sort_unstable();
    ids.dedup();
    let work = |mut connection: Connection| async move {
        let rows = sqlx::query(SELECT).bind(ids).fetch_all(&mut *connection).await?;
        let read = |row| Ok((Row::try_get(row, "id")?, stored(row).map_err(DatabaseError::from)));
        rows.iter().map(read).collect()
    };
    database.run("find_client", work).await
}
