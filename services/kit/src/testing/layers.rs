//! The layers of the kit around a handler that does nothing, to measure what they cost.

use std::time::Duration;

use axum::Router;
use axum::routing::{MethodRouter, get};
use http::HeaderMap;
use prometheus::Registry;
use tokio_util::sync::CancellationToken;

pub use crate::middleware::single::Layer;

use crate::config::CorsConfig;
use crate::middleware::{Endpoint, FixedHeaders, HttpMetrics, Settings, Stack};
use crate::rate_limit::{Counting, KeyBy, Policy, Quota, RateLimitSettings};
use crate::routing::Access;

/// What stands around the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// Nothing: bare axum.
    Bare,
    /// One layer.
    One(Layer),
    /// The stack of a service.
    All,
}

/// A router whose only route, `GET /`, answers `ok`. Its settings make every layer work: an origin is allowed, and
/// there is a rate limit, which is never reached.
pub fn router(around: Around) -> anyhow::Result<Router> {
    let stack = Stack::new(settings()?);
    let endpoint = Endpoint {
        template: Some("/"),
        access: Access::Public,
        is_sensitive: false,
    };
    let handler: MethodRouter = get(|| async { "ok" });
    let methods = match around {
        Around::Bare => handler,
        Around::One(layer) => stack.single(layer, endpoint, handler),
        Around::All => stack.around(endpoint, handler),
    };
    Ok(Router::new().route("/", methods))
}

fn settings() -> anyhow::Result<Settings> {
    let registry = Registry::new();
    let cors = CorsConfig {
        cors_allowed_origins: vec!["https://portal.example".to_owned()],
        ..CorsConfig::default()
    };
    let limit = Policy {
        name: "measured",
        quota: Quota::new(1_000_000, Duration::from_secs(1))?,
        counting: Counting::default(),
        key: KeyBy::Ip,
    };
    let rate_limits = RateLimitSettings::default().limits(&[limit], None, "layers", &registry)?;
    Ok(Settings {
        service: "layers",
        metrics: HttpMetrics::new(&registry, "layers")?,
        headers: FixedHeaders::new("HIPAA", "test", &HeaderMap::new()),
        cors: cors.layer(),
        rate_limits,
        auth: None,
        body_limit: 1_048_576,
        timeout: Duration::from_secs(30),
        draining: CancellationToken::new(),
    })
}

#[cfg(test)]
mod tests;
