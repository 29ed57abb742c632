//! What a service hands to the kit, and how the kit makes a running whole of it.

use axum::Router;
use axum::routing::MethodRouter;
use bytes::Bytes;
use http::HeaderMap;
use prometheus::{IntCounter, Registry};
use tokio_util::sync::CancellationToken;

use crate::auth::{self, Auth, AuthError, Authenticator};
use crate::compliance::{Compliance, ComplianceCheck};
use crate::config::ServerConfig;
use crate::error::{ErrorCode, Problem};
use crate::health::{Check, Health};
use crate::middleware::{Endpoint, FixedHeaders, HttpMetrics, Settings, Stack};
use crate::openapi::{self, DocumentError};
use crate::rate_limit::{self, RateLimitsError};
use crate::redis::Redis;
use crate::routing::{Access, Methods, Route, Routes};
use crate::{BuildInfo, Clock};

mod common;

use common::Common;

/// The constants of a service.
#[derive(Clone, Copy, Debug)]
pub struct ServiceInfo {
    /// Name and version.
    pub build: BuildInfo,
    /// One line for `--help`.
    pub about: &'static str,
    /// First part of the names of the service's own metrics.
    pub metrics_prefix: &'static str,
    /// The port when `PORT` is not set.
    pub default_port: u16,
    /// `X-Compliance-Frameworks`: what the service is built to support, comma-separated.
    pub frameworks: &'static str,
    /// `X-Data-Classification`: the most sensitive data it handles.
    pub data_classification: &'static str,
}

/// What the kit hands to a service when it is built.
#[derive(Clone, Debug)]
pub struct Context {
    /// The clock of this process.
    pub clock: Clock,
    /// Where the service registers its own metrics.
    pub registry: Registry,
    /// Cancelled when the process is asked to stop.
    pub shutdown: CancellationToken,
    /// Counts the spans that did not reach the collector.
    pub spans_dropped: IntCounter,
    /// The Redis of `REDIS_URL`, for all that needs one.
    pub redis: Option<Redis>,
    /// Proxies in front of the service that add to `X-Forwarded-For`, for
    /// [`ClientNetwork::of`](crate::client_address::ClientNetwork::of).
    pub trusted_hops: usize,
}

/// A service: its routes and what they depend on.
#[derive(Debug, Default)]
pub struct Service {
    /// Its own endpoints; the common ones are added by the kit.
    pub routes: Routes,
    /// What readiness depends on.
    pub checks: Vec<Check>,
    /// What `/compliance/status` verifies.
    pub compliance: Vec<ComplianceCheck>,
    /// How much callers may ask, besides what the environment says.
    pub rate_limits: Vec<rate_limit::Policy>,
    /// Who its callers are; needed when a route is not public.
    pub auth: Option<Auth>,
    /// Headers of every answer, beside those of the kit, which they cannot replace.
    pub headers: HeaderMap,
}

/// Why a service cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Settings that do not go together, one message each.
    #[error("wrong settings: {}", .0.join("; "))]
    Settings(Vec<String>),
    /// The routes cannot be described.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A metric is registered twice.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
    /// The rate limits contradict themselves or each other.
    #[error(transparent)]
    RateLimits(#[from] RateLimitsError),
    /// A route asks who is calling, and nobody can tell.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

/// The service with the common endpoints, fallbacks and all layers.
pub fn router(
    info: &ServiceInfo,
    config: &ServerConfig,
    context: &Context,
    service: Service,
) -> Result<Router, ServiceError> {
    let mistakes = config.mistakes();
    if !mistakes.is_empty() {
        return Err(ServiceError::Settings(mistakes));
    }
    let Service {
        routes,
        mut checks,
        compliance,
        rate_limits,
        auth,
        headers,
    } = service;
    let registry = &context.registry;
    let redis = context.redis.as_ref();
    let rate_limits = config
        .rate_limit
        .limits(&rate_limits, redis, info.build.service, registry)?;
    checks.extend(redis.map(Redis::check));
    auth::check_policies(auth.as_ref(), &routes.policies())?;
    checks.extend(auth.iter().flat_map(Auth::checks));
    let auth = auth.map(|auth| Authenticator::new(auth, registry)).transpose()?;
    let stack = Stack::new(Settings {
        service: info.build.service,
        metrics: HttpMetrics::new(registry, info.metrics_prefix)?,
        headers: FixedHeaders::new(info.frameworks, info.data_classification, &headers),
        cors: config.cors.layer(),
        rate_limits,
        auth,
        body_limit: config.max_body_bytes,
        timeout: config.request_timeout,
        draining: context.shutdown.clone(),
    });
    let common = Common {
        build: info.build,
        health: Health::new(
            checks,
            config.health(),
            context.clock.clone(),
            registry,
            context.shutdown.clone(),
        )?,
        registry: registry.clone(),
        compliance: Compliance::new(compliance, registry, info.metrics_prefix)?,
        document: Bytes::from(document_of(info, &routes)?),
    };
    Ok(assemble(
        &stack,
        common::routes().with_state(common).merge(routes),
    ))
}

/// The OpenAPI document of the service, as `GET /openapi.json` and `--openapi` give it.
pub fn document(info: &ServiceInfo, service: &Service) -> Result<String, ServiceError> {
    document_of(info, &service.routes)
}

fn document_of(info: &ServiceInfo, own: &Routes) -> Result<String, ServiceError> {
    let common = common::routes();
    Ok(openapi::document(
        info,
        common.descriptions().chain(own.descriptions()),
    )?)
}

/// Each route inside its layers, and the answers for whatever has no route.
fn assemble(stack: &Stack, routes: Routes) -> Router {
    let unmatched = MethodRouter::new().fallback(not_found);
    let bare = Router::new().fallback_service(stack.around(Endpoint::unmatched(), unmatched));
    let with_path = |router: Router, (path, routes)| router.route(path, at_path(stack, path, routes));
    routes
        .by_path()
        .into_iter()
        .fold(bare, with_path)
        // The limit is the stack's, for every kind of reading.
        .layer(axum::extract::DefaultBodyLimit::disable())
}

/// The methods of one path, which may differ in who may call them, and the answer to all others.
fn at_path(stack: &Stack, path: &'static str, routes: Vec<Route>) -> MethodRouter {
    let endpoint = |access, is_sensitive| Endpoint {
        template: Some(path),
        access,
        is_sensitive,
    };
    let refusals = MethodRouter::new().fallback(method_not_allowed);
    let others = stack.around(endpoint(Access::Public, false), refusals);
    routes.into_iter().fold(others, |all, route| {
        let Methods {
            router, is_sensitive, ..
        } = route.methods;
        all.merge(stack.around(endpoint(route.access, is_sensitive), router))
    })
}

async fn not_found() -> Problem {
    Problem::new(ErrorCode::NotFound, "There is nothing at this path.")
}

async fn method_not_allowed() -> Problem {
    Problem::new(
        ErrorCode::MethodNotAllowed,
        "This path does not take this method; Allow lists those it takes.",
    )
}
