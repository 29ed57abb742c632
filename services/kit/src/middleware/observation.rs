use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::response::Response;
use http::{Method, StatusCode};

use super::body_size::{Passed, count_inbound, measure_outbound};
use super::route::Route;
use crate::error::ErrorCode;

mod families;

pub use families::HttpMetrics;

/// What is recorded for a caller that left before the answer, after nginx's code for it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// One request under way: yields exactly one sample and one log line, also when it is dropped.
#[derive(Debug)]
pub(super) struct Observation<'a> {
    metrics: &'a HttpMetrics,
    route: Route,
    is_head: bool,
    started: Instant,
    request_body: Option<Passed>,
    outcome: Option<Outcome>,
}

#[derive(Clone, Copy, Debug)]
struct Outcome {
    status: StatusCode,
    /// Why the service refused or failed, as far as the answer is a problem.
    code: Option<ErrorCode>,
}

pub(super) fn start(metrics: &HttpMetrics, route: Route, request: Request) -> (Observation<'_>, Request) {
    metrics.started(&route);
    let is_head = request.method() == Method::HEAD;
    let (parts, body) = request.into_parts();
    let (body, request_body) = count_inbound(body);
    let observation = Observation {
        metrics,
        route,
        is_head,
        started: Instant::now(),
        request_body,
        outcome: None,
    };
    (observation, Request::from_parts(parts, body))
}

impl Observation<'_> {
    /// Notes the answer, and measures its body on the way out.
    pub(super) fn finish(mut self, response: Response) -> Response {
        let status = response.status();
        let code = response.extensions().get::<ErrorCode>().copied();
        self.outcome = Some(Outcome { status, code });
        let size = self.metrics.response_size(&self.route, status);
        if self.is_head {
            // The server leaves the body out.
            size.observe(0.0);
            return response;
        }
        response.map(|body| measure_outbound(body, move |bytes| size.observe(families::bytes(bytes))))
    }
}

impl Drop for Observation<'_> {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        let gone = StatusCode::from_u16(CLIENT_CLOSED_REQUEST).unwrap_or(StatusCode::BAD_REQUEST);
        let Outcome { status, code } = self.outcome.unwrap_or(Outcome {
            status: gone,
            code: None,
        });
        let read = self.request_body.as_ref().map_or(0, Passed::bytes);
        self.metrics.finished(&self.route, status, took, read);
        if let Some(code) = code {
            self.metrics.refused(code);
        }
        log(&self.route, status, code, took);
    }
}

/// The request line of the log. Probes and scrapes come every few seconds and say nothing new: `debug`.
fn log(route: &Route, status: StatusCode, code: Option<ErrorCode>, took: Duration) {
    let (method, route_template, duration_ms) = (route.method, route.template, took.as_secs_f64() * 1000.0);
    let (status, code) = (status.as_u16(), code.map(ErrorCode::as_str));
    if route.is_probe() {
        tracing::debug!(
            method,
            route = route_template,
            status,
            code,
            duration_ms,
            "request"
        );
    } else {
        tracing::info!(
            method,
            route = route_template,
            status,
            code,
            duration_ms,
            "request"
        );
    }
}
