use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;

use crate::auth::test_support::{Signers, noon};
use crate::auth::{Auth, Policy, Reason};
use crate::routing::get;
use crate::testing::TestServer;
use crate::{BuildInfo, Clock, Routes, Service, ServiceInfo};

mod attacks;
mod extractors;
mod matrix;
mod rate_limits;
mod revoked;
mod start;

pub(super) const INFO: ServiceInfo = ServiceInfo {
    build: BuildInfo {
        service: "records",
        version: "1.2.3",
    },
    about: "A service for tests",
    metrics_prefix: "records",
    default_port: 0,
    frameworks: "HIPAA",
    data_classification: "test",
};

/// A service with one protected route, which counts the requests that reach its handler.
pub(super) struct Guarded {
    pub(super) server: TestServer,
    pub(super) reached: Arc<AtomicU64>,
    pub(super) signers: Signers,
}

impl Guarded {
    pub(super) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(super) async fn start_with(change: impl FnOnce(&mut Auth)) -> Self {
        let signers = Signers::new();
        let reached = Arc::new(AtomicU64::new(0));
        let handler = {
            let reached = reached.clone();
            move || async move {
                reached.fetch_add(1, Ordering::Relaxed);
                "reached"
            }
        };
        let mut auth = signers.auth(&Clock::fixed(noon()));
        change(&mut auth);
        let routes = Routes::new()
            .protected("/records", Policy::authenticated(), get(handler))
            .public("/about", get(|| async { "about" }));
        let service = Service {
            routes,
            auth: Some(auth),
            ..Service::default()
        };
        let server = TestServer::start(&INFO, Clock::fixed(noon()), |_| Ok(service))
            .await
            .unwrap();
        Self {
            server,
            reached,
            signers,
        }
    }

    pub(super) fn request(&self) -> RequestBuilder {
        Client::new().get(self.server.url("/records"))
    }

    pub(super) fn reached(&self) -> u64 {
        self.reached.load(Ordering::Relaxed)
    }
}

/// How often callers were refused for the reason.
pub(super) fn failures(server: &TestServer, reason: Reason) -> u64 {
    let line = format!(
        "http_server_auth_failures_total{{reason=\"{}\"}} ",
        reason.as_str()
    );
    let metrics = server.metrics().unwrap();
    let value = metrics.lines().find_map(|text| text.strip_prefix(&line));
    value.expect("every reason has a series").parse().unwrap()
}

/// Status, `WWW-Authenticate` and problem of an answer.
pub(super) async fn read(response: Response) -> (u16, Option<String>, Value) {
    let status = response.status().as_u16();
    let challenge = response.headers().get("www-authenticate");
    let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
    let body = response.text().await.unwrap();
    (status, challenge, serde_json::from_str(&body).unwrap_or_default())
}
