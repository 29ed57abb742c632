//! The ports of a control plane.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// Ports on the host lie below the range from which the kernel takes those of outgoing connections (32768 and above
/// by default, ip(7)): one that a process gave up is there when it starts again.
const FIRST: u16 = 21_000;
/// Control planes on the host at a time.
const MOST: u16 = 200;
/// From one cluster's ports to the next's.
const STEP: u16 = 10;

/// The ports of one control plane.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Ports {
    /// etcd, for clients.
    pub etcd: u16,
    /// etcd, for other members.
    pub etcd_peer: u16,
    /// kube-apiserver.
    pub api: u16,
    /// kube-controller-manager.
    pub controllers: u16,
    /// kube-scheduler.
    pub scheduler: u16,
}

impl Ports {
    /// The usual ones, for a network namespace of our own.
    pub const USUAL: Self = Self {
        etcd: 2379,
        etcd_peer: 2380,
        api: 6443,
        controllers: 10257,
        scheduler: 10259,
    };

    /// The first on the host's loopback that no other cluster has and nothing listens on.
    ///
    /// # Errors
    /// When there are none.
    pub fn free(taken: &[Self]) -> Result<Self> {
        Self::first(|ports| !taken.contains(&ports) && ports.are_free())
    }

    fn first(suits: impl Fn(Self) -> bool) -> Result<Self> {
        let mut slots = (0..MOST).map(|slot| Self::starting_at(FIRST + slot * STEP));
        let last = FIRST + MOST * STEP;
        slots
            .find(|ports| suits(*ports))
            .with_context(|| format!("no free ports from {FIRST} to {last}: end other clusters"))
    }

    const fn starting_at(first: u16) -> Self {
        Self {
            etcd: first,
            etcd_peer: first + 1,
            api: first + 2,
            controllers: first + 3,
            scheduler: first + 4,
        }
    }

    fn are_free(self) -> bool {
        [
            self.etcd,
            self.etcd_peer,
            self.api,
            self.controllers,
            self.scheduler,
        ]
        .into_iter()
        .all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
    }
}

#[cfg(test)]
mod tests;
