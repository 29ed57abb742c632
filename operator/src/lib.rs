//! The operator: reconciles `HealthcareService` resources.
//!
//! Data flows one way: [`plan`] → [`render`] → [`apply`] (I/O) → [`conditions`] → [`status`] (I/O).
//! `plan`, `render`, `conditions`, `access`, `pods` and `workload` are pure: no client, no clock, no `async`.

pub mod access;
pub mod admin;
pub mod apply;
pub mod backoff;
pub mod capabilities;
pub mod conditions;
pub mod config;
pub mod context;
pub mod controller;
pub mod events;
pub mod leader;
pub mod ledger;
pub mod metrics;
pub mod outcome;
pub mod plan;
pub mod pods;
pub mod probe;
pub mod rbac;
pub mod reconcile;
pub mod render;
pub mod rest_metrics;
pub mod run;
pub mod status;
pub mod watches;
pub mod workload;
pub mod workloads;

#[cfg(test)]
mod testing;
