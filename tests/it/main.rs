//! Tests that join the crates, in one process and without a cluster.

#[cfg(test)]
mod argocd;
#[cfg(test)]
mod bad_manifests;
#[cfg(test)]
mod chart;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod controls;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod gitops;
#[cfg(test)]
mod newcomer_map;
#[cfg(test)]
mod oscal;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod tools;
