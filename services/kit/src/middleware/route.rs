use axum::extract::Request;
use http::Method;

use crate::routing::Access;

/// What all paths without a route are called.
const UNMATCHED: &str = "unmatched";

/// What a method outside the known ones is called (OpenTelemetry semantic conventions).
const OTHER: &str = "_OTHER";

/// Where the layers stand: around one route, or around what answers paths that have none.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// The route's template; `None` for paths without a route.
    pub(crate) template: Option<&'static str>,
    /// Who may call it.
    pub(crate) access: Access,
    /// Answers are kept by no cache, whatever the handler says.
    pub(crate) is_sensitive: bool,
}

impl Endpoint {
    /// What answers paths without a route.
    pub(crate) const fn unmatched() -> Self {
        Self {
            template: None,
            access: Access::Public,
            is_sensitive: false,
        }
    }
}

/// A request as logs, spans and metric labels may know it: the template, never the path. Both parts are from
/// closed sets, whatever callers send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) template: &'static str,
}

impl Route {
    /// The route of a request inside the layers.
    pub(crate) fn of(request: &Request) -> Self {
        let known = request.extensions().get::<Self>().copied();
        known.unwrap_or_else(|| Self::at(&Endpoint::unmatched(), request.method()))
    }

    pub(crate) fn at(endpoint: &Endpoint, method: &Method) -> Self {
        match endpoint.template {
            Some(template) => Self {
                method: known(method),
                template,
            },
            // One series for everything that has no route.
            None => Self {
                method: OTHER,
                template: UNMATCHED,
            },
        }
    }

    /// Asked for by machines every few seconds.
    pub(crate) fn is_probe(&self) -> bool {
        matches!(
            self.template,
            "/health" | "/health/live" | "/health/ready" | "/readiness" | "/metrics"
        )
    }
}

fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => OTHER,
    }
}
