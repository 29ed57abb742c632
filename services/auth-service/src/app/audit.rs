//! What happened goes into the audit log before anybody is told of it.

use std::net::IpAddr;

use http::HeaderMap;
use jiff::Timestamp;
use uuid::Uuid;

use super::App;
use super::error::Failure;
use crate::domain::audit::chain::{EntryHash, Head};
use crate::domain::audit::{Actor, AuditEvent, AuditRecord, Endpoint};
use crate::domain::client::GrantType;
use crate::domain::client_auth::Attempt;
use crate::domain::parameters::Parameters;
use crate::store::{self, AuditLog, Unchained};

/// Where a request came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// Address of the client.
    pub(crate) address: Option<IpAddr>,
    /// The request, as in logs.
    pub(crate) request_id: Option<Uuid>,
}

/// A request of a client.
#[derive(Clone, Copy)]
pub(crate) struct ClientRequest<'a> {
    /// Where it came from.
    pub(crate) origin: &'a Origin,
    /// Its headers, which may prove who the client is.
    pub(crate) headers: &'a HeaderMap,
    /// Its body.
    pub(crate) form: &'a Parameters,
}

impl App {
    /// Appends an event, and returns when it is durable.
    pub(crate) async fn record(&self, origin: &Origin, event: AuditEvent) -> Result<(), Failure> {
        let record = AuditRecord::new(self.now(), origin.address, origin.request_id, event);
        append(&self.audit, record).await
    }

    /// The result of a request; that it was refused is told only when it is written down.
    pub(super) async fn audited<T>(
        &self,
        request: ClientRequest<'_>,
        endpoint: Endpoint,
        result: Result<T, Failure>,
    ) -> Result<T, Failure> {
        if let Err(Failure::Refused(error)) = &result {
            let event = AuditEvent::RequestRefused {
                endpoint,
                client_id: self.named_client(request).await?,
                grant: request.form.get("grant_type").and_then(grant_type),
                error: error.code,
            };
            self.record(request.origin, event).await?;
        }
        result
    }

    /// The client that a request says it is from, if there is one of this name: people type secrets in wrong places.
    async fn named_client(&self, request: ClientRequest<'_>) -> Result<Option<String>, Failure> {
        let Ok(attempt) = Attempt::read(request.headers, request.form) else {
            return Ok(None);
        };
        let found = self.store.clients.find(attempt.client_id()).await?;
        Ok(found.map(|client| client.value.id.clone()))
    }
}

/// Appends a record to a log, and returns when it is durable.
pub(crate) async fn append(log: &AuditLog, record: AuditRecord) -> Result<(), Failure> {
    let canonical = record
        .canonical()
        .map_err(|_| Failure::Internal("an audit record could not be written"))?;
    let event = Unchained {
        at: record.at,
        canonical,
    };
    log.append(event).await?;
    Ok(())
}

/// The first entry of a chain: it names the ends of all others.
pub(crate) fn opening(chain: Uuid, heads: &[store::Head], now: Timestamp) -> Unchained {
    let heads = heads.iter().map(|head| Head {
        chain: head.chain,
        seq: head.seq,
        hash: EntryHash(head.hash),
    });
    let event = AuditEvent::ChainStarted {
        chain,
        heads: heads.collect(),
    };
    let record = AuditRecord::new(now, None, None, event);
    Unchained {
        at: record.at,
        // Of UUIDs, numbers and digits: it can always be written.
        canonical: record.canonical().unwrap_or_default(),
    }
}

/// Who calls the admin API.
pub(crate) fn caller(claims: &service_kit::auth::Claims) -> Actor {
    Actor::Caller {
        subject: claims.subject().to_owned(),
        client_id: claims.client_id().to_owned(),
    }
}

fn grant_type(name: &str) -> Option<GrantType> {
    serde_json::from_value(name.into()).ok()
}
