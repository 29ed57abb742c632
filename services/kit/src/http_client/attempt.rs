use std::time::Instant;

use opentelemetry::trace::Status as SpanStatus;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::Upstream;
use super::breaker::Pass;
use super::call::Call;
use super::retry::Try;

/// One request under way: one metric sample, and one word to the breaker, also when the caller leaves.
pub(super) struct Attempt<'a> {
    upstream: &'a Upstream,
    method: &'static str,
    pass: Pass,
    span: Span,
    started: Instant,
    is_told: bool,
}

impl<'a> Attempt<'a> {
    pub(super) fn start(upstream: &'a Upstream, call: &Call, pass: Pass, retries: u32) -> Self {
        Self {
            upstream,
            method: call.method_label(),
            pass,
            span: super::span(call, &upstream.0.label, retries),
            started: Instant::now(),
            is_told: false,
        }
    }

    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(super) fn finish(mut self, outcome: &Try) {
        self.is_told = true;
        let (status, error_type) = outcome.labels();
        if let Some(status) = outcome.status() {
            self.span
                .set_attribute("http.response.status_code", i64::from(status.as_u16()));
        }
        if !error_type.is_empty() {
            self.span.set_attribute("error.type", error_type.clone());
            self.span.set_status(SpanStatus::error(""));
        }
        self.sample(&status, &error_type);
        let pass = self.pass;
        let state = self.upstream.guards(|guards, now| {
            guards.breaker.record(pass, !outcome.is_hosts_failure(), now);
            guards.breaker.state(now)
        });
        self.upstream.tell_state(state);
    }

    fn sample(&self, status: &str, error_type: &str) {
        let inner = &self.upstream.0;
        inner.metrics.observe(
            [self.method, &inner.label, status, error_type],
            self.started.elapsed(),
        );
    }
}

impl Drop for Attempt<'_> {
    /// The caller left: that says nothing of the host.
    fn drop(&mut self) {
        if !self.is_told {
            self.sample("", "cancelled");
            let pass = self.pass;
            self.upstream.guards(|guards, _| guards.breaker.release(pass));
        }
    }
}
