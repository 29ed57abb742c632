//! A real Kubernetes on this machine: etcd, kube-apiserver, kube-controller-manager and kube-scheduler, and on
//! request a node with containerd, kubelet, kube-proxy, CNI, CoreDNS, metrics-server and enforced network policies.
//! Everything is built from Go modules ([`toolchain`]).
//!
//! A supervisor process owns each cluster ([`supervisor`]): when the process that asked for it ends, in whatever way,
//! the supervisor stops everything and removes what it made. [`Cluster`] starts one and hands out clients.

mod account;
pub mod assets;
pub mod cgroups;
pub mod cluster;
pub mod control_plane;
pub mod crds;
pub mod fake_node;
pub mod image;
pub mod images;
pub mod layout;
pub mod network;
pub mod node;
pub mod pki;
pub mod ports;
pub mod process;
mod program;
pub mod registry;
pub mod supervisor;
pub mod toolchain;

pub use cluster::{Cluster, Options};
pub use fake_node::FakeNode;
