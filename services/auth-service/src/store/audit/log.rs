//! The writer of a chain. Those who append at the same time share a commit.

use service_kit::postgres::{Database, DatabaseError};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{AuditEntries, chain};
use crate::store::records::{Head, Unchained};

/// How many may wait for their turn before others have to wait for a place.
const QUEUE: usize = 1024;

/// Most entries of one commit.
const GROUP: usize = 256;

/// Most bytes of an event.
const LONGEST: usize = 64 * 1024;

/// Why an event may not be in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// The process stops, and the log with it.
    #[error("the audit log is closed: the service stops")]
    Closed,
    /// The event is not canonical JSON of at most 64 KiB.
    #[error(
        "the audit event is longer than 64 KiB or holds U+0000: it cannot be stored; shorten what goes into it"
    )]
    Unstorable,
    /// The database failed: it is not known whether the event is in the log.
    #[error("the audit log could not be written: {0}")]
    Database(#[from] DatabaseError),
}

/// Appends to the chain of this process. Clones share it.
#[derive(Clone, Debug)]
pub struct AuditLog {
    queue: mpsc::Sender<Waiting>,
    closing: CancellationToken,
}

#[derive(Debug)]
struct Waiting {
    event: Unchained,
    answer: oneshot::Sender<Result<i64, DatabaseError>>,
}

impl AuditLog {
    /// A log with the chain `id`, which no other process may write. The database need not be there yet: the chain begins with
    /// its first event, before which comes what `opening` makes of the heads of all other chains, and must name.
    ///
    /// The log ends when the last clone is gone and what was appended is written, or with [`close`](Self::close).
    pub fn start(
        database: Database,
        id: Uuid,
        opening: impl Fn(&[Head]) -> Unchained + Send + Sync + 'static,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let closing = CancellationToken::new();
        let writer = Writer {
            entries: AuditEntries(database),
            id,
            opening,
            head: None,
        };
        tokio::spawn(writer.work(waiting, closing.clone()));
        Self { queue, closing }
    }

    /// Appends an event; its place in the chain. Returns when it is committed and only then.
    ///
    /// # Errors
    /// Without a commit, or without knowing of one: what the event tells of must then not happen.
    pub async fn append(&self, event: Unchained) -> Result<i64, AuditError> {
        if event.canonical.len() > LONGEST || event.canonical.contains('\0') {
            return Err(AuditError::Unstorable);
        }
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { event, answer };
        self.queue.send(waiting).await.map_err(|_| AuditError::Closed)?;
        let seq = answered.await.map_err(|_| AuditError::Closed)??;
        Ok(seq)
    }

    /// Takes no more events, and returns when all that were taken are written or refused.
    pub async fn close(&self) {
        self.closing.cancel();
        self.queue.closed().await;
    }
}

/// The task that writes.
struct Writer<F> {
    entries: AuditEntries,
    id: Uuid,
    opening: F,
    /// The last entry; `None` when that is not known: at the start, and after a failure.
    head: Option<Head>,
}

impl<F: Fn(&[Head]) -> Unchained> Writer<F> {
    async fn work(mut self, mut queue: mpsc::Receiver<Waiting>, closing: CancellationToken) {
        let mut group = Vec::new();
        loop {
            tokio::select! {
                taken = queue.recv_many(&mut group, GROUP) => {
                    if taken == 0 {
                        return;
                    }
                }
                () = closing.cancelled(), if !queue.is_closed() => {
                    queue.close();
                    continue;
                }
            }
            let (events, answers): (Vec<_>, Vec<_>) = group
                .drain(..)
                .map(|waiting| (waiting.event, waiting.answer))
                .unzip();
            answer(answers, &self.write(&events).await);
        }
    }

    /// Writes the events; the place of the first.
    async fn write(&mut self, events: &[Unchained]) -> Result<i64, DatabaseError> {
        match self.try_write(events).await {
            // Certainly not written. The chain had grown unseen: a commit of ours of which we were not told.
            Err(DatabaseError::Constraint { .. }) => self.try_write(events).await,
            result => result,
        }
    }

    async fn try_write(&mut self, events: &[Unchained]) -> Result<i64, DatabaseError> {
        // Until the commit is known, the head is not.
        let head = match self.head.take() {
            Some(head) => head,
            None => self.find_head().await?,
        };
        let opening = self.opening_of(&head).await?;
        let entries = chain::chained(head, opening.iter().chain(events));
        self.entries.insert(self.id, &entries).await?;
        self.head = entries.last().map(chain::head_of);
        let before = i64::from(opening.is_some());
        Ok(head.seq.saturating_add(before).saturating_add(1))
    }

    async fn find_head(&self) -> Result<Head, DatabaseError> {
        let head = self.entries.head(self.id).await?;
        Ok(head.unwrap_or_else(|| chain::beginning(self.id)))
    }

    /// What comes before the first event.
    async fn opening_of(&self, head: &Head) -> Result<Option<Unchained>, DatabaseError> {
        if head.seq > 0 {
            return Ok(None);
        }
        let others = self.entries.heads().await?;
        Ok(Some((self.opening)(&others)))
    }
}

/// Tells each where its event is, or all that there is none. Those who wait no longer need no answer.
fn answer(answers: Vec<oneshot::Sender<Result<i64, DatabaseError>>>, first: &Result<i64, DatabaseError>) {
    if let Err(error) = first {
        tracing::error!(%error, events = answers.len(), "audit events could not be written");
    }
    for (answer, place) in answers.into_iter().zip(0..) {
        let place = first.clone().map(|first| first.saturating_add(place));
        let _nobody_waits = answer.send(place);
    }
}
