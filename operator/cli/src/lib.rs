//! The command line `gitops-health`, also `kubectl healthcare`: what the operator would do, without and with a cluster.
//!
//! Nothing is rendered or judged twice: [`healthcare_operator::plan`] and [`healthcare_operator::render`] make the children,
//! and [`schema`] judges by the CRD that `healthcare-crds` generates. A command is a function of what was read ([`input`]) or
//! fetched ([`cluster`]) that gives a [`report::Report`]; [`run`] parses, writes and ends. A new command is a file in
//! `commands/`, an arm in [`cli::Command`] and one in [`commands::execute`].

pub mod cli;
pub mod cluster;
pub mod commands;
pub mod compliance;
pub mod difference;
pub mod graph;
pub mod input;
pub mod report;
pub mod risk;
pub mod rollout;
pub mod run;
pub mod schema;
pub mod service;
pub mod style;
pub mod tree;
pub mod why;

#[cfg(test)]
mod testing;
