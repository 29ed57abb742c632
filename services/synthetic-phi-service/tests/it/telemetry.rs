//! Traces and logs of the real process, end to end: what it sends is received by a real OpenTelemetry Collector, which
//! writes it to a file.

mod canaries;
pub(crate) mod collector;
mod failures;
mod one_trace;
pub(crate) mod service;
mod tls;
