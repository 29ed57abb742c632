//! The operator: reconciles `HealthcareService` resources.
//!
//! Data flows one way: [`plan`] → [`render`] → [`apply`] (I/O) → [`conditions`] → [`status`] (I/O).
//! `plan`, `render`, `conditions`, `access`, `analysis`, `compliance`, `foreign`, `generations`, `pods`, `risk`, `rollout`, `template` and `workload` are pure: no client,
//! no clock, no `async`.

pub mod access;
pub mod admin;
pub mod analysis;
pub mod apply;
pub mod capabilities;
pub mod catch_up;
pub mod compliance;
pub mod conditions;
pub mod config;
pub mod connections;
pub mod contests;
pub mod context;
pub mod controller;
pub mod digest;
pub mod events;
pub mod field_managers;
pub mod foreign;
pub mod generations;
pub mod judge;
pub mod leader;
pub mod ledger;
pub mod locked;
pub mod managed;
pub mod metadata;
pub mod metrics;
pub mod outcome;
pub mod plan;
pub mod pods;
pub mod probe;
pub mod prometheus;
pub mod queue;
pub mod rbac;
pub mod reconcile;
pub mod refusals;
pub mod render;
pub mod rest_metrics;
pub mod rest_retry;
pub mod risk;
pub mod rollout;
pub mod rollouts;
pub mod run;
pub mod scoped;
pub mod services;
pub mod shard;
pub mod status;
pub mod strays;
pub mod template;
pub mod watches;
pub mod workload;
pub mod workloads;

#[cfg(test)]
mod testing;
