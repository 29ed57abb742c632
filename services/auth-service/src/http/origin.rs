//! Where a request comes from, for the audit log and the lockout.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use service_kit::client_address::{ClientNetwork, PeerAddress};
use service_kit::middleware::RequestId;

use crate::app::{App, Origin};

impl FromRequestParts<App> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<PeerAddress>().map(|peer| peer.0.ip());
        Ok(Self {
            address: ClientNetwork::of(peer, &parts.headers, app.trusted_hops).address(),
            request_id: parts.extensions.get::<RequestId>().map(RequestId::uuid),
        })
    }
}
