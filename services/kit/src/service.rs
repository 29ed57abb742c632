//! What a service hands to the kit, and how the kit makes a running whole of it.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http::{HeaderValue, header};
use prometheus::{IntCounter, Registry};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::auth::{self, Auth, AuthError, Authenticator, Policy};
use crate::compliance::{Compliance, ComplianceCheck};
use crate::config::ServerConfig;
use crate::error::{ErrorCode, Problem};
use crate::extract::Json;
use crate::health::{Check, Health};
use crate::middleware::{ComplianceHeaders, HttpMetrics, Settings, Stack};
use crate::rate_limit::{self, RateLimitsError};
use crate::redis::Redis;
use crate::{BuildInfo, Clock, metrics};

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
}

/// The routes of a service. Every route says who may call it; there is no way to add one that does not.
///
/// `S` is the state its handlers still wait for, as in [`Router`].
#[derive(Debug)]
pub struct Routes<S = ()> {
    router: Router<S>,
    policies: Vec<Policy>,
}

impl Default for Routes {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No routes.
    pub fn new() -> Self {
        Self {
            router: Router::new(),
            policies: Vec::new(),
        }
    }

    /// A route that anybody who reaches the service may call.
    #[must_use]
    pub fn public(mut self, path: &str, methods: MethodRouter<S>) -> Self {
        self.router = self.router.route(path, methods);
        self
    }

    /// A route for callers whom `policy` allows to pass. The service needs [`Service::auth`].
    #[must_use]
    pub fn protected(mut self, path: &str, policy: Policy, methods: MethodRouter<S>) -> Self {
        self.policies.push(policy.clone());
        self.router = self.router.route(path, auth::guarded(policy, methods));
        self
    }

    /// Gives the handlers their state.
    pub fn with_state(self, state: S) -> Routes {
        Routes {
            router: self.router.with_state(state),
            policies: self.policies,
        }
    }
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
}

/// Why a service cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
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

#[derive(Clone, Debug)]
struct Common {
    build: BuildInfo,
    health: Health,
    registry: Registry,
    compliance: Compliance,
}

/// The service with the common endpoints, fallbacks and all layers.
pub fn router(
    info: &ServiceInfo,
    config: &ServerConfig,
    context: &Context,
    service: Service,
) -> Result<Router, ServiceError> {
    let Context {
        clock,
        registry,
        shutdown,
        spans_dropped: _,
    } = context.clone();
    let Service {
        routes,
        mut checks,
        compliance,
        rate_limits,
        auth,
    } = service;
    let (rate_limits, redis) = config.rate_limit.limits(&rate_limits, info.build.service, &registry)?;
    checks.extend(redis.as_ref().map(Redis::check));
    auth::check_policies(auth.as_ref(), &routes.policies)?;
    checks.extend(auth.iter().flat_map(Auth::checks));
    let auth = auth.map(|auth| Authenticator::new(auth, &registry)).transpose()?;
    let health = Health::new(checks, config.health(), clock, &registry, shutdown.clone())?;
    let compliance = Compliance::new(compliance, &registry, info.metrics_prefix)?;
    let stack = Stack::new(Settings {
        metrics: HttpMetrics::new(&registry, info.metrics_prefix)?,
        compliance: ComplianceHeaders {
            frameworks: HeaderValue::from_static(info.frameworks),
            data_classification: HeaderValue::from_static(info.data_classification),
        },
        rate_limits,
        auth,
        body_limit: config.max_body_bytes,
        timeout: config.request_timeout,
        draining: shutdown,
    });
    let common = common_routes().with_state(Common {
        build: info.build,
        health,
        registry,
        compliance,
    });
    let routes = common
        .merge(routes.router)
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        // The limit is the stack's, for every kind of reading.
        .layer(axum::extract::DefaultBodyLimit::disable());
    Ok(stack.wrap(routes))
}

fn common_routes() -> Router<Common> {
    Router::new()
        .route("/health", get(live))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready_in_full))
        .route("/readiness", get(ready))
        .route("/metrics", get(scrape))
        .route("/compliance/status", get(compliance_status))
}

async fn live(State(common): State<Common>) -> Response {
    Json(json!({
        "status": "healthy",
        "service": common.build.service,
        "version": common.build.version,
        "timestamp": common.health.now(),
    }))
    .into_response()
}

async fn ready(State(common): State<Common>) -> Response {
    let report = common.health.report().await;
    (report.http_status(), Json(report.summary())).into_response()
}

async fn ready_in_full(State(common): State<Common>) -> Response {
    let report = common.health.report().await;
    (report.http_status(), Json(report.in_full())).into_response()
}

async fn scrape(State(common): State<Common>) -> Result<Response, Problem> {
    let text = metrics::encode(&common.registry).map_err(|error| {
        tracing::error!(%error, "metrics could not be encoded");
        Problem::internal()
    })?;
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}

async fn compliance_status(State(common): State<Common>) -> Response {
    Json(
        common
            .compliance
            .status(common.build.service, common.health.now()),
    )
    .into_response()
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
