//! Why a service is not ready: the tree of conditions from the service down to its containers. Pure.
//!
//! No value that could be secret is in it: neither environment nor settings are read, and what a container wrote when it ended
//! is told only where that was asked for.

use healthcare_crds::HealthcareService;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Event, Pod};

mod containers;
mod service;
mod workload;

pub use crate::tree::{Health, Node, written};
pub use service::tree;
pub use workload::troubled;

use crate::tree::age;

/// Everything that was read of one service.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The service.
    pub service: HealthcareService,
    /// Its Deployments.
    pub deployments: Vec<Deployment>,
    /// Their ReplicaSets.
    pub replica_sets: Vec<ReplicaSet>,
    /// Their pods.
    pub pods: Vec<Pod>,
    /// Its autoscaler.
    pub autoscaler: Option<HorizontalPodAutoscaler>,
    /// Warnings about any of these.
    pub events: Vec<Event>,
    /// Whether to tell what containers wrote when they ended.
    pub tells_termination_messages: bool,
    /// Now.
    pub now: Timestamp,
}

#[cfg(test)]
mod tests;
