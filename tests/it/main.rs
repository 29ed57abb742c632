//! Tests that join the crates, in one process and without a cluster.

mod argocd;
mod chart;
mod gitops;
mod tools;
