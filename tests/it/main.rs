//! Tests that join the crates, in one process and without a cluster.

#[cfg(test)]
mod argocd;
#[cfg(test)]
mod chart;
#[cfg(test)]
mod gitops;
#[cfg(test)]
mod tools;
