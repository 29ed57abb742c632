use axum::extract::{MatchedPath, Request};
use http::Method;

/// What all paths without a route are called.
const UNMATCHED: &str = "unmatched";

/// What a method outside the known ones is called (OpenTelemetry semantic conventions).
const OTHER: &str = "_OTHER";

/// A request as logs, spans and metric labels may know it: the template, never the path. Both parts are from
/// closed sets, whatever callers send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) template: String,
}

impl Route {
    pub(crate) fn of(request: &Request) -> Self {
        match request.extensions().get::<MatchedPath>() {
            Some(path) => Self {
                method: known(request.method()),
                template: path.as_str().to_owned(),
            },
            // One series for everything that has no route.
            None => Self {
                method: OTHER,
                template: UNMATCHED.to_owned(),
            },
        }
    }

    /// Asked for by machines every few seconds.
    pub(crate) fn is_probe(&self) -> bool {
        matches!(
            self.template.as_str(),
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
