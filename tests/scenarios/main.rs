//! What users see, on a real API server: one module a story.
//!
//! Most stories share one control plane with a node that only says it runs pods ([`support::world`]), each in a namespace
//! of its own. Those that kill things start a cluster of their own. `node`, `node_auth`
//! and `node_rollouts` run on a real node.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail the way tests do"
)]

mod changes;
mod command_line;
mod command_line_rollouts;
mod compliance;
mod contests;
mod crash;
mod create;
mod failover;
mod fairness;
mod node;
mod node_auth;
mod node_rollouts;
mod optional_apis;
mod ownership;
mod refusals;
mod replicas;
mod rollouts;
mod support;
mod tampering;
mod telemetry;
mod upgrade;
