//! What a service hands to the kit, and how the kit makes a running whole of it.

use std::fmt;

use axum::Router;
use axum::routing::MethodRouter;
use http::HeaderValue;
use prometheus::{IntCounter, Registry};
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::auth::{self, Auth, AuthError, Authenticator, Policy};
use crate::common::{self, Common};
use crate::compliance::{Compliance, ComplianceCheck};
use crate::config::ServerConfig;
use crate::error::{ErrorCode, Problem};
use crate::health::{Check, Health};
use crate::middleware::{ComplianceHeaders, HttpMetrics, Settings, Stack};
use crate::rate_limit::{self, RateLimitsError};
use crate::redis::Redis;
use crate::{BuildInfo, Clock, metrics, openapi};

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

impl Context {
    /// For a process that only describes itself: nothing it does is seen by anybody.
    pub(crate) fn unconnected(build: &BuildInfo) -> Result<Self, prometheus::Error> {
        Ok(Self {
            clock: Clock::system(),
            registry: metrics::registry(build)?,
            shutdown: CancellationToken::new(),
            spans_dropped: IntCounter::new("telemetry_spans_dropped_total", "Spans lost.")?,
        })
    }
}

/// The routes of a service. Every route says who may call it; there is no way to add one that does not.
///
/// `S` is the state its handlers still wait for, as in [`Router`].
pub struct Routes<S = ()> {
    router: OpenApiRouter<S>,
    policies: Vec<Policy>,
}

impl Default for Routes {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes")
            .field("policies", &self.policies)
            .finish_non_exhaustive()
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No routes.
    pub fn new() -> Self {
        Self {
            router: OpenApiRouter::default(),
            policies: Vec::new(),
        }
    }

    /// Handlers that anybody who reaches the service may call; made by [`routes!`](crate::routes).
    #[must_use]
    pub fn public(mut self, routes: UtoipaMethodRouter<S>) -> Self {
        self.router = self.router.routes(routes);
        self
    }

    /// Handlers for callers whom `policy` allows to pass. The service needs [`Service::auth`].
    #[must_use]
    pub fn protected(mut self, policy: Policy, routes: UtoipaMethodRouter<S>) -> Self {
        let (schemas, mut paths, methods) = routes;
        openapi::secure(&mut paths);
        self.policies.push(policy.clone());
        self.router = self
            .router
            .routes((schemas, paths, auth::guarded(policy, methods)));
        self
    }

    /// A route of a test, which needs no documentation.
    #[must_use]
    pub fn public_bare(mut self, path: &str, methods: MethodRouter<S>) -> Self {
        self.router = self.router.route(path, methods);
        self
    }

    /// A route of a test for callers whom `policy` allows to pass.
    #[must_use]
    pub fn protected_bare(mut self, path: &str, policy: Policy, methods: MethodRouter<S>) -> Self {
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
    /// The OpenAPI document cannot be written as JSON.
    #[error("the OpenAPI document cannot be written: {0}")]
    OpenApi(#[from] serde_json::Error),
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
    let (rate_limits, redis) = config
        .rate_limit
        .limits(&rate_limits, info.build.service, &registry)?;
    checks.extend(redis.as_ref().map(Redis::check));
    auth::check_policies(auth.as_ref(), &routes.policies)?;
    checks.extend(auth.iter().flat_map(Auth::checks));
    let auth = auth.map(|auth| Authenticator::new(auth, &registry)).transpose()?;
    let health = Health::new(checks, config.health(), clock, &registry, shutdown.clone())?;
    let compliance = Compliance::new(compliance, &registry, info.metrics_prefix)?;
    let stack = Stack::new(Settings {
        service: info.build.service,
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
    let common = common::routes().with_state(Common {
        build: info.build,
        health,
        registry,
        compliance,
    });
    let (routes, paths) = common.merge(routes.router).split_for_parts();
    let routes = routes
        .merge(openapi::serve(&openapi::document(info, paths))?)
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        // The limit is the stack's, for every kind of reading.
        .layer(axum::extract::DefaultBodyLimit::disable());
    Ok(stack.wrap(routes))
}

/// The OpenAPI document of a service, its own routes and the common ones.
pub fn document(info: &ServiceInfo, routes: Routes) -> OpenApi {
    let common = common::routes().into_openapi();
    openapi::document(info, common.merge_from(routes.router.into_openapi()))
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
